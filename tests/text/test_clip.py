"""CLIP: one vector, read at the end of the text."""

import pytest
import torch
from transformers import CLIPConfig, CLIPModel

from fluxlearn.text.clip import ClipEncoder

PROMPTS = ["a red dog", "cat"]


def test_the_pooled_vector_is_the_feature_at_the_first_end_of_text_token(clip):
    ids = clip.tokens(PROMPTS)
    first_end = (ids == clip.tokenizer.eos_token_id).int().argmax(dim=1)

    features = clip.model(input_ids=ids).last_hidden_state

    assert torch.equal(clip(PROMPTS), features[torch.arange(2), first_end])


def test_padding_behind_the_prompt_changes_nothing(folder):
    short, long = (ClipEncoder.from_folder(folder / "clip", length=n)(["cat"]) for n in (6, 16))

    # Sums over other lengths may differ in their last bits.
    torch.testing.assert_close(short, long, atol=1e-6, rtol=0)


def test_a_prompt_gives_the_same_vector_alone_and_in_a_batch(clip):
    alone = torch.cat([clip([prompt]) for prompt in PROMPTS])

    torch.testing.assert_close(clip(PROMPTS), alone, atol=1e-6, rtol=0)


def test_the_order_of_words_matters(clip):
    first, second = clip(["red dog", "dog red"])

    assert not torch.allclose(first, second, atol=1e-3)


def test_a_prompt_is_padded_with_end_of_text_as_clip_was_trained(clip):
    (ids,) = clip.tokens(["hi"])

    end = clip.tokenizer.eos_token_id
    assert len(ids) == clip.length == 16
    assert ids[0] == clip.tokenizer.bos_token_id
    assert (ids[3:] == end).all() and (ids[1:3] != end).all()


def test_words_beyond_the_length_are_named(folder):
    encoder = ClipEncoder.from_folder(folder / "clip", length=8)

    # Seven letters are seven tokens here; six fit, and a word is named whole.
    with pytest.warns(UserWarning, match="CLIP reads 8 tokens of a prompt; dropped: 'red a'"):
        encoder(["cats red a"])


def test_a_prompt_that_just_fits_is_not_warned_about(folder, recwarn):
    ClipEncoder.from_folder(folder / "clip", length=8)(["cat red"])

    assert not recwarn.list


@pytest.mark.parametrize("length", [2, 17])
def test_a_length_that_the_positions_do_not_allow_is_refused(folder, length):
    with pytest.raises(ValueError, match=f"length is {length}, .* learned 16 positions"):
        ClipEncoder.from_folder(folder / "clip", length=length)


def test_the_text_encoder_loads_from_a_whole_clip_and_is_not_projected(clip, tmp_path):
    whole = CLIPModel(
        CLIPConfig(
            text_config=clip.model.config.to_dict(),
            vision_config={
                "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
                "num_attention_heads": 1, "image_size": 8, "patch_size": 8,
            },
            projection_dim=16,
        )
    ).eval()  # fmt: skip
    whole.save_pretrained(tmp_path)
    clip.tokenizer.save_pretrained(tmp_path)

    pooled = ClipEncoder.from_folder(tmp_path)(PROMPTS)

    projected = whole.get_text_features(clip.tokens(PROMPTS)).pooler_output
    torch.testing.assert_close(whole.text_projection(pooled), projected)
