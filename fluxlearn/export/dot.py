"""A graph in the DOT language as data: read, thinned, written.

graph = read_dot(make_dot(result).body)
graph.leave_out(lambda box, label: label == "TBackward0")   its arrows are joined
graph.absorb(results)                        the lone maker of a result moves into it
graph.written()
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class DotGraph:
    """Boxes and arrows."""

    labels: dict[str, str]  # identity of a box → what is written in it
    before: dict[str, list[str]]  # identity of a box → boxes with an arrow to it
    fills: dict[str, str] = field(default_factory=dict)  # identity of a box → colour

    def leave_out(self, arranges: Callable[[str, str], bool]) -> None:
        """Remove every box for which `arranges(identity, label)`, and join its arrows."""
        kept = {box: label for box, label in self.labels.items() if not arranges(box, label)}
        self.before = {box: _nearest(self.before[box], self.before, kept) for box in kept}
        self.labels = kept

    def absorb(self, into: Iterable[str]) -> None:
        """Write a box into the one after it, if each has only the other; `into` may receive."""
        receivers = set(into)
        uses = [a for arrows in self.before.values() for a in arrows]
        for box in [box for box in self.labels if box in receivers]:
            if len(self.before[box]) != 1:
                continue
            (maker,) = self.before[box]
            if maker not in receivers and uses.count(maker) == 1 and self.before[maker]:
                self.labels[box] += f"\\n{self.labels.pop(maker)}"
                self.before[box] = self.before.pop(maker)

    def written(self) -> str:
        """The graph as DOT text, from top to bottom."""
        number = {box: f"n{i}" for i, box in enumerate(self.labels)}
        style = 'shape=box, style=filled, fontname="monospace", fontsize=10, height=0.2'
        boxes = [
            f'{number[box]} [label="{label}", fillcolor="{self.fills.get(box, "white")}"];'
            for box, label in self.labels.items()
        ]
        arrows = [
            f"{number[a]} -> {number[b]};" for b, makers in self.before.items() for a in makers
        ]
        lines = [f"node [{style}];", *boxes, *arrows]
        return "\n".join(["digraph {", *(f"  {line}" for line in lines), "}"])


def read_dot(body: Iterable[str]) -> DotGraph:
    """The lines of a `graphviz.Digraph` whose boxes are numbered; dotted arrows are passed over."""
    text = "".join(body)
    boxes = re.findall(r'^\t(\d+) \[label=(?:"([^"]*)"|(\w+))', text, re.MULTILINE)
    labels = {box: (quoted or plain).strip().replace("\n", "\\n") for box, quoted, plain in boxes}
    before: dict[str, list[str]] = {box: [] for box in labels}
    for a, b in re.findall(r"^\t(\d+) -> (\d+)\s*$", text, re.MULTILINE):
        before[b].append(a)
    return DotGraph(labels, before)


def _nearest(boxes: Iterable[str], before: dict[str, list[str]], kept: dict[str, str]) -> list[str]:
    """The kept boxes among these, or before those of them that are left out; each once."""
    found: dict[str, None] = {}
    for box in boxes:
        nearer = [box] if box in kept else _nearest(before[box], before, kept)
        found.update(dict.fromkeys(nearer))
    return list(found)
