"""T5: a feature for each token, padding included."""

import pytest
import torch
from tiny_text import t5_config, t5_tokenizer
from transformers import T5Config, T5EncoderModel, T5ForConditionalGeneration

from fluxlearn.text.t5 import T5Encoder

PROMPTS = ["a red circle left of a blue square", "square"]


def test_a_prompt_is_always_padded_to_the_full_length(t5):
    assert t5(["red"]).shape == t5([PROMPTS[0]]).shape == (1, 12, t5.width)


def test_padding_is_not_masked(t5):
    ids = t5.tokens(["red"])

    is_word = (ids != t5.tokenizer.pad_token_id).long()
    masked = t5.model(input_ids=ids, attention_mask=is_word).last_hidden_state
    unmasked = t5.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state

    assert torch.equal(t5(["red"]), unmasked)
    assert not torch.allclose(unmasked[:, 0], masked[:, 0], atol=1e-3)


def test_another_length_changes_the_features_of_the_words(folder):
    short, long = (T5Encoder.from_folder(folder / "t5", length=n)(["red"]) for n in (4, 12))

    assert not torch.allclose(short[:, 0], long[:, 0], atol=1e-3)


def test_a_prompt_gives_the_same_features_alone_and_in_a_batch(t5):
    alone = torch.cat([t5([prompt]) for prompt in PROMPTS])

    # Sums over other batch sizes may differ in their last bits.
    torch.testing.assert_close(t5(PROMPTS), alone, atol=1e-5, rtol=0)


def test_a_word_means_something_else_among_other_words(t5):
    first, second = t5(["red circle", "red square"])

    assert not torch.allclose(first[0], second[0], atol=1e-3)


def test_the_encoder_of_flux_has_as_many_parameters_as_the_formula_says():
    words, d, f = 32128, 4096, 10240
    config = T5Config(
        vocab_size=words, d_model=d, d_kv=64, d_ff=f, num_layers=24, num_heads=64,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip

    with torch.device("meta"):
        encoder = T5EncoderModel(config)

    held = sum(parameter.numel() for parameter in encoder.parameters())
    assert held == words * d + 24 * (4 * d**2 + 3 * d * f + 2 * d) + 32 * 64 + d == 4_762_310_656


def test_the_end_of_the_prompt_is_marked(t5):
    (ids,) = t5.tokens(["red"])

    assert ids[:3].tolist() == [4, t5.tokenizer.eos_token_id, t5.tokenizer.pad_token_id]


def test_words_beyond_the_length_are_named(folder):
    encoder = T5Encoder.from_folder(folder / "t5", length=5)

    with pytest.warns(UserWarning, match="T5 reads 5 tokens of a prompt; dropped: 'of a blue"):
        encoder([PROMPTS[0]])


def test_words_unknown_to_the_tokenizer_are_named(t5):
    with pytest.warns(UserWarning, match="T5 does not know 'pink' and reads <unk> instead"):
        t5(["a pink circle"])


def test_a_word_known_only_in_part_is_named_whole(t5):
    with pytest.warns(UserWarning, match="does not know 'reddish', 'squares'"):
        t5(["a reddish circle  of squares"])


def test_the_longest_prompt_that_fits_is_not_warned_about(folder, recwarn):
    T5Encoder.from_folder(folder / "t5", length=9)([PROMPTS[0]])

    assert not recwarn.list


def test_a_length_without_room_for_a_word_is_refused(folder):
    with pytest.raises(ValueError, match="length is 1, but a prompt needs 2 tokens"):
        T5Encoder.from_folder(folder / "t5", length=1)


def test_without_a_stated_limit_the_length_is_that_of_flux_dev():
    encoder = T5Encoder(T5EncoderModel(t5_config()), t5_tokenizer())

    assert encoder.length == 512


def test_the_encoder_loads_from_a_whole_t5(t5, tmp_path):
    whole = T5ForConditionalGeneration(t5_config(num_decoder_layers=1)).eval()
    whole.save_pretrained(tmp_path)
    t5.tokenizer.save_pretrained(tmp_path)

    txt = T5Encoder.from_folder(tmp_path)(PROMPTS)

    torch.testing.assert_close(txt, whole.encoder(t5.tokens(PROMPTS)).last_hidden_state)
