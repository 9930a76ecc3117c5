"""A chain with validators of our own making, full nodes before it, and a light node beside them."""

import asyncio
import json
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import pytest

from chain.accounts import DevAccount, dev_accounts
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import CallLog, Node
from chain.rpc.methods import TABLE
from node.crypto import SigningKey, sha256
from node.light import follow
from node.light.answers import RpcFailed
from node.light.client import LightClient, Outcome
from node.light.execution import Worker
from node.light.gateway import Gateway
from node.light.methods import Methods
from node.light.server import Server, Service
from node.light.transactions import Queue
from node.light.trust import Checkpoint
from node.light.validator import Voter
from node.light.validators import Validator, ValidatorSet, make_set
from node.session.messages import MessageType

with warnings.catch_warnings():  # web3.py brings a client that its library calls old
    warnings.filterwarnings("ignore", "websockets.legacy", DeprecationWarning)
    import web3  # noqa: F401 - imported here, so that it warns nobody later

CHAIN_ID = 6133
SEATS = 4


class MemoryStore:
    """A store in memory, as the simulator has it."""

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


class FullNode:
    """A chain's JSON-RPC, answered in this process."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self._dispatcher = Dispatcher(TABLE)
        self._node = Node(
            chain=chain,
            filters=Filters(),
            instance=bytes(32),
            call_log=CallLog(write=lambda _: None),
        )

    def ask(self, method: str, params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        answer = json.loads(self._dispatcher.answer(body.encode(), self._node))
        if "error" not in answer:
            return answer["result"]
        output = answer["error"].get("data")
        revert = bytes.fromhex(output[2:]) if answer["error"]["code"] == 3 else None
        return RpcFailed(answer["error"]["message"], revert)


class Net:
    """Full nodes with seats, and light nodes, joined by perfect links; time goes by steps."""

    def __init__(self, chain: LocalChain, seats: int = SEATS) -> None:
        self.chain = chain
        self.full = FullNode(chain)
        self.now = time.time_ns() // 1_000_000
        self.random = Random(7)
        self.keys = [SigningKey.from_seed(sha256(b"seat %d" % seat)) for seat in range(seats)]
        self.set = self.make_set(0)
        self.cores: dict[bytes, Any] = {}
        self.gateways: list[Gateway] = []
        self.stores: list[MemoryStore] = []
        self.down: set[bytes] = set()
        self.tampers: dict[bytes, Callable[[bytes], bytes]] = {}
        order = sorted(self.keys, key=lambda key: self.set.seat_of(key.public))
        for seat, key in enumerate(order):
            self.stores.append(MemoryStore())
            voter = Voter(key, self.stores[-1])
            self.gateways.append(Gateway(self.set, self.stores[-1], voter=voter))
            self.cores[self.peer(seat)] = self.gateways[-1]
        for seat, gateway in enumerate(self.gateways):
            gateway.fellows = [self.peer(each) for each in range(seats) if each != seat]

    def make_set(self, epoch: int, stake: int = 10**21) -> ValidatorSet:
        seats = [
            Validator(address=sha256(key.public)[:20], stake=stake, key=key.public)
            for key in self.keys
        ]
        return make_set(self.chain.chain_id, epoch, seats)

    @staticmethod
    def peer(seat: int) -> bytes:
        return sha256(b"peer %d" % seat)

    @property
    def peers(self) -> list[bytes]:
        return [self.peer(seat) for seat in range(len(self.gateways))]

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(
            chain_id=self.chain.chain_id,
            number=0,
            block_hash=self.chain.genesis_hash,
            epoch=0,
            set_hash=self.set.hash,
        )

    def light(self, store: MemoryStore | None = None, **options: Any) -> LightClient:
        client = LightClient(
            self.checkpoint(), store or MemoryStore(), self.random.randbytes, **options
        )
        client.synchronize = lambda: follow.synchronize(client)
        client.serve(self.peers)
        self.cores[sha256(b"light %d" % len(self.cores))] = client
        return client

    def run(self, milliseconds: int = 10_000, step: int = 500) -> None:
        """Let time go by."""
        for _ in range(milliseconds // step):
            self.now += step
            for peer_id, core in self.cores.items():
                if peer_id not in self.down:
                    core.tick(self.now)
            self.settle()

    def settle(self) -> None:
        """Deliver what is under way, until nothing is."""
        for _ in range(10_000):
            if not sum([self._deliver(peer_id) for peer_id in list(self.cores)]):
                return
        raise AssertionError("they never stop talking")

    def _deliver(self, peer_id: bytes) -> int:
        core = self.cores[peer_id]
        if peer_id in self.down:
            core.outgoing()
            return 0
        moved = 0
        if isinstance(core, Gateway):
            for number, calls in core.requests():
                core.replied(number, [self.full.ask(each.method, each.params) for each in calls])
                moved += 1
        for send in core.outgoing():
            moved += 1
            target = self.cores.get(send.peer_id)
            if target is None or send.peer_id in self.down:
                core.unreachable(send.peer_id, self.now)
                continue
            payload = send.payload
            if send.type == MessageType.CHAIN_ANSWER and peer_id in self.tampers:
                payload = self.tampers[peer_id](payload)
            try:
                target.receive(peer_id, send.type, payload, self.now)
            except Exception as error:
                if type(error).__name__ != "Refused":
                    raise
        return moved

    def ask(self, client: LightClient, flow: Any) -> Any:
        """Run a flow to its end; raise what it raises."""
        outcomes: list[Outcome] = []
        client.start(flow, outcomes.append, self.now)
        for _ in range(60):
            self.settle()
            if outcomes:
                break
            self.run(500)
        assert outcomes, "the flow never ends"
        if outcomes[0].error is not None:
            raise outcomes[0].error
        return outcomes[0].value

    def mine(self, blocks: int) -> None:
        self.chain.mine(blocks)


class Machine:
    """An event loop in a thread of its own, with the one machine that all light nodes share."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.worker = Worker()

    def wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def close(self) -> None:
        self.wait(self.worker.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Home:
    """A light node with its port, and everybody that it talks to, in the machine's thread."""

    def __init__(self, net: Net, machine: Machine) -> None:
        self.net = net
        self.machine = machine
        self.client = net.light()
        self.queue = Queue(self.client, MemoryStore(), lambda: net.peers)
        self.methods = Methods(self.client, lambda: net.now, queue=self.queue)
        self._running: set[int] = set()
        self.url = machine.wait(self._start())
        self.pass_time(2_000)

    async def _start(self) -> str:
        self.service = Service(self.client, self.methods, self.machine.worker.run, self._wake)
        self._server = Server(self.service, self.methods)
        return await self._server.start()

    def _wake(self) -> None:
        self.machine.loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Do what a daemon does: deliver messages, and see to what is late."""
        self.net.settle()
        if self.client._runs:
            self.service.pump()
        elif self.client._asked:  # somebody does not answer: let time go by
            self.machine.loop.call_later(0.01, self._late)

    def _late(self) -> None:
        self.net.run(1_000)
        self.service.pump()

    def do(self, work: Callable[[], Any]) -> Any:
        """Do something where the chain and the nodes live."""

        async def inside() -> Any:
            return work()

        return self.machine.wait(inside())

    def pass_time(self, milliseconds: int) -> None:
        def work() -> None:
            self.net.run(milliseconds)
            self.queue.poll(self.net.now)
            self.service.pump()

        self.do(work)

    def ask(self, method: str, *params: Any) -> Any:
        return self.machine.wait(self.service.ask(method, params))[0]

    def close(self) -> None:
        self.machine.wait(self._server.close())
        self.machine.wait(self.service.close())


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    made.close()


@pytest.fixture(scope="session")
def accounts() -> tuple[DevAccount, ...]:
    return dev_accounts()


@pytest.fixture(scope="session")
def make_chain(accounts: tuple[DevAccount, ...]) -> Callable[..., LocalChain]:
    def make(chain_id: int = CHAIN_ID) -> LocalChain:
        genesis = pars_genesis(chain_id, [account.address for account in accounts])
        return LocalChain.open(genesis, accounts=accounts, loud=True)

    return make


@pytest.fixture
def chain(make_chain: Callable[..., LocalChain]) -> Iterator[LocalChain]:
    opened = make_chain()
    yield opened
    opened.close()


@pytest.fixture
def make_full() -> Callable[[LocalChain], FullNode]:
    return FullNode


@pytest.fixture(scope="session")
def make_net() -> Callable[..., Net]:
    return Net


@pytest.fixture
def net(chain: LocalChain) -> Net:
    """A chain of 32 blocks, of which 30 are certified."""
    return certified(Net(chain))


def certified(made: Net) -> Net:
    made.mine(32)
    made.run(3_000)
    return made


@pytest.fixture
def home(net: Net, machine: Machine) -> Iterator[Home]:
    made = Home(net, machine)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_home(make_chain: Callable[..., LocalChain], machine: Machine) -> Iterator[Home]:
    """One for all tests of a file, which leave its servers alone."""
    chain = make_chain()
    made = Home(certified(Net(chain)), machine)
    yield made
    made.close()
    chain.close()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def make_store() -> Callable[[], MemoryStore]:
    return MemoryStore


class Crash(Exception):
    """The process ends in a commit, before or after it."""


class Crashing(MemoryStore):
    """A store that ends its process at one of its commits."""

    end = Crash

    def __init__(self, inner: MemoryStore, at: int, *, after: bool) -> None:
        self.table = inner.table
        self._left, self._after = at, after

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Crash
        super().commit(changes)
        if self._left == 0:
            raise Crash


@pytest.fixture
def crashing() -> type[Crashing]:
    return Crashing
