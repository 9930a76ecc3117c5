"""What a light node costs beside a full one: bytes and milliseconds, medians, one process.

Run as `python -m benchmarks.light`. Full nodes answer in this process, so the times are those of
the work and not of a network; bytes are those of the answers. The exit status is 1 where a goal is
missed: a megabyte to reach the head of 21 validators from the checkpoint, and a verified call.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table
from vyper import compile_code

from chain.accounts import dev_accounts
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import CallLog, Node
from chain.rpc.methods import TABLE
from node.crypto import SigningKey, sha256
from node.light import calls, follow, reads
from node.light.answers import RpcFailed
from node.light.certificate import Certificate, check_certificate, statement_of
from node.light.client import LightClient, Outcome
from node.light.execution import Worker
from node.light.gateway import Gateway
from node.light.header import read_header
from node.light.trust import Checkpoint
from node.light.validators import Validator, ValidatorSet, make_set

CHAIN_ID = 6133
BLOCKS = 64
ROUNDS = 30
SYNC_GOAL = 1 << 20
SERVER = sha256(b"server")
TOKEN = """
# pragma version 0.4.3
name: public(String[32])
balances: HashMap[address, uint256]

@deploy
def __init__():
    self.name = "A token"
    self.balances[msg.sender] = 10**24

@external
def transfer(to: address, amount: uint256):
    self.balances[msg.sender] -= amount
    self.balances[to] += amount

@external
@view
def balanceOf(owner: address) -> uint256:
    return self.balances[owner]
"""


class MemoryStore:
    """A store in memory."""

    def __init__(self) -> None:
        self.table: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.table.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted((k, v) for k, v in self.table.items() if k.startswith(prefix))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.table.pop(key, None)
            else:
                self.table[key] = value


class World:
    """A chain, one full node before it, and light nodes."""

    def __init__(self, seats: int) -> None:
        self.accounts = dev_accounts()
        genesis = pars_genesis(CHAIN_ID, [each.address for each in self.accounts])
        self.chain = LocalChain.open(genesis, accounts=self.accounts)
        self.keys = [SigningKey.from_seed(sha256(b"%d" % at)) for at in range(seats)]
        self.set = self._set()
        self.gateway = Gateway(self.set, MemoryStore())
        self._dispatcher = Dispatcher(TABLE)
        self._node = Node(
            chain=self.chain,
            filters=Filters(),
            instance=bytes(32),
            call_log=CallLog(write=lambda _: None),
        )
        self.now = time.time_ns() // 1_000_000

    def _set(self) -> ValidatorSet:
        found = [
            Validator(address=sha256(key.public)[:20], stake=10**21, key=key.public)
            for key in self.keys
        ]
        return make_set(CHAIN_ID, 0, found)

    def certify(self, number: int) -> Certificate:
        """Certify a block by a quorum."""
        header = read_header(self.chain.block(number).header.encode())
        statement = statement_of(header, self.set, self.set.hash)
        by_key = {key.public: key for key in self.keys}
        seats = range(self.set.quorum)
        signers = [by_key[self.set.seats[seat].key] for seat in seats]
        signatures = tuple(key.sign(statement.message) for key in signers)
        made = Certificate(statement=statement, seats=tuple(seats), signatures=signatures)
        self.gateway.accept(made, header, None)
        return made

    def ask(self, method: str, *params: Any) -> Any:
        """Ask the full node."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        answer = json.loads(self._dispatcher.answer(body.encode(), self._node))
        return answer["result"] if "result" in answer else RpcFailed(answer["error"]["message"])

    def light(self) -> LightClient:
        """Return a light node at the head."""
        checkpoint = Checkpoint(
            chain_id=CHAIN_ID,
            number=0,
            block_hash=self.chain.genesis_hash,
            epoch=0,
            set_hash=self.set.hash,
        )
        client = LightClient(checkpoint, MemoryStore(), os.urandom)
        client.serve([SERVER])
        return client

    def settle(self, client: LightClient) -> None:
        """Deliver what is under way."""
        sends = client.outgoing()
        while sends:
            for send in sends:
                self.gateway.receive(bytes(32), send.type, send.payload, self.now)
            requests = self.gateway.requests()
            while requests:
                for number, asked in requests:
                    results = [self.ask(each.method, *each.params) for each in asked]
                    self.gateway.replied(number, results)
                requests = self.gateway.requests()
            for send in self.gateway.outgoing():
                client.receive(SERVER, send.type, send.payload, self.now)
            self.now += 5_000  # the full node gives credit again
            sends = client.outgoing()

    async def run(self, client: LightClient, flow: Any, worker: Worker) -> Any:
        """Run a flow to its end."""
        outcomes: list[Outcome] = []
        client.start(flow, outcomes.append, self.now)
        while not outcomes:
            self.settle(client)
            for number, job in client.runs():
                client.ran(number, await worker.run(job), self.now)
        if outcomes[0].error is not None:
            raise outcomes[0].error
        return outcomes[0].value


def median_ms(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return milliseconds on the clock."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


async def timed(work: Callable[[], Any], rounds: int) -> float:
    """Return milliseconds on the clock of something that waits."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        await work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


async def syncing(worker: Worker) -> list[tuple[str, str, str, str]]:
    """Reach the head from the checkpoint, with 21 validators and with 100."""
    rows = []
    for seats in (21, 100):
        world = World(seats)
        world.chain.mine(20)
        certificate = world.certify(20)
        client = world.light()
        start = time.perf_counter()
        await world.run(client, follow.synchronize(client), worker)
        took = (time.perf_counter() - start) * 1e3
        assert client.trust.head is not None, "it has arrived"
        check = median_ms(partial(check_certificate, certificate, world.set))
        kilobytes = client.received / 1e3
        rows.append((f"sync, {seats} validators", f"{kilobytes:,.0f} KB", "< 1,049 KB", ""))
        rows.append(("the same", f"{took:.1f} ms", "", ""))
        rows.append((f"certificate check, {seats}", f"{check:.1f} ms", "", ""))
        if client.received > SYNC_GOAL:
            raise SystemExit(1)
    return rows


async def calling(worker: Worker) -> list[tuple[str, str, str, str]]:
    """Call a token: the first time, again, and in another block."""
    world = World(4)
    compiled = compile_code(TOKEN, output_formats=["bytecode"])
    sender = world.accounts[0].address
    creation = bytes.fromhex(compiled["bytecode"].removeprefix("0x"))
    tx_hash = world.chain.send(CallRequest(sender=sender, data=creation, gas=2_000_000))
    located = world.chain.transaction(tx_hash)
    made = world.chain.receipts(located.block.hash)[0].contract_address
    owner = sender.rjust(32, b"\0").hex()
    request = {"to": "0x" + made.hex(), "data": "0x70a08231" + owner}
    world.chain.mine(BLOCKS - world.chain.head.number)
    full = median_ms(lambda: world.ask("eth_call", request, "latest"))
    expected = world.ask("eth_call", request, "latest")

    footprints = calls.Footprints()
    rows = []

    async def once(client: LightClient) -> None:
        flow = calls.run(client, footprints, "eth_call", [request], reads.head(client))
        reply = await world.run(client, flow, worker)
        assert reply == {"result": expected}, "a verified call is the full node's"

    def row(what: str, took: float, size: int) -> None:
        rows.append((what, f"{took:.1f} ms, {size:,} bytes", "result equal", f"{full:.2f} ms"))

    for number in (10, 20, 30, 40, 50, 60):
        world.certify(number)
    client = world.light()
    await world.run(client, follow.synchronize(client), worker)
    await once(client)  # the machine begins
    cold = []
    sizes = []
    for _ in range(5):
        client, footprints = world.light(), calls.Footprints()
        await world.run(client, follow.synchronize(client), worker)
        before = client.received
        cold.append(await timed(partial(once, client), 1))
        sizes.append(client.received - before)
    row("eth_call, cold", statistics.median(cold), sizes[-1])
    before = client.received
    took = await timed(lambda: once(client), ROUNDS)
    row("eth_call, same block", took, client.received - before)
    following = []
    for number in (70, 80, 90, 100, 110):
        world.chain.mine(10)
        world.certify(number)
        await world.run(client, follow.synchronize(client), worker)
        before = client.received
        following.append(await timed(lambda: once(client), 1))
    row("eth_call, next block", statistics.median(following), client.received - before)
    identity = {"to": "0x" + "00" * 19 + "04", "data": "0x" + "ab" * 64}

    async def alone() -> None:
        flow = calls.run(client, footprints, "eth_call", [identity], reads.head(client))
        await world.run(client, flow, worker)

    before = client.received
    took = await timed(alone, ROUNDS)
    peer = median_ms(lambda: world.ask("eth_call", identity, "latest"))
    size = client.received - before
    rows.append(("precompile", f"{took:.1f} ms, {size:,} bytes", "0 bytes", f"{peer:.2f} ms"))
    flow = reads.account_at(client, reads.head(client), world.accounts[5].address)
    before = client.received
    start = time.perf_counter()
    await world.run(client, flow, worker)
    took = (time.perf_counter() - start) * 1e3
    rows.append(("balance", f"{took:.1f} ms, {client.received - before:,} bytes", "", ""))
    return rows


async def measure() -> list[tuple[str, str, str, str]]:
    """Measure all."""
    worker = Worker()
    try:
        return [*await syncing(worker), *await calling(worker)]
    finally:
        await worker.close()


def main() -> int:
    table = Table("light node", "measured", "goal", "full node, same process")
    for row in asyncio.run(measure()):
        table.add_row(*row)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
