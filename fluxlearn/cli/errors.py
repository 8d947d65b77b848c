"""Errors on the command line: one clear line for what a user can cure, a traceback for a bug.

The package raises ValueError, TypeError and OSError with messages made for readers: what is wrong,
what is expected, the cure. These become one red line on stderr and exit code 2. Anything else was
not foreseen and keeps its traceback; `fluxlearn --traceback …` shows it for all.
"""

from typing import Any

import typer
from typer.core import TyperGroup

FORESEEN = (ValueError, TypeError, OSError)


class PoliteGroup(TyperGroup):
    """A group of commands that turns foreseen errors into a line."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; see the module."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader went away, as `| head` does: Typer ends quietly
            raise
        except FORESEEN as error:
            if ctx.params.get("traceback"):
                raise
            message = " ".join(str(error).split()) or type(error).__name__
            typer.secho(message, fg=typer.colors.RED, err=True)
            raise typer.Exit(2) from None
