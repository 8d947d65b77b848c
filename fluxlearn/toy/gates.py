"""How good the miniature is: every figure of the card, measured on prompts it was never trained on.

    test    scenes whose description was held out
    novel   scenes with a combination of colour and shape that was held out

A gate is a figure that the shipped weights must reach; `check_gates` holds a card against them.
"""

import itertools
from collections.abc import Iterator
from dataclasses import asdict

import torch
from tqdm import tqdm

from fluxlearn.autoencoder.autoencoder import AutoEncoder
from fluxlearn.sampling.pipeline import Pipeline
from fluxlearn.toy.captions import everything
from fluxlearn.toy.dataset import prompts, scenes
from fluxlearn.toy.draw import draw
from fluxlearn.toy.evaluate import Row, by_chance, score, summarise

SEED = 77
CHUNK = 32  # pictures painted together

GATES = {
    ("test", "binding"): 0.95,
    ("test", "relation"): 0.90,
    ("test", "full"): 0.90,
    ("novel", "full"): 0.75,
}
"""What `toy-dev` must reach at 20 steps, with one and two objects."""
MIN_PSNR, MIN_RECONSTRUCTED = 36.0, 0.99


def evaluate_model(
    pipe: Pipeline, count: int, split: str = "test", seed: int = SEED, **options
) -> list[Row]:
    """Paint `count` held-out prompts and judge the pictures clause by clause.

    options  of painting: steps, guidance, solver.
    """
    captions = prompts(split, count, seed)
    scores = []
    for start in tqdm(range(0, count, CHUNK), desc=split, mininterval=2.0, leave=False):
        part = captions[start : start + CHUNK]
        picture = pipe.paint([caption.text for caption in part], seed=seed + start, **options)
        pairs = zip(picture.pixels, part, strict=True)
        scores += [score(pixels, caption.tells) for pixels, caption in pairs]
    chance = by_chance([caption.tells for caption in captions], split, seed)
    return summarise(scores, chance)


@torch.no_grad()
def evaluate_autoencoder(autoencoder: AutoEncoder, count: int, seed: int = SEED) -> dict:
    """PSNR in dB and the share of held-out scenes that the evaluator still reads rightly."""
    drawn = list(itertools.islice(scenes(seed, "test"), count))
    errors, full = [], []
    for part in _chunks(drawn):
        pictures = torch.stack([draw(scene) for scene in part])
        seen = autoencoder.decode(autoencoder.encode(pictures)).clamp(-1, 1)
        errors.append((seen - pictures).square().mean(dim=(1, 2, 3)))
        full += [score(p, everything(s))["full"] for p, s in zip(seen, part, strict=True)]
    psnr = 10 * torch.log10(4 / torch.cat(errors).mean())
    return {"n": count, "psnr": round(psnr.item(), 2), "full": sum(full) / count}


def _chunks(items: list) -> Iterator[list]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def check_gates(card: dict) -> list[str]:
    """The gates that a card's figures miss, in words; empty if all are reached."""
    missed = [
        f"toy-dev {split} {clause} is {value:.3f}, below {wanted}"
        for (split, clause), wanted in GATES.items()
        if (value := card["toy-dev"][split][clause]["mean"]) < wanted
    ]
    if card["autoencoder"]["psnr"] < MIN_PSNR:
        missed.append(f"PSNR is {card['autoencoder']['psnr']} dB, below {MIN_PSNR}")
    if card["autoencoder"]["full"] < MIN_RECONSTRUCTED:
        missed.append(f"reconstructions score {card['autoencoder']['full']:.3f}, below 0.99")
    gap = card["toy-base"]["test"]["full"]["mean"] - card["toy-dev"]["test"]["full"]["mean"]
    if gap > 0.03:
        missed.append(f"toy-dev is {gap:.3f} below toy-base, more than 0.03")
    return missed


def as_card(rows: list[Row]) -> dict:
    """Rows as plain data, one entry a clause."""
    return {
        row.clause: {k: round(v, 4) for k, v in asdict(row).items() if k != "clause"}
        for row in rows
    }
