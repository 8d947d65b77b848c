"""Walk: from the prompt to the picture as in a debugger, one stage at a time.

    for stage in walk(pipe, "a red circle", step=3):
        stage.show()

    text.t5  text.clip  in.latent        prompt and noise
    step.x  …  step.x_next               one step of the solver, the model call inside it
    decoder.latent  …  decoder.pixels    the picture

The other steps run at full speed, as in `Pipeline.paint`: nothing listens, compiled models stay
compiled, the text is embedded once. (Only the model call beside the walked step is listened to, and
passed by.) The last stage, `decoder.pixels`, is the picture to which all changes on the way led.
"""

from collections.abc import Generator, Iterable
from typing import Any

from fluxlearn.sampling.excerpt import choose_steps
from fluxlearn.sampling.pipeline import Pipeline, Prompt
from fluxlearn.trace.stage import Stage
from fluxlearn.trace.walk import Walker, walk_call


def walk(
    model: Any,
    *arguments: Any,
    break_at: str | Iterable[str] = "*",
    step: int = 0,
    **options: Any,
) -> Generator[Stage, None, None]:
    """Stop at every stage of a pass, in order of execution; see `Stage` for what it tells.

    model      a pipeline, with a prompt and the options of `paint`; or one of our modules or its
               methods, with their arguments: `walk(flux, **inputs)`, `walk(ae.decode, latents)`.
    break_at   names or globs of the points to stop at.
    step       of the solver, from 0: the one to walk through. `walk(pipe.paint, prompt)` walks all.

    Assigning `stage.value = …` changes what the rest of the pass sees. Leaving the loop early
    leaves nothing running.

    Raises UnknownPointError, TypeError or ValueError before anything runs, NeverFiredError at the
    end of the pass if a name or glob stopped nowhere.
    """
    if isinstance(model, Pipeline):
        if len(arguments) != 1:
            raise TypeError(
                f"walk takes one prompt after the pipeline, but was given {len(arguments)}. "
                f"Put several prompts into a list."
            )
        return _walk_painting(model, arguments[0], Walker(model, break_at, step), step, options)
    if step != 0:
        raise TypeError(
            f"step is {step!r}, but only a pipeline takes steps. Leave it out, or pass a pipeline."
        )
    return walk_call(model, *arguments, break_at=break_at, **options)


def _walk_painting(
    pipe: Pipeline, prompt: Prompt, walker: Walker, step: int, options: dict[str, Any]
) -> Generator[Stage, None, None]:
    choose_steps(pipe, (step,), options)

    def paint() -> None:
        run = pipe.prepare(prompt, **options)
        tokens = run.tokens
        walker.watch(step == 0)
        for state in pipe._follow(run):
            tokens = state.x_next
            # Some solvers call the model twice a step, so the call that comes next belongs to this
            # step or to the one that follows; the walker knows which and passes the other by.
            walker.watch(step in (state.index, state.index + 1))
        walker.watch(True)
        pipe.decode(tokens, run.canvas.height, run.canvas.width)

    return walker.stages(paint)
