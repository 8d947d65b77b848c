"""Buttons that open a chapter in Colab or on Binder, where it is known where the book came from.

GitHub tells every build of a repository, and of its forks, which one it is. So the buttons of a
published book lead to its own repository without anybody editing anything. A book that is built at
home has none: its notebooks are a `make lab` away.
"""

import os
from collections.abc import Mapping
from typing import Any

COLAB = """\
The rocket at the top of each chapter opens it on Binder, where all is installed, or in Colab.
There, call this first: `%pip install "fluxlearn[lab,export] @ git+{address}"`"""


def repository(environment: Mapping[str, str]) -> str | None:
    """The address of the repository that a book is built from; None outside GitHub's workflows."""
    name = environment.get("GITHUB_REPOSITORY")
    return f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{name}" if name else None


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""

    def fill_in(app: Any, config: Any) -> None:
        address = repository(os.environ)
        config.myst_substitutions = {"colab": COLAB.format(address=address) if address else ""}
        if address:
            config.html_theme_options = {**config.html_theme_options, "repository_url": address}

    app.connect("config-inited", fill_in, priority=1)
    return {"parallel_read_safe": True}
