"""Links over Bluetooth LE, on virtual controllers: real stacks, and a radio that is a function."""

import asyncio
import contextlib
import random
import uuid
from collections import Counter

import pytest
from bumble.core import UUID, AdvertisingData
from bumble.device import Device
from bumble.l2cap import L2capError, LeCreditBasedChannelSpec

from node.link import PROMPT, frames
from node.mesh.mesh import Mesh
from node.mesh.space import Keys
from node.session.messages import Message, decode_message
from node.transports import bluetooth, links
from node.transports.bluetooth import ADVERT, CHANNEL, SERVICE, Bluetooth
from node.transports.impaired import Conditions, Impaired
from node.transports.links import Connection, now_ms
from node.transports.pipes import Nearby

HERE = Nearby("")


async def seen_by(radio: Bluetooth) -> Nearby:
    found: asyncio.Queue = asyncio.Queue()
    await radio.scan(found.put_nowait)
    place = await found.get()
    await radio.stop_scanning()
    return place


# --- Links ----------------------------------------------------------------------------------


def test_a_megabyte_comes_whole(in_net, radios) -> None:
    async def test(net) -> None:
        heard = asyncio.Queue()

        async def listen(connection: Connection) -> None:
            heard.put_nowait(await anext(connection))
            assert [message async for message in connection] == []

        one, other = radios(2)
        server = net.node(0, [other])
        await server.serve(HERE, listen)
        connection = await net.node(1, [one]).dial(await seen_by(one))
        message = random.Random(1).randbytes(frames.MESSAGE_MAX)
        await connection.send(message)
        assert await heard.get() == message

        assert connection.peer_id == server._node.peer_id
        assert connection.cost is one.cost
        await connection.close()
        assert net.refusals == [Counter(), Counter()]

    in_net(test)


@pytest.mark.parametrize("mtu", [23, 27, 185, 247, 517])
def test_any_size_of_piece_will_do(in_net, radios, mtu: int) -> None:
    async def test(net) -> None:
        one, other = radios(2, mtu)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        connection = await net.node(1, [one]).dial(place)
        messages = [random.Random(size).randbytes(size) for size in (0, 1, 23, 3_000)]
        for message in messages:
            await connection.send(message)
        assert [await anext(connection) for _ in messages] == messages

    in_net(test)


def test_the_second_link_is_resumed(in_net, radios, monkeypatch) -> None:
    used = []
    plain = links.initiate
    monkeypatch.setattr(links, "initiate", lambda *given: used.append(given[4]) or plain(*given))

    async def test(net) -> None:
        one, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        client = net.node(1, [one])
        for _ in range(2):
            connection = await client.dial(place)
            await connection.send(b"again")
            assert await anext(connection) == b"again"
            await connection.close()

        assert [ticket is not None for ticket in used] == [False, True]

    in_net(test)


def test_a_node_that_answers_keeps_the_links_that_it_dials(in_net, radios) -> None:
    """Its radio tells of both kinds alike, and lets go of those that say nothing."""

    async def test(net) -> None:
        one, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        client = net.node(1, [one])
        await client.serve(HERE, net.echo)
        connection = await client.dial(place)
        await connection.send(b"and it lasts")
        assert await anext(connection) == b"and it lasts"

        assert one._device.connections
        assert not one._late
        assert not other._late

    in_net(test)


def test_who_is_out_of_reach_is_gone(in_net, radios) -> None:
    async def test(net) -> None:
        one, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        connection = await net.node(1, [one]).dial(place)
        for each in list(other._device.connections.values()):
            await each.disconnect()

        assert [message async for message in connection] == []
        assert connection.closed == "link: cut off"

    in_net(test)


def test_nobody_there(in_net, radios, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth, "CONNECT_SECONDS", 0.3)

    async def test(net) -> None:
        [one] = radios(1)
        with pytest.raises(OSError):
            await net.node(1, [one]).dial(Nearby("F0:F1:F2:F3:F4:F5"))

    in_net(test)


def test_a_weak_radio_only_costs_time(in_net, radios) -> None:
    async def test(net) -> None:
        one, other = radios(2)
        weak = Conditions(delay_ms=10, jitter_ms=20, loss=0.2, bits_per_second=800_000, piece=247)
        chance = random.Random(2).randbytes
        place = await net.node(0, [other]).serve(HERE, net.echo)
        client = net.node(1, [Impaired(one, weak, chance, now_ms, pace=PROMPT)])
        connection = await client.dial(place)
        message = random.Random(3).randbytes(20_000)
        await connection.send(message)
        assert await anext(connection) == message

    in_net(test)


def test_who_is_not_heard_is_read_no_further(in_net, radios, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth, "INBOX_MAX", 20_000)

    async def test(net) -> None:
        go, heard = asyncio.Event(), asyncio.Queue()

        async def slow(connection: Connection) -> None:
            connection._room.clear()
            await go.wait()
            connection._room.set()
            async for message in connection:
                heard.put_nowait(len(message))

        one, other = radios(2)
        server = net.node(0, [other])
        place = await server.serve(HERE, slow)
        connection = await net.node(1, [one]).dial(place)
        for _ in range(10):
            await connection.send(bytes(17_000))
        while not server.connections:
            await asyncio.sleep(0.01)
        [answered] = server.connections
        while connection._pipe._channel.credits or not answered._pipe._owed:
            await asyncio.sleep(0.01)
        assert connection._pipe.unsent > 17_000
        assert answered._pipe._inbox_size <= 20_000 + bluetooth.CREDITS * bluetooth.MTU
        go.set()
        assert [await heard.get() for _ in range(10)] == [17_000] * 10

    in_net(test)


# --- What is on the air ---------------------------------------------------------------------


def test_the_advert_is_the_same_for_all() -> None:
    assert str(SERVICE) == "0a7eb967-e64a-5d76-9b83-4eefaae1d7ff"
    assert uuid.uuid5(uuid.NAMESPACE_DNS, "pars.network") == SERVICE
    assert len(ADVERT) == 21
    assert ADVERT[:5] == b"\x02\x01\x06\x11\x07"
    assert ADVERT[5:] == SERVICE.bytes[::-1]


def test_only_nodes_are_found(in_net, radios) -> None:
    async def test(net) -> None:
        one, other, stranger, impostor = radios(4)
        found: list[Nearby] = []
        for radio, listed in ((stranger, []), (impostor, [UUID(str(uuid.uuid4())).to_bytes()])):
            await radio._device.power_on()
            kind = AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS
            name = (AdvertisingData.COMPLETE_LOCAL_NAME, b"pars")
            data = AdvertisingData([name, *((kind, each) for each in listed)])
            await radio._device.start_advertising(advertising_data=bytes(data))
        await one.scan(found.append)
        await asyncio.sleep(1.2)  # Both have been heard once by now; a node comes last.
        place = await net.node(0, [other]).serve(HERE, net.echo)
        while not found:
            await asyncio.sleep(0.01)
        await one.stop_scanning()

        assert {each.device for each in found} == {place.device}

    in_net(test)


def test_an_address_is_drawn_again(in_net, radios) -> None:
    async def test(net) -> None:
        one, other = radios(2)
        first = await net.node(0, [other]).serve(HERE, net.echo)
        await other.rotate()
        second = await seen_by(one)
        connection = await net.node(1, [one]).dial(second)
        await connection.send(b"the same node")
        assert await anext(connection) == b"the same node"

        assert second.device == other.place.device != first.device

    in_net(test)


# --- Strangers ------------------------------------------------------------------------------


async def connected(radio: Bluetooth, place: Nearby):
    await radio._device.power_on()
    return await radio._device.connect(place.device)


def test_who_opens_no_channel_is_let_go(in_net, radios, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth, "CONNECT_SECONDS", 0.2)

    async def test(net) -> None:
        stranger, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        await connected(stranger, place)
        while other._device.connections:
            await asyncio.sleep(0.01)

    in_net(test)


def test_who_says_something_else_is_cut_off(in_net, radios) -> None:
    async def test(net) -> None:
        stranger, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        connection = await connected(stranger, place)
        channel = await connection.create_l2cap_channel(LeCreditBasedChannelSpec(CHANNEL))
        heard: list[bytes] = []
        channel.sink = heard.append
        channel.write(b"GET / HTTP/1.1\r\n\r\n" * 200)
        while other._device.connections:
            await asyncio.sleep(0.01)

        assert heard == []
        assert net.refusals[0] == {"link: bytes before their turn": 1}

    in_net(test)


def test_who_ignores_its_credits_is_cut_off(in_net, radios, monkeypatch) -> None:
    monkeypatch.setattr(bluetooth, "INBOX_MAX", 10_000)
    monkeypatch.setattr(bluetooth, "HOSTILE_MAX", 40_000)

    async def test(net) -> None:
        held = asyncio.Queue()

        async def slow(connection: Connection) -> None:
            connection._room.clear()
            held.put_nowait(connection)
            await asyncio.sleep(60)

        one, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, slow)
        connection = await net.node(1, [one]).dial(place)
        channel = connection._pipe._channel
        with contextlib.suppress(ConnectionError):
            while other._device.connections:
                channel.credits = 1_000
                await asyncio.sleep(0)
                await connection.send(bytes(17_000))
        answered = await held.get()

        assert answered._pipe._inbox_size <= bluetooth.HOSTILE_MAX + bluetooth.MTU

    in_net(test)


def test_other_channels_are_not_there(in_net, radios) -> None:
    async def test(net) -> None:
        stranger, other = radios(2)
        place = await net.node(0, [other]).serve(HERE, net.echo)
        connection = await connected(stranger, place)
        with pytest.raises(L2capError, match="NOT_SUPPORTED"):
            await connection.create_l2cap_channel(LeCreditBasedChannelSpec(CHANNEL + 1))

    in_net(test)


def test_nobody_is_paired_with(radios) -> None:
    async def test() -> None:
        [one] = radios(1)
        config = one._device.pairing_config_factory(None)
        assert not await config.delegate.accept()
        assert isinstance(one._device, Device)

    asyncio.run(test())


# --- From hand to hand ----------------------------------------------------------------------


class Disk:
    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(item for item in self.rows.items() if item[0].startswith(prefix))

    def commit(self, changes) -> None:
        for key, value in changes.items():
            self.rows.pop(key, None) if value is None else self.rows.update({key: value})


async def talk(core, connection: Connection) -> None:
    """Run a core over one link, until it ends."""

    async def flush() -> None:
        for send in core.outgoing():
            if send.peer_id == connection.peer_id:
                await connection.send(Message(type=send.type, payload=send.payload).encode())

    async def ticking() -> None:
        while True:
            core.tick(now_ms())
            await flush()
            await asyncio.sleep(0.05)

    core.linked(connection.peer_id, now_ms())
    tick = asyncio.create_task(ticking())
    try:
        async for data in connection:
            message = decode_message(data)
            core.receive(connection.peer_id, message.type, message.payload, now_ms())
            with contextlib.suppress(ConnectionError):
                await flush()
    finally:
        tick.cancel()
        core.unlinked(connection.peer_id, now_ms())


def test_a_message_goes_three_hops_with_those_who_carry_it(in_net, radios) -> None:
    """F-142: each meets the next when the last is out of reach; who carries reads nothing."""

    async def test(net) -> None:
        secret, text = b"s" * 32, b"nobody between us reads this"
        nodes = [net.node(number, [radio]) for number, radio in enumerate(radios(4))]
        cores = [
            Mesh(node._node.peer_id, Disk(), random.Random(number).randbytes)
            for number, node in enumerate(nodes)
        ]
        topic = cores[0].join(secret, b"a" * 32)
        cores[3].join(secret, b"d" * 32)
        for carrier in cores[1:3]:
            carrier.carry(Keys(secret).carrier)
        wrote = cores[0].append(topic, text, now_ms())

        for giver, taker in ((0, 1), (1, 2), (2, 3)):
            place = await nodes[taker].serve(
                HERE, lambda connection, core=cores[taker]: talk(core, connection)
            )
            connection = await nodes[giver].dial(place)
            talking = asyncio.create_task(talk(cores[giver], connection))
            while cores[taker].size(topic) == 0:
                await asyncio.sleep(0.02)
            await connection.close()
            await talking
            await nodes[giver].close()

        assert cores[3].payload(topic, wrote.id) == text
        assert cores[3].heads(topic) == cores[0].heads(topic) == [wrote.id]
        for carrier in cores[1:3]:
            with pytest.raises(LookupError, match="not a member"):
                carrier.payload(topic, wrote.id)

    in_net(test)
