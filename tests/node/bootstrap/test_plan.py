"""The order of the levels, and that nothing which fails is fatal. Time is virtual."""

import itertools
import random
from dataclasses import dataclass, field

import pytest

from node.bootstrap import plan
from node.bootstrap.contact import Contact
from node.bootstrap.plan import Ask, Dial, Joined, Level, Planner, Warn
from node.codec import Refused
from node.session.messages import MessageType

OWN = bytes(32)
MINUTE = 60_000


@dataclass
class Node:
    """A planner, and a world that does what its events say: each dial and answer takes a while."""

    store: object
    alive: set[bytes] = field(default_factory=set)
    offers: dict[Level, list[Contact] | None] = field(default_factory=dict)
    takes_ms: int = 100
    now: int = 0
    log: list = field(default_factory=list)
    due: list = field(default_factory=list)

    def __post_init__(self) -> None:
        self.planner = Planner(OWN, self.store, random.Random(1).randbytes, self.now)

    def run(self, until: int) -> "Node":
        """Let the world go on, and every event happen in its order."""
        while True:
            self.obey()
            dues = [at for at, _ in self.due]
            at = min([*dues, self.planner.next_tick])
            if at > until:
                self.now = until
                return self
            assert at >= self.now or at == self.planner.next_tick
            self.now = max(self.now, at)
            ready = [each for each in self.due if each[0] <= self.now]
            self.due = [each for each in self.due if each[0] > self.now]
            for _, happen in ready:
                happen()
            self.planner.tick(self.now)
            assert self.planner.next_tick > self.now

    def obey(self) -> None:
        for event in self.planner.events():
            self.log.append((self.now, event))
            match event:
                case Dial(contact=contact):
                    self.later(lambda peer=contact.peer_id: self.outcome(peer))
                case Ask(level=level) if level in self.offers:
                    self.later(lambda level=level: self.answer(level))

    def later(self, happen) -> None:
        self.due.append((self.now + self.takes_ms, happen))

    def outcome(self, peer_id: bytes) -> None:
        if peer_id in self.alive:
            self.planner.linked(peer_id, self.now)
        else:
            self.planner.unreachable(peer_id, self.now)

    def answer(self, level: Level) -> None:
        offered = self.offers[level]
        if offered is None:
            self.planner.failed(level, "test: failed", self.now)
        else:
            self.planner.found(level, offered, self.now)

    def of(self, kind) -> list:
        return [event for _, event in self.log if isinstance(event, kind)]

    def at(self, wanted) -> list[int]:
        return [now for now, event in self.log if event == wanted]


@pytest.fixture
def make_node(make_store):
    def make(**more) -> Node:
        return Node(store=more.pop("store", make_store()), **more)

    return make


def test_levels_are_tried_in_their_order(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: [], Level.DNS: [contact(3)], Level.LISTED: [contact(4)]})
    node.planner.known.good(contact(2), 0)
    node.planner.name([contact(1)], 0)
    node.run(4_000)

    assert node.of(Ask) == [Ask(Level.LOCAL), Ask(Level.DNS), Ask(Level.LISTED)]
    assert node.of(Dial) == [
        Dial(contact(1), Level.NAMED),
        Dial(contact(2), Level.DHT),
        Dial(contact(3), Level.DNS),
        Dial(contact(4), Level.LISTED),
    ]


def test_the_first_link_ends_the_round(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: [], Level.DNS: [contact(3)], Level.LISTED: [contact(4)]})
    node.alive.add(contact(3).peer_id)
    node.run(60 * MINUTE)

    assert node.of(Joined) == [Joined(contact(3).peer_id)]
    assert node.planner.is_joined
    assert Ask(Level.LISTED) not in node.of(Ask)
    assert node.planner.known.candidates() == [contact(3)]


def test_all_levels_dead_warns_and_goes_on_for_ever(make_node, contact) -> None:
    """F-176: and what is near is linked all the same."""
    near = contact(9)
    offers = {Level.LOCAL: [near], Level.DNS: None, Level.LISTED: [contact(4)]}
    node = make_node(offers=offers, alive={near.peer_id})
    node.run(12 * 60 * MINUTE)

    assert node.of(Joined) == [Joined(near.peer_id)]
    assert not node.planner.is_joined
    asked = node.at(Ask(Level.DNS))
    pauses = [later - before for before, later in itertools.pairwise(asked)]
    assert len(asked) > 20
    assert max(pauses) <= plan.LAST_PAUSE_MS * 5 // 4 + MINUTE
    assert all(later > before for before, later in itertools.pairwise(pauses[:8]))
    assert Warn(Level.DNS, "test: failed") in node.of(Warn)
    assert Warn(Level.LISTED, "bootstrap: no node reached, tried again later") in node.of(Warn)

    node.alive.add(contact(4).peer_id)
    node.run(13 * 60 * MINUTE)
    assert node.planner.is_joined


def test_a_level_that_never_answers_is_given_up(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: [], Level.LISTED: [contact(4)]})
    node.alive.add(contact(4).peer_id)
    node.run(plan.ASK_MS + 1_000)
    assert Warn(Level.DNS, "bootstrap: no answer in time") in node.of(Warn)
    assert node.planner.is_joined


def test_dials_that_hang_do_not_hold_up_the_next_level(make_node, contact) -> None:
    """Blocked nodes often are silent: fifty of them take turns of 20 seconds, four at a time."""
    node = make_node(offers={Level.LOCAL: [], Level.DNS: [contact(99)]}, takes_ms=10**9)
    for number in range(50):
        node.planner.known.good(contact(number), 0)
    node.run(plan.LEVEL_MS)
    node.takes_ms, node.alive = 100, {contact(99).peer_id}
    node.planner.found(Level.DNS, [contact(99)], node.now)
    node.run(2 * plan.LEVEL_MS)

    assert node.at(Joined(contact(99).peer_id)) == [plan.LEVEL_MS + 100]


def test_fifty_blocked_nodes_and_one_found_by_a_code(make_node, contact) -> None:
    """F-223: known nodes are all blocked; a newcomer is reached by what was told otherwise."""
    node = make_node(offers={Level.LOCAL: [], Level.DNS: None, Level.LISTED: []})
    for number in range(50):
        node.planner.known.good(contact(number), 0)
    node.run(30 * MINUTE)
    assert not node.planner.is_joined
    assert len(node.of(Dial)) >= 50

    node.alive.add(contact(60).peer_id)
    node.planner.name([contact(60)], node.now)
    node.run(31 * MINUTE)
    assert node.of(Joined)[-1] == Joined(contact(60).peer_id)
    node.planner.known.heard(contact(61))

    again = make_node(store=node.store, offers={Level.LOCAL: [], Level.DNS: None})
    again.alive.add(contact(61).peer_id)
    again.run(MINUTE)
    assert again.planner.is_joined
    assert [each.contact for each in again.of(Dial)][:2] == [contact(60), contact(61)]


def test_dials_go_round_networks(make_node, contact) -> None:
    """F-230: somebody who fills five networks has five turns before the one honest node."""
    crowd = [contact(number, network=number % 5) for number in range(200)]
    honest = contact(200, network=7)
    node = make_node(offers={Level.LOCAL: [], Level.DNS: [*crowd, honest]})
    node.run(1_000)
    assert [each.contact for each in node.of(Dial)].index(honest) == 5


def test_who_is_near_does_not_end_the_search(make_node, contact) -> None:
    """F-230: a neighbour in the same room must not be the only one this node ever knows."""
    near, far = contact(1), contact(2)
    node = make_node(offers={Level.LOCAL: [near], Level.DNS: None, Level.LISTED: [far]})
    node.alive |= {near.peer_id, far.peer_id}
    node.run(MINUTE)

    assert node.of(Joined) == [Joined(near.peer_id), Joined(far.peer_id)]
    assert node.planner.known.candidates() == [far]
    node.planner.met(near, node.now)
    assert node.planner.known.candidates() == [far]


def test_what_is_near_is_dialled_once_in_a_while(make_node, contact) -> None:
    node = make_node()
    near = [contact(number) for number in range(40)]
    for _ in range(20):
        node.planner.found(Level.LOCAL, near, node.now)
        node.run(node.now + 1_000)
    dialled = [each.contact for each in node.of(Dial)]
    assert len(dialled) == len(set(dialled)) == 40
    first = [now for now, event in node.log if isinstance(event, Dial) and now == 0]
    assert len(first) == plan.LOCAL_PARALLEL


def test_a_lost_link_begins_a_round_soon(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: [], Level.DNS: []})
    one = contact(1)
    node.alive.add(one.peer_id)
    node.planner.name([one], 0)
    node.run(MINUTE)
    node.planner.unlinked(one.peer_id, node.now)
    node.run(2 * MINUTE)
    assert node.of(Joined) == [Joined(one.peer_id)] * 2


def test_a_code_is_dialled_at_once_though_joined(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: []})
    node.alive |= {contact(1).peer_id, contact(2).peer_id}
    node.planner.name([contact(1)], 0)
    node.run(MINUTE)
    node.planner.name([contact(2)], node.now)
    node.run(node.now + 1)
    assert node.of(Dial)[-1] == Dial(contact(2), Level.NAMED)


def test_who_is_near_and_then_named_ends_the_search(make_node, contact) -> None:
    near = contact(1)
    node = make_node(offers={Level.LOCAL: [near], Level.DNS: [contact(2)]}, takes_ms=10)
    node.alive.add(near.peer_id)
    node.run(15)
    assert not node.planner.is_joined
    node.planner.name([near], node.now)
    node.run(10 * MINUTE)
    assert node.planner.is_joined
    assert Ask(Level.LISTED) not in node.of(Ask)


def test_itself_and_contacts_without_a_place_are_not_dialled(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: []})
    nowhere = contact(1)._replace(addresses=())
    own = contact(2)._replace(peer_id=OWN)
    node.planner.name([nowhere, own], 0)
    node.run(1_000)
    node.planner.found(Level.DNS, [nowhere, own], node.now)
    node.planner.found(Level.LOCAL, [nowhere, own], node.now)
    node.run(MINUTE)
    assert node.of(Dial) == []


def test_bounds(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: []}, takes_ms=10**9)
    node.planner.name([contact(number) for number in range(plan.NAMED_MAX)], 0)
    with pytest.raises(Refused, match="too many nodes named"):
        node.planner.name([contact(99)], 0)
    node.run(plan.LEVEL_MS)
    node.planner.found(Level.DNS, [contact(number) for number in range(1_000, 3_000)], node.now)
    node.run(30 * MINUTE)
    dns = [each for each in node.of(Dial) if each.level is Level.DNS]
    assert len({each.contact for each in dns}) == plan.FOUND_MAX


def test_offers_that_nobody_asked_for_are_not_taken(make_node, contact) -> None:
    node = make_node(offers={Level.LOCAL: []}, alive={contact(1).peer_id, contact(2).peer_id})
    node.planner.name([contact(1)], 0)
    node.run(MINUTE)
    node.planner.found(Level.DNS, [contact(2)], node.now)
    node.planner.found(Level.LISTED, [contact(2)], node.now)
    node.run(2 * MINUTE)
    assert [each.contact for each in node.of(Dial)] == [contact(1)]


def test_it_hears_no_message(make_node) -> None:
    planner = make_node().planner
    assert planner.types == frozenset()
    assert planner.outgoing() == []
    with pytest.raises(Refused, match="no message"):
        planner.receive(OWN, MessageType.PING, b"", 0)


def test_the_same_seed_gives_the_same_log(make_node, contact) -> None:
    def log() -> list:
        node = make_node(offers={Level.LOCAL: [contact(1)], Level.DNS: None, Level.LISTED: []})
        return node.run(5 * 60 * MINUTE).log

    assert log() == log()
