"""Somebody is away for a week and writes, and so do the others; then he is back."""

from random import Random

from ...mesh.settings import Settings as MeshSettings
from ..community import Community, mesh_of, tie
from ..invariants import check
from ..nemesis import HOUR, MINUTE
from ..outcome import Outcome, Recorder, Settings, Watch, gather
from ..store import Moment
from ..world import World

NODES, HOURS, WRITES = 6, 7 * 24.0, 500
DEGREE = 2
QUIET_MAX_MS = HOUR
RESTART_MAX_MS = 2_000
CUTS = (Moment.BEFORE, Moment.AFTER, Moment.BEFORE)  # of the power, while he catches up
PULL_MS = 30_000


def run(settings: Settings, watch: Watch) -> Outcome:
    """Run it."""
    count, writes = settings.nodes or NODES, settings.work or WRITES
    away = int((settings.hours or HOURS) * HOUR)
    chance = Random(f"pars/offline/{settings.seed}")
    world = World(settings.seed)
    world.restart_max_ms = RESTART_MAX_MS
    community = Community(world, MeshSettings(pull_ms=PULL_MS))
    members = [community.admit() for _ in range(count)]
    tie(world, chance, list(range(count)), DEGREE)
    recorder = Recorder(world, away + 2 * MINUTE, community.share, watch)
    recorder.what = "all are there"
    for member in members:
        community.edit(member, chance)
    world.run_for(MINUTE)

    recorder.what = "one is away"
    one, others = members[0], members[1:]
    world.partition([[one.index], [member.index for member in others]])
    for number in range(writes):
        world.after(1 + number * away // writes, community.edit, one, chance)
        world.after(1 + number * away // writes, community.edit, chance.choice(others), chance)
    world.run_for(away)
    waiting = len(mesh_of(one).unacknowledged(community.topic))

    recorder.what = "he is back"
    before = sum(world.bytes_by_type.values())
    for moment in CUTS:
        one.node.store.cut_power(1, moment)
        world.heal()
        world.run_for(5_000 + chance.randrange(5_000))
    began = world.now
    quiet = world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS, 100)
    recorder.note()
    outcome = gather(settings, world, ["correct"] * count)
    outcome.state = community.state()
    outcome.curve = recorder.curve
    world.run_for(MINUTE)
    outcome.facts = {
        "vertices": len(community.written),
        "written while away": writes,
        "not acknowledged on return": waiting,
        "not acknowledged at the end": len(mesh_of(one).unacknowledged(community.topic)),
        "cut off while catching up": one.node.crashes,
        "quiet after ms": world.now - MINUTE - began,
        "bytes to catch up": sum(world.bytes_by_type.values()) - before,
    }
    outcome.violations = [] if quiet else ["they did not come to the same history"]
    if outcome.facts["not acknowledged at the end"]:
        outcome.violations.append("what he wrote was not acknowledged")
    outcome.violations += check(community)
    return outcome
