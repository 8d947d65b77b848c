"""Joint attention and its norms."""

import torch
from tiny_models import FLUX, randomise

from fluxlearn.model.attention import (
    Heads,
    QKNorm,
    RMSNorm,
    SelfAttention,
    joint_attention,
    split_heads,
)
from fluxlearn.model.rope import EmbedND

HEAD_DIM = FLUX.head_dim


class Owner:
    """Whoever taps."""

    path = ""


def attend(heads, positions=None):
    tokens = heads.q.shape[2]
    ids = torch.zeros(1, tokens, 3) if positions is None else positions
    return joint_attention(Owner(), heads, EmbedND(10_000, FLUX.axes_dim)(ids))


def random_heads(tokens=6):
    return Heads(*torch.randn(3, 2, FLUX.num_heads, tokens, HEAD_DIM))


def test_a_norm_divides_by_the_root_mean_square():
    x = 100 * torch.randn(2, 3, HEAD_DIM)

    sizes = RMSNorm(HEAD_DIM)(x).square().mean(dim=-1)

    torch.testing.assert_close(sizes, torch.ones(2, 3))


def test_a_norm_does_not_move_the_mean():
    x = torch.full((1, HEAD_DIM), 5.0)

    torch.testing.assert_close(RMSNorm(HEAD_DIM)(x), torch.ones(1, HEAD_DIM))


def test_a_norm_rounds_before_it_scales_as_in_bfl():
    norm, x = randomise(RMSNorm(HEAD_DIM)).bfloat16(), torch.randn(64, HEAD_DIM).bfloat16()

    rounded = RMSNorm(HEAD_DIM)(x.float()).bfloat16()

    assert torch.equal(norm(x), rounded * norm.scale)


def test_diffusers_norm_which_scales_before_it_rounds_differs_by_one_unit():
    norm, x = randomise(RMSNorm(HEAD_DIM)).bfloat16(), torch.randn(64, HEAD_DIM).bfloat16()

    theirs = torch.nn.functional.rms_norm(x, (HEAD_DIM,), norm.scale, eps=1e-6)

    units = (norm(x).view(torch.int16).int() - theirs.view(torch.int16).int()).abs()
    assert units.max() == 1
    assert 0.1 < units.float().mean() < 0.4


def test_values_are_not_normalised():
    raw = random_heads()

    assert torch.equal(randomise(QKNorm(HEAD_DIM))(Owner(), raw).v, raw.v)


def test_fused_channels_are_cut_into_q_k_v_first_then_heads():
    qkv = torch.arange(3 * 2 * 4).float().reshape(1, 1, -1)

    heads = split_heads(qkv, num_heads=2)

    assert heads.q[0, :, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert heads.k[0, 0, 0].tolist() == [8, 9, 10, 11]
    assert heads.v[0, 1, 0].tolist() == [20, 21, 22, 23]


def test_attention_is_a_softmax_of_scaled_scores_over_values():
    heads = random_heads()

    z = attend(heads)

    scores = heads.q @ heads.k.transpose(-1, -2) / HEAD_DIM**0.5
    expected = (scores.softmax(dim=-1) @ heads.v).transpose(1, 2).flatten(2)
    torch.testing.assert_close(z, expected, atol=1e-6, rtol=1e-5)


def test_a_token_attends_to_every_other():
    heads = random_heads()
    before = attend(heads)

    heads.v[:, :, -1] += 1

    assert (attend(heads) != before).all()


def test_values_are_not_turned():
    heads = random_heads(tokens=1)

    z = attend(heads, positions=torch.tensor([[[0.0, 9.0, 4.0]]]))

    torch.testing.assert_close(z, heads.v.transpose(1, 2).flatten(2))


def test_without_qkv_bias_a_zero_token_has_zero_values():
    attention = randomise(SelfAttention(8, num_heads=2, qkv_bias=False))

    assert not attention.heads(torch.zeros(1, 3, 8)).v.any()
