"""What befalls a world, drawn from a seed before it begins: a list of faults and who lies.

Each seed draws which kinds of fault there are at all and how hard they come, so that some runs are
all crashes and others all partitions: together they reach further than one average mixture.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from random import Random

from .byzantine import Strategy
from .links import Terms
from .nodes import Node
from .store import Moment, SimulatedStore
from .world import World

MINUTE = 60_000
HOUR = 60 * MINUTE
LOSS_MAX = 0.4
GONE_MAX = 0.02
BYZANTINE_MAX = 0.3
SKEW_MAX = 6 * HOUR
RESTART_MAX = 5 * MINUTE
FULL_MS = 20 * MINUTE


class Kind(Enum):
    """Faults."""

    PARTITION = "partition"
    HEAL = "heal"
    CRASH = "crash"  # at any time
    POWER = "power"  # at a commit, before or after it
    LEAVE = "leave"  # for hours
    START = "start"
    SKEW = "skew"  # a clock is set forward
    FULL = "full"
    ROOM = "room"
    DAMAGE = "damage"  # a bit turns: all that the disk held is gone
    WEATHER = "weather"  # other losses from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that happens at a time, to some nodes."""

    at: int
    kind: Kind
    nodes: tuple[int, ...] = ()
    amount: int = 0
    sides: tuple[tuple[int, ...], ...] = ()
    terms: Terms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that befalls a world."""

    terms: Terms
    byzantine: dict[int, Strategy]
    skews: tuple[int, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardship:
    """How often things happen: mean gaps in milliseconds over all nodes, 0 for never."""

    partition: int = 15 * MINUTE
    crash: int = 4 * MINUTE
    power: int = 4 * MINUTE
    leave: int = 45 * MINUTE
    skew: int = 2 * HOUR
    full: int = 3 * HOUR
    damage: int = 12 * HOUR
    weather: int = 30 * MINUTE
    byzantine: float = BYZANTINE_MAX


def draw(seed: int, nodes: int, duration: int, most: Hardship | None = None) -> Plan:
    """Draw a plan. Nothing in it harms the last correct node's chance to be reached again."""
    most = Hardship() if most is None else most
    chance = Random(f"pars/nemesis/{seed}")
    ours = replace(
        most,
        **{
            name: _harder(getattr(most, name), chance)
            for name in ("partition", "crash", "power", "leave", "skew", "full", "damage")
        },
    )
    liars = sorted(chance.sample(range(nodes), chance.randint(0, int(nodes * most.byzantine))))
    strategies = tuple(Strategy)
    byzantine = {index: strategies[chance.randrange(len(strategies))] for index in liars}
    skews = tuple(chance.randint(-SKEW_MAX, SKEW_MAX) if ours.skew else 0 for _ in range(nodes))
    terms = weather(chance)
    drawing: dict[str, Callable[[int], list[Fault]]] = {
        "partition": lambda at: _partition(at, nodes, chance),
        "crash": lambda at: _down(at, Kind.CRASH, nodes, RESTART_MAX, chance),
        "power": lambda at: [_power(at, nodes, chance)],
        "leave": lambda at: _down(at, Kind.LEAVE, nodes, 4 * HOUR, chance),
        "skew": lambda at: [
            Fault(at=at, kind=Kind.SKEW, nodes=_one(nodes, chance), amount=chance.randrange(HOUR))
        ],
        "full": lambda at: _full(at, nodes, chance),
        "damage": lambda at: [Fault(at=at, kind=Kind.DAMAGE, nodes=_one(nodes, chance))],
        "weather": lambda at: [Fault(at=at, kind=Kind.WEATHER, terms=weather(chance))],
    }
    faults: list[Fault] = []
    for name, made in drawing.items():
        gap = getattr(ours, name)
        at = 0
        while gap and (at := at + 1 + int(chance.expovariate(1 / gap))) < duration:
            faults += made(at)
    faults = [fault for fault in faults if fault.at < duration]
    faults.sort(key=lambda fault: fault.at)
    return Plan(terms=terms, byzantine=byzantine, skews=skews, faults=tuple(faults))


def weather(chance: Random) -> Terms:
    """Draw how lossy and how far lines are."""
    harsh = chance.random() < 0.3
    return Terms(
        median_ms=chance.choice((20, 60, 150)),
        jitter_ms=chance.choice((5, 30, 200)),
        loss=chance.uniform(0, LOSS_MAX) if harsh else chance.uniform(0, 0.1),
        gone=chance.uniform(0, GONE_MAX) if chance.random() < 0.5 else 0.0,
    )


def inflict(world: World, fault: Fault) -> None:
    """Do to a world what a fault says."""
    nodes = [world.nodes[index] for index in fault.nodes]
    if fault.kind is Kind.PARTITION:
        world.partition(fault.sides)
    elif fault.kind is Kind.HEAL:
        world.heal()
    elif fault.kind is Kind.WEATHER and fault.terms is not None:
        world.set_terms(fault.terms)
    for node in nodes:
        _befall(world, node, fault)


def relieve(world: World) -> None:
    """End all of it: everybody is there, has room, and reaches everybody."""
    world.heal()
    world.set_terms(Terms())
    for node in world.nodes:
        node.store.full = False
        node.store.cut_power(0, Moment.BEFORE)
        world.start(node)


def _befall(world: World, node: Node, fault: Fault) -> None:
    store: SimulatedStore = node.store
    if fault.kind in (Kind.CRASH, Kind.LEAVE):
        world.crash(node, silent=fault.kind is Kind.CRASH and fault.amount % 2 == 1)
    elif fault.kind is Kind.START:
        world.start(node)
    elif fault.kind is Kind.POWER:
        store.cut_power(fault.amount // 2, Moment.AFTER if fault.amount % 2 else Moment.BEFORE)
    elif fault.kind is Kind.SKEW:
        node.skew += fault.amount
    elif fault.kind in (Kind.FULL, Kind.ROOM):
        store.full = fault.kind is Kind.FULL
    elif fault.kind is Kind.DAMAGE:
        store.flip(fault.amount)


def _harder(gap: int, chance: Random) -> int:
    """Leave a kind of fault out in one run of four, else let it come up to twice as rarely."""
    return 0 if chance.random() < 0.25 else int(gap * chance.uniform(1, 2))


def _one(nodes: int, chance: Random) -> tuple[int, ...]:
    return (chance.randrange(nodes),)


def _partition(at: int, nodes: int, chance: Random) -> list[Fault]:
    count = chance.choice((2, 2, 2, 3, 4))
    sides: list[list[int]] = [[] for _ in range(count)]
    for index in range(nodes):
        sides[chance.randrange(count)].append(index)
    lasts = MINUTE + int(chance.expovariate(1 / (10 * MINUTE)))
    return [
        Fault(at=at, kind=Kind.PARTITION, sides=tuple(map(tuple, sides))),
        Fault(at=at + lasts, kind=Kind.HEAL),
    ]


def _down(at: int, kind: Kind, nodes: int, longest: int, chance: Random) -> list[Fault]:
    who = _one(nodes, chance)
    lasts = 1_000 + chance.randrange(longest)
    return [
        Fault(at=at, kind=kind, nodes=who, amount=chance.randrange(2)),
        Fault(at=at + lasts, kind=Kind.START, nodes=who),
    ]


def _power(at: int, nodes: int, chance: Random) -> Fault:
    return Fault(at=at, kind=Kind.POWER, nodes=_one(nodes, chance), amount=2 + chance.randrange(40))


def _full(at: int, nodes: int, chance: Random) -> list[Fault]:
    who = _one(nodes, chance)
    return [
        Fault(at=at, kind=Kind.FULL, nodes=who),
        Fault(at=at + 1 + chance.randrange(FULL_MS), kind=Kind.ROOM, nodes=who),
    ]
