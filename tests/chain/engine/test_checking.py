"""Both engines at once: ordinary work goes on as ever, and a fault in either is found and named."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.calls import AccountOverride, CallRequest, Overrides
from chain.differential.embedded import run_py, run_watched
from chain.differential.generate import generate
from chain.encoding import keccak
from chain.engine.checking import EnginesDiffer
from chain.engine.operations import operations_of
from chain.local_chain import LocalChain
from chain.simulation import SimulatedBlock
from chain.state import World
from chain.tracing import TracerOptions

ADD, MUL = 0x01, 0x02
ADDING = bytes.fromhex("600560030160025500")  # Stores 3 + 5 at 2.
CODE = bytes(19) + b"\xc0"


@pytest.fixture
def chain(new_chain: Callable[..., LocalChain]) -> LocalChain:
    return new_chain(engine="check")


@contextmanager
def priced(chain: LocalChain, opcode: int, gas: int) -> Iterator[None]:
    """Let an instruction cost something else in the core."""
    table = operations_of(chain.fork_of(chain.head.header))
    right = int(table[opcode]["gas"])
    table[opcode]["gas"] = gas
    try:
        yield
    finally:
        table[opcode]["gas"] = right


def deploy(code: bytes) -> bytes:
    """Return what makes a contract with this code."""
    return bytes((0x60, len(code), 0x60, 12, 0x60, 0, 0x39, 0x60, len(code), 0x60, 0, 0xF3)) + code


def run_code(chain: LocalChain, code: bytes) -> Any:
    overrides = Overrides(accounts={CODE: AccountOverride(code=code)})
    return chain.call(CallRequest(to=CODE, gas=100_000), "latest", overrides)


def test_ordinary_work_goes_on(
    chain: LocalChain, new_chain: Callable[..., LocalChain], accounts: tuple[DevAccount, ...]
) -> None:
    sender, other = accounts[0].address, accounts[1].address
    chain.send(CallRequest(sender=sender, to=other, value=5))
    made = chain.send(CallRequest(sender=sender, data=deploy(ADDING)))
    located = chain.transaction(made)
    assert located is not None
    receipts = chain.receipts(located.block.hash)
    assert receipts is not None
    contract = receipts[0].contract_address
    assert contract is not None
    ran = chain.send(CallRequest(sender=sender, to=contract))
    assert chain.state().storage(contract, 2) == 8
    tree = chain.trace_transaction(ran, TracerOptions.parse({"tracer": "callTracer"}))
    assert tree["to"] == "0x" + contract.hex()
    before = chain.trace_transaction(ran, TracerOptions.parse({"tracer": "prestateTracer"}))
    assert "0x" + contract.hex() in before
    steps = chain.trace_transaction(ran, TracerOptions())["structLogs"]
    assert [step["op"] for step in steps][:3] == ["PUSH1", "PUSH1", "ADD"]
    assert run_code(chain, ADDING).success
    request = CallRequest(sender=sender, to=contract)
    assert chain.estimate_gas(request) > 21_000
    assert chain.create_access_list(request).access_list == ((contract, (2,)),)
    chain.simulate([SimulatedBlock(calls=(request,))], trace_transfers=True)

    core = new_chain(engine="core")
    for number in range(1, chain.head.number + 1):
        block = chain.block(number)
        assert block is not None
        core.import_block(block)
    assert core.head.hash == chain.head.hash


@pytest.mark.parametrize("fork", ["Berlin", "Prague", "Osaka"])
def test_random_cases_pass_and_end_as_ever(fork: str) -> None:
    for seed in range(30):
        case = generate(seed, fork)
        assert run_watched(case, engine="check") == run_py(case)


def test_a_wrong_price_is_found_and_named(chain: LocalChain) -> None:
    with priced(chain, ADD, 4), pytest.raises(EnginesDiffer) as found:
        run_code(chain, ADDING)
    text = str(found.value)
    assert "gas_left: core" in text
    assert "the engines part after ADD at pc 4, depth 1, gas 78994" in text
    assert "stack (top first) [0x3, 0x5]" in text
    assert "core PUSH1 at pc 5, depth 1, gas 78990" in text
    assert "py PUSH1 at pc 5, depth 1, gas 78991" in text
    assert "to 0x00000000000000000000000000000000000000c0" in text
    assert run_code(chain, ADDING).success


def test_it_stops_mining(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    with priced(chain, MUL, 4), pytest.raises(EnginesDiffer, match="part after MUL at pc 4"):
        chain.send(CallRequest(sender=accounts[0].address, data=bytes.fromhex("600260030200")))
    assert chain.head.number == 0
    chain.send(CallRequest(sender=accounts[0].address, data=bytes.fromhex("600260030200")))
    assert chain.head.number == 1


def test_a_fault_in_the_twin_is_found_too(
    chain: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(world: World, address: bytes, slot: int, value: int) -> None:
        right(world, address, slot, value + 1)

    right = World.set_storage
    monkeypatch.setattr(World, "set_storage", wrong)
    with pytest.raises(EnginesDiffer, match="slot 0x2 holds 0x8, py slot 0x2 holds 0x9"):
        run_code(chain, ADDING)


def test_what_an_end_leaves_is_compared(
    chain: LocalChain, accounts: tuple[DevAccount, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written after the message ran no step shows."""
    right = World.set_balance

    def wrong(world: World, address: bytes, balance: int) -> None:
        right(world, address, balance + (address == chain.head.header.coinbase))

    monkeypatch.setattr(World, "set_balance", wrong)
    with pytest.raises(EnginesDiffer, match="after a transaction's end: 0x"):
        chain.send(CallRequest(sender=accounts[0].address, to=accounts[1].address))


def test_randomness_is_the_same_for_both(chain: LocalChain) -> None:
    """A fresh key in a call is drawn from the node's randomness, once for both engines."""
    request = CallRequest(
        to=bytes(18) + b"\x06\x01", data=keccak(b"keyGen(uint8)")[:4] + bytes(31) + b"\x02"
    )
    first, second = chain.call(request), chain.call(request)
    assert first.success
    assert first.output != second.output
