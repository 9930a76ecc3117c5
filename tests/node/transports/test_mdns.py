"""Neighbours by mDNS: they find each other, strangers learn nothing, liars send nobody anywhere."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from node.identity import Multiaddr, NodeKey
from node.transports import mdns
from node.transports.mdns import Neighbours, tag_of

ROOT = Path(__file__).parents[3]
LOOPBACK = ["127.0.0.1"]
TCP = "_pars-mesh._tcp.local."


class Lan:
    """Neighbours on the loopback interface."""

    def __init__(self) -> None:
        self.all: list = []

    async def node(self, port: int, network: str = "pars", protocol: str = "tcp", **more):
        node = Heard(port, network, protocol, **more)
        self.all.append(node.neighbours)
        await node.neighbours.start()
        return node

    async def liar(self, name: str, **told) -> None:
        """Say something by hand."""
        by = AsyncZeroconf(interfaces=LOOPBACK)
        self.all.append(by)
        told = {"port": 9, "parsed_addresses": LOOPBACK, "server": f"{name}.local.", **told}
        told.setdefault("properties", {b"t": tag_of(b"pars", name)})
        info = AsyncServiceInfo(TCP, f"{name}.{TCP}", **told)
        await by.async_register_service(info, cooperating_responders=True)


class Heard:
    def __init__(self, port: int, network: str, protocol: str, **more) -> None:
        self.found: asyncio.Queue = asyncio.Queue()
        self.refusals: Counter[str] = Counter()
        place = Multiaddr("ip4", "127.0.0.1", port, None, protocol)
        self.neighbours = Neighbours(
            network, [place], self.found.put_nowait, self.refusals, LOOPBACK, **more
        )

    async def refused(self, reason: str) -> None:
        while not self.refusals[reason]:
            await asyncio.sleep(0.01)


@pytest.fixture
def on_lan():
    def run(test) -> None:
        async def bounded() -> None:
            lan = Lan()
            try:
                async with asyncio.timeout(30):
                    await test(lan)
            finally:
                for each in lan.all:
                    await (each.async_close() if isinstance(each, AsyncZeroconf) else each.close())

        asyncio.run(bounded())

    return run


def test_two_nodes_find_each_other_by_either_transport(on_lan) -> None:
    async def test(lan) -> None:
        one, other = await lan.node(1_111), await lan.node(2_222, protocol="quic")

        assert str(await one.found.get()) == "/ip4/127.0.0.1/udp/2222/quic-v1"
        assert str(await other.found.get()) == "/ip4/127.0.0.1/tcp/1111"
        assert [place.port for place in one.neighbours.hints] == [2_222]

    on_lan(test)


def test_who_goes_is_no_hint_any_more_and_comes_back_as_somebody_else(on_lan) -> None:
    async def test(lan) -> None:
        one, other = await lan.node(1_111), await lan.node(2_222)
        await one.found.get()
        name = other.neighbours._name
        await other.neighbours.close()
        while one.neighbours.hints:
            await asyncio.sleep(0.01)
        await other.neighbours.start()

        assert (await one.found.get()).port == 2_222
        assert other.neighbours._name != name

    on_lan(test)


def test_nodes_of_another_network_are_left_alone(on_lan) -> None:
    async def test(lan) -> None:
        one, other = await lan.node(1_111), await lan.node(2_222, "devnet")
        await one.refused("mdns: of another network")
        await other.refused("mdns: of another network")

        assert one.found.empty()
        assert other.found.empty()
        assert not one.neighbours.hints

    on_lan(test)


def test_what_is_told_is_new_each_time(on_lan) -> None:
    """Name, host and tag change with each start; the port and the addresses are the machine's."""

    async def test(lan) -> None:
        key = NodeKey.from_seed(b"k" * 32)
        records = []
        for _ in range(2):
            node = await lan.node(1_111)
            by = AsyncZeroconf(interfaces=LOOPBACK)
            lan.all.append(by)
            names: asyncio.Queue = asyncio.Queue()

            def heard(zeroconf, service_type, name, state_change, names=names) -> None:
                names.put_nowait(name)

            browser = AsyncServiceBrowser(by.zeroconf, [TCP], handlers=[heard])
            info = AsyncServiceInfo(TCP, await names.get())
            assert await info.async_request(by.zeroconf, 3_000)
            records.append((info.name, info.server, info.text))
            assert set(info.properties) == {b"t"}
            await browser.async_cancel()
            await node.neighbours.close()

        told = repr(records)
        assert len({part for record in records for part in record}) == 6
        assert key.text not in told
        assert socket.gethostname() not in told
        assert "pars" not in told.replace("_pars-mesh", "")

    on_lan(test)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"properties": {b"t": b"0" * 32}}, "mdns: of another network"),
        ({"properties": {}}, "mdns: of another network"),
        ({"properties": {b"t": None}}, "mdns: of another network"),
        ({"properties": {b"t": b"\xff" * 200}}, "mdns: of another network"),
        ({"parsed_addresses": ["93.184.216.34"]}, "mdns: not a local address"),
        ({"parsed_addresses": ["127.0.0.2"]}, "mdns: not a local address"),
        ({"parsed_addresses": ["0.0.0.0"]}, "mdns: not a local address"),
        ({"parsed_addresses": ["::ffff:10.0.0.1"]}, "mdns: not a local address"),
        ({"port": 0}, "mdns: not a local address"),
    ],
)
def test_liars_are_not_heard(on_lan, lie: dict, reason: str) -> None:
    async def test(lan) -> None:
        one = await lan.node(1_111)
        await lan.liar("ab" * 8, **lie)
        await one.refused(reason)

        assert one.found.empty()

    on_lan(test)


def test_a_tag_is_of_one_name(on_lan) -> None:
    """What another said is no use under a name of one's own."""

    async def test(lan) -> None:
        one = await lan.node(1_111)
        await lan.liar("ab" * 8, properties={b"t": tag_of(b"pars", "cd" * 8)})
        await one.refused("mdns: of another network")

    on_lan(test)


def test_neighbours_are_bounded(on_lan, monkeypatch) -> None:
    monkeypatch.setattr(mdns, "NEIGHBOURS_MAX", 3)

    async def test(lan) -> None:
        one = await lan.node(1_111)
        addresses = [f"10.0.0.{number}" for number in range(1, 9)]
        for number in range(1, 7):
            await lan.liar(f"{number:016}", port=number, parsed_addresses=addresses)
            ports = {(await one.found.get()).port for _ in range(mdns.ADDRESSES_MAX)}
            assert ports == {number}

        assert one.found.empty()
        assert [place.port for place in one.neighbours.hints[:: mdns.ADDRESSES_MAX]] == [4, 5, 6]

    on_lan(test)


# --- On a network of its own ----------------------------------------------------------------

NODE = """
import asyncio, sys
from collections import Counter
from node.identity import Multiaddr, NodeKey
from node.transports.links import Links
from node.transports.mdns import Neighbours
from node.transports.tcp import Tcp

async def main():
    seed, refusals = int(sys.argv[1]), Counter()
    key = NodeKey.from_seed(bytes([seed]) * 32)
    links, done = Links(key, refusals, [Tcp()]), asyncio.Event()

    async def accept(connection):
        async for message in connection:
            await connection.send(message)

    async def call(place):
        connection = await links.dial(place)
        await connection.send(b"hello, neighbour")
        assert await anext(connection) == b"hello, neighbour"
        print(connection.peer_id.hex(), flush=True)
        done.set()

    tasks = []
    place = await links.serve(Multiaddr.parse("/ip4/0.0.0.0/tcp/0"), accept)
    found = lambda place: tasks.append(asyncio.ensure_future(call(place)))
    neighbours = Neighbours("pars", [place], found, refusals)
    await neighbours.start()
    async with asyncio.timeout(30):
        await done.wait()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await neighbours.close()
    await links.close()

asyncio.run(main())
"""


def ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True, check=False).returncode == 0


@pytest.fixture
def namespaces():
    """Two machines on one cable, and no way out."""
    names = [f"pars{os.getpid()}{end}" for end in "ab"]
    if shutil.which("ip") is None or os.geteuid() != 0 or not ip("netns", "add", names[0]):
        pytest.skip("this machine does not let us make network namespaces")
    try:
        made = ip("netns", "add", names[1]) and ip(
            *("link", "add", "pars0", "netns", names[0], "type", "veth"),
            *("peer", "name", "pars0", "netns", names[1]),
        )
        for number, name in enumerate(names, 1):
            made = made and all(
                ip("-n", name, *words.split())
                for words in (
                    f"addr add 10.77.0.{number}/24 dev pars0",
                    "link set pars0 up",
                    "link set lo up",
                    "route add 224.0.0.0/4 dev pars0",
                )
            )
        if not made:
            pytest.skip("this machine does not let us make virtual networks")
        yield names
    finally:
        for name in names:
            ip("netns", "delete", name)


def test_two_machines_without_internet_meet_and_talk(namespaces) -> None:
    """F-143 and F-217: found by mDNS, and linked, in namespaces that have no route out."""
    with contextlib.ExitStack() as stack:
        nodes = [
            stack.enter_context(
                subprocess.Popen(
                    ["ip", "netns", "exec", name, sys.executable, "-c", NODE, str(number)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
            )
            for number, name in enumerate(namespaces, 1)
        ]
        met = [node.stdout.readline().strip() for node in nodes]
        for node in nodes:
            node.stdin.close()

    keys = [NodeKey.from_seed(bytes([number]) * 32) for number in (1, 2)]
    assert met == [key.peer_id.hex() for key in reversed(keys)]
