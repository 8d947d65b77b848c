"""The table of taps in the autoencoder, in order of execution."""

from fluxlearn.config import AutoencoderConfig
from fluxlearn.trace.point import Point

_FEATURES = "batch feature _ _"


def autoencoder_points(config: AutoencoderConfig) -> tuple[Point, ...]:
    """Every point of encoder and decoder; `encode` fires the first half, `decode` the second."""
    levels = range(len(config.ch_mult))
    # fmt: off
    return (
        Point("encoder.pixels", "batch rgb px_h px_w", "picture in [−1, 1]", "what is encoded", "the range: bytes / 127.5 − 1"),
        Point("encoder.conv_in", _FEATURES, "conv_in(pixels)", "first features, at full size", "edges and plain colours"),
        *(Point(f"encoder.down.{i}", _FEATURES, f"level {i}, then half the size" if i < levels[-1] else f"level {i}", "features at one resolution", "objects become blobs, then codes") for i in levels),
        Point("encoder.mid", _FEATURES, "residual, attention, residual", "features that have seen the whole picture", "what attention moves between far cells"),
        Point("encoder.moments", "batch _ height width", "conv_out(swish(norm(mid)))", "mean and log-variance, channel halves", "tiny variances: the code is nearly exact"),
        Point("ae.latent", "batch channel height width", "scale·(mean − shift)", "the latent that the flow model learns", "mean 0 and spread 1 over many pictures"),
        Point("decoder.latent", "batch channel height width", "latent / scale + shift", "the latent on the decoder's own scale", "the inverse of ae.latent"),
        Point("decoder.conv_in", _FEATURES, "conv_in(latent)", "features of the latent", "its width: the widest level"),
        Point("decoder.mid", _FEATURES, "residual, attention, residual", "features that have seen the whole latent", "what attention moves between far cells"),
        *(Point(f"decoder.up.{i}", _FEATURES, f"level {i}, then twice the size" if i else f"level {i}", "features at one resolution", "edges sharpen from level to level") for i in reversed(levels)),
        Point("decoder.pixels", "batch rgb px_h px_w", "conv_out(swish(norm(up.0)))", "the picture, about [−1, 1]", "clamp before turning it into bytes"),
    )
    # fmt: on
