"""Redux: a picture becomes text tokens behind those of the prompt."""

import pytest
import torch
from reading_pipeline import reading_pipeline
from tiny_models import FLUX, tiny_conditioning, tiny_pipeline
from tiny_pictures import photograph, pixels
from tiny_redux import tiny_redux

import fluxlearn as fl
from fluxlearn.sampling.inputs.redux import Redux, ReduxImageEncoder, look
from fluxlearn.sampling.picture import from_pil
from fluxlearn.text.conditioning import Conditioning


def test_the_tokens_of_a_picture_stand_behind_those_of_the_prompt():
    redux, told = tiny_redux(), tiny_conditioning(batch=2)

    shown = redux(photograph(), told)

    # Two by two patches of SigLIP's picture.
    assert shown.txt.shape == (2, 5 + 4, FLUX.context_in_dim)
    assert torch.equal(shown.txt[:, :5], told.txt)
    assert torch.equal(shown.txt[:, 5:], redux.tokens(photograph()).expand(2, -1, -1))
    assert torch.equal(shown.pooled, told.pooled) and shown.prompts == told.prompts


def test_it_is_a_conditioning_like_any_other(tmp_path):
    pipe, told = tiny_pipeline(), tiny_redux()(photograph(), tiny_conditioning(batch=1))

    read = Conditioning.load(told.save(tmp_path / "told.safetensors"))

    *_, stage = fl.walk(pipe, read, step=1)
    assert torch.equal(stage.value.clamp(-1, 1), pipe.paint(told).pixels)


def test_siglip_sees_a_picture_in_its_own_size_and_range():
    seen = look(pixels(20, 60), 28)

    assert seen.shape == (3, 28, 28)
    assert seen.min() >= -1 and seen.max() <= 1
    assert torch.equal(look(seen, 28), seen)


def test_a_picture_may_be_a_file_or_its_values():
    redux, image = tiny_redux(), photograph()

    assert torch.equal(redux.tokens(image), redux.tokens(from_pil(image)))


def test_an_adapter_of_another_width_is_refused():
    redux = tiny_redux()

    with pytest.raises(ValueError, match="vision gives tokens 16 wide, but the adapter reads 17"):
        Redux(redux.vision, ReduxImageEncoder(17, 20))


def test_text_of_another_model_is_refused():
    other = Conditioning(txt=torch.zeros(1, 5, 24), pooled=torch.zeros(1, 12), prompts=("",))

    with pytest.raises(ValueError, match="24 wide, but this adapter makes tokens 20 wide"):
        tiny_redux()(photograph(), other)


def test_words_are_found_where_they_stand_though_a_picture_follows():
    pipe = reading_pipeline()
    told = tiny_redux()(photograph(), pipe.text("a red circle"))

    with fl.attend(pipe, ("red",), prompt=told) as maps:
        pipe.paint(told)

    with fl.attend(pipe, {"red": [1]}) as expected:
        pipe.paint(told)
    assert torch.equal(maps["red"].values, expected["red"].values)
