"""Circuits: what a bridge carries, for whom, how fast; and links that go through it unread."""

import asyncio
import contextlib
import os
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.identity import NodeKey
from node.session.messages import Message, MessageType, decode_message
from node.transports import circuits as protocol
from node.transports.circuit import ByCircuit
from node.transports.circuits import (
    BURST,
    BYTES_PER_SECOND,
    IDLE_MS,
    PIECE,
    RELAYS_PER_PEER,
    SILENCE_MS,
    WINDOW,
    Came,
    Circuits,
    Ended,
    Opened,
    Reason,
    Room,
    decode_close,
    decode_data,
    decode_open,
    encode_close,
    encode_data,
    encode_open,
)
from node.transports.links import Links, now_ms
from node.transports.pipes import Circuit
from node.transports.tcp import Tcp

OPEN, DATA, CLOSE = (
    *(MessageType.CIRCUIT_OPEN, MessageType.CIRCUIT_DATA),
    MessageType.CIRCUIT_CLOSE,
)
LOCAL, BRIDGE, WIDE = (bytes([number]) * 32 for number in (1, 2, 3))
NAME = b"circuit!"


# --- Formats --------------------------------------------------------------------------------


def test_the_bytes_of_messages() -> None:
    assert encode_open(NAME, WIDE) == b"\1" + NAME + WIDE
    assert encode_data(NAME, 5, b"abc") == b"\1" + NAME + b"\0\0\0\5abc"
    assert encode_close(NAME, Reason.IDLE) == b"\1" + NAME + b"\4"


MESSAGES = [
    (decode_open, encode_open(NAME, WIDE)),
    (decode_data, encode_data(NAME, 5, b"")),
    (decode_close, encode_close(NAME, Reason.FULL)),
]


@pytest.mark.parametrize(("decode", "data"), MESSAGES)
def test_what_is_cut_or_longer_is_refused(decode, data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(Refused):
            decode(data[:length])
    if decode is not decode_data:
        with pytest.raises(Refused, match="trailing"):
            decode(data + b"\0")
    with pytest.raises(Refused, match="version"):
        decode(b"\2" + data[1:])


@pytest.mark.parametrize(("decode", "data"), MESSAGES)
def test_no_bit_is_free(decode, data: bytes) -> None:
    for place in range(8, 8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        try:
            other = decode(bytes(changed))
        except Refused:
            continue
        assert other != decode(data)


@given(st.binary(max_size=60))
def test_garbage_is_refused_or_has_one_encoding(data: bytes) -> None:
    for decode, encode in (
        (decode_open, encode_open),
        (decode_data, encode_data),
        (decode_close, encode_close),
    ):
        try:
            values = decode(data)
        except Refused:
            continue
        assert encode(*values) == data


@pytest.mark.parametrize(
    "data",
    [
        encode_data(NAME, 0, b""),
        encode_data(NAME, 0, bytes(PIECE + 1)),
        encode_data(NAME, WINDOW + 1, b"a"),
        encode_close(NAME, Reason.DONE)[:-1] + b"\5",
    ],
)
def test_values_out_of_range_are_refused(data: bytes) -> None:
    decode = decode_close if len(data) == 10 else decode_data
    with pytest.raises(Refused):
        decode(data)


# --- The core -------------------------------------------------------------------------------


class Three:
    """A node, a bridge and a node out in the world, joined by lines without delay."""

    def __init__(self, **more) -> None:
        chance = random.Random(1).randbytes
        self.now = 1_000
        self.refused: Counter[str] = Counter()
        self.cores = {
            name: Circuits(name, chance, lambda peer: peer == LOCAL, **more)
            for name in (LOCAL, BRIDGE, WIDE)
        }
        self.carried: list[bytes] = []

    def run(self) -> None:
        while any(sends := [(name, core.outgoing()) for name, core in self.cores.items()]):
            if not any(out for _, out in sends):
                return
            for name, out in sends:
                for send in out:
                    self.hand_over(name, send)

    def hand_over(self, name: bytes, send) -> None:
        if BRIDGE in (name, send.peer_id):
            self.carried.append(send.payload)
        try:
            self.cores[send.peer_id].receive(name, send.type, send.payload, self.now)
        except Refused as refused:
            self.refused[refused.reason] += 1

    def pass_time(self, milliseconds: int) -> None:
        until = self.now + milliseconds
        while self.now < until:
            self.now = min(until, self.now + 50)
            for core in self.cores.values():
                if core.next_tick <= self.now:
                    core.tick(self.now)
            self.run()

    def opened(self) -> tuple:
        key = self.cores[LOCAL].open(BRIDGE, WIDE)
        self.run()
        [event] = self.cores[WIDE].events()
        assert isinstance(event, Opened)
        return key, event.key

    def read(self, name: bytes) -> bytes:
        """Take what came, and give credit for it."""
        data = b""
        for event in self.cores[name].events():
            if isinstance(event, Came):
                data += event.data
                self.cores[name].consumed(event.key, len(event.data))
        self.run()
        return data


def test_bytes_go_both_ways() -> None:
    three = Three()
    here, there = three.opened()
    three.cores[LOCAL].write(here, b"to the world")
    three.cores[WIDE].write(there, b"from the world")
    three.run()

    assert three.read(WIDE) == b"to the world"
    assert three.read(LOCAL) == b"from the world"
    assert there[0] == BRIDGE  # Who called is for the link inside to tell.
    assert not any(LOCAL in payload for payload in three.carried)


def test_no_more_is_sent_than_is_read() -> None:
    three = Three()
    here, _ = three.opened()
    data = random.Random(2).randbytes(5 * WINDOW + 1)
    three.cores[LOCAL].write(here, data)
    three.run()
    assert three.cores[LOCAL].unsent(here) == len(data) - WINDOW
    came = b""
    while new := three.read(WIDE):
        came += new

    assert came == data
    assert [event for event in three.cores[LOCAL].events() if isinstance(event, Room)]


def test_an_end_tells_the_other() -> None:
    for closer, other in ((LOCAL, WIDE), (WIDE, LOCAL)):
        three = Three()
        keys = dict(zip((LOCAL, WIDE), three.opened(), strict=True))
        three.cores[closer].write(keys[closer], b"the last word")
        three.cores[closer].close(keys[closer])
        three.run()

        assert three.cores[other].events() == [
            Came(keys[other], b"the last word"),
            Ended(keys[other], Reason.DONE),
        ]
        assert not three.cores[BRIDGE]._relays
        three.cores[closer].write(keys[closer], b"into the void")
        three.cores[closer].consumed(keys[closer], 1)
        three.run()
        assert three.refused == {}


def test_who_is_not_of_this_side_is_not_carried() -> None:
    three = Three()
    key = three.cores[WIDE].open(BRIDGE, LOCAL)
    three.run()

    assert three.cores[WIDE].events() == [Ended(key, Reason.REFUSED)]
    assert three.cores[LOCAL].events() == []
    assert three.refused == {"circuit: not carried for this node": 1}

    open_to_all = Three(open_relay=True)
    open_to_all.cores[WIDE].open(BRIDGE, LOCAL)
    open_to_all.run()
    assert [type(event) for event in open_to_all.cores[LOCAL].events()] == [Opened]


def test_a_circuit_to_oneself_is_refused() -> None:
    three = Three()
    key = three.cores[LOCAL].open(BRIDGE, LOCAL)
    three.run()

    assert three.cores[LOCAL].events() == [Ended(key, Reason.REFUSED)]


def test_so_many_circuits_are_carried_for_one_node() -> None:
    three = Three()
    keys = [three.cores[LOCAL].open(BRIDGE, WIDE) for _ in range(RELAYS_PER_PEER + 3)]
    three.run()

    assert three.cores[LOCAL].events() == [Ended(key, Reason.FULL) for key in keys[-3:]]
    assert three.refused == {"circuit: too many carried": 3}
    three.cores[LOCAL].close(keys[0])
    three.run()
    three.opened_again = three.cores[LOCAL].open(BRIDGE, WIDE)
    three.run()
    assert three.cores[LOCAL].events() == []


def test_so_many_are_answered_through_one_bridge(monkeypatch) -> None:
    monkeypatch.setattr(protocol, "ENDS_PER_PEER", 2)
    three = Three()
    for _ in range(3):
        three.cores[LOCAL].open(BRIDGE, WIDE)
    three.run()

    assert len(three.cores[WIDE].events()) == 2
    assert three.refused == {"circuit: too many from one node": 1}
    [ended] = three.cores[LOCAL].events()
    assert ended.reason is Reason.FULL


def test_one_id_is_one_circuit() -> None:
    core = Circuits(WIDE, random.Random(1).randbytes, lambda peer: True)
    core.receive(BRIDGE, OPEN, encode_open(NAME, WIDE), 0)
    with pytest.raises(Refused, match="opened twice"):
        core.receive(BRIDGE, OPEN, encode_open(NAME, WIDE), 0)
    core.receive(LOCAL, OPEN, encode_open(NAME, WIDE), 0)  # Of another neighbour it is another.


def test_the_rate_of_one_node_is_bounded_and_nothing_is_lost() -> None:
    three = Three()
    here, _ = three.opened()
    size = BURST + 4 * BYTES_PER_SECOND
    data = random.Random(3).randbytes(size)
    three.cores[LOCAL].write(here, data)
    three.run()
    came, begun = b"", three.now
    while len(came) < size:
        came += three.read(WIDE)
        three.pass_time(50)

    assert came == data
    assert 3_900 < three.now - begun < 5_000


def test_who_waits_does_not_keep_the_bridge_awake(monkeypatch) -> None:
    """However long ago others have used theirs up, the next try is a while after the last."""
    monkeypatch.setattr(protocol, "BURST", PIECE + 13)
    three = Three(open_relay=True)
    bridge = three.cores[BRIDGE]
    for asker, target in ((LOCAL, WIDE), (WIDE, LOCAL)):
        key = three.cores[asker].open(BRIDGE, target)
        three.run()
        three.cores[asker].write(key, bytes(3 * PIECE if asker == WIDE else 10))
        three.run()
        three.now += 1

    assert any(relay.queue for relay in bridge._relays.values())
    for _ in range(5):
        assert bridge.next_tick >= three.now + protocol.PACE_MS - 1
        bridge.tick(three.now)


def test_more_than_the_credit_ends_the_circuit() -> None:
    three = Three()
    here, there = three.opened()
    for _ in range(WINDOW // PIECE):
        three.cores[WIDE].receive(BRIDGE, DATA, encode_data(there[1], 0, bytes(PIECE)), 1)
    with pytest.raises(Refused, match="credit"):
        three.cores[WIDE].receive(BRIDGE, DATA, encode_data(there[1], 0, b"!"), 1)
    three.run()

    assert three.cores[LOCAL].events() == [Ended(here, Reason.FULL)]


def test_a_bridge_holds_no_more_than_two_windows(monkeypatch) -> None:
    monkeypatch.setattr(protocol, "BURST", 0)
    three = Three()
    here, _ = three.opened()
    bridge = three.cores[BRIDGE]
    data = encode_data(here[1], 0, bytes(PIECE))
    for _ in range(2 * WINDOW // len(data)):
        bridge.receive(LOCAL, DATA, data, three.now)
    with pytest.raises(Refused, match="credit"):
        bridge.receive(LOCAL, DATA, data, three.now)

    assert not bridge._relays


def test_what_nobody_uses_is_ended() -> None:
    three = Three()
    here, there = three.opened()
    three.pass_time(SILENCE_MS - 100)
    three.cores[LOCAL].write(here, b"anybody?")  # The called node is still silent.
    three.run()
    three.cores[WIDE].events()
    three.pass_time(200)
    assert three.cores[LOCAL].events()[-1] == Ended(here, Reason.IDLE)
    assert three.cores[WIDE].events() == [Ended(there, Reason.IDLE)]

    here, there = three.opened()
    three.cores[WIDE].write(there, b"here")
    three.run()
    three.pass_time(IDLE_MS - 100)
    assert not any(isinstance(event, Ended) for event in three.cores[LOCAL].events())
    three.pass_time(200)
    assert three.cores[LOCAL].events() == [Ended(here, Reason.IDLE)]


@pytest.mark.parametrize("gone", ["unlinked", "unreachable"])
@pytest.mark.parametrize("who", [LOCAL, WIDE])
def test_a_link_that_ends_ends_its_circuits(gone: str, who: bytes) -> None:
    three = Three()
    keys = dict(zip((LOCAL, WIDE), three.opened(), strict=True))
    other = WIDE if who == LOCAL else LOCAL
    getattr(three.cores[BRIDGE], gone)(who, three.now)
    three.run()

    assert three.cores[other].events() == [Ended(keys[other], Reason.UNREACHABLE)]
    assert not three.cores[BRIDGE]._relays
    getattr(three.cores[who], gone)(BRIDGE, three.now)
    assert three.cores[who].events() == [Ended(keys[who], Reason.UNREACHABLE)]


# --- Links through it -----------------------------------------------------------------------


class Node:
    """A node with links by TCP and by circuits, run as a daemon would."""

    def __init__(self, net, seed: int, is_local=lambda peer: False) -> None:
        self.key = NodeKey.from_seed(bytes([seed]) * 32)
        self.core = Circuits(self.key.peer_id, os.urandom, is_local)
        self.circuits = ByCircuit(self.core, self.flush)
        self.refused: Counter[str] = Counter()
        self.links = Links(self.key, self.refused, [Tcp(), self.circuits])
        self.outer: dict[bytes, object] = {}
        self.tasks: set[asyncio.Task] = set()
        self.seen: list[bytes] = []
        net.nodes.append(self.links)

    def start(self, work) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def flush(self) -> None:
        for send in self.core.outgoing():
            message = Message(type=send.type, payload=send.payload).encode()
            if send.peer_id in self.outer:
                self.start(self.send(send.peer_id, message))
            else:
                self.core.unreachable(send.peer_id, now_ms())
                self.circuits.handle()

    async def send(self, peer_id: bytes, message: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await self.outer[peer_id].send(message)

    async def talk(self, connection) -> None:
        self.outer[connection.peer_id] = connection
        self.core.linked(connection.peer_id, now_ms())
        try:
            async for data in connection:
                self.seen.append(data)
                message = decode_message(data)
                self.core.receive(connection.peer_id, message.type, message.payload, now_ms())
                self.circuits.handle()
                self.flush()
        finally:
            del self.outer[connection.peer_id]
            self.core.unlinked(connection.peer_id, now_ms())
            self.circuits.handle()
            self.flush()


async def joined(net, locals_: int) -> tuple[list[Node], Node, Node]:
    """Return local nodes that reach a bridge alone, the bridge, and a node it reaches."""
    inside: set[bytes] = set()
    wide, bridge = Node(net, 200), Node(net, 201, lambda peer: peer in inside)
    nodes = [Node(net, number) for number in range(1, locals_ + 1)]
    inside |= {node.key.peer_id for node in nodes}
    place = await wide.links.serve(net.loopback, wide.talk)
    bridge.start(bridge.talk(await bridge.links.dial(place)))
    gateway = await bridge.links.serve(net.loopback, bridge.talk)
    for node in nodes:
        node.start(node.talk(await node.links.dial(gateway)))
    while len(bridge.outer) <= locals_ or not wide.outer:
        await asyncio.sleep(0.01)
    await wide.links.serve(Circuit(b""), net.echo)
    return nodes, bridge, wide


def test_a_link_goes_through_a_bridge_that_reads_nothing(in_net) -> None:
    async def test(net) -> None:
        [node], bridge, wide = await joined(net, 1)
        connection = await node.links.dial(Circuit(bridge.key.peer_id, wide.key.peer_id))
        text = b"a text that a bridge would like to read" * 5_000
        await connection.send(text)
        assert await anext(connection) == text

        assert connection.peer_id == wide.key.peer_id
        [inner] = [each for each in wide.links.connections if each.protocol == "circuit"]
        assert inner.peer_id == node.key.peer_id
        assert inner.source == bridge.key.peer_id
        carried = b"".join(bridge.seen)
        assert bridge.core.carried > 2 * len(text)
        assert text[:39] not in carried
        assert node.key.peer_id not in carried
        await connection.close()
        while inner in wide.links.connections:
            await asyncio.sleep(0.01)
        assert not bridge.core._relays

    in_net(test)


def test_fifty_users_behind_one_gateway_reach_the_world(in_net, monkeypatch) -> None:
    """F-148."""
    monkeypatch.setattr(Tcp, "per_source_max", 64)  # Here all of them have one address.

    async def test(net) -> None:
        nodes, bridge, wide = await joined(net, 50)
        place = Circuit(bridge.key.peer_id, wide.key.peer_id)

        async def exchange(node: Node) -> None:
            connection = await node.links.dial(place)
            message = node.key.peer_id * 100
            await connection.send(message)
            assert await anext(connection) == message

        await asyncio.gather(*(exchange(node) for node in nodes))
        through = {each.peer_id for each in wide.links.connections if each.protocol == "circuit"}
        assert through == {node.key.peer_id for node in nodes}
        assert wide.refused == bridge.refused == {}

    in_net(test)


def test_another_node_than_the_one_called_is_not_taken_for_it(in_net) -> None:
    """A bridge that answers itself is found out by the link inside."""

    async def test(net) -> None:
        [node], bridge, wide = await joined(net, 1)
        bridge.core._peer_id = wide.key.peer_id  # It lies about who it is.
        await bridge.links.serve(Circuit(b""), net.echo)
        with pytest.raises(ConnectionError):
            await node.links.dial(Circuit(bridge.key.peer_id, wide.key.peer_id))

    in_net(test)


def test_there_is_no_circuit_to_nobody_or_to_who_is_not_there(in_net) -> None:
    async def test(net) -> None:
        [node], bridge, _ = await joined(net, 1)
        with pytest.raises(ConnectionError, match="nobody"):
            await node.links.dial(Circuit(bridge.key.peer_id))
        with pytest.raises(ConnectionError, match="cut off"):
            await node.links.dial(Circuit(bridge.key.peer_id, bytes([9]) * 32))

    in_net(test)


def test_the_end_of_the_bridge_is_the_end_of_its_links(in_net) -> None:
    async def test(net) -> None:
        [node], bridge, wide = await joined(net, 1)
        connection = await node.links.dial(Circuit(bridge.key.peer_id, wide.key.peer_id))
        await bridge.links.close()

        assert [message async for message in connection] == []
        assert connection.closed == "link: cut off"

    in_net(test)
