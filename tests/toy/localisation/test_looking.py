"""Maps of true scenes under noise, and of paintings that came out right."""

from dataclasses import replace
from functools import cache

import pytest
import torch
from tiny_models import FLUX, tiny_autoencoder, tiny_flux, tiny_pipeline

from fluxlearn.load import WEIGHTS, load
from fluxlearn.sampling.attend import attend
from fluxlearn.sampling.options import Defaults
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.toy.captions import Caption, everything, parse, write
from fluxlearn.toy.draw import draw, masks
from fluxlearn.toy.localisation import looking
from fluxlearn.toy.localisation.looking import (
    look_at_scenes,
    look_while_painting,
    painted_targets,
)
from fluxlearn.toy.localisation.report import measure
from fluxlearn.toy.localisation.word_maps import watching
from fluxlearn.toy.scene import Scene, Thing

TWO = Scene(
    background="white",
    things=(
        Thing(shape="circle", colour="red", half_width=26.0, x=40.0, y=64.0),
        Thing(shape="square", colour="blue", half_width=14.0, x=96.0, y=64.0),
    ),
)
CAPTION = Caption(text=write(everything(TWO), 0), tells=everything(TWO))


@cache
def reader():
    """A random model that reads captions with the shipped text encoders."""
    flux = tiny_flux(replace(FLUX, context_in_dim=128, vec_in_dim=128))
    defaults = Defaults(
        name="tiny", steps=2, guidance=3.5, guidance_by="embedded", shifted=True, size=128
    )
    return Pipeline(TextEncoders.from_folder(WEIGHTS), flux, tiny_autoencoder(), defaults)


def test_outside_a_terminal_no_bar_is_drawn(capsys):
    look_at_scenes(reader(), 2, times=(0.5,))

    assert capsys.readouterr().err == ""


def test_each_word_of_each_scene_has_a_map_at_every_time_block_and_head():
    maps = look_at_scenes(reader(), 2, times=(0.3, 0.9))
    words = len(maps.targets)

    assert maps.attention.shape == (words, 2, 4, 2, 8, 8)
    assert maps.concepts.shape == (words, 2, 2, 8, 8)
    assert maps.times == (0.3, 0.9) and maps.blocks[2] == "single.0"
    assert {target.picture for target in maps.targets} == {0, 1}
    assert (maps.all_words >= maps.attention.mean(dim=(1, 2, 3))).all()


def test_the_same_seed_sees_the_same_whatever_the_size_of_a_batch(monkeypatch):
    pipe = reader()
    together = look_at_scenes(pipe, 3, times=(0.5,), seed=1)
    monkeypatch.setattr(looking, "CHUNK", 2)

    apart = look_at_scenes(pipe, 3, times=(0.5,), seed=1)

    # Products of another height are summed in another order, and random weights have large logits.
    torch.testing.assert_close(apart.attention, together.attention, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(apart.concepts, together.concepts, atol=1e-4, rtol=1e-3)


def test_watching_changes_no_bit_of_the_picture():
    pipe, captions = reader(), ["a red circle"]
    alone = pipe.paint(captions)

    with watching(pipe, captions):
        watched = pipe.paint(captions)

    assert (watched.pixels - alone.pixels).abs().max() == 0


def test_a_word_has_the_map_that_attend_gives(monkeypatch):
    pipe = reader()
    monkeypatch.setattr(looking, "scenes", lambda *_, **__: iter([TWO, TWO]))
    texts = [CAPTION.text, CAPTION.text]
    monkeypatch.setattr(looking, "write", lambda *_: CAPTION.text)
    names = ("red", "square")

    with attend(pipe, names, prompt=texts, average=()) as words:
        maps = look_at_scenes(pipe, 2, times=(0.5,))

    for name in names:
        row = next(i for i, t in enumerate(maps.targets) if t.word == name and t.picture == 1)
        torch.testing.assert_close(maps.attention[row], words[name].values[:, :, 1])


def test_a_right_picture_gives_the_masks_of_what_is_painted():
    found = painted_targets(draw(TWO), CAPTION, picture=7)
    true = {"large": 0, "red": 0, "circle": 0, "small": 1, "blue": 1, "square": 1}

    assert {target.word for target in found} == set(true)
    for target in found:
        mask = masks(TWO)[true[target.word]]
        assert (target.mask & mask).sum() > 0.95 * (target.mask | mask).sum()
        assert target.picture == 7


def test_a_picture_that_is_not_right_gives_none():
    other = replace(TWO, things=TWO.things[:1])

    assert painted_targets(draw(other), CAPTION) == []
    assert painted_targets(draw(TWO), replace(CAPTION, tells=parse("a red square"))) == []


def test_paintings_count_only_where_they_are_right(monkeypatch):
    pipe, true = reader(), []
    really_paint = pipe.paint

    def paint(texts, **options):
        picture = really_paint(texts, **options)
        right = torch.stack([draw(scene) for scene, _ in true])
        right[1] = 0  # nothing there
        return replace(picture, pixels=right)

    tell = looking._tell
    monkeypatch.setattr(looking, "_tell", lambda *args: true.extend(tell(*args)) or true)
    monkeypatch.setattr(pipe, "paint", paint)

    maps = look_while_painting(pipe, 3, times=(1.0, 0.9))

    assert (maps.asked, maps.kept) == (3, 2)
    assert {target.picture for target in maps.targets} == {0, 2}
    assert maps.times == pytest.approx((1.0,))  # the nearest of two steps to both


REFUSED = {
    "one picture": (lambda: look_at_scenes(reader(), 1), ValueError, "1 pictures.*at least 2"),
    "a time at the picture": (
        lambda: look_at_scenes(reader(), 2, times=(0.0,)),
        ValueError,
        r"times are \(0.0,\).*in \(0, 1\]",
    ),
    "no times": (lambda: look_while_painting(reader(), 2, times=()), ValueError, r"times are \(\)"),
    "no T5": (lambda: look_at_scenes(tiny_pipeline(), 2), TypeError, "has no T5"),
    "mud": (lambda: look_while_painting(reader(), 2), ValueError, "none of 2 pictures"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_looked_at_is_refused(why):
    look, error, message = REFUSED[why]

    with pytest.raises(error, match=message):
        look()


def test_the_shipped_model_looks_where_its_words_are():
    report = measure(look_at_scenes(load("toy-dev"), 16, times=(0.3,)))
    name, reached = report.best()

    # 40 words or so: the standard error is below 0.06.
    assert reached >= 0.8, name
    assert report.gated("noise") < 0.4
