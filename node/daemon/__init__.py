"""The session daemon: one node, and its user's account while it is unlocked.

Clock, chance, files and sockets come in here; everything under it is told the time and handed
bytes. `services.py` is the node, `user.py` the account at work, `methods.py` what a user may call.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING

from ..control import Control
from ..identity import QUIC, Multiaddr
from ..resources import ResourceManager
from ..transports.circuit import ByCircuit
from ..transports.circuits import Circuits
from ..transports.pipes import Circuit, Transport
from ..transports.tcp import Tcp
from ..vault.disk import FileDisk
from ..vault.wipe import panic_wipe
from .committee import Committee
from .finding import Finding
from .folder import Folder, Unusable
from .inviting import Inviting
from .mesh_methods import MeshMethods
from .methods import Methods
from .near import Near
from .services import Node
from .settings import Settings
from .spaces import Spaces
from .tending import Tending

if TYPE_CHECKING:
    from ..transports.bluetooth import Bluetooth
    from .chain import Full, Light

__all__ = ["Daemon", "Settings", "Unusable"]

EVERYWHERE = (str(IPv4Address(0)), str(IPv6Address(0)))


@dataclass(frozen=True, slots=True)
class Parts:
    """What one daemon consists of."""

    node: Node
    finding: Finding
    spaces: Spaces
    near: Near
    methods: Methods
    committee: Committee
    tending: Tending
    control: Control
    light: "Light | None"
    full: "Full | None"


def assemble(
    told: Settings, folder: Folder, refused: Counter[str], ways: Sequence[Transport]
) -> Parts:
    """Make the parts, and let each know those it needs."""
    circuits = Circuits(
        folder.node.peer_id,
        os.urandom,
        lambda peer_id: node.network.is_near(peer_id),
        open_relay=told.bridge,
    )
    by_circuit = ByCircuit(circuits, lambda: node.cores.stir())
    node = Node(folder, told.network, told.rate, refused, [*ways, by_circuit], told.profile)
    node.cores.add(circuits)
    node.cores.after.append(by_circuit.handle)
    finding = Finding(node, folder.path, refused, dns=told.dns)
    spaces = Spaces(node, folder.path, folder.mesh_key, refused)
    inviting = Inviting(node, finding, spaces)
    methods = Methods(node, folder, told.network, told.cost, refused, [spaces, inviting])
    manager = ResourceManager(told.profile.limits)
    tending = Tending(node, finding, spaces, folder.path, manager)
    near = Near(node, finding, circuits, refused)
    light, full = _chain(told, node, finding, spaces)
    if full is not None:
        methods.parts.append(full)
    mesh = MeshMethods(
        node, finding, spaces, inviting, tending, light, full, methods.wallet_seed, refused
    )
    committee = Committee(node, folder.committee, refused)
    control = Control(methods.table() | committee.table() | mesh.table(), refused)
    methods.publish = mesh.publish = control.publish
    return Parts(node, finding, spaces, near, methods, committee, tending, control, light, full)


def _chain(
    told: Settings, node: Node, finding: Finding, spaces: Spaces
) -> tuple["Light | None", "Full | None"]:
    """Return the node's parts that know the chain, where it is to have any."""
    if not told.checkpoint and not told.chain:
        return None, None
    from .chain import Full, Light, Seat  # curves and a web server: 10 MB that others do without

    light = full = None
    if told.checkpoint:
        light = Light(node, finding, spaces, told.folder, told.checkpoint, told.registry)
    if told.chain:
        seat = Seat(told.validators, told.validator, told.registry)
        full = Full(node, finding, told.folder, told.chain, seat)
    if light and full and told.validator is None:
        light.moved = full.accept
    return light, full


class Daemon:
    """One process of the session layer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.folder

    async def run(self, say: Callable[[str], None] = print) -> None:
        """Serve until SIGINT or SIGTERM, then tell the peers and stop."""
        os.umask(0o077)  # whatever this process makes is its owner's alone
        told = self._settings
        folder = Folder(self._path, told.network, os.urandom, told.size)
        refused: Counter[str] = Counter()
        try:
            radio = await _radio(told.bluetooth)
            ways: list[Transport] = [Tcp(), *([radio] if radio else [])]
            if any(address.protocol == QUIC for address in told.listen):
                from ..transports.quic import Quic  # a library that a node of TCP alone never needs

                ways.append(Quic())
            parts = assemble(told, folder, refused, ways)
            try:
                if told.committee is not None:
                    parts.committee.join(told.committee, told.sessions_max)
                parts.finding.name(told.bootstrap)
                await self._serve(parts, radio, say)
            finally:
                await parts.control.close()
                await parts.near.close()
                await parts.finding.close()
                for part in (parts.light, parts.full):
                    if part is not None:
                        await part.close()
                await parts.methods.lock()
                await parts.node.close()
                parts.spaces.close()
            if parts.methods.wiped.is_set():
                self._wipe()
        finally:
            folder.close()

    def _wipe(self) -> None:
        """Leave the directory as a first start does."""

        def begin(path: Path) -> None:
            Folder(path, self._settings.network, os.urandom, self._settings.size).close()

        panic_wipe(self._path, FileDisk(self._path / "container"), begin, os.urandom)

    async def _serve(
        self, parts: Parts, radio: "Bluetooth | None", say: Callable[[str], None]
    ) -> None:
        told, node = self._settings, parts.node
        served = await self._listen_on(node)
        await node.network.serve(Circuit(b""))
        for peer in told.bootstrap:
            node.network.keep(peer)
        if told.local:
            await parts.near.by_network(told.network, served)
        if radio is not None:
            await parts.near.by_radio(radio)
        try:
            await parts.control.serve(self._path, told.rpc)
        except OSError as error:
            raise Unusable(f"control interface: {error.strerror}") from None
        say(f"sessiond: {told.network}, listening on {served[0]}")
        if parts.light is not None:
            say(f"chain: {await parts.light.start(told.http)}")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        work = asyncio.ensure_future(_work(parts))
        ends = [asyncio.ensure_future(_seen(event)) for event in (stop, parts.methods.wiped)]
        await asyncio.wait((work, *ends), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # a fault of ours: let it be seen
        for task in (work, *ends):
            task.cancel()
        await asyncio.wait((work, *ends))

    async def _listen_on(self, node: Node) -> list[Multiaddr]:
        """Answer at every address; return them, with the ports that were taken."""
        served: list[Multiaddr] = []
        for address in self._settings.listen:
            try:
                taken = await node.network.serve(address)
            except OSError as error:
                raise Unusable(f"{address}: {error.strerror}") from None
            assert isinstance(taken, Multiaddr)
            served.append(taken)
        announced = self._settings.announce
        told = [announced] if announced else served
        places = [
            replace(each, port=each.port or served[0].port, peer_id=None)
            for each in told
            if each.host not in EVERYWHERE
        ]
        if places:
            node.announce(tuple(places))
        return served


async def _radio(name: str) -> "Bluetooth | None":
    """Return the radio, where one is asked for."""
    if not name:
        return None
    from ..transports.bluetooth import open_radio  # a stack that a node without a radio never needs

    try:
        return await open_radio(name)
    except OSError as error:
        raise Unusable(str(error)) from None


async def _work(parts: Parts) -> None:
    async with asyncio.TaskGroup() as group:
        always = (parts.node, parts.finding, parts.tending, parts.committee)
        for part in (*always, parts.light, parts.full):
            if part is not None:
                group.create_task(part.run())


async def _seen(event: asyncio.Event) -> None:
    await event.wait()
