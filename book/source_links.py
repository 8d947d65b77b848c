"""Pages of source code in which every line has an address, and every equation a link.

    _modules/fluxlearn/model/flux.html#line-100       a line
    points.html#point-embed-txt                       beside it: the point that it makes

Sphinx numbers the lines of the pages that `sphinx.ext.viewcode` makes. Here each number becomes a
place to link to, and lines that call `tap` are given links to the page of points.
"""

import json
import re
from typing import Any

from tagged import anchor_of

LINE = re.compile(r'<span class="linenos">( *(\d+))</span>(.*)')


def linked(body: str, tags: dict[str, list[str]], root: str) -> str:
    """A page of source code with addresses and links.

    tags  names of points by number of line.
    root  the way from the page to the root of the site.
    """

    def line(found: re.Match[str]) -> str:
        points = "".join(
            f' <a class="tag" href="{root}points.html#{anchor_of(name)}">{name}</a>'
            for name in tags.get(found[2], ())
        )
        return f'<span class="linenos" id="line-{found[2]}">{found[1]}</span>{found[3]}{points}'

    return LINE.sub(line, body)


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""

    def link(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
        if page.startswith("_modules/fluxlearn/"):
            tags = json.loads((app.srcdir / "tables/tags.json").read_text("utf-8"))
            file = f"{page.removeprefix('_modules/')}.py"
            context["body"] = linked(context["body"], tags.get(file, {}), "../" * page.count("/"))

    app.connect("html-page-context", link)
    return {"parallel_read_safe": True}
