"""How the shipped weights were made: the whole chain from one seed, in one command.

    fluxlearn train toy --out runs/toy

    T5, CLIP     captions; then frozen
    autoencoder  pictures; then frozen, and its latents cached
    toy-base     the flow model
    toy-dev      distilled from it
    card         every gate measured on held-out prompts

    fluxlearn train toy --rehearsal      the same chain, a few steps of each

Each stage leaves its files in the folder and is not repeated; a killed stage resumes from its
checkpoint. `ship` turns a finished folder into what the package carries.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.checkpoints.read import read_model
from fluxlearn.checkpoints.safe import save_tensors, save_weights
from fluxlearn.config import AutoencoderConfig, FluxConfig
from fluxlearn.files import replacing
from fluxlearn.load import load
from fluxlearn.model.flux import Flux
from fluxlearn.sampling.options import Defaults
from fluxlearn.text.encoders import TextEncoders
from fluxlearn.toy.card import write_card
from fluxlearn.toy.gates import as_card, check_gates, evaluate_autoencoder, evaluate_model
from fluxlearn.toy.train_autoencoder import POLISH, ROUNDS, Round, train_autoencoder
from fluxlearn.toy.train_clip import train_clip
from fluxlearn.toy.train_dev import LENGTH, Length, train_dev
from fluxlearn.toy.train_flow import CYCLES, SCENES, Cycle, Frozen, train_flow
from fluxlearn.toy.train_t5 import train_t5

DEFAULTS = {
    "toy-base": Defaults(
        name="toy-base", steps=20, guidance=2.0, guidance_by="true", shifted=True, size=128
    ),
    "toy-dev": Defaults(
        name="toy-dev", steps=20, guidance=2.0, guidance_by="embedded", shifted=True, size=128
    ),
}


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How long each stage is."""

    t5: int = 900  # steps
    clip: int = 1000  # steps
    rounds: tuple[Round, ...] = ROUNDS  # of the autoencoder
    polish: tuple[int, float] = POLISH  # of its decoder
    base: tuple[Cycle, ...] = CYCLES  # of the flow model
    dev: Length = LENGTH  # of the distillation
    scenes: int = SCENES  # that the flow models are trained on
    prompts: int = 512  # that each model is measured on, in each split


FULL = Lengths()
REHEARSAL = Lengths(
    t5=3, clip=3, rounds=((3, 1e-3, 1e-3),), polish=(2, 1e-3),
    base=(Cycle(3, 8, 2e-3, 0.5, 1.0), Cycle(2, 4, 2e-3, 1.2, 1.4)),
    dev=Length(2, 8), scenes=64, prompts=4,
)  # fmt: skip
"""The whole chain in a minute or two, to see that it runs; what it paints is mud."""


def train_toy(folder: Path, seed: int = 0, lengths: Lengths = FULL) -> dict:
    """Train, ship and measure the whole family in a folder; return its card."""
    folder = Path(folder)
    card = {
        "seed": seed,
        "t5": train_t5(folder, seed, lengths.t5),
        "clip": train_clip(folder, seed, lengths.clip),
        "autoencoder": train_autoencoder(folder, seed, 8, lengths.rounds, lengths.polish),
    }
    autoencoder, _ = read_model(folder / "ae.safetensors", AutoencoderConfig, AutoEncoder)
    frozen = Frozen(autoencoder, TextEncoders.from_folder(folder))

    card["toy-base"] = train_flow(folder, frozen, lengths.scenes, seed, lengths.base)
    teacher, _ = read_model(folder / "toy-base.safetensors", FluxConfig, Flux)
    card["toy-dev"] = train_dev(folder, teacher, frozen, lengths.scenes, seed, lengths.dev)

    shipped = ship(folder, folder / "weights")
    measure(card, shipped, lengths.prompts)
    write_card(card, shipped)
    return card


def ship(folder: Path, target: Path) -> Path:
    """Write what the package carries: bf16 weights with how to sample them, and tokenizers."""
    target.mkdir(parents=True, exist_ok=True)
    for name, defaults in DEFAULTS.items():
        flux, _ = read_model(folder / f"{name}.safetensors", FluxConfig, Flux)
        tensors = {k: v.to(torch.bfloat16) for k, v in flux.state_dict().items()}
        header = {
            "config": json.dumps(asdict(flux.config)),
            "defaults": json.dumps(asdict(defaults)),
        }
        save_tensors(tensors, target / f"{name}.safetensors", header)
    autoencoder, _ = read_model(folder / "ae.safetensors", AutoencoderConfig, AutoEncoder)
    save_weights(autoencoder, target / "ae.safetensors", autoencoder.config, torch.bfloat16)
    encoders = TextEncoders.from_folder(folder)
    for name, encoder in {"clip": encoders.clip, "t5": encoders.t5}.items():
        with replacing(target / name) as partial:
            encoder.model.to(torch.bfloat16).save_pretrained(partial)
            encoder.tokenizer.save_pretrained(partial)
    return target


def measure(card: dict, shipped: Path, prompts: int) -> dict:
    """Add every gate's figure to a card, measured with the weights as they are shipped."""
    for name in DEFAULTS:
        pipe = load(shipped / f"{name}.safetensors")
        for split in ("test", "novel"):
            rows = evaluate_model(pipe, prompts, split)
            card[name][split] = as_card(rows)
    card["autoencoder"] |= evaluate_autoencoder(pipe.autoencoder, prompts)
    card["missed"] = check_gates(card)
    return card
