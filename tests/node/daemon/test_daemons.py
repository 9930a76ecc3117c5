"""Daemons in real processes: what people do with them, end to end, and what is left of it."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from node.daemon.folder import Folder, Unusable

SECRET = "the pomegranate is in the left drawer"


def contents(folder: Path) -> bytes:
    """Return everything that lies in a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return b"".join(path.read_bytes() for path in files)


def test_two_daemons_talk_with_no_third(daemons, eventually, converse, tmp_path: Path) -> None:
    """F-094, F-031: nothing but the two runs, and nobody had to register anywhere."""

    async def talk() -> None:
        alice, bob = daemons("alice"), daemons("bob")
        await alice.call("CreateIdentity", password="a")
        account = (await bob.call("CreateIdentity", password="b"))["account"]
        here, there = await converse(alice, bob, SECRET)

        answer = (await bob.call("SendMessage", sessionId=there, content="found it"))["messageId"]
        await eventually(lambda: heard(alice, here, "found it"))
        await alice.call("MarkRead", sessionId=here, messageId=answer)
        await eventually(lambda: state(bob, there, answer, "read"))
        sessions = await alice.call("GetSessions")
        assert [each["peer"] for each in sessions] == [account]
        assert sessions[0]["confirmed"] is True

        picture = tmp_path / "picture.bin"
        picture.write_bytes(os.urandom(300_000))
        await alice.call("SendFile", sessionId=here, path=str(picture))
        (offered,) = await eventually(lambda: bob.call("GetFiles"))
        await bob.call("ReceiveFile", fileId=offered["fileId"], path=str(tmp_path / "got.bin"))
        assert (tmp_path / "got.bin").read_bytes() == picture.read_bytes()

        await group(alice, bob, eventually)
        await bob.call("CloseSession", sessionId=there)
        await eventually(lambda: closed(alice))
        assert (alice.stop(), bob.stop()) == (0, 0)
        for name in ("alice", "bob"):
            disk = contents(tmp_path / name)
            for word in (SECRET, "found it", "friends", account, account[2:], "picture.bin"):
                assert word.encode() not in disk
            assert bytes.fromhex(account[2:]) not in disk

    asyncio.run(talk())


async def group(alice, bob, eventually) -> None:
    """Alice founds a group, Bob comes, speaks, and is put out."""
    account = (await bob.call("GetIdentity"))["account"]
    name = (await alice.call("CreateGroup", name="friends", members=[account]))["groupId"]

    async def invited() -> Any:
        return [each for each in await bob.call("GetGroups") if each["invite"]]

    await eventually(invited)
    await bob.call("JoinGroup", groupId=name)

    async def joined() -> Any:
        return [each for each in await bob.call("GetGroups") if len(each["members"]) == 2]

    await eventually(joined)
    await bob.call("SendMessage", sessionId=name, content="hello all")
    await eventually(lambda: heard(alice, name, "hello all"))
    await alice.call("RemoveMember", groupId=name, account=account)
    await alice.call("SendMessage", sessionId=name, content="he is gone")

    async def put_out() -> Any:
        return [each for each in await bob.call("GetGroups") if each["left"]]

    await eventually(put_out)
    assert not await heard(bob, name, "he is gone")


async def heard(daemon, session: str, text: str) -> bool:
    messages = await daemon.call("GetMessages", sessionId=session)
    return any(message["content"] == text for message in messages)


async def state(daemon, session: str, message_id: str, wanted: str) -> bool:
    messages = await daemon.call("GetMessages", sessionId=session)
    return any(m["messageId"] == message_id and m["state"] == wanted for m in messages)


async def closed(daemon) -> bool:
    return all(each["closed"] for each in await daemon.call("GetSessions"))


def test_mail_waits_for_who_is_away(daemons, eventually, converse) -> None:
    """F-109: written while the other is off, over three relays, and there when it comes back."""

    async def talk() -> None:
        running = [daemons(f"node{number}") for number in range(7)]
        alice, bob = running[1], running[2]
        await alice.call("CreateIdentity", password="a")
        await bob.call("CreateIdentity", password="b")

        async def known() -> Any:
            return (await alice.call("GetStatus"))["relays"] >= 6

        await eventually(known)
        here, there = await converse(alice, bob, "are you there")
        assert (await alice.call("GetStatus"))["hops"] == 3
        bob.kill()
        sent = [
            (await alice.call("SendMessage", sessionId=here, content=f"number {number}"))[
                "messageId"
            ]
            for number in range(3)
        ]

        async def stored() -> Any:
            return all([await state(alice, here, each, "stored") for each in sent])

        await eventually(stored)
        bob.start()
        with pytest.raises(Exception, match="locked"):
            await bob.call("GetSessions")
        await bob.call("Unlock", password="b")
        for number in range(3):
            await eventually(lambda number=number: heard(bob, there, f"number {number}"))
        texts = [each["content"] for each in await bob.call("GetMessages", sessionId=there)]
        assert texts == ["are you there", "number 0", "number 1", "number 2"]

    asyncio.run(talk())


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.campaign)])
def test_killed_at_any_moment_nothing_is_lost_or_doubled(
    daemons, eventually, converse, rounds: int
) -> None:
    async def talk() -> None:
        alice, bob = daemons("alice"), daemons("bob")
        await alice.call("CreateIdentity", password="a")
        await bob.call("CreateIdentity", password="b")
        here, there = await converse(alice, bob, "begin")
        wanted = ["begin"]
        for number in range(rounds):
            text = f"message {number}"
            await alice.call("SendMessage", sessionId=here, content=text)
            wanted.append(text)
            await asyncio.sleep(int.from_bytes(os.urandom(1)) / 200)
            for daemon, password in ((alice, "a"), (bob, "b")):
                daemon.kill()
                daemon.start()
                await daemon.call("Unlock", password=password)
        for text in wanted:
            await eventually(lambda text=text: heard(bob, there, text))
        texts = [each["content"] for each in await bob.call("GetMessages", sessionId=there)]
        assert sorted(texts) == sorted(wanted)

    asyncio.run(talk())


def test_ten_daemons_all_hear_each_other(daemons, eventually, converse) -> None:
    async def talk() -> None:
        running = [daemons(f"node{number}") for number in range(10)]
        people = running[:4]
        for person in people:
            await person.call("CreateIdentity", password="p")

        async def known() -> Any:
            return all([(await each.call("GetStatus"))["relays"] == 9 for each in running])

        await eventually(known)
        for number, person in enumerate(people):
            await converse(person, people[number - 1], f"from {number}")
        relayed = [(await each.call("GetStatus"))["relayed"] for each in running]
        assert sum(count > 0 for count in relayed) >= 5
        assert [each.stop() for each in running] == [0] * 10

    asyncio.run(talk())


def test_a_duress_password_opens_a_decoy_and_alerts(daemons, eventually, converse) -> None:
    """F-240: what it opens looks like any account; what was there is gone; a friend is told."""

    async def talk() -> None:
        alice, bob = daemons("alice"), daemons("bob")
        made = await alice.call("CreateIdentity", password="real", duressPassword="forced")
        friend = (await bob.call("CreateIdentity", password="b"))["account"]
        here, there = await converse(alice, bob, SECRET)
        await alice.call("SetAlert", text="they have me")
        await alice.call("TrustContact", account=friend)
        await bob.call("SendMessage", sessionId=there, content="I will watch")
        await eventually(lambda: heard(alice, here, "I will watch"))
        await alice.call("Lock")

        assert await alice.call("Unlock", password="forced") == {"damage": []}
        decoy = await alice.call("GetIdentity")
        assert decoy["account"] != made["account"]
        assert await alice.call("GetSessions") == []
        await eventually(lambda: heard(bob, there, "they have me"))
        await alice.call("Lock")
        with pytest.raises(Exception, match="wrong password"):
            await alice.call("Unlock", password="real")
        assert await alice.call("Unlock", password="forced") == {"damage": []}

    asyncio.run(talk())


def test_an_account_has_a_document_without_any_chain(daemons) -> None:
    """F-245: made here, verified there, and no other log is believed."""

    async def resolve() -> None:
        alice, bob = daemons("alice"), daemons("bob")
        account = (await alice.call("CreateIdentity", password="a"))["account"]
        await bob.call("CreateIdentity", password="b")
        made = await alice.call("GetDid")
        assert made["did"] == f"did:pars:{account}"
        seen = await bob.call("ResolveDid", did=made["did"], log=made["log"])
        assert seen == made
        assert any("ml-dsa-87" in key["id"] for key in seen["document"]["verificationMethod"])
        other = await bob.call("GetDid")
        for log in (other["log"], made["log"][:-2], made["log"] + "x", ""):
            with pytest.raises(Exception, match="did: "):
                await bob.call("ResolveDid", did=made["did"], log=log)

    asyncio.run(resolve())


def test_a_panic_leaves_a_fresh_directory(daemons, tmp_path: Path) -> None:
    async def wipe() -> None:
        alice, fresh = daemons("alice"), daemons("fresh")
        await alice.call("CreateIdentity", password="a")
        before = contents(tmp_path / "alice")
        await alice.call("PanicWipe", confirm="wipe everything")
        assert alice.process.wait(30) == 0
        alice._close()
        fresh.stop()

        names = ("node.db", "swarm.db", "mesh.db")  # begun by the next start
        kept = [name + end for name in names for end in ("", "-wal", "-shm")]
        trees = [
            sorted(
                (path.name, path.stat().st_size, path.stat().st_mode)
                for path in (tmp_path / name).iterdir()
                if path.name not in kept
            )
            for name in ("alice", "fresh")
        ]
        assert trees[0] == trees[1]
        after = contents(tmp_path / "alice")
        assert not any(before[at : at + 64] in after for at in range(0, len(before) - 64, 4096))

    asyncio.run(wipe())


def test_silence_can_be_chosen(daemons, eventually) -> None:
    """F-164, F-231: inactive means that nothing is sent, and links are closed."""

    async def rest() -> None:
        alice, bob = daemons("alice"), daemons("bob")
        await eventually(lambda: linked(alice, 1))
        await bob.call("SetActive", active=False)
        await eventually(lambda: linked(alice, 0))
        assert (await bob.call("GetStatus"))["peers"] == 0
        await bob.call("SetActive", active=True)
        await eventually(lambda: linked(alice, 1))

    async def linked(daemon, count: int) -> bool:
        return (await daemon.call("GetStatus"))["peers"] == count

    asyncio.run(rest())


def test_networks_do_not_mix(daemons, eventually, tmp_path: Path) -> None:
    """F-011: a node of another network is refused at the greeting."""

    async def refused() -> None:
        alice = daemons("alice")
        (tmp_path / "stranger").mkdir(mode=0o700)
        (tmp_path / "stranger" / "other").touch()
        stranger = daemons("stranger")

        async def counted() -> Any:
            status = await alice.call("GetStatus")
            return status["refused"].get("network: other network")

        await eventually(counted)
        assert (await stranger.call("GetStatus"))["peers"] == 0

    asyncio.run(refused())


def test_a_damaged_directory_opens_what_is_intact(daemons, tmp_path: Path) -> None:
    async def damage() -> None:
        alice = daemons("alice")
        account = (await alice.call("CreateIdentity", password="a"))["account"]
        alice.kill()
        for name in ("node.db", "swarm.db"):
            for suffix in ("-wal", "-shm"):
                (tmp_path / "alice" / f"{name}{suffix}").unlink(missing_ok=True)
            (tmp_path / "alice" / name).write_bytes(b"\0" * 8192)
        alice.start()
        status = await alice.call("GetStatus")
        assert len(status["damaged"]) == 2
        await alice.call("Unlock", password="a")
        assert (await alice.call("GetIdentity"))["account"] == account

    asyncio.run(damage())


def test_one_process_has_a_directory(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "alice", "devnet", os.urandom, 1 << 20)
    try:
        with pytest.raises(Unusable, match="another sessiond runs"):
            Folder(tmp_path / "alice", "devnet", os.urandom, 1 << 20)
    finally:
        folder.close()
    with pytest.raises(Unusable, match="belongs to 'devnet'"):
        Folder(tmp_path / "alice", "mainnet", os.urandom, 1 << 20)
