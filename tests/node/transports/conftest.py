"""Nodes that answer on loopback, for as long as a test runs."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import pytest
from bumble.controller import Controller
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from node.identity import Multiaddr, NodeKey
from node.transports.bluetooth import MTU, Bluetooth
from node.transports.links import Connection, Links
from node.transports.pipes import Transport
from node.transports.tcp import Tcp

KEYS = [NodeKey.from_seed(bytes([seed]) * 32) for seed in range(4)]
LOOPBACK = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")
TEST_SECONDS = 30


async def echo(connection: Connection) -> None:
    async for message in connection:
        await connection.send(message)


class Net:
    """Starts nodes, and stops them all."""

    loopback = LOOPBACK
    echo = staticmethod(echo)
    tcp = Tcp

    def __init__(self) -> None:
        self.nodes: list[Links] = []
        self.refusals: list[Counter[str]] = []
        self.sockets: list[Any] = []

    def closing(self, each: Any) -> None:
        self.sockets.append(each)

    def node(self, number: int = 0, transports: Iterable[Transport] = (), **more: Any) -> Links:
        self.refusals.append(Counter())
        by = list(transports) or [Tcp()]
        self.nodes.append(Links(KEYS[number], self.refusals[-1], by, **more))
        return self.nodes[-1]

    async def serving(
        self, number: int = 0, accept: Callable[[Connection], Awaitable[None]] = echo, **more: Any
    ) -> tuple[Links, Multiaddr]:
        links = self.node(number, **more)
        return links, await links.serve(LOOPBACK, accept)


@pytest.fixture
def in_net() -> Callable[[Callable[[Net], Coroutine[Any, Any, None]]], None]:
    """Return a function that runs a test in a loop of its own."""

    def run(test: Callable[[Net], Coroutine[Any, Any, None]]) -> None:
        async def bounded() -> None:
            net = Net()
            try:
                async with asyncio.timeout(TEST_SECONDS):
                    await test(net)
            finally:
                for links in net.nodes:
                    await links.close()
                for each in net.sockets:
                    each.close()

        asyncio.run(bounded())

    return run


@pytest.fixture
def loopback() -> Multiaddr:
    return LOOPBACK


@pytest.fixture
def radios() -> Callable[..., list[Bluetooth]]:
    """Return a function that makes radios in reach of each other."""

    def make(count: int, mtu: int = MTU) -> list[Bluetooth]:
        air, made = LocalLink(), []
        for number in range(count):
            own = ":".join([f"F{number}"] * 6)
            controller = Controller(f"C{number}", link=air, public_address=own)
            controller.le_acl_data_packet_length = 251
            device = Device(host=Host(controller, AsyncPipeSink(controller)))
            made.append(Bluetooth(device, mtu))
        return made

    return make
