"""AutoEncoder: pictures ↔ latents eight times smaller a side.

    (1)  mean, log-variance = encoder(picture)
    (2)  latent             = scale · (mean − shift)        so that latents have mean 0, spread 1
    (3)  picture            = decoder(latent / scale + shift)

The flow model never sees a pixel. The latent of a picture is the mean; sampling from the normal
distribution around it (`encode_sample`) is for training.

Source: BFL flux/modules/autoencoder.py `AutoEncoder`.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fluxlearn.autoencoder.decoder import Decoder
from fluxlearn.autoencoder.encoder import Encoder
from fluxlearn.autoencoder.points import autoencoder_points
from fluxlearn.config import AutoencoderConfig
from fluxlearn.trace.point import Point
from fluxlearn.trace.tap import tap


class AutoEncoder(nn.Module):
    """The autoencoder that all FLUX.1 models share, at any size. State-dict keys are BFL's."""

    path = "ae"

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def encode(
        self, pictures: Float[Tensor, "batch rgb px_h px_w"]
    ) -> Float[Tensor, "batch channel height width"]:
        """The latent of each picture: the mean, moved and scaled, equation (2).

        pictures  values in [−1, 1]; sides divisible by 8 (by 16 if they are to be patchified).

        Raises ValueError for pictures without batch axis, of odd sizes or out of range.
        """
        self._check_pictures(pictures)
        mean, _ = self.moments(pictures)
        return tap(self, "latent", self.normalise(mean))

    def decode(
        self, latents: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch rgb px_h px_w"]:
        """The picture of each latent, equation (3). Values may slightly exceed [−1, 1].

        Raises ValueError for latents without batch axis or of another number of channels.
        """
        self._check_latents(latents)
        return self.decoder(latents / self.config.scale_factor + self.config.shift_factor)

    def moments(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the normal distribution that the encoder gives."""
        mean, log_variance = self.encoder(pictures).chunk(2, dim=1)
        return mean, log_variance

    def encode_sample(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """A latent drawn around the mean: mean + e^(log-variance / 2) · ε."""
        mean, log_variance = self.moments(pictures)
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
        return self.normalise(mean + (0.5 * log_variance).exp() * noise.to(mean.device))

    def normalise(self, raw: Tensor) -> Tensor:
        """scale · (raw − shift): from the encoder's own scale to mean 0 and spread 1."""
        return self.config.scale_factor * (raw - self.config.shift_factor)

    def points(self) -> tuple[Point, ...]:
        """Every place in the autoencoder that can be read or edited, in order of execution."""
        return autoencoder_points(self.config)

    def _check_pictures(self, pictures: Tensor) -> None:
        step = self.config.downscale
        if pictures.ndim != 4 or pictures.shape[1] != self.config.in_channels:
            raise ValueError(
                f"pictures have shape {tuple(pictures.shape)} but [batch, "
                f"{self.config.in_channels}, height, width] is expected. For one picture, "
                f"add a batch axis with picture[None]."
            )
        if pictures.shape[2] % step or pictures.shape[3] % step:
            raise ValueError(
                f"pictures are {pictures.shape[3]} × {pictures.shape[2]} pixels, but both sides "
                f"must be divisible by {step}. Crop or resize them."
            )
        if pictures.device.type != "meta" and not pictures.abs().max() <= 2:
            raise ValueError(
                f"pictures reach {pictures.abs().max().item():.4g}, but values in [-1, 1] are "
                f"expected. Divide bytes by 127.5 and subtract 1."
            )

    def _check_latents(self, latents: Tensor) -> None:
        if latents.ndim != 4 or latents.shape[1] != self.config.z_channels:
            raise ValueError(
                f"latents have shape {tuple(latents.shape)} but [batch, "
                f"{self.config.z_channels}, height, width] is expected. Did you forget "
                f"unpatchify()?"
            )
