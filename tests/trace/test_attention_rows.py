"""Attention without its matrix: every number is that of the full softmax."""

from unittest import mock

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._python_dispatch import TorchDispatchMode

from fluxlearn.trace.attention import rows
from fluxlearn.trace.attention.columns import columns, region_mass
from fluxlearn.trace.attention.rows import entropy, log_sum_exp, one_head, softmax_rows, top_k
from fluxlearn.trace.sizes import TooLargeError

# The order of sums differs, so the last bits of float32 may.
CLOSE = {"atol": 1e-5, "rtol": 0}


def full_scores(q, k, mask):
    """All scores at once, as one would write them on a blackboard."""
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is None:
        return scores
    return scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask


def full_softmax(q, k, mask):
    """All probabilities at once; a row in which everything is hidden is zero."""
    return full_scores(q, k, mask).softmax(dim=-1).nan_to_num(0)


def a_mask(kind, draw, shape):
    """One of the masks that the attention kernel takes."""
    batch, heads, queries, keys = shape
    if kind == "none":
        return None
    if kind == "hides":
        return torch.rand(queries, keys, generator=draw) > 0.4
    sizes = {"all alike": (queries, keys), "keys": (batch, 1, 1, keys), "heads": shape}[kind]
    mask = torch.randn(sizes, generator=draw)
    return mask.masked_fill(torch.rand(sizes, generator=draw) > 0.7, float("-inf"))


@st.composite
def attentions(draw):
    """q, k, a mask, and how many bytes of the matrix may exist at a time."""
    batch, heads, queries, keys, width = (draw(st.integers(1, n)) for n in (2, 3, 9, 9, 8))
    random = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    size = draw(st.sampled_from([0.1, 1.0, 5.0]))
    q = size * torch.randn(batch, heads, queries, width, generator=random)
    k = torch.randn(batch, heads, keys, width, generator=random)
    kind = draw(st.sampled_from(["none", "all alike", "keys", "heads", "hides"]))
    mask = a_mask(kind, random, (batch, heads, queries, keys))
    return q, k, mask, draw(st.sampled_from([1, 500, rows.CHUNK_BYTES]))


@given(attentions())
def test_rows_are_those_of_the_full_softmax(attention):
    q, k, mask, chunk = attention

    with mock.patch.object(rows, "CHUNK_BYTES", chunk):
        p = torch.cat(list(softmax_rows(q, k, mask)), dim=2)

    torch.testing.assert_close(p, full_softmax(q, k, mask), **CLOSE)


@given(attentions())
def test_columns_are_those_of_the_full_softmax(attention):
    q, k, mask, _ = attention
    tokens = list(range(k.shape[2]))[::-2]

    found = columns(q, k, tokens, mask)

    torch.testing.assert_close(found, full_softmax(q, k, mask)[..., tokens], **CLOSE)


@given(attentions(), st.integers(1, 20))
def test_the_mass_of_a_region_is_the_sum_of_its_columns(attention, count):
    q, k, mask, _ = attention
    regions = (torch.rand(q.shape[0], k.shape[2], count) > 0.5).float()

    found = region_mass(q, k, regions, mask)

    expected = full_softmax(q, k, mask) @ regions[:, None]
    torch.testing.assert_close(found, expected, **CLOSE)


@given(attentions())
def test_entropy_is_that_of_the_full_softmax(attention):
    q, k, mask, chunk = attention

    with mock.patch.object(rows, "CHUNK_BYTES", chunk):
        found = entropy(q, k, mask)

    expected = torch.special.entr(full_softmax(q, k, mask)).sum(dim=-1)
    torch.testing.assert_close(found, expected, **CLOSE)


@given(attentions())
def test_the_strongest_keys_are_those_of_the_full_softmax(attention):
    q, k, mask, chunk = attention
    n = (k.shape[2] + 1) // 2

    with mock.patch.object(rows, "CHUNK_BYTES", chunk):
        found = top_k(q, k, n, mask)

    p = full_softmax(q, k, mask)
    torch.testing.assert_close(found.probabilities, p.topk(n).values, **CLOSE)
    torch.testing.assert_close(p.gather(-1, found.tokens), found.probabilities, **CLOSE)


@given(attentions())
def test_any_probability_follows_from_its_score_and_the_log_sum_exp(attention):
    q, k, mask, chunk = attention

    with mock.patch.object(rows, "CHUNK_BYTES", chunk):
        lse = log_sum_exp(q, k, mask)

    p = (full_scores(q, k, mask) - lse[..., None]).exp().nan_to_num(0)
    torch.testing.assert_close(p, full_softmax(q, k, mask), **CLOSE)


@given(attentions())
def test_one_head_is_that_of_the_full_softmax(attention):
    q, k, mask, chunk = attention
    head = q.shape[1] - 1

    with mock.patch.object(rows, "CHUNK_BYTES", chunk):
        found = one_head(q, k, head, mask)

    torch.testing.assert_close(found, full_softmax(q, k, mask)[:, head], **CLOSE)


def test_regions_that_hold_every_key_once_add_up_to_one():
    q, k = torch.randn(2, 3, 7, 8), torch.randn(2, 3, 9, 8)
    regions = torch.eye(4)[torch.tensor([0, 0, 1, 2, 3, 3, 3, 1, 0])][None]

    total = region_mass(q, k, regions).sum(dim=-1)

    torch.testing.assert_close(total, torch.ones(2, 3, 7), **CLOSE)


def test_a_query_that_sees_all_keys_alike_has_the_entropy_of_their_number():
    h = entropy(torch.zeros(1, 1, 2, 4), torch.randn(1, 1, 50, 4))

    torch.testing.assert_close(h, torch.full((1, 1, 2), 50.0).log(), **CLOSE)


def test_half_precision_is_looked_at_in_float32():
    q, k = (torch.randn(1, 2, 6, 8).bfloat16() for _ in range(2))

    found = columns(q, k, range(6))

    assert found.dtype == torch.float32
    torch.testing.assert_close(found, full_softmax(q.float(), k.float(), None), **CLOSE)


class Largest(TorchDispatchMode):
    """Notes the largest tensor that any operation gives."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, Tensor):
                self.numbers = max(self.numbers, value.untyped_storage().nbytes() // 4)
        return result


LOOKS = {
    "columns": lambda q, k: columns(q, k, range(20)),
    "region_mass": lambda q, k: region_mass(q, k, torch.ones(1, 128, 3)),
    "entropy": entropy,
    "top_k": lambda q, k: top_k(q, k, 4),
    "log_sum_exp": log_sum_exp,
    "one_head": lambda q, k: one_head(q, k, 0),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_matrix_of_all_heads_never_exists(look):
    q, k = torch.randn(1, 8, 128, 16), torch.randn(1, 8, 128, 16)

    with mock.patch.object(rows, "CHUNK_BYTES", 2**14), Largest() as largest:
        look(q, k)

    assert largest.numbers <= 8 * 128 * 128 / 4


def test_the_measurement_would_see_the_matrix():
    q, k = torch.randn(1, 8, 128, 16), torch.randn(1, 8, 128, 16)

    with Largest() as largest:
        full_softmax(q, k, None)
    with Largest() as narrow:  # values of another width than the keys'
        scaled_dot_product_attention(q, k, torch.ones(1, 8, 128, 3))

    assert largest.numbers == narrow.numbers == 8 * 128 * 128


HEADS = torch.randn(1, 2, 4, 8)
REFUSED = {
    "a token that is not there": (
        lambda: columns(HEADS, HEADS, [4]),
        IndexError,
        r"tokens \[4\] are not among the 4 keys",
    ),
    "more keys than there are": (
        lambda: top_k(HEADS, HEADS, 5),
        ValueError,
        "n is 5, but a query has 4 keys",
    ),
    "a head that is not there": (
        lambda: one_head(HEADS, HEADS, 2),
        IndexError,
        "head is 2, but there are 2 heads",
    ),
    "too large a head": (
        lambda: one_head(HEADS, HEADS, 0, max_bytes=63),
        TooLargeError,
        "4 queries and 4 keys would hold 64 B, more than max_bytes = 63 B",
    ),
    "tokens before heads": (
        lambda: entropy(HEADS[0], HEADS),
        ValueError,
        r"q has shape \(2, 4, 8\).*Take them at attn.q",
    ),
    "keys of other heads": (
        lambda: region_mass(HEADS, HEADS[:, :1], torch.ones(1, 4, 1)),
        ValueError,
        r"k \(1, 1, 4, 8\)",
    ),
    "a mask of another size": (
        lambda: entropy(HEADS, HEADS, torch.zeros(3, 4)),
        ValueError,
        r"the mask has shape \(3, 4\), but scores are \(1, 2, 4, 4\)",
    ),
}


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_looked_at_is_refused_with_the_numbers(why):
    look, error, message = REFUSED[why]

    with pytest.raises(error, match=message):
        look()
