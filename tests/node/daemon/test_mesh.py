"""Real daemons that share a space: over a link, by an invite, and on a stick."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from node.client.api import Failed

CHANGE = {"type": "array", "document": "notes"}


async def share(one: Any, other: Any, name: str) -> str:
    """Let the first make a space, and the second come into it by an invite."""
    space = (await one.call("CreateSpace", name=name))["space"]
    invite = await one.call("CreateInvite", hours=1, space=space)
    made = await other.call("AcceptInvite", text=invite["text"])
    assert made["space"] == space
    assert len(made["number"].replace(" ", "")) == 8
    return str(space)


async def started(daemons: Callable[..., Any], *names: str) -> list[Any]:
    running = [daemons(name) for name in names]
    for each in running:
        await each.call("CreateIdentity", password="p")
    return running


async def write(daemon: Any, space: str, at: int, text: str) -> Any:
    change = {"at": at, "insert": text}
    return await daemon.call("EditDocument", space=space, change=change, **CHANGE)


def test_a_space_is_shared_by_an_invite_and_outlives_a_kill(daemons, eventually) -> None:
    async def go() -> None:
        alice, bob = await started(daemons, "alice", "bob")
        space = await share(alice, bob, "family")
        assert await write(alice, space, 0, "salam") == "salam"

        async def arrived() -> bool:
            return bool(await bob.call("GetDocument", space=space, **CHANGE) == "salam")

        await eventually(arrived)
        # What was answered is durable: the writer dies at once, and comes back with it.
        await write(bob, space, 5, " jan")
        bob.kill()
        bob.start()
        await bob.call("Unlock", password="p")
        assert await bob.call("GetDocument", space=space, **CHANGE) == "salam jan"

        async def same() -> bool:
            states = [(await each.call("GetSpaces"))[0]["stateHash"] for each in (alice, bob)]
            value = await alice.call("GetDocument", space=space, **CHANGE)
            return value == "salam jan" and states[0] == states[1]

        await eventually(same)
        assert (await alice.call("GetDocuments", space=space)) == [
            {"type": "array", "name": "notes"}
        ]

    asyncio.run(go())


def test_an_invite_is_used_once(daemons) -> None:
    async def go() -> None:
        alice, bob, carol = await started(daemons, "alice", "bob", "carol")
        space = (await alice.call("CreateSpace", name="family"))["space"]
        text = (await alice.call("CreateInvite", hours=1, space=space))["text"]
        await bob.call("AcceptInvite", text=text)
        for wrong in (text, text[:-1] + ("a" if text[-1] != "a" else "b"), "pars:"):
            with pytest.raises(Failed, match=r"^(pairing|invite): "):
                await carol.call("AcceptInvite", text=wrong)
        assert await carol.call("GetSpaces") == []

    asyncio.run(go())


def test_a_stick_carries_what_the_air_does_not(daemons, tmp_path: Path) -> None:
    async def go() -> None:
        alice, bob = await started(daemons, "alice", "bob")
        space = await share(alice, bob, "family")
        bob.stop()
        for number in range(4):
            await write(alice, space, 5 * number, f"word{number}")
        there = await alice.call("ExportBundle", space=space, path=str(tmp_path), whole=False)
        alice.stop()

        bob.start()  # alone, and locked: who carries a space takes a bundle in unread
        taken = await bob.call("ImportBundle", path=there["path"])
        assert taken["new"] == taken["vertices"] == there["vertices"] >= 1
        again = await bob.call("ImportBundle", path=str(tmp_path))
        assert (again["new"], again["bundles"]) == (0, 1)
        await bob.call("Unlock", password="p")
        assert await bob.call("GetDocument", space=space, **CHANGE) == "word0word1word2word3"
        assert (await bob.call("GetNode"))["life"]["phase"] == "offline"

        # The way back holds what the other lacks, and nothing else.
        await write(bob, space, 20, "!")
        back = await bob.call("ExportBundle", space=space, path=str(tmp_path), whole=False)
        assert back["vertices"] == 1

        damaged = bytearray(Path(back["path"]).read_bytes())
        damaged[len(damaged) // 2] ^= 1
        (tmp_path / "damaged").write_bytes(damaged)
        with pytest.raises(Failed, match=r"^bundle: "):
            await bob.call("ImportBundle", path=str(tmp_path / "damaged"))

    asyncio.run(go())


def test_a_locked_node_carries_and_tells_nothing(daemons, eventually, tmp_path: Path) -> None:
    async def go() -> None:
        alice, bob, carol = await started(daemons, "alice", "bob", "carol")
        space = await share(alice, bob, "family")
        text = (await alice.call("CreateInvite", hours=1, space=space))["text"]
        await carol.call("AcceptInvite", text=text)

        async def linked() -> bool:
            return all([(await each.call("GetStatus"))["peers"] == 2 for each in (bob, carol)])

        await eventually(linked)  # else alice is the only one who knows both
        await bob.call("Lock")
        alice.stop()  # who remains is one that cannot read, and one that reads
        await write(carol, space, 0, "nobody reads this on bob's disk")

        async def carried() -> bool:
            return bool((await bob.call("GetSpaces"))[0]["vertices"] >= 1)

        await eventually(carried)
        (told,) = await bob.call("GetSpaces")
        assert told["name"] == ""
        for call in ("GetDocuments", "LeaveSpace"):
            with pytest.raises(Failed, match="locked"):
                await bob.call(call, space=space)
        bob.stop()
        disk = b"".join(
            path.read_bytes() for path in (tmp_path / "bob").iterdir() if path.is_file()
        )
        for plain in (b"nobody reads", b"family", b"notes", bytes.fromhex(space)):
            assert plain not in disk

    asyncio.run(go())


def test_a_guest_who_carries_keeps_a_space_and_cannot_open_it(daemons, eventually) -> None:
    async def go() -> None:
        alice, bob = await started(daemons, "alice", "bob")
        space = (await alice.call("CreateSpace", name="family"))["space"]
        invite = await alice.call("CreateInvite", hours=1, space=space, carry=True)
        assert (await bob.call("AcceptInvite", text=invite["text"]))["space"] == space
        await write(alice, space, 0, "salam")

        async def carried() -> bool:
            (told,) = await bob.call("GetSpaces")
            return bool(told["vertices"] == 1 and told["name"] == "")

        await eventually(carried)
        with pytest.raises(Failed, match="no such space is open"):
            await bob.call("GetDocument", space=space, **CHANGE)

    asyncio.run(go())


def test_participants_of_a_session_find_each_other(daemons, eventually) -> None:
    async def go() -> None:
        running = [daemons(name) for name in ("one", "two", "three")]
        session, names = "ab" * 32, [f"{number:064x}" for number in (1, 2)]

        async def linked() -> bool:
            return all([(await each.call("GetStatus"))["peers"] == 2 for each in running])

        await eventually(linked)
        for daemon, name in zip(running[:2], names, strict=True):
            await daemon.call("AnnouncePresence", sessionId=session, destination=name)

        async def found() -> bool:
            told = await running[2].call("FindSessionPeers", sessionId=session)
            return bool(sorted(told) == names)

        await eventually(found)
        assert await running[0].call("FindSessionPeers", sessionId="cd" * 32) == []

    asyncio.run(go())
