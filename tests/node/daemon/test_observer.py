"""What somebody sees who reads every byte between two nodes, and who has their disks."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from node.identity import Multiaddr, NodeKey, parse_account
from node.link.frames import BUCKETS, HEADER, SLACK, TAG
from node.link.handshake import FINISH, RESPONSE, RESUMED_FINISH, RESUMED_RESPONSE
from node.link.hello import HELLO, RETRY
from node.messenger.ledger import Me
from node.vault import duress
from node.vault.container import Cost
from node.vault.disk import FileDisk

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
FRAMES = [HEADER + size + SLACK + TAG for size in BUCKETS]
PACKET = FRAMES[3]
OTHERS_MAX = 4
WINDOW = 24
SHORT = "meet me under the old plane tree"
ANSWER = "i shall bring the second lantern"
GROUP = "friends of the long-eared hedgehog"
GROUP_TEXT = "the reading is moved to thursday"
FILE_NAME = "map of the cellar.bin"


class Wire:
    """A port that passes everything on to another one, and keeps what passed, piece by piece."""

    def __init__(self) -> None:
        self.target = 0
        self.ways: list[tuple[list[bytes], list[bytes]]] = []  # caller to node, node to caller
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """End, once both ends have."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        there: list[bytes] = []
        back: list[bytes] = []
        self.ways.append((there, back))
        for source, sink, kept in ((reader, onward[1], there), (onward[0], writer, back)):
            task = asyncio.ensure_future(_pump(source, sink, kept))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: list[bytes]
) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 20):
            kept.append(data)
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


def _sums() -> set[int]:
    """Return what a few frames that are no packets add up to, without counting packets."""
    found = {0}
    for _ in range(OTHERS_MAX):
        found |= {one + size for one in found for size in (*FRAMES[:3], *FRAMES[4:6])}
    return found


OTHER_SUMS = _sums()


def is_frames(size: int) -> bool:
    """Tell whether so many bytes are packets and a few other frames."""
    return any(other <= size and (size - other) % PACKET == 0 for other in OTHER_SUMS)


def unaligned(pieces: list[bytes], starts: list[int]) -> tuple[int, int]:
    """Return how many pieces did not end with a frame, and how many bytes are left in the end.

    A piece is what one read found: one write of the other side, mostly.
    """
    best = (len(pieces) + 1, 1)
    for start in starts:
        size, missed = -start, 0
        for piece in pieces:
            size += len(piece)
            if size > 0 and is_frames(size):
                size = 0
            elif size > 0:
                missed += 1
        best = min(best, (missed, size))
    return best


def search(hay: bytes, needles: dict[str, bytes]) -> list[str]:
    return [name for name, needle in needles.items() if needle in hay]


def windows(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield pieces of something long, so that any part of it is noticed.

    A signature ends with zeros, as many things do: what says nothing is not looked for.
    """
    for at in range(0, len(data) - WINDOW, max(WINDOW, len(data) // 64)):
        piece = data[at : at + WINDOW]
        if len(set(piece)) > WINDOW // 2:
            yield f"{name} at {at}", piece


def both_forms(name: str, data: bytes) -> dict[str, bytes]:
    return {name: data, f"{name} in hex": data.hex().encode()}


def account_of(folder: Path, password: bytes) -> Me:
    """Open the container of a daemon that has ended."""
    disk = FileDisk(folder / "container")
    try:
        session = duress.unlock(disk, password, CHEAP, os.urandom)
        stored = session.store.get(Me.KEY)
        assert stored is not None
        return Me.decode(stored)
    finally:
        disk.close()


def contents(folder: Path, names: Callable[[str], bool]) -> bytes:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and names(path.name)]
    assert files
    return b"".join(path.read_bytes() for path in files)


async def heard(daemon: Any, session: str, text: str) -> bool:
    messages = await daemon.call("GetMessages", sessionId=session)
    return any(message["content"] == text for message in messages)


async def speak(alice: Any, bob: Any, eventually: Any, converse: Any, folder: Path) -> list[str]:
    """Do everything that two people do with each other; return the names it was done under."""
    here, there = await converse(alice, bob, SHORT)
    await bob.call("SendMessage", sessionId=there, content=ANSWER)
    await eventually(lambda: heard(alice, here, ANSWER))
    long = (folder / "long.txt").read_text()
    await alice.call("SendMessage", sessionId=here, content=long)
    await eventually(lambda: heard(bob, there, long))
    await alice.call("SendFile", sessionId=here, path=str(folder / FILE_NAME))
    (offered,) = await eventually(lambda: bob.call("GetFiles"))
    await bob.call("ReceiveFile", fileId=offered["fileId"], path=str(folder / "got.bin"))

    account = (await bob.call("GetIdentity"))["account"]
    group = (await alice.call("CreateGroup", name=GROUP, members=[account]))["groupId"]

    async def invited() -> Any:
        return [each for each in await bob.call("GetGroups") if each["invite"]]

    async def joined() -> Any:
        return [each for each in await bob.call("GetGroups") if len(each["members"]) == 2]

    await eventually(invited)
    await bob.call("JoinGroup", groupId=group)
    await eventually(joined)
    await bob.call("SendMessage", sessionId=group, content=GROUP_TEXT)
    await eventually(lambda: heard(alice, group, GROUP_TEXT))
    return [here, there, group, offered["fileId"]]


def test_an_observer_of_line_and_disk_learns_nothing(
    daemons, eventually, converse, tmp_path: Path
) -> None:
    """F-001, F-005, F-032: neither who talks, nor what is said, nor how long it is."""
    wires = [Wire(), Wire()]
    names: list[str] = []
    long = os.urandom(32 << 10).hex()
    (tmp_path / "long.txt").write_text(long)
    picture = os.urandom(300_000)
    (tmp_path / FILE_NAME).write_bytes(picture)
    addresses: list[Multiaddr] = []

    async def observe() -> None:
        ports = [await wire.open() for wire in wires]
        told = [f"announce=/ip4/127.0.0.1/tcp/{port}" for port in ports]
        alice = await asyncio.to_thread(daemons, "alice", told[0])
        own = Multiaddr.parse(alice.address)
        wires[0].target = own.port
        through = alice.address.replace(f"/tcp/{own.port}/", f"/tcp/{ports[0]}/")
        bob = await asyncio.to_thread(lambda: daemons("bob", told[1], bootstrap=through))
        wires[1].target = Multiaddr.parse(bob.address).port
        addresses.extend(map(Multiaddr.parse, (alice.address, bob.address, through)))
        addresses.extend(Multiaddr.parse(each.removeprefix("announce=")) for each in told)
        accounts = [
            (await each.call("CreateIdentity", password="p"))["account"] for each in (alice, bob)
        ]
        names.extend(accounts)
        names.extend(await speak(alice, bob, eventually, converse, tmp_path))
        assert [await asyncio.to_thread(each.stop) for each in (alice, bob)] == [0, 0]
        for wire in wires:
            await wire.close()

    asyncio.run(observe())
    assert (tmp_path / "got.bin").read_bytes() == picture

    ways = [way for wire in wires for way in wire.ways]
    captured = b"".join(b"".join(pieces) for way in ways for pieces in way)
    assert len(captured) > len(picture)

    people = people_of(tmp_path, names[:2])
    said = {text: text.encode() for text in (SHORT, ANSWER, GROUP, GROUP_TEXT, FILE_NAME)}
    said |= dict(windows("the long text", long.encode())) | dict(windows("the file", picture))
    for name in names[2:]:
        said |= both_forms(f"id {name}", bytes.fromhex(name))
    places = {"directory": str(tmp_path).encode(), "network": b"devnet"}
    places |= {str(address): str(address).encode() for address in addresses}
    if len(host := socket.gethostname()) >= 6:
        places["host"] = host.encode()
    assert search(captured, people | said | places | node_names(tmp_path)) == []

    check_sizes(ways)
    check_disks(tmp_path, people | said, node_names(tmp_path))


def people_of(folder: Path, accounts: list[str]) -> dict[str, bytes]:
    """Return everything by which the two accounts and their devices are known."""
    found: dict[str, bytes] = {}
    for name, account in zip(("alice", "bob"), accounts, strict=True):
        me = account_of(folder / name, b"p")
        assert me.account_id == parse_account(account)
        found |= both_forms(f"account of {name}", me.account_id)
        found |= dict(windows(f"bundle of {name}", me.bundle))
        found |= dict(windows(f"certificate of {name}", me.certificate))
        for what in ("account_seed", "device_seed", "inbox_seed", "wallet_seed"):
            found |= both_forms(f"{what} of {name}", getattr(me, what))
    return found


def node_names(folder: Path) -> dict[str, bytes]:
    """Return everything by which the two nodes are known."""
    found: dict[str, bytes] = {}
    for name in ("alice", "bob"):
        node = NodeKey.from_seed((folder / name / "node.key").read_bytes())
        found |= both_forms(f"node {name}", node.peer_id)
        found[f"node {name} in text"] = node.text.encode()
        found |= dict(windows(f"signing key of node {name}", node.signing.public))
        found |= dict(windows(f"onion key of node {name}", node.onion.public))
    return found


def check_sizes(ways: list[tuple[list[bytes], list[bytes]]]) -> None:
    """Nothing has a size of its own: handshakes and frames of the link's buckets, to the end."""
    assert not any(is_frames(size) for size in (len(SHORT), 65_536, 300_000, PACKET + 1))
    calls = [HELLO + FINISH, HELLO + RESUMED_FINISH, 2 * HELLO + FINISH, 2 * HELLO + RESUMED_FINISH]
    answers = [RESPONSE, RESUMED_RESPONSE, RETRY + RESPONSE, RETRY + RESUMED_RESPONSE]
    total = missed = cut = 0
    for way in ways:
        for pieces, starts in zip(way, (calls, answers), strict=True):
            if sum(map(len, pieces)) <= max(starts):
                continue  # a link that was not needed any more
            wrong, left = unaligned(pieces, starts)
            total, missed, cut = total + len(pieces), missed + wrong, cut + (left != 0)
    assert total > 20
    assert missed * 4 < total
    assert cut <= 1  # one may end within a frame, as who reads it goes first


def check_disks(folder: Path, people: dict[str, bytes], nodes: dict[str, bytes]) -> None:
    """What lies on either disk names no person and no word; what is kept for others, no node."""
    for name in ("alice", "bob"):
        everything = contents(folder / name, lambda _: True)
        assert search(everything, people) == []
        swarm = contents(folder / name, lambda each: each.startswith("swarm.db"))
        assert search(swarm, nodes) == []
        assert nodes[f"node {'bob' if name == 'alice' else 'alice'}"] in everything
