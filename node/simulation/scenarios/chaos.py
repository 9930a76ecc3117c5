"""A space through a day of everything that can happen: what its members were told must hold."""

from collections import Counter
from random import Random

from ...mesh.settings import Settings as MeshSettings
from ..byzantine import Strategy
from ..community import Community, after_gaps, tie
from ..invariants import check
from ..nemesis import HOUR, MINUTE, Fault, Kind, draw, inflict, relieve
from ..nodes import Node
from ..outcome import Outcome, Recorder, Settings, Watch, gather, percentile
from ..world import World

NODES, HOURS = 20, 24.0
WRITES_PER_HOUR = 100
DEGREE = 1
RESTART_MAX = 2 * MINUTE
QUIET_MAX_MS = 6 * HOUR


def run(settings: Settings, watch: Watch) -> Outcome:
    """Run it."""
    count, hours = settings.nodes or NODES, settings.hours or HOURS
    duration = int(hours * HOUR)
    writes = settings.work or round(WRITES_PER_HOUR * hours)
    chance = Random(f"pars/chaos/{settings.seed}")
    plan = draw(settings.seed, count, duration)
    world = World(settings.seed, plan.terms)
    world.restart_max_ms = RESTART_MAX
    mesh = MeshSettings(
        fanout=chance.choice((2, 4, 6)),
        pull_ms=chance.choice((5_000, 15_000, 30_000)),
        copies=chance.choice((1, 2)),
    )
    community = Community(world, mesh)
    for index in range(count):
        community.admit(strategy=plan.byzantine.get(index), skew=plan.skews[index])
    correct = [member.index for member in community.correct]
    tie(world, chance, correct, DEGREE)
    tie(world, chance, list(range(count)), 0)
    faults: Counter[str] = Counter()
    for fault in plan.faults:
        world.at(fault.at, _befall, community, fault, faults)

    def write() -> None:
        up = [member for member in community.members if member.node.up]
        if up:
            community.edit(chance.choice(up), chance)

    after_gaps(world, chance, duration / writes, duration, write)
    recorder = Recorder(world, duration, community.share, watch)
    recorder.what = "a day of faults"
    world.run_until(duration)
    recorder.what = "quiet"
    world.restart_max_ms = 1_000
    relieve(world)
    quiet = world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS, 5_000)
    settled = world.now - duration
    recorder.note()
    return _judge(settings, community, recorder, faults, settled if quiet else -1)


def _befall(community: Community, fault: Fault, faults: Counter[str]) -> None:
    faults[fault.kind.value] += 1
    if fault.kind is Kind.DAMAGE:
        for index in fault.nodes:
            community.damaged(community.members[index])
    inflict(community.world, fault)


def _judge(
    settings: Settings,
    community: Community,
    recorder: Recorder,
    faults: Counter[str],
    settled: int,
) -> Outcome:
    world = community.world
    outcome = gather(settings, world, [_role(member.strategy) for member in community.members])
    outcome.state = community.state()
    outcome.curve = recorder.curve
    outcome.faults = {
        **dict(sorted(faults.items())),
        "byzantine": sum(member.strategy is not None for member in community.members),
        "nodes that went down": sum(node.crashes for node in world.nodes),
        **_falls(world.nodes),
    }
    outcome.facts = {
        "vertices": len(community.holders),
        "promised": len(community.written),
        "destroyed with the only disk": community.destroyed,
        "acknowledged": community.acknowledged,
        "equivocations seen": community.equivocations,
        "bans": community.bans,
        "delivery p50 ms": percentile(community.times, 0.5),
        "delivery p99 ms": percentile(community.times, 0.99),
        "quiet after ms": settled,
    }
    if settled < 0:
        outcome.violations.append("correct nodes did not come to the same history")
    outcome.violations += check(community)
    return outcome


def _role(strategy: Strategy | None) -> str:
    return "correct" if strategy is None else strategy.value


def _falls(nodes: list[Node]) -> dict[str, int]:
    fell: Counter[str] = Counter()
    for node in nodes:
        fell.update(node.fell)
    return dict(sorted(fell.items()))
