"""LoRA files as other programs write them, small, with every layer that they can have.

Names and sizes are written out here once more, so that a mistake in the package's tables shows.
The numbers are small integers, so that sums of their products are exact in any order.
"""

import torch
from torch import Tensor

from fluxlearn.lora.patch import Lora

# Each layer's inputs and rows, in widths of the model.
FUSED_DOUBLE = {
    f"{stream}_{name}": size
    for stream in ("img", "txt")
    for name, size in {
        "mod.lin": (1, 6), "attn.qkv": (1, 3), "attn.proj": (1, 1), "mlp.0": (1, 4), "mlp.2": (4, 1)
    }.items()
}  # fmt: skip
FUSED_SINGLE = {"modulation.lin": (1, 3), "linear1": (1, 7), "linear2": (5, 1)}
SPLIT_DOUBLE = {
    "norm1.linear": (1, 6), "norm1_context.linear": (1, 6),
    "attn.to_q": (1, 1), "attn.to_k": (1, 1), "attn.to_v": (1, 1), "attn.to_out.0": (1, 1),
    "attn.add_q_proj": (1, 1), "attn.add_k_proj": (1, 1), "attn.add_v_proj": (1, 1),
    "attn.to_add_out": (1, 1),
    "ff.net.0.proj": (1, 4), "ff.net.2": (4, 1),
    "ff_context.net.0.proj": (1, 4), "ff_context.net.2": (4, 1),
}  # fmt: skip
SPLIT_SINGLE = {
    "norm.linear": (1, 3), "attn.to_q": (1, 1), "attn.to_k": (1, 1), "attn.to_v": (1, 1),
    "proj_mlp": (1, 4), "proj_out": (5, 1),
}  # fmt: skip
XLABS_DOUBLE = {
    "processor.qkv_lora1": (1, 3), "processor.proj_lora1": (1, 1),
    "processor.qkv_lora2": (1, 3), "processor.proj_lora2": (1, 1),
}  # fmt: skip
XLABS_SINGLE = {"processor.qkv_lora": (1, 3), "processor.proj_lora": (5, 1)}

FUSED = {"double_blocks": FUSED_DOUBLE, "single_blocks": FUSED_SINGLE}
SPLIT = {"transformer_blocks": SPLIT_DOUBLE, "single_transformer_blocks": SPLIT_SINGLE}
XLABS = {"double_blocks": XLABS_DOUBLE, "single_blocks": XLABS_SINGLE}

A_B, DOWN_UP = ("lora_A", "lora_B"), ("lora_down", "lora_up")
PROGRAMS = {
    "kohya": (FUSED, "lora_unet_", DOWN_UP),
    "diffusers": (SPLIT, "transformer.", A_B),
    "transformer": (SPLIT, "", A_B),
    "peft": (SPLIT, "base_model.model.", A_B),
    "comfyui": (FUSED, "diffusion_model.", A_B),
    "bfl": (FUSED, "", A_B),
    "fal": (FUSED, "base_model.model.", A_B),
    "xlabs": (XLABS, "", ("down", "up")),
    "simpletuner": (SPLIT, "lora_transformer_", DOWN_UP),
}


def integers(*shape: int) -> Tensor:
    """Random integers from −3 to 3 without 0."""
    return torch.randint(1, 4, shape).float() * (2.0 * torch.randint(0, 2, shape) - 1)


def lora_file(
    program: str,
    rank: int = 4,
    alpha: float | None = None,
    dim: int = 32,
    depths: tuple[int, int] = (2, 2),
) -> dict[str, Tensor]:
    """A file of a program: every layer of the blocks. kohya and SimpleTuner always state an α."""
    groups, prefix, (down, up) = PROGRAMS[program]
    if program in ("kohya", "simpletuner"):
        alpha = alpha or 1.0
    tensors = {}
    for (group, layers), depth in zip(groups.items(), depths, strict=True):
        for name in (f"{group}.{i}.{layer}" for i in range(depth) for layer in layers):
            width, rows = layers[name.split(".", 2)[2]]
            key = prefix + (name.replace(".", "_") if prefix.endswith("_") else name)
            tensors[f"{key}.{down}.weight"] = integers(rank, width * dim)
            tensors[f"{key}.{up}.weight"] = integers(rows * dim, rank)
            if alpha is not None:
                tensors[f"{key}.alpha"] = torch.tensor(alpha)
    return tensors


def control_file(dim: int = 32, head_dim: int = 16) -> dict[str, Tensor]:
    """A control LoRA as BFL writes it: biases, norm scales, and layers outside of the blocks."""
    tensors = lora_file("bfl", dim=dim)
    for name in ("img_in", "final_layer.linear"):
        width, rows = (16, dim) if name == "img_in" else (dim, 16)
        tensors[f"{name}.lora_A.weight"] = integers(4, width)
        tensors[f"{name}.lora_B.weight"] = integers(rows, 4)
    tensors["final_layer.adaLN_modulation.1.lora_A.weight"] = integers(4, dim)
    tensors["final_layer.adaLN_modulation.1.lora_B.weight"] = integers(2 * dim, 4)
    for key in [key for key in tensors if key.endswith(".lora_B.weight")]:
        tensors[key.replace(".weight", ".bias")] = integers(tensors[key].shape[0])
    for norm in ("query_norm", "key_norm"):
        for i in range(2):
            tensors[f"double_blocks.{i}.img_attn.norm.{norm}.scale"] = integers(head_dim)
            tensors[f"double_blocks.{i}.txt_attn.norm.{norm}.scale"] = integers(head_dim)
            tensors[f"single_blocks.{i}.norm.{norm}.scale"] = integers(head_dim)
    return tensors


def weight_changes(lora: Lora) -> dict[str, Tensor]:
    """What a LoRA adds to each weight at scale 1, in float64."""
    changes = {}
    for name, patches in lora.patches.items():
        change = torch.zeros(max(p.last for p in patches), patches[0].down.shape[1]).double()
        for patch in patches:
            product = patch.up.double() @ patch.down.double()
            change[patch.first : patch.last] += patch.scale * product
        changes[name] = change
    return changes


def same(some: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    """Whether two sets of tensors have the same names and values."""
    return some.keys() == others.keys() and all(torch.equal(some[k], others[k]) for k in some)
