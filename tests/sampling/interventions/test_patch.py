"""What is patched comes from the other painting, and all of it together is that painting."""

import pytest
import torch
from tiny_models import tiny_conditioning, tiny_flux, tiny_inputs, tiny_pipeline

from fluxlearn.sampling.interventions.blocks import block_names, writes
from fluxlearn.sampling.interventions.intervention import intervene
from fluxlearn.sampling.interventions.patch import Recording, copy_row, patch
from fluxlearn.trace.edit import edit
from fluxlearn.trace.record import record
from fluxlearn.trace.reduce import norm


def recorded(pipe, prompt, points, **options):
    """A picture and what was recorded while it was painted."""
    with record(pipe, points, **options) as seen:
        picture = pipe.paint(prompt)
    return picture, seen


def test_a_patch_of_every_write_of_every_step_paints_the_source():
    pipe, source, target = tiny_pipeline(), tiny_conditioning(), tiny_conditioning()
    points = [point for block in block_names(pipe) for point in writes(block)]
    picture, seen = recorded(pipe, source, [*points, "vec"])

    with edit(pipe, patch(seen)):
        patched = pipe.paint(target)

    # The last layer is modulated by vec, and every write is the source's, from the same noise.
    torch.testing.assert_close(patched.pixels, picture.pixels)


def test_a_patch_of_the_same_painting_changes_nothing():
    pipe, prompt = tiny_pipeline(), tiny_conditioning()
    picture, seen = recorded(pipe, prompt, "single.*.write")

    with edit(pipe, patch(seen)):
        assert torch.equal(pipe.paint(prompt).pixels, picture.pixels)


def test_a_patch_acts_at_its_own_step_with_the_value_of_that_step():
    pipe, source, target = tiny_pipeline(), tiny_conditioning(), tiny_conditioning()
    _, seen = recorded(pipe, source, ["vec", "embed.clip"])
    _, plain = recorded(pipe, target, "vec")

    with edit(pipe, patch(seen, "vec", steps=[1])), record(pipe, "vec") as patched:
        pipe.paint(target)

    assert torch.equal(patched["vec"][1], seen["vec"][1])
    assert torch.equal(patched["vec"][[0, 2]], plain["vec"][[0, 2]])


def test_only_the_named_tokens_are_patched():
    flux, source, target = tiny_flux(), tiny_inputs(), tiny_inputs()
    with record(flux, "embed.txt") as seen:
        flux(**source)
    with record(flux, "embed.txt") as plain:
        flux(**target)

    with edit(flux, patch(seen, tokens=[1, 3])), record(flux, "embed.txt") as patched:
        flux(**target)

    assert torch.equal(patched["embed.txt"][:, [1, 3]], seen["embed.txt"][:, [1, 3]])
    assert torch.equal(patched["embed.txt"][:, [0, 2, 4]], plain["embed.txt"][:, [0, 2, 4]])


def test_a_row_copied_gives_one_picture_what_another_has():
    pipe, prompts = tiny_pipeline(), tiny_conditioning(batch=2)

    with intervene(pipe, [copy_row("in.latent"), copy_row(["in.txt", "in.clip"])]):
        first, second = pipe.paint(prompts).pixels

    torch.testing.assert_close(first, second)


def test_rows_that_are_not_targets_stay():
    flux, inputs = tiny_flux(), tiny_inputs(batch=3)

    with edit(flux, copy_row("in.img", source=2, targets=[0])), record(flux, "in.img") as seen:
        flux(**inputs)

    assert torch.equal(seen["in.img"], inputs["img"][[2, 1, 2]])


def test_copying_a_row_and_patching_a_recording_are_the_same():
    pipe, both = tiny_pipeline(), tiny_conditioning(batch=2)
    point = "single.0.write"

    with edit(pipe, copy_row("in.latent")):
        with edit(pipe, copy_row(point)):
            copied = pipe.paint(both).pixels[1]
        with record(pipe, point) as seen:
            pipe.paint(both)
        first = Recording(values={point: seen[point][:, :1]}, steps=(0, 1, 2), branch="cond")
        with edit(pipe, patch(first)):
            patched = pipe.paint(both).pixels[1]

    torch.testing.assert_close(copied, patched)


@pytest.mark.usefixtures("unchecked_shapes")
def test_a_reduced_recording_is_refused_with_the_cure():
    pipe, prompt = tiny_pipeline(), tiny_conditioning()
    _, seen = recorded(pipe, prompt, "vec", reduce=norm)

    with pytest.raises(ValueError, match="without reduce="):
        with edit(pipe, patch(seen)):
            pipe.paint(prompt)


def test_two_calls_of_one_step_cannot_be_told_apart():
    pipe = tiny_pipeline()
    with record(pipe, "vec") as seen:
        pipe.paint(tiny_conditioning(), solver="midpoint")

    with pytest.raises(ValueError, match="solver 'euler'"):
        patch(seen)


def test_a_step_that_was_not_recorded_is_refused():
    pipe = tiny_pipeline()
    _, seen = recorded(pipe, tiny_conditioning(), "vec", steps=[0, 1])

    with pytest.raises(ValueError, match=r"steps are \[2\], but this patch acts at steps \[0, 1\]"):
        patch(seen, steps=[2])
