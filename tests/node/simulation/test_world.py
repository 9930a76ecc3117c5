"""The world: what it carries, loses, cuts and restarts, and that it does so again."""

import pytest

from node.core import Send
from node.link.frames import Kind, OneWay
from node.link.link import SILENCE_MS
from node.session.messages import Message, MessageType
from node.simulation.links import Terms, greeting_bytes, weight
from node.simulation.store import Moment
from node.simulation.world import DIAL_AGAIN_MS, DIAL_MS, REFUSED_MAX, WAITING_MAX, World

MINUTE = 60_000


def echo(world: World, index: int):
    return world.nodes[index].cores[0]


def say(world: World, low: int, high: int, payload: bytes) -> None:
    core = echo(world, low)
    world.act(world.nodes[low], lambda now: core.say(world.nodes[high].peer_id, payload))


def test_a_message_to_a_stranger_is_dialled_for_and_answered(new_world) -> None:
    world = new_world()

    say(world, 0, 1, b"hello")
    world.run_for(MINUTE)

    assert echo(world, 1).heard == [b"hello"]
    assert echo(world, 0).pongs == [b"hello"]
    assert world.nodes[0].sent == greeting_bytes(resumed=False) // 2 + weight(5)


@pytest.mark.parametrize("length", [0, 1, 200, 300, 5_000, 20_000, 70_000, 500_000])
def test_a_message_weighs_what_its_frame_does_on_a_real_link(length: int) -> None:
    message = Message(type=MessageType.MESH_PUSH, payload=bytes(length)).encode()

    assert weight(length) == len(OneWay(bytes(32)).seal(Kind.MESSAGE, message))


def test_nothing_overtakes_on_a_line(new_world) -> None:
    world = new_world(jitter_ms=500, loss=0.3)
    payloads = [b"%d" % number for number in range(60)]

    for payload in payloads:
        say(world, 0, 1, payload)
    world.run_for(30 * MINUTE)

    assert echo(world, 1).heard == payloads


def test_what_is_gone_is_not_told(new_world) -> None:
    world = new_world(gone=0.5)
    world.connect(0, 1)

    for number in range(200):
        say(world, 0, 1, b"%d" % number)
    world.run_for(MINUTE)

    assert 50 < len(echo(world, 1).heard) < 150
    assert [what for what, _ in echo(world, 0).log] == ["linked"]


def test_a_thin_line_takes_its_time_and_gives_back_what_would_wait_too_long(new_world) -> None:
    world = new_world(rate=63)  # 500 bit/s
    world.connect(0, 1)

    for number in range(50):
        say(world, 0, 1, b"%d" % number)
    world.run_for(5_000)
    early = len(echo(world, 1).heard)
    world.run_for(10 * MINUTE)

    assert early == 0
    assert 5 < len(echo(world, 1).heard) < 15
    assert ("unreachable", world.nodes[1].peer_id) in echo(world, 0).log


def test_who_is_down_or_unknown_is_unreachable_and_not_dialled_at_once_again(new_world) -> None:
    world = new_world()
    world.crash(world.nodes[1])
    core = echo(world, 0)

    say(world, 0, 1, b"1")
    world.run_for(1_000)
    assert core.log == [("unreachable", world.nodes[1].peer_id)]

    world.start(world.nodes[1])
    say(world, 0, 1, b"2")
    world.run_for(1_000)
    assert len(core.log) == 2

    world.run_for(DIAL_AGAIN_MS)
    say(world, 0, 1, b"3")
    world.act(world.nodes[0], lambda now: core.say(bytes(32), b""))
    world.run_for(MINUTE)
    assert echo(world, 1).heard == [b"3"]
    assert core.log[-2:] == [("unreachable", bytes(32)), ("linked", world.nodes[1].peer_id)]


def test_only_so_many_messages_wait_for_a_dial(new_world) -> None:
    world = new_world()

    for number in range(WAITING_MAX + 3):
        say(world, 0, 1, b"%d" % number)
    world.run_for(MINUTE)

    assert len(echo(world, 1).heard) == WAITING_MAX
    assert sum(what == "unreachable" for what, _ in echo(world, 0).log) == 3


def test_a_partition_is_noticed_by_silence_and_ends(new_world) -> None:
    world = new_world(3)
    world.keep(0, 1)
    world.keep(1, 2)
    world.run_for(MINUTE)

    world.partition([[0], [1, 2]])
    say(world, 0, 1, b"lost")
    world.run_for(SILENCE_MS)
    assert echo(world, 0).links == []
    assert echo(world, 1).links == [world.nodes[2].peer_id]

    say(world, 0, 1, b"waits")
    world.run_for(DIAL_MS + 1)
    assert echo(world, 0).log[-1][0] == "unreachable"

    world.heal()
    world.run_for(2 * MINUTE)
    assert echo(world, 0).links == [world.nodes[1].peer_id]
    assert echo(world, 1).heard == []


def test_a_crash_loses_what_was_not_committed_and_nothing_else(new_world) -> None:
    for moment, kept in ((Moment.BEFORE, [b"1"]), (Moment.AFTER, [b"1", b"2"])):
        world = new_world()
        world.restart_max_ms = 5_000
        world.keep(0, 1)
        say(world, 0, 1, b"1")
        world.run_for(MINUTE)

        world.nodes[1].store.cut_power(1, moment)
        say(world, 0, 1, b"2")
        world.run_for(5 * MINUTE)

        assert world.nodes[1].boots == 2
        assert echo(world, 1).heard == kept
        assert echo(world, 0).pongs == [b"1"]
        assert echo(world, 0).links == [world.nodes[1].peer_id]


def test_a_full_disk_stops_a_node_until_there_is_room(new_world) -> None:
    world = new_world()
    world.restart_max_ms = 60_000
    node = world.nodes[1]
    node.store.full = True

    say(world, 0, 1, b"1")
    world.run_for(5 * MINUTE)
    assert node.fell == {"OSError": 1}
    say(world, 0, 1, b"2")
    world.run_for(5 * MINUTE)
    assert node.fell == {"OSError": 2}

    node.store.full = False
    say(world, 0, 1, b"3")
    world.run_for(5 * MINUTE)
    assert node.up
    assert echo(world, 1).heard == [b"3"]


def test_a_damaged_store_is_put_aside(new_world) -> None:
    world = new_world()
    world.restart_max_ms = 1_000
    say(world, 0, 1, b"1")
    world.run_for(MINUTE)

    world.nodes[1].store.flip(0)
    say(world, 0, 1, b"2")
    world.run_for(MINUTE)

    assert world.nodes[1].up
    assert echo(world, 1).heard == []


def test_who_breaks_too_many_rules_is_cut_off(new_world) -> None:
    world = new_world()
    world.connect(0, 1)

    for _ in range(REFUSED_MAX):
        say(world, 0, 1, b"bad")
    world.run_for(MINUTE)

    assert world.nodes[1].refused == {"echo: bad": REFUSED_MAX}
    assert echo(world, 1).links == []


def test_what_a_node_sends_can_be_changed_on_its_way_out(new_world) -> None:
    world = new_world()
    world.nodes[0].wire = lambda node, send: [
        Send(send.peer_id, send.type, send.payload[::-1]),
        send,
    ]

    say(world, 0, 1, b"ab")
    world.run_for(MINUTE)

    assert echo(world, 1).heard == [b"ba", b"ab"]


def test_ticks_come_when_they_are_asked_for(new_world) -> None:
    world = new_world(jitter_ms=0)
    world.connect(0, 1)
    world.act(world.nodes[0], lambda now: echo(world, 0).hello_every(1_000, now))

    world.run_for(MINUTE)

    assert len(echo(world, 1).heard) in (59, 60)


def test_every_clock_may_be_wrong(new_world) -> None:
    world = new_world()
    world.nodes[1].skew = -3_600_000
    world.connect(0, 1)
    for index in (0, 1):
        core = echo(world, index)
        world.act(world.nodes[index], lambda now, core=core: core.hello_every(1_000, now))

    world.run_for(10_500)

    assert len(echo(world, 0).heard) == len(echo(world, 1).heard) == 10
    assert world.local(world.nodes[0]) - world.local(world.nodes[1]) == 3_600_000


def run(new_world, seed: int) -> bytes:
    """Let five nodes talk through losses, crashes and a partition."""
    world = new_world(5, seed=seed, loss=0.2, gone=0.05)
    world.restart_max_ms = 3_000
    for index, node in enumerate(world.nodes):
        node.skew = index * 77
        world.keep(index, (index + 1) % 5)
        world.act(node, lambda now, index=index: echo(world, index).hello_every(700, now))
    world.at(20_000, world.partition, [[0, 1], [2, 3, 4]])
    world.at(30_000, world.nodes[2].store.cut_power, 3, Moment.AFTER)
    world.at(90_000, world.heal)
    world.run_until(200_000)
    return world.trace.digest()


def test_the_same_seed_does_the_same_and_another_does_not(new_world) -> None:
    assert run(new_world, 1) == run(new_world, 1)
    assert run(new_world, 1) != run(new_world, 2)


def test_terms_that_make_no_sense_are_refused() -> None:
    for wrong in ({"loss": 1.0}, {"gone": -0.1}, {"rate": 0}, {"median_ms": 0}):
        with pytest.raises(ValueError, match="a "):
            Terms(**wrong)
