"""A chain of this process with the DAO from its start, a committee's file, and bridges on it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak

from chain.accounts import dev_accounts
from chain.dao.development import SEATS
from chain.dao.genesis import with_contracts
from chain.dao.parameters import development
from chain.dao.plan import plan
from chain.dao.steps import Plan
from chain.genesis import Genesis, pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.inside import transport
from session_bridge.chain_client import ChainClient, Signer, hexed
from session_bridge.committee import FileSource
from session_bridge.contracts import NEEDED, OPTIONAL, Contracts, load_contracts, made_of
from session_bridge.journal import Journal
from session_bridge.service import Bridge, Manner, scope_of
from session_bridge.transport import Transport

CHAIN_ID = 6134
GWEI = 10**9
LISTENER_GAS = 500_000


def seed(number: int) -> bytes:
    """Return the seed of a seat of the development committee."""
    return hashlib.sha256(f"pars development committee {number}".encode()).digest()


def leaf(number: int, state: int = 3) -> dict[str, Any]:
    """Return a session as a source tells it."""
    name = hashlib.sha256(f"session {number}".encode()).digest()
    return {
        "sessionId": name.hex(),
        "state": state,
        "outputHash": hashlib.sha256(b"output" + name).hexdigest(),
        "oracleRoot": hashlib.sha256(b"oracle" + name).hexdigest(),
        "receiptsRoot": hashlib.sha256(b"receipts" + name).hexdigest(),
    }


def epoch(number: int, sessions: Any = (), events: Any = ()) -> dict[str, Any]:
    """Return an epoch as a source tells it."""
    leaves = [each if isinstance(each, dict) else leaf(each) for each in sessions]
    leaves.sort(key=lambda each: each["sessionId"])
    return {"epoch": number, "closed": True, "leaves": leaves, "events": list(events)}


def event(number: int, target: bytes, payload: bytes = b"heard") -> dict[str, Any]:
    """Return an event as a source tells it."""
    return {
        "number": number,
        "sessionId": hashlib.sha256(f"session {number}".encode()).hexdigest(),
        "kind": 1,
        "target": target.hex(),
        "payload": payload.hex(),
    }


def call_data(signature: str, *values: Any) -> bytes:
    """Encode a call of a function without structs."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + encode(types, values)


def planned(committee: Sequence[bytes] = ()) -> Plan:
    """Plan a DAO; its committee is that of development, or of keys of its own."""
    addresses = [each.address for each in dev_accounts()]
    parameters = development(addresses)
    if committee:
        parameters = replace(parameters, seats_min=len(committee), committee=tuple(committee))
    return plan(parameters, CHAIN_ID, addresses[0])


def contracts_of(made: Plan) -> Contracts:
    """Return where a plan has the contracts of the session layer."""
    names = (*NEEDED, *OPTIONAL)
    return made_of(CHAIN_ID, {name: hexed(made.addresses[name]) for name in names})


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class World:
    """A chain, and what tests do to it."""

    def __init__(
        self, through: Transport, client: ChainClient | None = None, made: Plan | None = None
    ) -> None:
        self.transport = through
        self.client = client or ChainClient(through)
        self.accounts = dev_accounts()
        self.contracts = contracts_of(made) if made else load_contracts(None, CHAIN_ID)
        self.dao = (made or planned()).addresses["Safe"]
        self.listener = b""

    def listen(self, code: bytes) -> None:
        """Put up a contract that hears answers and events, and have the DAO list it."""
        receipt = self.send(self.accounts[9].address, None, code)
        self.listener = bytes.fromhex(receipt["contractAddress"][2:])
        listing = call_data("setTarget(address,uint256)", hexed(self.listener), LISTENER_GAS)
        self.send(self.dao, self.contracts.relay.address, listing)

    def ask(self, contract: str, function: str, *arguments: Any) -> Any:
        """Ask a function of a contract, as of now."""
        head = self.client.head().number
        return self.client.call(head, getattr(self.contracts, contract), function, *arguments)

    def heard(self) -> int:
        """Return how many calls the listener has taken."""
        request = {"to": hexed(self.listener), "data": hexed(keccak(text="heardCount()")[:4])}
        return int(self.client.ask("eth_call", request, "latest"), 16)

    def behave(self, manner: int) -> None:
        """Make the listener hear (0), fail (1), or burn its gas (2)."""
        data = call_data("behave(uint256,bytes)", manner, b"")
        self.send(self.accounts[9].address, self.listener, data)

    def request(
        self,
        session: int | str,
        fee: int = 10**17,
        max_age: int = 10**6,
        timeout: int = 3600,
        callback: bool = True,
        callback_gas: int = 300_000,
    ) -> int:
        """Ask for the outcome of a session, by number or id; return the request's number."""
        data = call_data(
            "requestSession(bytes32,address,uint256,uint256,uint256)",
            bytes.fromhex(session if isinstance(session, str) else leaf(session)["sessionId"]),
            hexed(self.listener if callback else bytes(20)),
            callback_gas,
            max_age,
            timeout,
        )
        self.send(self.accounts[8].address, self.contracts.oracle.address, data, fee)
        count: int = self.ask("oracle", "requestCount")
        return count

    def send(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> dict[str, Any]:
        """Send a transaction of any account, and return its receipt."""
        self.client.ask("anvil_impersonateAccount", hexed(sender))
        self.client.ask("anvil_setBalance", hexed(sender), hex(10**21))
        request = {"from": hexed(sender), "data": hexed(data), "value": hex(value)}
        request |= {"gas": hex(8_000_000)} | ({} if to is None else {"to": hexed(to)})
        sent = self.client.ask("eth_sendTransaction", request)
        receipt: dict[str, Any] | None = self.client.ask("eth_getTransactionReceipt", sent)
        if receipt is None:
            self.client.ask("evm_mine")
            receipt = self.client.ask("eth_getTransactionReceipt", sent)
        assert receipt is not None
        assert receipt["status"] == "0x1"
        return receipt

    def mine(self, count: int = 1) -> None:
        """Make empty blocks."""
        for _ in range(count):
            self.client.ask("evm_mine")

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self.client.ask("evm_increaseTime", hex(seconds))
        self.client.ask("evm_mine")

    def automine(self, wanted: bool) -> None:
        """Make a block for each transaction, or only when told."""
        self.client.ask("evm_setAutomine", wanted)

    def snapshot(self) -> str:
        made: str = self.client.ask("evm_snapshot")
        return made

    def revert(self, snapshot: str) -> None:
        assert self.client.ask("evm_revert", snapshot) is True


@pytest.fixture(scope="session")
def listener_code(root: Path) -> bytes:
    """A contract that hears answers and events."""
    from vyper.compiler import compile_code

    text = (root / "tests/dao/session/contracts/Listener.vy").read_text("utf-8")
    made = compile_code(text, output_formats=["bytecode"])
    return bytes.fromhex(made["bytecode"].removeprefix("0x"))


def genesis_of(made: Plan) -> Genesis:
    """Return the first block of a chain that has what is planned."""
    addresses = [each.address for each in dev_accounts()]
    return with_contracts(pars_genesis(CHAIN_ID, addresses), made, addresses[0])


@pytest.fixture(scope="session")
def genesis():
    """The first block of a chain with the DAO."""
    return genesis_of(planned())


@pytest.fixture(scope="session")
def one_world(genesis, listener_code) -> Iterator[World]:
    chain = LocalChain.open(genesis, accounts=dev_accounts(), mining="auto")
    try:
        made = World(transport(chain))
        made.listen(listener_code)
        yield made
    finally:
        chain.close()


@pytest.fixture
def own_world(listener_code) -> Iterator[Callable[[Sequence[bytes]], World]]:
    """Make a chain whose DAO has a committee of these keys."""
    chains = []

    def make(committee: Sequence[bytes]) -> World:
        made = planned(committee)
        chain = LocalChain.open(genesis_of(made), accounts=dev_accounts(), mining="auto")
        chains.append(chain)
        world = World(transport(chain), made=made)
        world.listen(listener_code)
        return world

    yield make
    for chain in chains:
        chain.close()


@pytest.fixture
def far_world(listener_code) -> Callable[[ChainClient], World]:
    """Make the same of a chain in another process."""

    def make(client: ChainClient) -> World:
        made = World(lambda message: message, client)
        made.listen(listener_code)
        return made

    return make


@pytest.fixture
def world(one_world: World) -> Iterator[World]:
    """The chain, as it was before once the test is over."""
    before = one_world.snapshot()
    yield one_world
    one_world.automine(True)
    one_world.revert(before)


@pytest.fixture
def tell(tmp_path: Path) -> Callable[..., Path]:
    """Write a committee's file."""

    def write(*epochs: dict[str, Any], seats: Any = range(SEATS)) -> Path:
        path = tmp_path / "committee.json"
        held = {"committee": [seed(seat).hex() for seat in seats], "epochs": epochs}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(held), "utf-8")
        fresh.replace(path)
        return path

    return write


@pytest.fixture
def bridges(world: World, tmp_path: Path) -> Iterator[Callable[..., SimpleNamespace]]:
    """Make bridges of several accounts on the chain."""
    journals = []

    def make(
        source: Any,
        account: int = 5,
        folder: str = "",
        client: ChainClient | None = None,
        on: World | None = None,
        **manner: Any,
    ) -> SimpleNamespace:
        there = on or world
        signer = Signer(there.accounts[account].private_key)
        scope = scope_of(there.contracts, signer.address)
        journal = Journal(tmp_path / (folder or f"journal{account}"), scope)
        journals.append(journal)
        made = SimpleNamespace(journal=journal, said=[], clock=Clock(), address=signer.address)
        source = FileSource(source, CHAIN_ID) if isinstance(source, Path) else source
        made.bridge = Bridge(
            client or there.client,
            there.contracts,
            source,
            journal,
            signer,
            Manner(**{"fee_max": 500 * GWEI, "stagger": 0} | manner),
            made.clock,
            made.said.append,
        )
        made.once = made.bridge.once
        made.standing = made.bridge.standing
        return made

    yield make
    for journal in journals:
        journal.close()


@pytest.fixture
def sources() -> SimpleNamespace:
    """What a source tells."""
    return SimpleNamespace(leaf=leaf, epoch=epoch, event=event, seed=seed)
