"""The session daemon: one node, and its user's account while it is unlocked.

Clock, chance, files and sockets come in here; everything under it is told the time and handed
bytes. `services.py` is the node, `user.py` the account at work, `methods.py` what a user may call.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from ..control import Control
from ..identity import Multiaddr
from ..onion.cover import Rate
from ..vault.container import DESKTOP, SIZE_DEFAULT, Cost
from ..vault.disk import FileDisk
from ..vault.wipe import panic_wipe
from .committee import Committee
from .folder import Folder, Unusable
from .methods import Methods
from .services import Node

__all__ = ["Daemon", "Unusable"]

EVERYWHERE = (str(IPv4Address(0)), str(IPv6Address(0)))


class Daemon:
    """One process of the session layer. Only tests give a size or a cost of their own."""

    def __init__(
        self,
        *,
        network: str,
        folder: Path,
        listen: Multiaddr,
        rate: Rate,
        announce: Multiaddr | None = None,
        bootstrap: Sequence[Multiaddr] = (),
        sessions_max: int = 100,
        rpc: tuple[str, int] | None = None,
        committee: Path | None = None,
        size: int = SIZE_DEFAULT,
        cost: Cost = DESKTOP,
    ) -> None:
        self._network = network
        self._listen = listen
        self._rate = rate
        self._announce = announce
        self._bootstrap = bootstrap
        self._sessions_max = sessions_max
        self._rpc = rpc
        self._committee = committee
        self._path = folder
        self._size = size
        self._cost = cost

    async def run(self, say: Callable[[str], None] = print) -> None:
        """Serve until SIGINT or SIGTERM, then tell the peers and stop."""
        os.umask(0o077)  # whatever this process makes is its owner's alone
        folder = Folder(self._path, self._network, os.urandom, self._size)
        refused: Counter[str] = Counter()
        try:
            node = Node(folder, self._network, self._rate, refused)
            methods = Methods(node, folder, self._network, self._cost, refused)
            committee = Committee(node, folder.committee, refused)
            control = Control(methods.table() | committee.table(), refused)
            methods.publish = control.publish
            try:
                if self._committee is not None:
                    committee.join(self._committee, self._sessions_max)
                await self._serve(node, methods, committee, control, say)
            finally:
                await control.close()
                await methods.lock()
                await node.close()
            if methods.wiped.is_set():
                self._wipe()
        finally:
            folder.close()

    def _wipe(self) -> None:
        """Leave the directory as a first start does."""

        def begin(path: Path) -> None:
            Folder(path, self._network, os.urandom, self._size).close()

        panic_wipe(self._path, FileDisk(self._path / "container"), begin, os.urandom)

    async def _serve(
        self,
        node: Node,
        methods: Methods,
        committee: Committee,
        control: Control,
        say: Callable[[str], None],
    ) -> None:
        address = await self._listen_on(node)
        for peer in self._bootstrap:
            node.network.keep(peer)
        try:
            await control.serve(self._path, self._rpc)
        except OSError as error:
            raise Unusable(f"control interface: {error.strerror}") from None
        say(f"sessiond: {self._network}, listening on {address}")
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        work = asyncio.ensure_future(_work(node, committee))
        ends = [asyncio.ensure_future(_seen(event)) for event in (stop, methods.wiped)]
        await asyncio.wait((work, *ends), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()  # a fault of ours: let it be seen
        for task in (work, *ends):
            task.cancel()
        await asyncio.wait((work, *ends))

    async def _listen_on(self, node: Node) -> Multiaddr:
        try:
            address = await node.network.serve(self._listen)
        except OSError as error:
            raise Unusable(f"{self._listen}: {error.strerror}") from None
        told = self._announce or address
        if told.host not in EVERYWHERE:
            port = told.port or address.port
            node.announce((replace(told, port=port, peer_id=None),))
        return address


async def _work(node: Node, committee: Committee) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(node.run())
        group.create_task(committee.run())


async def _seen(event: asyncio.Event) -> None:
    await event.wait()
