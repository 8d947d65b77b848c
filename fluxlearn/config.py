"""The sizes of every published FLUX.1 model, one row each.

    FluxConfig          what the transformer needs to be built; the names are BFL's
    AutoencoderConfig   the same for the autoencoder
    RELEASES            the published models: config, where the weights are, how they are sampled
    PRESETS             just the configs: `Flux(PRESETS["flux-dev"])`

A smaller model is a `dataclasses.replace` away:

    replace(PRESETS["flux-dev"], depth=2, depth_single_blocks=2)        1.03 B at full width

Source: BFL flux/util.py `configs`.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class FluxConfig:
    """Sizes of the transformer. No field has a default: a config is complete and visible."""

    in_channels: int  # values of one image token; 64 = 16 channels · 2 · 2
    out_channels: int  # values of one predicted velocity token
    vec_in_dim: int  # width of CLIP's pooled vector
    context_in_dim: int  # width of T5's token features
    hidden_size: int  # width of the residual stream
    mlp_ratio: float  # inner width of the MLPs, in hidden sizes
    num_heads: int  # attention heads
    depth: int  # double-stream blocks
    depth_single_blocks: int  # single-stream blocks
    axes_dim: tuple[int, ...]  # head channels rotated by each position axis; they sum to head_dim
    theta: int  # base of the rotation frequencies
    qkv_bias: bool  # whether the qkv projections have a bias
    guidance_embed: bool  # whether the guidance scale is an input (guidance-distilled models)

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built, with the sum that does not come out."""
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is not a multiple of num_heads {self.num_heads}. "
                f"Every head needs the same whole number of channels."
            )
        if sum(self.axes_dim) != self.head_dim:
            raise ValueError(
                f"axes_dim {self.axes_dim} sums to {sum(self.axes_dim)}, but a head has "
                f"{self.hidden_size} / {self.num_heads} = {self.head_dim} channels to rotate."
            )
        if any(size % 2 for size in self.axes_dim):
            raise ValueError(f"axes_dim {self.axes_dim} has an odd size; channels turn in pairs.")
        for name in ("depth", "depth_single_blocks"):
            count = getattr(self, name)
            if type(count) is not int or count < 0:
                raise ValueError(f"{name} is {count!r}, but a whole number from 0 is expected.")

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.hidden_size // self.num_heads

    @property
    def mlp_hidden(self) -> int:
        """Inner width of the MLPs."""
        return int(self.hidden_size * self.mlp_ratio)


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig:
    """Sizes of the autoencoder."""

    resolution: int  # pixels a side it was trained at; for the record only
    in_channels: int  # colour channels in
    ch: int  # feature channels of the first level
    out_ch: int  # colour channels out
    ch_mult: tuple[int, ...]  # feature channels of each level, in units of ch
    num_res_blocks: int  # residual blocks a level in the encoder; the decoder has one more
    z_channels: int  # latent channels
    scale_factor: float  # latents are multiplied by this …
    shift_factor: float  # … after this was subtracted, so that they have mean 0 and spread 1
    norm_groups: int  # groups of each GroupNorm; BFL's code has 32 written into it

    def __post_init__(self) -> None:
        """Refuse group counts that do not divide the channels."""
        odd = [self.ch * m for m in self.ch_mult if self.ch * m % self.norm_groups]
        if odd:
            raise ValueError(
                f"norm_groups {self.norm_groups} does not divide the level width {odd[0]}. "
                f"Choose a divisor of ch {self.ch}."
            )

    @property
    def downscale(self) -> int:
        """Pixels a side of one latent cell: one halving between each two levels."""
        return 2 ** (len(self.ch_mult) - 1)


@dataclass(frozen=True, kw_only=True)
class Release:
    """One published model: its sizes, where its weights are, and how its makers sample it."""

    config: FluxConfig
    repo: str  # repository on the Hugging Face hub
    file: str  # the transformer's weights in that repository
    steps: int  # model calls for one picture
    guidance: float  # embedded guidance scale; ignored by models without the embedding
    text_length: int  # T5 tokens
    shifted: bool  # whether the schedule is shifted towards noise for large pictures
    parameters: int  # of the transformer, exactly


_DEV = FluxConfig(
    in_channels=64,
    out_channels=64,
    vec_in_dim=768,
    context_in_dim=4096,
    hidden_size=3072,
    mlp_ratio=4.0,
    num_heads=24,
    depth=19,
    depth_single_blocks=38,
    axes_dim=(16, 56, 56),
    theta=10_000,
    qkv_bias=True,
    guidance_embed=True,
)
_SCHNELL = replace(_DEV, guidance_embed=False)
_CONTROL = replace(_DEV, in_channels=128)  # noise 64 + latent of the control picture 64
_FILL = replace(_DEV, in_channels=384)  # noise 64 + latent of the masked picture 64 + mask 256


def _release(name: str, config: FluxConfig, row: tuple[int, float, int, bool, int]) -> Release:
    steps, guidance, text_length, shifted, parameters = row
    return Release(
        config=config,
        repo=f"black-forest-labs/FLUX.1-{name}",
        file=f"flux1-{name.lower()}.safetensors",
        steps=steps,
        guidance=guidance,
        text_length=text_length,
        shifted=shifted,
        parameters=parameters,
    )


# fmt: off
RELEASES: dict[str, Release] = {
    #                                                   steps guidance text shifted    parameters
    "flux-dev":     _release("dev",         _DEV,     (50,  2.5, 512, True,  11_901_408_320)),
    "flux-schnell": _release("schnell",     _SCHNELL, ( 4,  0.0, 256, False, 11_891_178_560)),
    "flux-krea":    _release("Krea-dev",    _DEV,     (50,  2.5, 512, True,  11_901_408_320)),
    "flux-kontext": _release("Kontext-dev", _DEV,     (30,  2.5, 512, True,  11_901_408_320)),
    "flux-canny":   _release("Canny-dev",   _CONTROL, (50, 30.0, 512, True,  11_901_604_928)),
    "flux-depth":   _release("Depth-dev",   _CONTROL, (50, 10.0, 512, True,  11_901_604_928)),
    "flux-fill":    _release("Fill-dev",    _FILL,    (50, 30.0, 128, True,  11_902_391_360)),
    # Redux is no flow model but an adapter that turns a picture into text tokens for dev.
    "flux-redux":   _release("Redux-dev",   _DEV,     (50,  2.5, 512, True,  11_901_408_320)),
}
"""Every published FLUX.1 model by name: its sizes, where its weights are, how it is sampled."""
# fmt: on

PRESETS: dict[str, FluxConfig] = {name: release.config for name, release in RELEASES.items()}
"""The sizes alone, by the same names: `Flux(PRESETS["flux-dev"])`."""

FLUX_AUTOENCODER = AutoencoderConfig(
    resolution=256,
    in_channels=3,
    ch=128,
    out_ch=3,
    ch_mult=(1, 2, 4, 4),
    num_res_blocks=2,
    z_channels=16,
    scale_factor=0.3611,
    shift_factor=0.1159,
    norm_groups=32,
)
"""The autoencoder that every FLUX.1 model shares: 83 819 683 parameters, `ae.safetensors`."""
