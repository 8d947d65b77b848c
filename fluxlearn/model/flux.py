"""Flux: the whole forward pass on one screen.

    tokens, text, time, guidance  →  a velocity for every image token

    (1)  img = img_in(img)          txt = txt_in(txt)
    (2)  vec = time_in(emb(t)) + guidance_in(emb(g)) + vector_in(pooled text)
    (3)  pe  = rotations of (txt_ids ++ img_ids)
    (4)  img, txt = double block(img, txt, vec, pe)           19 of them
    (5)  x = txt ++ img;  x = single block(x, vec, pe)        38 of them
    (6)  v = final_layer(x without the text tokens, vec)

What does not change while a picture is painted (the text, its vector, guidance and the rotations)
is gathered once in a `Setting`; `velocity` is what runs at every step.

Source: BFL flux/model.py `Flux`.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.config import FluxConfig
from fluxlearn.model.check import check_inputs
from fluxlearn.model.double_block import DoubleStreamBlock
from fluxlearn.model.embeddings import MLPEmbedder, timestep_embedding
from fluxlearn.model.last_layer import LastLayer
from fluxlearn.model.paths import name_flux
from fluxlearn.model.points import flux_points
from fluxlearn.model.rope import EmbedND
from fluxlearn.model.single_block import SingleStreamBlock
from fluxlearn.trace.point import Point
from fluxlearn.trace.tap import tap


class Setting(NamedTuple):
    """What stays the same through a run: everything but the image tokens and the time."""

    txt: Float[Tensor, "batch txt dim"]  # text tokens at the width of the model
    guidance: Float[Tensor, "batch dim"] | None  # embedded guidance scale, if the model takes one
    pooled: Float[Tensor, "batch dim"]  # embedded pooled text
    pe: Float[Tensor, "_ 1 seq pair 2 2"]  # rotations, text first


class Flux(nn.Module):
    """The FLUX.1 transformer: predicts the velocity ε − x₀ of noised image tokens.

    Module names, and so state-dict keys, are BFL's: a published checkpoint loads strictly.
    """

    path = ""

    def __init__(self, config: FluxConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.hidden_size
        self.pe_embedder = EmbedND(config.theta, config.axes_dim)
        self.img_in = nn.Linear(config.in_channels, dim)
        self.time_in = MLPEmbedder(256, dim)
        self.vector_in = MLPEmbedder(config.vec_in_dim, dim)
        self.guidance_in = MLPEmbedder(256, dim) if config.guidance_embed else nn.Identity()
        self.txt_in = nn.Linear(config.context_in_dim, dim)
        self.double_blocks = nn.ModuleList(DoubleStreamBlock(config) for _ in range(config.depth))
        self.single_blocks = nn.ModuleList(
            SingleStreamBlock(config) for _ in range(config.depth_single_blocks)
        )
        self.final_layer = LastLayer(config)
        name_flux(self)

    def forward(
        self,
        img: Float[Tensor, "batch img patch"],
        img_ids: Float[Tensor, "batch img axis"],
        txt: Float[Tensor, "batch txt context"],
        txt_ids: Float[Tensor, "batch txt axis"],
        timesteps: Float[Tensor, " batch"],
        y: Float[Tensor, "batch vec"],
        guidance: Float[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch img _"]:
        """The velocity of every image token; BFL's forward, argument for argument.

        timesteps  in [0, 1]; 1 is pure noise.
        guidance   the scale as it is (3.5); required when the config has guidance_embed.

        Raises ValueError when shapes or values do not fit together, before any work.
        """
        check_inputs(self.config, img, img_ids, txt, txt_ids, timesteps, y, guidance)
        return self.velocity(img, timesteps, self.setting(img_ids, txt, txt_ids, y, guidance))

    def setting(
        self,
        img_ids: Float[Tensor, "batch img axis"],
        txt: Float[Tensor, "batch txt context"],
        txt_ids: Float[Tensor, "batch txt axis"],
        y: Float[Tensor, "batch vec"],
        guidance: Float[Tensor, " batch"] | None = None,
    ) -> Setting:
        """Embed all that stays the same from step to step, equations (1) to (3) in part."""
        txt = tap(self, "embed.txt", self.txt_in(tap(self, "in.txt", txt)))
        pooled = tap(self, "embed.clip", self.vector_in(tap(self, "in.clip", y)))

        strength = None
        if self.config.guidance_embed:
            waves = timestep_embedding(tap(self, "in.guidance", guidance))
            strength = tap(self, "embed.g", self.guidance_in(tap(self, "embed.g_freq", waves)))

        txt_ids, img_ids = tap(self, "in.txt_ids", txt_ids), tap(self, "in.img_ids", img_ids)
        ids = tap(self, "pe.ids", torch.cat([txt_ids, img_ids], dim=1))
        return Setting(txt, strength, pooled, tap(self, "pe", self.pe_embedder(ids)))

    def velocity(
        self,
        img: Float[Tensor, "batch img patch"],
        timesteps: Float[Tensor, " batch"],
        setting: Setting,
    ) -> Float[Tensor, "batch img _"]:
        """One model call: the blocks and the last layer, equations (4) to (6)."""
        txt, pe = setting.txt, setting.pe
        img = tap(self, "embed.img", self.img_in(tap(self, "in.img", img)))
        vec = self._vec(timesteps, setting)

        for block in self.double_blocks:
            img, txt = block(img, txt, vec, pe)

        x = tap(self, "stream", torch.cat([txt, img], dim=1))
        for block in self.single_blocks:
            x = block(x, vec, pe)

        img = x[:, txt.shape[1] :]
        return tap(self, "out.velocity", self.final_layer(img, vec))

    def _vec(self, timesteps: Tensor, setting: Setting) -> Float[Tensor, "batch dim"]:
        waves = timestep_embedding(tap(self, "in.t", timesteps)).to(setting.txt)
        vec = tap(self, "embed.t", self.time_in(tap(self, "embed.t_freq", waves)))
        if setting.guidance is not None:
            vec = vec + setting.guidance
        return tap(self, "vec", vec + setting.pooled)

    def points(self) -> tuple[Point, ...]:
        """Every place in this model that can be read or edited, in order of execution."""
        return flux_points(self.config)
