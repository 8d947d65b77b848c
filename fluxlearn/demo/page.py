"""The page: one HTML file with every picture inside it, for light and dark, desk and phone.

`page.html` is the text with gaps, `page.css` its look; the colours of both come from the plots.
Nothing is fetched: a content security policy forbids it, and a test reads every address.
"""

import base64
import io
from html import escape
from pathlib import Path
from string import Template

from PIL import Image

from fluxlearn.demo.figures import FIGURES, story_steps
from fluxlearn.demo.look import Look
from fluxlearn.demo.stages import MEASURED, Shape, Timing
from fluxlearn.plots.figure import Figure
from fluxlearn.plots.stages import in_percent, in_units
from fluxlearn.plots.style import COLOURS, THEMES, styled

HERE = Path(__file__).parent
ON_PAGE = ("schedule", "modulation", "residuals")  # the others are set in HTML


def write_page(look: Look) -> str:
    """The whole page as HTML."""
    figures = {name: _both_themes(look, name) for name in ON_PAGE}
    picture = look.picture.images[0]
    return Template((HERE / "page.html").read_text("utf-8")).substitute(
        figures,
        css=palette() + (HERE / "page.css").read_text("utf-8"),
        prompt=escape(look.prompt),
        lead=_lead(look),
        picture=_picture(picture, f"The finished picture: {look.verdict.sees}."),
        facts=_facts(look),
        verdict=_verdict(look),
        storyboard=_storyboard(look),
        early=sum(t > 0.5 for t in look.times),
        steps=len(look.times),
        stages="\n".join(_row(timing, look.seconds) for timing in look.timings),
        total=in_units(look.seconds),
        measured=MEASURED,
    )


def palette() -> str:
    """The colours of the plots as CSS variables, for both themes."""
    meaning = "".join(f"--{name}:{colour};" for name, colour in COLOURS.items())
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in vars(THEMES[theme]).items())
        for theme in ("light", "dark")
    )
    return f":root{{{meaning}{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _both_themes(look: Look, name: str) -> str:
    """A figure twice; the browser shows the one that suits the page."""
    with styled("dark"):
        dark = FIGURES[name](look)
    with styled("light"):
        light = FIGURES[name](look)
    width, height = (round(96 * inches) for inches in light.get_size_inches())
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{_uri(dark)}">'
        f'<img src="{_uri(light)}" alt="{escape(light.alt)}" width="{width}" height="{height}">'
        f"</picture>"
    )


def _uri(figure: Figure | Image.Image) -> str:
    if isinstance(figure, Image.Image):
        buffer = io.BytesIO()
        figure.save(buffer, format="PNG", optimize=True)
        data = buffer.getvalue()
    else:
        data = figure.png()
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def _picture(picture: Image.Image, alt: str) -> str:
    width, height = picture.size
    return f'<img src="{_uri(picture)}" alt="{escape(alt)}" width="{width}" height="{height}">'


def _lead(look: Look) -> str:
    count = sum(weight.numel() for weight in look.pipe.flux.parameters())
    return (
        f"Painted by {look.pipe.defaults.name}, a trained miniature of FLUX.1 with "
        f"{count / 1e6:.1f} million weights, in {in_units(look.seconds)} on this computer."
    )


def _facts(look: Look) -> str:
    height, width = look.picture.pixels.shape[-2:]
    facts = {
        "size": f"{width} × {height} px",
        "image tokens": f"{width // 16} × {height // 16}",
        "solver": "Euler",
        "steps": f"{len(look.times)}",
        "guidance": f"{look.pipe.defaults.guidance:g}",
        "seed": f"{look.picture.seed}",
    }
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())


def _verdict(look: Look) -> str:
    verdict = look.verdict
    marks = {True: ("✓", "yes"), False: ("✗", "no")}
    items = "".join(
        f'<li><span aria-hidden="true">{marks[holds][0]}</span> {words}'
        f'<span class="unseen">: {marks[holds][1]}</span></li>'
        for words, holds in verdict.clauses.items()
    )
    line = escape(verdict.line[0].upper() + verdict.line[1:])
    listed = f"<ul>{items}</ul>" if items else ""
    return f"<p>{line}. It sees {escape(verdict.sees)}.</p>{listed}"


def _storyboard(look: Look) -> str:
    cells = []
    for step in story_steps(look):
        time = look.times[step]
        alt = f"What the model expects to paint at step {step}, time {time:.2f}"
        cells.append(
            f'<figure style="--left:{time:.3f}">{_picture(look.estimates[step], alt)}'
            f"<figcaption>t = {time:.2f}</figcaption></figure>"
        )
    return "\n".join(cells)


def _row(timing: Timing, total: float) -> str:
    stage, share = timing.stage, timing.seconds / total
    shapes = "".join(_shape(shape) for shape in timing.shapes)
    return (
        f'<tr style="--kind:var(--{stage.kind})"><th scope="row">{stage.name}'
        f"<small>{stage.meaning}</small></th><td>{shapes}</td>"
        f'<td class="number runs">{timing.runs} ×</td>'
        f'<td class="number">{in_units(timing.seconds)}<small>{in_percent(share)}</small>'
        f'<span class="bar" style="--share:{share:.4f}"></span></td></tr>'
    )


def _shape(shape: Shape) -> str:
    axes = zip(shape.words, shape.sizes, strict=True)
    cells = ", ".join(
        f"<b>{size}</b>" if word.isdigit() else f"<i>{word}</i>&nbsp;<b>{size}</b>"
        for word, size in axes
    )
    return f"<code><span>{shape.point}</span> [{cells}]</code>"
