"""The network is cut into local meshes for a day: each goes on by itself, and then all are one."""

from random import Random

from ..community import Community, after_gaps, tie
from ..invariants import check
from ..nemesis import HOUR, MINUTE
from ..outcome import Outcome, Recorder, Settings, Watch, gather, percentile
from ..world import World

NODES, HOURS, WRITES = 40, 24.0, 400
PARTS = 4
DEGREE = 2
QUIET_MAX_MS = HOUR


def run(settings: Settings, watch: Watch) -> Outcome:
    """Run it."""
    count, writes = settings.nodes or NODES, settings.work or WRITES
    dark = int((settings.hours or HOURS) * HOUR)
    chance = Random(f"pars/blackout/{settings.seed}")
    world = World(settings.seed)
    community = Community(world)
    members = [community.admit() for _ in range(count)]
    tie(world, chance, list(range(count)), 1)
    recorder = Recorder(world, dark + 3 * MINUTE, community.share, watch)
    recorder.what = "all are one"
    for member in members:
        community.edit(member, chance)
    quiet = world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS)

    recorder.what = "in the dark"
    sides = [list(range(part, count, PARTS)) for part in range(PARTS)]
    world.partition(sides)
    for side in sides:
        tie(world, chance, side, DEGREE)  # neighbours find each other
    after_gaps(
        world,
        chance,
        dark / writes,
        world.now + dark - 2 * MINUTE,
        lambda: community.edit(chance.choice(members), chance),
    )
    world.run_for(dark)
    split = _split(community, sides)

    recorder.what = "the light is back"
    world.heal()
    began = world.now
    quiet &= world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS, 100)
    recorder.note()
    outcome = gather(settings, world, ["correct"] * count)
    outcome.state = community.state()
    outcome.curve = recorder.curve
    outcome.facts = {
        "vertices": len(community.written),
        "parts": len(sides),
        "parts of one mind in the dark": split,
        "quiet after ms": world.now - began,
        "delivery p50 ms": percentile(community.times, 0.5),
    }
    outcome.violations = [] if quiet else ["they did not come to the same history"]
    if split != len(sides):
        outcome.violations.append("a local mesh was not of one mind")
    outcome.violations += check(community)
    return outcome


def _split(community: Community, sides: list[list[int]]) -> int:
    """Return in how many parts everybody has the same."""
    return sum(
        len({frozenset(community.members[index].seen) for index in side}) == 1 for side in sides
    )
