"""Liars lie as they are told to, the same way each time, and the others come through it."""

import pytest

from node.core import Send
from node.session.messages import MessageType
from node.simulation.byzantine import FLOOD_OF, Strategy, wire
from node.simulation.community import Community
from node.simulation.invariants import check
from node.simulation.world import World

SENDS = [
    Send(bytes(32), MessageType.MESH_PUSH if number % 2 else MessageType.MESH_HAVE, b"%d" % number)
    for number in range(400)
]


@pytest.fixture
def spoilt(new_world):
    """Return what a liar makes of some messages."""

    def make(strategy: Strategy, seed: str = "1") -> list[Send]:
        world = new_world(3)
        world.connect(0, 1)
        world.connect(0, 2)
        mangler = wire(strategy, world, seed)
        return [sent for send in SENDS for sent in mangler(world.nodes[0], send)]

    return make


def test_withholding_passes_little_on(spoilt) -> None:
    pushed = [send for send in spoilt(Strategy.WITHHOLD) if send.type is MessageType.MESH_PUSH]

    assert 0 < len(pushed) < 60
    assert len(spoilt(Strategy.WITHHOLD)) - len(pushed) == 200


def test_corruption_changes_some_and_loses_none(spoilt) -> None:
    sent = spoilt(Strategy.CORRUPT)

    changed = sum(send != given for send, given in zip(sent, SENDS, strict=True))
    assert 60 < changed < 180


def test_replays_are_of_what_was_said_before(spoilt, new_world) -> None:
    sent = spoilt(Strategy.REPLAY)

    assert len(sent) > 430
    assert {send.payload for send in sent} == {send.payload for send in SENDS}
    assert len({send.peer_id for send in sent}) == 3


def test_floods_come_at_once(spoilt) -> None:
    assert len(spoilt(Strategy.FLOOD)) > 400 + 2 * FLOOD_OF


def test_noise_is_said_beside_the_rest(spoilt) -> None:
    sent = spoilt(Strategy.NOISE)

    assert [send for send in sent if send in SENDS] == SENDS
    assert len(sent) > 430


@pytest.mark.parametrize("strategy", [one for one in Strategy if one is not Strategy.TWIN])
def test_a_liar_repeats_itself_by_its_seed(strategy: Strategy, spoilt) -> None:
    assert spoilt(strategy) == spoilt(strategy)
    assert spoilt(strategy, "2") != spoilt(strategy, "3")


@pytest.mark.parametrize("strategy", Strategy)
def test_two_liars_of_six_change_nothing_for_the_others(strategy: Strategy) -> None:
    world = World(5)
    community = Community(world)
    liars = [community.admit(strategy=strategy) for _ in range(2)]
    honest = [community.admit() for _ in range(4)]
    for one in community.members:
        for other in community.members[one.index + 1 :]:
            world.keep(one.index, other.index)
    for _ in range(6):
        world.run_for(2_000)
        for member in (*liars, *honest):
            community.edit(member, world.chance)

    assert world.run_while(lambda: not community.is_quiet(), 3_600_000)

    assert check(community) == []
    assert len(community.written) == 6 * len(honest)
    assert (community.equivocations > 0) == (strategy is Strategy.TWIN)
