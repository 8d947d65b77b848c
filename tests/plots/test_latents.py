"""A latent's channels are drawn on one scale that lies evenly around zero."""

import numpy as np
import pytest
from plots.examples import pictures

from fluxlearn.plots.latents import plot_latent


def test_all_channels_share_one_scale_around_zero():
    latent = np.stack([np.full((2, 2), -3.0), np.ones((2, 2))])

    _, *channels, _ = plot_latent(pictures(1)[0], latent).axes

    assert [ax.images[0].get_clim() for ax in channels] == [(-3, 3), (-3, 3)]
    assert [ax.get_title() for ax in channels] == ["0", "1"]


def test_a_channel_is_drawn_as_it_is():
    latent = np.arange(8.0).reshape(2, 2, 2)

    fig = plot_latent(pictures(1)[0], latent)

    assert np.allclose(fig.axes[2].images[0].get_array(), latent[1])


@pytest.mark.usefixtures("unchecked_shapes")
def test_a_batch_is_refused_with_its_shape():
    with pytest.raises(ValueError, match=r"\(1, 2, 2, 2\).*\[0\]"):
        plot_latent(pictures(1)[0], np.ones((1, 2, 2, 2)))
