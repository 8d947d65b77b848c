"""The exercises of each chapter, in the order in which they are met."""

from difflib import get_close_matches
from importlib import import_module

from fluxlearn.exercises.exercise import Exercise

# fmt: off
CHAPTERS: dict[str, tuple[str, ...]] = {
    "01": ("interpolate", "velocity", "x0_from_velocity", "loss", "euler_step"),
    "02": ("alphas_bar", "diffuse", "straighten", "velocity_from_diffused", "ddim_step",
           "cross_attention"),
    "03": ("pad_prompts", "pooled", "text_inputs", "masked_weights", "t5_weights"),
    "04": ("from_bytes", "draw_latent", "psnr", "normalise", "denormalise"),
    "05": ("patchify", "unpatchify", "image_ids", "text_ids", "token_count"),
    "06": ("timestep_embedding", "periods", "similarity", "mlp_embedder", "vec"),
    "07": ("frequencies", "rope", "embed_ids", "rotate", "relative_score"),
    "08": ("modulation", "modulate", "modulated_norm", "gated_residual", "modulation_weights"),
    "09": ("split_heads", "rms_norm", "logit_bound", "softmax_attention", "joint_attention",
           "quadrants"),
    "10": ("stream_in", "stream_out", "think", "double_block", "stream_size"),
    "11": ("unfuse_linear1", "fuse_linear2", "linear2_parts", "single_block", "attention_share"),
    "12": ("last_layer", "assemble", "scale_first", "double_stream", "single_stream"),
    "13": ("time_shift", "shift_for", "make_schedule", "euler", "heun"),
    "14": (
        "double_weights", "single_weights", "mlp_share",
        "attention_flops", "break_even", "blocks_that_fit",
    ),
    "15": ("word_map", "region_mass", "mean_map", "budget", "pointing"),
    "16": ("ablate_heads", "patch_tokens", "indirect_effect", "knock_out", "direction"),
}
# fmt: on


def exercise_names() -> list[str]:
    """All exercises, chapter by chapter."""
    return [name for names in CHAPTERS.values() for name in names]


def find_exercise(name: str) -> Exercise:
    """The exercise of this name.

    Raises ValueError, with the nearest names, when there is none.
    """
    for chapter, names in CHAPTERS.items():
        if name in names:
            return import_module(f"fluxlearn.exercises.chapter_{chapter}.{name}").EXERCISE
    near = get_close_matches(str(name), exercise_names(), n=2)
    cure = (
        f"Did you mean {', '.join(near)}?" if near else f"There are {', '.join(exercise_names())}."
    )
    raise ValueError(f"{name!r} is no exercise. {cure}")


def chapter_title(chapter: str) -> str:
    """What a chapter is about: the docstring of its folder."""
    folder = import_module(f"fluxlearn.exercises.chapter_{chapter}")
    return (folder.__doc__ or "").strip().removesuffix(".")
