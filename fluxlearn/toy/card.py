"""The card of the shipped weights, as a page: how they were made and how good they are.

card.json    everything, as data
README.md    what a reader wants to know of it, written from the data
"""

import json
from pathlib import Path

from fluxlearn.files import write_whole
from fluxlearn.toy.evaluate import Row, table

MODELS = ("toy-dev", "toy-base")
SPLITS = {"test": "descriptions that were held out", "novel": "colour × shape pairs held out"}


def write_card(card: dict, folder: Path) -> None:
    """Write the card as data and as a page into the folder of the weights."""
    write_whole(folder / "card.json", json.dumps(card, indent=1) + "\n")
    write_whole(folder / "README.md", page(card))


def page(card: dict) -> str:
    """The card as Markdown."""
    parts = ["# The toy family's card", _made(card), _autoencoder(card["autoencoder"])]
    for name in MODELS:
        for split, what in SPLITS.items():
            rows = [Row(clause=clause, **figures) for clause, figures in card[name][split].items()]
            parts.append(f"## {name}, {what}\n\n{table(rows)}")
    return "\n\n".join([*parts, _missed(card["missed"])]) + "\n"


def _made(card: dict) -> str:
    stages = ("t5", "clip", "autoencoder", *reversed(MODELS))
    minutes = {stage: round(card[stage]["seconds"] / 60) for stage in stages}
    spent = ", ".join(f"{stage} {count} min" for stage, count in minutes.items())
    note = f" {card['note']}" if "note" in card else ""
    return (
        f"Made by `fluxlearn train toy` with seed {card['seed']} on two CPU cores ({spent}).{note} "
        f"Losses, steps and settings are in `card.json`; weights are stored in bf16, and all "
        f"figures are of the stored weights."
    )


def _autoencoder(figures: dict) -> str:
    return (
        f"## autoencoder\n\nOn {figures['n']} held-out scenes: PSNR {figures['psnr']} dB; the "
        f"evaluator reads {figures['full']:.3f} of the reconstructions rightly."
    )


def _missed(missed: list[str]) -> str:
    if not missed:
        return "## Gates\n\nAll are reached (`fluxlearn/toy/gates.py`)."
    lines = "\n".join(f"- {gate}" for gate in missed)
    return f"## Gates\n\nNot reached yet:\n\n{lines}"
