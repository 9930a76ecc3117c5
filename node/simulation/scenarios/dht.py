"""Lookups in the table of nodes, while nodes come and go and lines lose what they carry."""

from dataclasses import dataclass
from random import Random

from ...core import Store
from ...crypto import Random as Chance
from ...crypto import SigningKey
from ...dht.contacts import Contact
from ...dht.dht import Dht
from ...dht.dht import Settings as DhtSettings
from ...dht.events import Event, Stored, Values
from ...dht.records import Kind, owned_key, sign_record
from ...identity import Multiaddr
from ..links import Terms
from ..nodes import Node
from ..outcome import Outcome, Recorder, Settings, Watch, gather, percentile
from ..world import START_MS, World

NODES, LOOKUPS = 200, 200
JOIN_MS = 60_000  # in which everybody comes
SETTLE_MS = 120_000
LOOKING_MS = 600_000
CHURN = 0.2  # of the nodes are replaced while others look
LOSS = 0.1
KNOWN_AT_FIRST = 3


@dataclass(slots=True)
class _Looking:
    """What was asked for, and came of it."""

    started: dict[tuple[int, int, int], int]
    times: list[int]
    hops: list[int]
    copies: list[int]
    failed: int = 0

    def heard(self, world: World, node: Node, event: Event) -> None:
        """Note what a node was told."""
        if isinstance(event, Stored):
            self.copies.append(event.copies)
        if not isinstance(event, Values):
            return
        began = self.started.pop((node.index, node.boots, event.token), None)
        if began is None:
            return
        if event.records:
            self.times.append(world.now - began)
            self.hops.append(event.hops)
        else:
            self.failed += 1


def run(settings: Settings, watch: Watch) -> Outcome:
    """Run it."""
    count, lookups = settings.nodes or NODES, settings.work or LOOKUPS
    chance = Random(f"pars/dht/{settings.seed}")
    world = World(settings.seed, Terms(loss=LOSS))
    looking = _Looking({}, [], [], [])
    end = JOIN_MS + 2 * SETTLE_MS + LOOKING_MS

    def join(known: int) -> None:
        node = world.add(make, listener=lambda node, event: looking.heard(world, node, event))
        others = [world.nodes[index] for index in range(known) if world.nodes[index].up]
        given = chance.sample(others, min(KNOWN_AT_FIRST, len(others)))
        contacts = [Contact.at(other.peer_id, address(other.peer_id)) for other in given]
        world.act(node, lambda now: dht_of(node).bootstrap(contacts, now))

    def replace() -> None:
        up = [node for node in world.nodes if node.up]
        world.crash(chance.choice(up), silent=chance.random() < 0.5)
        join(len(world.nodes))

    def look(key: bytes) -> None:
        node = chance.choice([node for node in world.nodes if node.up])
        token = world.act(node, lambda now: dht_of(node).find_value(key, now))
        if token is not None:
            looking.started[node.index, node.boots, token] = world.now

    recorder = Recorder(
        world, end, lambda: sum(node.up for node in world.nodes) / max(count, 1), watch
    )
    recorder.what = "nodes come"
    for index in range(count):
        world.at(index * JOIN_MS // count, join, index)
    world.run_until(JOIN_MS + SETTLE_MS)
    recorder.what = "records are put"
    keys = [_put(world, chance) for _ in range(max(lookups // 5, 1))]
    world.run_for(SETTLE_MS)
    recorder.what = "lookups, under churn"
    for number in range(round(count * CHURN)):
        world.after(number * LOOKING_MS // round(count * CHURN), replace)
    for number in range(lookups):
        world.after(number * (LOOKING_MS - SETTLE_MS) // lookups, look, keys[number % len(keys)])
    world.run_until(end)
    return _judge(settings, world, looking, recorder, lookups)


def make(peer_id: bytes, store: Store, random: Chance) -> list[Dht]:
    """Make a node that is nothing but a part of the table."""
    return [Dht(peer_id, store, random, DhtSettings(addresses=(address(peer_id),)))]


def address(peer_id: bytes) -> Multiaddr:
    """Return where a node would be: in a network that few others share."""
    first, *rest = peer_id[:4]
    return Multiaddr("ip4", ".".join(map(str, (11 + first % 80, *rest))), 9000)


def dht_of(node: Node) -> Dht:
    """Return the core of a node."""
    core = node.cores[0]
    assert isinstance(core, Dht)
    return core


def _put(world: World, chance: Random) -> bytes:
    """Let a node publish a record of its own, and return under which key."""
    key = SigningKey.from_seed(chance.randbytes(32))
    name = owned_key(key.public)
    record = sign_record(Kind.OWNED, name, START_MS, chance.randbytes(100), key)
    node = chance.choice([node for node in world.nodes if node.up])
    world.act(node, lambda now: dht_of(node).put(record, now))
    return name


def _judge(
    settings: Settings, world: World, looking: _Looking, recorder: Recorder, lookups: int
) -> Outcome:
    outcome = gather(settings, world)
    asked = len(looking.times) + looking.failed  # an asker that left hears nothing any more
    waiting = sum(
        world.nodes[index].up and world.nodes[index].boots == boots
        for index, boots, _ in looking.started
    )
    outcome.curve = recorder.curve
    outcome.facts = {
        "lookups": lookups,
        "found": len(looking.times),
        "not found": looking.failed,
        "askers gone": len(looking.started) - waiting,
        "copies of a record, least": min(looking.copies, default=0),
        "hops, mean": round(sum(looking.hops) / max(len(looking.hops), 1), 3),
        "p50 ms": percentile(looking.times, 0.5),
        "p95 ms": percentile(looking.times, 0.95),
        "bytes a node": outcome.bytes // max(len(world.nodes), 1),
    }
    if waiting:
        outcome.violations.append(f"{waiting} lookups never came to an end")
    if looking.failed * 100 > asked:
        outcome.violations.append(f"{looking.failed} of {asked} lookups found nothing")
    return outcome
