"""What does not fit a model is refused, with its name, before anything is changed."""

import pytest
from tiny_loras import integers, lora_file, same
from tiny_models import tiny_flux
from torch import nn

from fluxlearn import lora
from fluxlearn.lora.fit import check_fit

MISFITS = {
    r"double_blocks\.2\.img_mod\.lin is not part of it; .* and 7 more": lora_file(
        "kohya", depths=(3, 0)
    ),
    r"img_mod\.lin has 32 inputs, not 16": lora_file("kohya", dim=16),
    r"img_in has 16 inputs, not 32": {
        "img_in.lora_A.weight": integers(4, 32), "img_in.lora_B.weight": integers(32, 4)
    },
    r"img_mlp\.0 has 128 rows, not 64": {
        "double_blocks.0.img_mlp.0.lora_A.weight": integers(4, 32),
        "double_blocks.0.img_mlp.0.lora_B.weight": integers(64, 4),
    },
    r"query_norm\.scale has shape \(16,\), not \(8,\)": {
        "single_blocks.0.norm.query_norm.scale": integers(8)
    },
}  # fmt: skip


@pytest.mark.parametrize(("message", "tensors"), MISFITS.items(), ids=MISFITS)
@pytest.mark.parametrize("put", [lora.attach, lora.fuse])
def test_what_does_not_fit_is_refused_by_name_before_anything_is_changed(put, message, tensors):
    flux = tiny_flux()
    before = {name: tensor.clone() for name, tensor in flux.state_dict().items()}

    with pytest.raises(ValueError, match=message):
        put(flux, lora.read(tensors))

    assert same(flux.state_dict(), before)


def test_what_is_no_lora_or_no_model_or_no_scale_is_refused(unchecked_shapes):
    flux, found = tiny_flux(), lora.read(lora_file("kohya"))

    with pytest.raises(TypeError, match="Did you forget lora.read"):
        check_fit(flux, "style.safetensors", 1.0)
    with pytest.raises(TypeError, match="model is a Linear, but a Pipeline or a Flux"):
        lora.attach(nn.Linear(2, 2), found)
    with pytest.raises(ValueError, match="scale is nan"):
        lora.attach(flux, found, float("nan"))
    with pytest.raises(ValueError, match="is not at work in this model; at work there: none"):
        lora.remove(flux, found)
