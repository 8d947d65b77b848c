"""Whole files with the wrong thing in them: sizes, values, names, other models, other files."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from bad_input.calls import Case
from safetensors.torch import load_file
from tiny_files import diffusers_folder, write
from tiny_models import FLUX, tiny_autoencoder, tiny_flux

import fluxlearn as fl
from fluxlearn.checkpoints.read import read_model

WEIGHTS = "diffusion_pytorch_model"
ONE, TWO = (f"{WEIGHTS}-{number:05}-of-00003.safetensors" for number in (1, 2))
NAN, INF = torch.full((32,), float("nan")), torch.full((32,), float("inf"))


def reading(make: Callable[[Path], object], **options):
    """Loading a flow model from what `make` puts into a folder: its one file, or the folder."""

    def call(folder):
        make(folder)
        return read_model(folder, fl.FluxConfig, fl.Flux, **options)

    return call


def weights(changes: dict | None = None, config: str = json.dumps(asdict(FLUX)), **options):
    """A file of ours with other tensors, where None leaves one out, or another config."""

    def make(folder):
        tensors = tiny_flux().state_dict() | (changes or {})
        kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        write(folder / "m.safetensors", kept, {"config": config})

    return reading(make, **options)


def sizes(**changes):
    """A file of ours whose config has other values, or lacks those that are None."""
    values = asdict(FLUX) | changes
    return weights(config=json.dumps({k: v for k, v in values.items() if v is not None}))


def names(*keys: str):
    """A file of small tensors with these names."""
    return reading(lambda folder: write(folder / "x.safetensors", dict.fromkeys(keys, NAN)))


def state(tensors: Callable[[], dict]):
    """A file with the weights of a model, and no config."""
    return reading(lambda folder: write(folder / "x.safetensors", tensors()))


def config_json(text: str):
    """A folder of diffusers with this text for its config.json."""

    def make(folder):
        diffusers_folder(folder, tiny_flux())
        (folder / "config.json").write_text(text)

    return reading(make)


def narrower_key(folder: Path) -> None:
    diffusers_folder(folder, tiny_flux())
    file = folder / f"{WEIGHTS}.safetensors"
    write(file, load_file(file) | {"transformer_blocks.0.attn.to_k.weight": torch.zeros(32, 31)})


def shards(change: Callable[[Path], object]):
    """A model in three files, after something was done to their folder."""

    def make(folder):
        diffusers_folder(folder, tiny_flux(), shards=3)
        change(folder)

    return reading(make)


def index(change: Callable[[dict], object]):
    """A model in three files, after something was changed in their index."""

    def changed(folder):
        path = folder / f"{WEIGHTS}.safetensors.index.json"
        table = json.loads(path.read_text())
        change(table["weight_map"])
        path.write_text(json.dumps(table))

    return shards(changed)


def first_of(table: dict) -> str:
    return next(iter(table))


def shortened(folder: Path) -> None:
    (folder / TWO).write_bytes((folder / TWO).read_bytes()[:-1])


def doubled(folder: Path) -> None:
    one, two = load_file(folder / ONE), load_file(folder / TWO)
    write(folder / TWO, two | {first_of(one): one[first_of(one)]})


def exchanged(folder: Path) -> None:
    (folder / ONE).rename(folder / "x")
    (folder / TWO).rename(folder / ONE)
    (folder / "x").rename(folder / TWO)


def files(**content: bytes):
    """A folder with these files; __ is a dot."""

    def make(folder):
        for name, text in content.items():
            (folder / name.replace("__", ".")).write_bytes(text)

    return reading(make)


# fmt: off
ROWS = [
    ("a config that is no JSON", weights(config="{"), ("config that is no JSON", "damaged")),
    ("a config that is a list", weights(config="[]"), ("no table of sizes",)),
    ("a config of another thing", weights(config='{"a": 1}'), ("no flow model can be built",)),
    ("a config without its depth", sizes(depth=None), ("can be built", "depth")),
    ("a negative depth", sizes(depth=-1), ("depth is -1", "whole number")),
    ("a depth of 10¹²", sizes(depth=10**12), ("depth is 1000000000000", "cannot be")),
    ("a depth in words", sizes(depth="2"), ("depth is '2'", "whole number")),
    ("half a depth", sizes(depth=1.5), ("depth is 1.5", "whole number")),
    ("no heads", sizes(num_heads=0), ("no flow model can be built",)),
    ("heads that do not divide", sizes(num_heads=3), ("32 is not a multiple of num_heads 3",)),
    ("axes that are no list", sizes(axes_dim=16), ("no flow model can be built",)),
    ("a width that the weights have not", sizes(vec_in_dim=8), ("(32, 12) instead of (32, 8)",)),
    ("more blocks than the weights have", sizes(depth=3), ("double_blocks.2", "is missing")),
    ("fewer blocks than the weights have", sizes(depth=1), ("is not part of the model",)),
    ("a config.json that is no JSON", config_json("{,}"), ("config.json", "no JSON")),
    ("a config.json with a word for a number", config_json('{"num_layers": "two"}'),
     ("depth is 'two'",)),
    ("a config.json of another model", config_json("{}"), ("is missing", "another depth")),
    ("NaN in a weight", weights({"img_in.bias": NAN}), ("img_in.bias holds NaN", "damaged")),
    ("infinity in a weight", weights({"img_in.bias": INF}), ("img_in.bias holds NaN or infin",)),
    ("a weight too large for fp16", weights({"img_in.bias": torch.full((32,), 1e6)},
                                            dtype=torch.float16),
     ("img_in.bias", "torch.float16", "65504")),
    ("a missing weight", weights({"txt_in.bias": None}), ("txt_in.bias is missing",)),
    ("a weight too many", weights({"img_out.bias": NAN}), ("img_out.bias is not part",)),
    ("a transposed weight", weights({"img_in.weight": torch.zeros(16, 32)}),
     ("img_in.weight has shape (16, 32) instead of (32, 16)",)),
    ("a weight without axes", weights({"img_in.bias": torch.zeros(())}),
     ("has shape () instead",)),
    ("scales that fit nothing", weights({"img_in.scale_weight": torch.ones(5)}),
     ("img_in.weight of shape (32, 16)", "(5,)", "each row")),
    ("key weights of another width", reading(narrower_key), ("to_k.weight", "stacked")),
    ("a LoRA", names("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight"), ("a LoRA",)),
    ("a FLUX.2 model", names("single_stream_modulation.lin.weight"), ("FLUX.2",)),
    ("a Chroma model", names("distilled_guidance_layer.in_proj.bias"), ("Chroma",)),
    ("a quantised model", names("double_blocks.0.img_mlp.0.weight.absmax"), ("bitsandbytes",)),
    ("a ControlNet", names("controlnet_blocks.0.bias"), ("a ControlNet",)),
    ("the Redux adapter", names("redux_up.weight", "redux_down.weight"), ("Redux adapter",)),
    ("Stable Diffusion", names("model.diffusion_model.input_blocks.0.0.bias"), ("Stable Diff",)),
    ("a CLIP model", names("text_model.final_layer_norm.bias"), ("a CLIP model",)),
    ("a T5 model", names("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
     ("a T5 model",)),
    ("part of a model", names("double_blocks.0.img_mod.lin.bias"), ("part of a transformer",)),
    ("an autoencoder", state(lambda: tiny_autoencoder().state_dict()),
     ("is no flow model", "a FLUX.1 autoencoder")),
    ("nothing at all", names(), ("is no flow model", "those of a stranger")),
    ("heads that cannot be guessed", state(lambda: tiny_flux().state_dict()),
     ("heads of 16 channels", "FLUX.1 has 128")),
    ("one of three files that is cut", shards(shortened), (TWO, "not a whole safetensors file")),
    ("a tensor in two files", shards(doubled), (ONE, TWO, "mixed")),
    ("two files with exchanged names", shards(exchanged), ("but it is in", "index belongs to")),
    ("an index that names another file", index(lambda m: m.update({first_of(m): TWO})),
     ("but it is in", "index belongs to")),
    ("an index with a tensor that is nowhere", index(lambda m: m.update({"gone.bias": ONE})),
     ("gone.bias", "but it is not")),
    ("an index that forgets a tensor", index(lambda m: m.pop(first_of(m))), ("in no file",)),
    ("an index that leads elsewhere", index(lambda m: m.update({"a": "up/../m.safetensors"})),
     ("no safetensors file beside it",)),
    ("an index of pickles", index(lambda m: m.update({"a": "pytorch_model.bin"})),
     ("'pytorch_model.bin'", "no safetensors file")),
    ("an index of numbers", index(lambda m: m.update({"a": 1})), ("a is in 1",)),
    ("an index that is no JSON", files(m__safetensors__index__json=b"{"), ("cannot be read",)),
    ("an index without a map", files(m__safetensors__index__json=b"{}"), ("no weight_map",)),
    ("two files without an index", files(a__safetensors=b"", b__safetensors=b""),
     ("2 files", "a.safetensors, b.safetensors", "index.json")),
    ("two indices", files(a__safetensors__index__json=b"", b__safetensors__index__json=b""),
     ("2 files",)),
]
MISSING = [
    ("one of three files that is missing", shards(lambda f: (f / TWO).unlink()),
     (TWO, "interrupted")),
    ("a folder of pickles", files(pytorch_model__bin=b"\x80\x04."),
     ("pytorch_model.bin", "never opened")),
    ("an empty folder", files(), ("it is empty",)),
    ("a folder of other things", files(notes__md=b""), ("notes.md",)),
]
# fmt: on

CASES = [
    *(Case(name, call, ValueError, words) for name, call, words in ROWS),
    *(Case(name, call, FileNotFoundError, words) for name, call, words in MISSING),
]
