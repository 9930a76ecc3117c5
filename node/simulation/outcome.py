"""What a run came to, and what it shows on its way. All of it follows from the seed."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from .world import World

CURVE_MAX = 600  # points: beyond, every second one is let go


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which run. What is 0 is the scenario's own: nodes, hours, and how much they do."""

    scenario: str
    seed: int
    nodes: int = 0
    hours: float = 0
    work: int = 0

    @property
    def command(self) -> str:
        """What runs it again."""
        words = ["pars node simulate", f"--scenario {self.scenario}", f"--seed {self.seed}"]
        words += [f"--nodes {self.nodes}"] if self.nodes else []
        words += [f"--hours {self.hours:g}"] if self.hours else []
        words += [f"--work {self.work}"] if self.work else []
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A moment of a run, to be shown."""

    now: int
    end: int
    what: str
    share: float  # of what there is, that everybody has
    bytes: int
    messages: int
    up: int
    nodes: int
    links: int
    sides: int
    crashes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFigures:
    """What one node was and cost."""

    index: int
    role: str
    sent: int
    received: int
    boots: int
    refused: int
    stored: int


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Everything there is to say of a run."""

    settings: Settings
    virtual_ms: int = 0
    steps: int = 0
    messages: int = 0
    bytes: int = 0
    trace: str = ""
    state: str = ""
    facts: dict[str, int | float | str] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    bytes_by_type: dict[str, int] = field(default_factory=dict)
    nodes: list[NodeFigures] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    curve: list[tuple[int, float]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no invariant was broken."""
        return not self.violations

    def to_json(self) -> str:
        """Return it as one text, the same for the same run."""
        return json.dumps(asdict(self), indent=1, sort_keys=True)


Watch = Callable[[Snapshot], None]


def unseen(_snapshot: Snapshot) -> None:
    """Show a moment to nobody."""


class Recorder:
    """Looks at a world from time to time, for the curve and for whoever watches."""

    def __init__(
        self,
        world: World,
        end: int,
        share: Callable[[], float],
        watch: Watch,
        points: int = CURVE_MAX // 2,
    ) -> None:
        self.world = world
        self.end = end
        self.what = ""
        self.curve: list[tuple[int, float]] = []
        self._share = share
        self._watch = watch
        self._gap = max(end // points, 1)
        world.after(self._gap, self._look)

    def _look(self) -> None:
        self.note()
        if self.world.now < self.end:
            self.world.after(self._gap, self._look)

    def note(self) -> None:
        """Take a point of the curve."""
        world, share = self.world, self._share()
        self.curve.append((world.now, round(share, 6)))
        if len(self.curve) > CURVE_MAX:
            del self.curve[1::2]
        self._watch(
            Snapshot(
                now=world.now,
                end=self.end,
                what=self.what,
                share=share,
                bytes=sum(world.bytes_by_type.values()) + world.greeted_bytes,
                messages=world.messages,
                up=sum(node.up for node in world.nodes),
                nodes=len(world.nodes),
                links=sum(len(node.lines) for node in world.nodes) // 2,
                sides=world.sides,
                crashes=sum(node.crashes for node in world.nodes),
            )
        )


def gather(settings: Settings, world: World, roles: Iterable[str] = ()) -> Outcome:
    """Return what a world can say of itself; the scenario adds its own."""
    named = dict(enumerate(roles))
    refused: dict[str, int] = {}
    for node in world.nodes:
        for reason, count in node.refused.items():
            refused[reason] = refused.get(reason, 0) + count
    return Outcome(
        settings=settings,
        virtual_ms=world.now,
        steps=world.steps,
        messages=world.messages,
        bytes=sum(world.bytes_by_type.values()) + world.greeted_bytes,
        trace=world.trace.digest().hex(),
        refused=dict(sorted(refused.items())),
        bytes_by_type={
            **{kind.name: size for kind, size in sorted(world.bytes_by_type.items())},
            "greetings": world.greeted_bytes,
        },
        nodes=[
            NodeFigures(
                index=node.index,
                role=named.get(node.index, ""),
                sent=node.sent,
                received=node.received,
                boots=node.boots,
                refused=sum(node.refused.values()),
                stored=node.store.size,
            )
            for node in world.nodes
        ],
        links=sorted(
            (node.index, other)
            for node in world.nodes
            for other in node.lines
            if node.index < other
        ),
    )


def percentile(values: list[int], share: float) -> int:
    """Return the value that this share of them does not exceed."""
    if not values:
        return 0
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
