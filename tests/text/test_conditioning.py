"""Conditioning: kept exactly, and refused when it is something else."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from fluxlearn.text.conditioning import Conditioning


def conditioning(batch=3, length=5, dtype=torch.float32) -> Conditioning:
    return Conditioning(
        txt=torch.randn(batch, length, 8).to(dtype),
        pooled=torch.randn(batch, 4).to(dtype),
        prompts=tuple(f"prompt {i}" for i in range(batch)),
    )


def assert_same(one, other):
    assert torch.equal(one.txt, other.txt) and one.txt.dtype == other.txt.dtype
    assert torch.equal(one.pooled, other.pooled) and one.pooled.dtype == other.pooled.dtype
    assert one.prompts == other.prompts


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_saving_and_loading_is_exact_to_the_bit(tmp_path, dtype):
    before = conditioning(dtype=dtype)

    after = Conditioning.load(before.save(tmp_path / "c.safetensors"))

    assert_same(before, after)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=3))
def test_any_prompt_survives_saving(tmp_path_factory, prompts):
    size = len(prompts)
    before = Conditioning(
        txt=torch.zeros(size, 2, 2), pooled=torch.zeros(size, 2), prompts=tuple(prompts)
    )
    path = tmp_path_factory.mktemp("prompts") / "c.safetensors"

    assert Conditioning.load(before.save(path)).prompts == tuple(prompts)


def test_saving_replaces_a_file_and_leaves_nothing_beside_it(tmp_path):
    conditioning(1).save(tmp_path / "c.safetensors")
    conditioning(2).save(tmp_path / "c.safetensors")

    assert [file.name for file in tmp_path.iterdir()] == ["c.safetensors"]
    assert len(Conditioning.load(tmp_path / "c.safetensors")) == 2


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    path = conditioning(1).save(tmp_path / "c.safetensors")
    monkeypatch.setattr("safetensors.torch.save_file", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        conditioning(2).save(path)

    assert len(Conditioning.load(path)) == 1 and len(list(tmp_path.iterdir())) == 1


def test_saving_into_a_missing_folder_names_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing is not a folder"):
        conditioning().save(tmp_path / "missing" / "c.safetensors")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file .*c.safetensors"):
        Conditioning.load(tmp_path / "c.safetensors")


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "c.safetensors")

    with pytest.raises(ValueError, match=r"holds \['weight'\], not a conditioning"):
        Conditioning.load(tmp_path / "c.safetensors")


def test_a_truncated_file_is_refused(tmp_path):
    path = conditioning().save(tmp_path / "c.safetensors")
    path.write_bytes(path.read_bytes()[:-4])

    with pytest.raises(ValueError, match="not a whole safetensors file"):
        Conditioning.load(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickled_file_is_refused_unopened(tmp_path, zipped):
    path = tmp_path / "c.safetensors"
    torch.save({"txt": torch.zeros(1)}, path, _use_new_zipfile_serialization=zipped)

    with pytest.raises(ValueError, match="is a pickled file"):
        Conditioning.load(path)


def test_a_file_without_one_of_its_parts_is_refused(tmp_path):
    header = {"kind": "fluxlearn.conditioning", "version": "1", "prompts": json.dumps(["a"])}
    save_file({"txt": torch.zeros(1, 2, 2)}, tmp_path / "c.safetensors", header)

    with pytest.raises(ValueError, match=r"not a conditioning"):
        Conditioning.load(tmp_path / "c.safetensors")


def test_a_later_version_of_the_format_is_refused(tmp_path):
    path, whole = tmp_path / "c.safetensors", conditioning(1)
    header = {"kind": "fluxlearn.conditioning", "version": "2", "prompts": json.dumps(["a"])}
    save_file({"txt": whole.txt, "pooled": whole.pooled}, path, header)

    with pytest.raises(ValueError, match="has version 2 .* reads up to 1"):
        Conditioning.load(path)


def test_an_index_keeps_the_batch_axis():
    whole = conditioning()

    assert whole[-1].txt.shape == (1, 5, 8)
    assert whole[-1].prompts == ("prompt 2",)


def test_an_index_outside_the_batch_is_refused():
    with pytest.raises(IndexError):
        conditioning()[3]


def test_the_parts_of_a_batch_put_together_are_the_batch():
    whole = conditioning()

    assert_same(Conditioning.concat([whole[0], whole[1:]]), whole)
    assert_same(Conditioning.concat(list(whole)), whole)


def test_repeating_keeps_the_pictures_of_a_prompt_together():
    repeated = conditioning(2).repeat(2)

    assert repeated.prompts == ("prompt 0", "prompt 0", "prompt 1", "prompt 1")
    assert torch.equal(repeated.txt[0], repeated.txt[1])
    assert not torch.equal(repeated.pooled[1], repeated.pooled[2])


def test_repeating_less_than_once_is_refused():
    with pytest.raises(ValueError, match="times is 0"):
        conditioning().repeat(0)


@pytest.mark.parametrize("parts", [[], [conditioning(length=5), conditioning(length=6)]])
def test_parts_of_no_or_several_sizes_are_refused(parts):
    with pytest.raises(ValueError, match=f"concat got {len(parts)} conditionings"):
        Conditioning.concat(parts)


def test_another_precision_keeps_the_prompts():
    half = conditioning().to(dtype=torch.bfloat16)

    assert half.txt.dtype == half.pooled.dtype == torch.bfloat16
    assert half.prompts == conditioning().prompts


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pooled": torch.zeros(2, 4)}, "txt has 3 rows, pooled 2, and there are 3 prompts"),
        ({"prompts": ("one",)}, "txt has 3 rows, pooled 3, and there are 1 prompts"),
        ({"txt": torch.zeros(5, 8)}, r"txt is \(5, 8\) of torch.float32"),
        ({"txt": torch.zeros(3, 5, 8).long()}, "of torch.int64, .* Did you pass token ids"),
        ({"pooled": torch.zeros(3, 1, 4)}, r"pooled is \(3, 1, 4\)"),
    ],
)
def test_tensors_that_do_not_describe_the_same_prompts_are_refused(changes, message):
    fields = {**vars(conditioning()), **changes}

    with pytest.raises(ValueError, match=message):
        Conditioning(**fields)
