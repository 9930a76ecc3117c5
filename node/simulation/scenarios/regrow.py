"""Nearly all nodes are destroyed; those left, and at last a single one, regrow the rest."""

from random import Random

from ..community import Community, Member, mesh_of, tie
from ..invariants import nothing_lost, one_history, one_state_of_documents, told_is_kept
from ..nemesis import HOUR, MINUTE
from ..outcome import Outcome, Recorder, Settings, Watch, gather
from ..world import World

NODES, WRITES = 200, 100
LEFT_SHARE = 0.01
DEGREE = 2
GAP_MS = 500
ALONE_MS = 30 * 24 * HOUR
QUIET_MAX_MS = HOUR


def run(settings: Settings, watch: Watch) -> Outcome:
    """Run it."""
    count, writes = max(settings.nodes or NODES, 3), settings.work or WRITES
    chance = Random(f"pars/regrow/{settings.seed}")
    world = World(settings.seed)
    community = Community(world)
    members = [community.admit() for _ in range(count)]
    tie(world, chance, list(range(count)), DEGREE)
    recorder = Recorder(world, writes * GAP_MS + ALONE_MS + 8 * MINUTE, community.share, watch)
    recorder.what = "all write"
    quiet = _talk(community, members, writes, chance)

    recorder.what = "nearly all are destroyed"
    left = sorted(chance.sample(members, max(round(count * LEFT_SHARE), 2)), key=_index)
    _destroy(community, left)
    tie(world, chance, [member.index for member in left], 0)
    quiet &= _talk(community, left, max(writes // 10, 1), chance)

    recorder.what = "new ones come"
    began = world.now
    newcomers = _newcomers(community, left, count - len(left), chance)
    quiet &= world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS)
    regrown = world.now - began
    quiet &= _talk(community, newcomers, max(writes // 10, 1), chance)

    recorder.what = "one is left alone for a month"
    last = chance.choice(community.members)
    _destroy(community, [last])
    world.run_for(ALONE_MS)
    recorder.what = "and meets one"
    began = world.now
    _newcomers(community, [last], 1, chance)
    quiet &= world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS, 100)
    recorder.note()
    outcome = gather(settings, world, _roles(community))
    outcome.state = mesh_of(last).state_hash(community.topic).hex()
    outcome.curve = recorder.curve
    outcome.facts = {
        "vertices": len(community.written),
        "survivors": len(left),
        "newcomers": len(newcomers),
        "all regrown after ms": regrown,
        "the last newcomer has all after ms": world.now - began,
    }
    rules = (nothing_lost, one_history, one_state_of_documents, told_is_kept)
    outcome.violations = [text for rule in rules for text in rule(community)]
    if not quiet:
        outcome.violations.append("they did not come to the same history")
    return outcome


def _talk(community: Community, among: list[Member], writes: int, chance: Random) -> bool:
    """Let some write, and tell whether all have all in the end."""
    for _ in range(writes):
        community.world.run_for(GAP_MS)
        community.edit(chance.choice(among), chance)
    return community.world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS)


def _destroy(community: Community, left: list[Member]) -> None:
    """Take all but these away for ever, disks and all."""
    kept = {member.index for member in left}
    for member in community.members:
        if member.index not in kept:
            community.world.crash(member.node, silent=True)
            member.node.keeps.clear()
    community.members = list(left)
    for member in left:
        for gone in [other for other in member.node.keeps if other not in kept]:
            del member.node.keeps[gone]


def _newcomers(
    community: Community, known: list[Member], count: int, chance: Random
) -> list[Member]:
    """Let people come one after the other, each knowing a few who are there."""
    world, there, came = community.world, list(known), []
    for _ in range(count):
        member = community.admit()
        for other in chance.sample(there, min(1 + DEGREE, len(there))):
            world.keep(member.index, other.index)
        there.append(member)
        came.append(member)
        world.run_for(GAP_MS)
    return came


def _roles(community: Community) -> list[str]:
    there = {member.index for member in community.members}
    return ["correct" if node.index in there else "destroyed" for node in community.world.nodes]


def _index(member: Member) -> int:
    return member.index
