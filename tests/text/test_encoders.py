"""Both encoders together."""

import pytest
import torch

from fluxlearn.shapes import AXES
from fluxlearn.text.conditioning import Conditioning
from fluxlearn.text.points import POINTS
from fluxlearn.text.t5 import T5Encoder
from fluxlearn.trace.tap import handling


def test_a_prompt_alone_is_a_batch_of_one(encoders):
    one = encoders("red circle")

    assert one.prompts == ("red circle",)
    assert one.txt.shape == (1, 12, 24) and one.pooled.shape == (1, 16)


def test_several_prompts_keep_their_order(encoders):
    both, second = encoders(["red", "blue circle"]), encoders("blue circle")

    # Sums over other batch sizes may differ in their last bits.
    torch.testing.assert_close(both[1].txt, second.txt, atol=1e-5, rtol=0)
    torch.testing.assert_close(both[1].pooled, second.pooled, atol=1e-6, rtol=0)


def test_the_empty_prompt_is_the_unconditional_one(encoders):
    assert encoders("").prompts == ("",)
    assert encoders("").txt.isfinite().all()


def test_a_saved_conditioning_replaces_the_encoders(encoders, tmp_path):
    encoded = encoders(["red", ""])

    loaded = Conditioning.load(encoded.save(tmp_path / "c.safetensors"))

    assert torch.equal(loaded.txt, encoded.txt) and torch.equal(loaded.pooled, encoded.pooled)


def test_no_prompts_at_all_are_refused(encoders):
    with pytest.raises(ValueError, match='prompts is empty.* use ""'):
        encoders([])


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("prompts", "message"),
    [(None, "prompts is None"), (3, "prompts is 3"), (["a", 3], r"prompts\[1\] is 3 of type int")],
)
def test_what_is_not_a_prompt_is_refused(encoders, prompts, message):
    with pytest.raises(TypeError, match=message):
        encoders(prompts)


def test_after_freeing_t5_the_error_says_how_to_bring_it_back(encoders, folder):
    before = encoders("red")
    encoders.free_t5()

    with pytest.raises(RuntimeError, match=r"encoders.t5 = T5Encoder.from_folder"):
        encoders("red")

    encoders.t5 = T5Encoder.from_folder(folder / "t5")
    assert torch.equal(encoders("red").txt, before.txt)


def test_moving_works_with_and_without_t5(encoders):
    assert encoders.to("cpu").t5.model.device.type == "cpu"
    encoders.free_t5()
    assert encoders.to("cpu").t5 is None


def test_exactly_the_points_of_the_table_fire_with_the_shapes_of_the_table(encoders):
    fired = []

    with handling(lambda owner, point, value: fired.append((point, value.ndim)) or value):
        encoders(["red", "blue"])

    assert fired == [(point.name, len(point.shape.split())) for point in POINTS]
    assert all(word in AXES for point in POINTS for word in point.shape.split())


def test_an_edit_reaches_the_conditioning_and_may_carry_gradients(encoders):
    strength = torch.tensor(2.0, requires_grad=True)

    with handling(lambda _, point, value: value * strength if point == "text.t5" else value):
        edited = encoders("red")

    edited.txt.square().sum().backward()
    torch.testing.assert_close(edited.txt.detach(), 2 * encoders("red").txt)
    assert strength.grad > 0
