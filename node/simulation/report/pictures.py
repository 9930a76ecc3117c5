"""The pictures of a run: who is linked to whom, how fast all have all, and what each node costs."""

import math
from collections.abc import Callable
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ..outcome import Outcome

COLOURS = {"": "#2c6e9b", "correct": "#2c6e9b", "left": "#b8b8b8"}
OTHER = "#c0392b"
PER_HOUR, PER_MINUTE = 3_600_000, 60_000


def pictures(outcome: Outcome) -> dict[str, bytes]:
    """Return PNG images by what they show."""
    drawing: dict[str, tuple[Callable[[Axes, Outcome], None], tuple[float, float]]] = {
        "topology": (_topology, (5.4, 5.4)),
        "convergence": (_convergence, (7.2, 3.0)),
        "bytes": (_bytes, (7.2, 3.0)),
    }
    return {name: _drawn(draw, outcome, size) for name, (draw, size) in drawing.items()}


def _drawn(
    draw: Callable[[Axes, Outcome], None], outcome: Outcome, size: tuple[float, float]
) -> bytes:
    figure = Figure(figsize=size, layout="constrained")
    draw(figure.subplots(), outcome)
    image = BytesIO()
    figure.savefig(image, format="png", dpi=110, metadata={"Software": None})
    return image.getvalue()


def _topology(axes: Axes, outcome: Outcome) -> None:
    count = max(len(outcome.nodes), 1)
    turns = [2 * math.pi * index / count for index in range(count)]
    places = [(math.cos(turn), math.sin(turn)) for turn in turns]
    lines = [(places[low], places[high]) for low, high in outcome.links]
    strength = min(0.6, 40 / max(len(lines), 1) + 0.03)
    axes.add_collection(LineCollection(lines, colors="#5b6770", linewidths=0.7, alpha=strength))
    for role in dict.fromkeys(node.role for node in outcome.nodes):
        own = [places[node.index] for node in outcome.nodes if node.role == role]
        axes.scatter(
            [x for x, _ in own],
            [y for _, y in own],
            s=max(6, min(90, 3_000 / count)),
            color=COLOURS.get(role, OTHER),
            label=role or "node",
            zorder=2,
        )
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(f"{len(outcome.nodes)} nodes, {len(outcome.links)} links at the end")
    axes.legend(loc="lower left", fontsize=7, frameon=False)


def _convergence(axes: Axes, outcome: Outcome) -> None:
    hours = outcome.virtual_ms >= PER_HOUR
    unit = PER_HOUR if hours else PER_MINUTE
    axes.plot(
        [now / unit for now, _ in outcome.curve],
        [100 * share for _, share in outcome.curve],
        color=COLOURS[""],
        linewidth=1.2,
    )
    axes.set_ylim(0, 102)
    axes.set_xlabel("hours" if hours else "minutes")
    axes.set_ylabel("% of all that there is")
    axes.set_title("What a node has, on average")
    axes.grid(alpha=0.3)


def _bytes(axes: Axes, outcome: Outcome) -> None:
    indices = [node.index for node in outcome.nodes]
    axes.bar(indices, [node.sent / 1e6 for node in outcome.nodes], color=COLOURS[""], label="sent")
    axes.bar(
        indices,
        [-node.received / 1e6 for node in outcome.nodes],
        color="#e0a458",
        label="received",
    )
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xlabel("node")
    axes.set_ylabel("MB, as links carry them")
    axes.set_title("Bytes of each node")
    axes.legend(fontsize=7, frameon=False)
