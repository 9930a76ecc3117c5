"""The session daemon: one node, and its user's account while it is unlocked.

Clock, chance, files and sockets come in here; everything under it is told the time and handed
bytes. `services.py` is the node, `user.py` the account at work, `methods.py` what a user may call.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from ..control import Control
from ..identity import Multiaddr
from ..resources import ResourceManager
from ..transports.pipes import Transport
from ..transports.tcp import Tcp
from ..vault.disk import FileDisk
from ..vault.wipe import panic_wipe
from .committee import Committee
from .finding import Finding
from .folder import Folder, Unusable
from .inviting import Inviting
from .mesh_methods import MeshMethods
from .methods import Methods
from .services import Node
from .settings import Settings
from .spaces import Spaces
from .tending import Tending

__all__ = ["Daemon", "Settings", "Unusable"]

EVERYWHERE = (str(IPv4Address(0)), str(IPv6Address(0)))


def transports() -> list[Transport]:
    """Return the ways to other nodes."""
    return [Tcp()]


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
            node = Node(folder, told.network, told.rate, refused, transports(), told.profile)
            finding = Finding(node, self._path, refused, dns=told.dns)
            spaces = Spaces(node, self._path, folder.mesh_key, refused)
            inviting = Inviting(node, finding, spaces)
            methods = Methods(node, folder, told.network, told.cost, refused, (spaces, inviting))
            manager = ResourceManager(told.profile.limits)
            tending = Tending(node, finding, spaces, self._path, manager)
            mesh = MeshMethods(node, finding, spaces, inviting, tending, refused)
            committee = Committee(node, folder.committee, refused)
            control = Control(methods.table() | committee.table() | mesh.table(), refused)
            methods.publish = mesh.publish = control.publish
            try:
                if told.committee is not None:
                    committee.join(told.committee, told.sessions_max)
                finding.name(told.bootstrap)
                await self._serve(node, methods, committee, control, tending, say)
            finally:
                await control.close()
                await finding.close()
                await methods.lock()
                await node.close()
                spaces.close()
            if methods.wiped.is_set():
                self._wipe()
        finally:
            folder.close()

    def _wipe(self) -> None:
        """Leave the directory as a first start does."""

        def begin(path: Path) -> None:
            Folder(path, self._settings.network, os.urandom, self._settings.size).close()

        panic_wipe(self._path, FileDisk(self._path / "container"), begin, os.urandom)

    async def _serve(
        self,
        node: Node,
        methods: Methods,
        committee: Committee,
        control: Control,
        tending: Tending,
        say: Callable[[str], None],
    ) -> None:
        address = await self._listen_on(node)
        for peer in self._settings.bootstrap:
            node.network.keep(peer)
        try:
            await control.serve(self._path, self._settings.rpc)
        except OSError as error:
            raise Unusable(f"control interface: {error.strerror}") from None
        say(f"sessiond: {self._settings.network}, listening on {address}")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        work = asyncio.ensure_future(_work(node, committee, tending))
        ends = [asyncio.ensure_future(_seen(event)) for event in (stop, methods.wiped)]
        await asyncio.wait((work, *ends), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # a fault of ours: let it be seen
        for task in (work, *ends):
            task.cancel()
        await asyncio.wait((work, *ends))

    async def _listen_on(self, node: Node) -> Multiaddr:
        """Answer at every address; return the first, with the port that was taken."""
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
        return served[0]


async def _work(node: Node, committee: Committee, tending: Tending) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(tending.run())
        group.create_task(node.run())
        group.create_task(committee.run())


async def _seen(event: asyncio.Event) -> None:
    await event.wait()
