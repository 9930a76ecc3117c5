"""From a committee of real daemons to contracts that believe it: nothing between is made up."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from node.client.api import connect
from node.daemon.folder import Folder
from node.session.outcomes import NOTARY, Emission, observation
from session_bridge.proving import made_proof
from session_bridge.source import DaemonSource

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / "tests" / "node" / "daemon" / "launch.py"
SEATS, QUORUM, LAST = 4, 3, 3
PATIENCE = 120.0
CONTAINER = 4 << 20
ANSWERED = 2


class Member:
    """A daemon in a process of its own; its keys are there before it runs."""

    def __init__(self, folder: Path) -> None:
        held = Folder(folder, "devnet", os.urandom, CONTAINER)
        self.public, peer = held.committee.public, held.node.text
        held.close()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.listen = f"/ip4/127.0.0.1/tcp/{free.getsockname()[1]}"
        self.folder, self.address = folder, f"{self.listen}/p2p/{peer}"
        self.id = hashlib.sha256(self.public).hexdigest()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(LAUNCH), str(self.folder), self.listen],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def ready(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("sessiond: "), line

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate(timeout=30)

    async def call(self, method: str, **params: Any) -> Any:
        client = await connect(self.folder)
        try:
            return await client.call(method, **params)
        finally:
            await client.close()

    async def session(self, name: str) -> Any:
        """Return the record of a session that runs, if this member has it."""
        found = await self.call("GetServiceSessions")
        return next((each for each in found if each["id"] == name), None)


@pytest.fixture
def committee(own_world, tmp_path) -> Iterator[SimpleNamespace]:
    """Four daemons that sit on the committee of a chain's DAO."""
    members = [Member(tmp_path / f"m{number}") for number in range(SEATS)]
    world = own_world([each.public for each in members])
    told = {
        "chainId": world.contracts.chain_id,
        "anchor": "0x" + world.contracts.anchor.address.hex(),
        "relay": "0x" + world.contracts.relay.address.hex(),
        "epochSeconds": 2,
        "members": [{"publicKey": each.public.hex(), "address": each.address} for each in members],
    }
    for each in members:
        (each.folder / "committee.json").write_text(json.dumps(told))
        each.start()
    try:
        for each in members:
            each.ready()
        yield SimpleNamespace(members=members, world=world)
    finally:
        for each in members:
            each.kill()


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the first answer that says something."""
    last: Exception | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if answer := await ask():
                        return answer
                except Exception as error:
                    last = error
                await asyncio.sleep(0.05)
    raise AssertionError(f"it does not come: {last}")


async def attested(members: list[Member], seen: bytes) -> str:
    """Have a session of the notary whose one request a quorum answers; return its id."""
    leader = members[0]

    async def linked() -> bool:
        told = [await each.call("GetCommittee") for each in members]
        return all(
            other["own"] or other["heardSecondsAgo"] is not None
            for each in told
            for other in each["members"]
        )

    await until(linked)
    name = (
        await leader.call("CreateServiceSession", serviceId=NOTARY.hex(), txId=os.urandom(32).hex())
    )["sessionId"]
    await leader.call("StartServiceSession", sessionId=name)
    asked = {"kind": "read_external", "txId": "11" * 32, "inputHash": "22" * 32}
    request = (await leader.call("RequestStep", sessionId=name, **asked))["requestId"]
    for each in members:

        async def submitted(member: Member = each) -> Any:
            return await member.call("SubmitRecord", requestId=request, data=seen.hex())

        await until(submitted)

    async def complete() -> bool:
        return set((await leader.session(name))["submitted"]) == {each.id for each in members}

    await until(complete)
    await leader.call("CommitRequest", requestId=request)
    for each in members:

        async def settled(member: Member = each) -> Any:
            return (await member.session(name))["steps"][-1].get("attestationId")

        await until(settled)
    return name


async def epoch_of(member: Member, name: str) -> int:
    """Return the closed epoch that a session stands in, as a member knows it."""

    async def found() -> int | None:
        last = (await member.call("GetEpoch"))["epoch"]
        for number in range(last - 1, 0, -1):
            leaves = (await member.call("GetEpoch", epoch=number))["leaves"]
            if any(leaf["sessionId"] == name for leaf in leaves):
                return number
        return None

    number: int = await until(found)
    return number


async def closed_session(members: list[Member], seen: bytes) -> tuple[str, int]:
    """Bring a session to its end while a member is killed; return its id and epoch."""
    name = await attested(members, seen)
    members[LAST].kill()
    members[LAST].start()
    await members[0].call("CompleteStep", sessionId=name, outputHash="00" * 32)
    await members[0].call("FinalizeServiceSession", sessionId=name)
    members[LAST].ready()
    numbers = [await epoch_of(each, name) for each in members]
    assert len(set(numbers)) == 1
    return name, numbers[0]


async def check_certificates(committee: SimpleNamespace, number: int) -> None:
    """Every member has a quorum's signatures of one root, and evidence against nobody."""
    commitments = set()
    for kind in ("anchor", "events"):
        contract = (
            committee.world.contracts.anchor
            if kind == "anchor"
            else (committee.world.contracts.relay)
        )
        for each in committee.members:
            told = await each.call(
                "GetCertificate",
                kind=kind,
                chainId=committee.world.contracts.chain_id,
                contract=contract.address.hex(),
                epoch=number,
            )
            assert len({signed["publicKey"] for signed in told["signatures"]}) >= QUORUM
            commitments.add((kind, told["commitment"]))
    assert len(commitments) == 2
    for each in committee.members:
        assert await each.call("GetEvidence") == []
        seats = (await each.call("GetCommittee"))["members"]
        assert not any(seat["accused"] for seat in seats)


def test_what_daemons_agree_on_is_anchored_answered_and_heard(committee, bridges) -> None:
    world, members = committee.world, committee.members
    event = Emission(kind=1, target=world.listener, payload=b"from a daemon")
    name, number = asyncio.run(closed_session(members, observation(b"seen", [event])))
    asyncio.run(check_certificates(committee, number))
    request = world.request(name)

    with closing(DaemonSource(members[LAST].folder)) as source:
        made = bridges(source, on=world)
        for _ in range(6 + number // 8):
            made.once()
        found = made_proof(world.client, world.contracts, source, bytes.fromhex(name), None)

    assert world.ask("anchor", "lastEpoch") >= number
    assert world.ask("relay", "nextNumber") == 1
    assert world.ask("oracle", "statusOf", request) == ANSWERED
    assert world.heard() == 2  # the event, and the answer
    assert (found["included"], found["epoch"]) == (True, number)


def test_a_session_that_fails_is_anchored_as_failed(committee, bridges) -> None:
    world, members = committee.world, committee.members

    async def failed() -> tuple[str, int]:
        name = await attested(members, b"no observation")
        await members[0].call("FailServiceSession", sessionId=name)
        return name, await epoch_of(members[1], name)

    name, number = asyncio.run(failed())
    with closing(DaemonSource(members[1].folder)) as source:
        made = bridges(source, on=world)
        for _ in range(4 + number // 8):
            made.once()
        found = made_proof(world.client, world.contracts, source, bytes.fromhex(name), None)

    assert found["leaf"]["state"] == 4
    assert found["leaf"]["outputHash"] == "0x" + "00" * 32
