"""What makes the core's buffers grow, and what reaches its bounds: as py-evm's loop has it."""

from collections.abc import Callable
from typing import Any

import pytest

from chain.calls import CallRequest
from chain.engine import KERNELS
from chain.engine.machine import BUFFERS, BYTES_KEPT, MemoryLimit
from chain.engine.world import MACHINES
from chain.local_chain import LocalChain
from precompiles import kernels

CONTRACT = b"\xc0" * 20
OTHER = b"\xc1" * 20
GAS = 40_000_000

RESULT = "595a01" + "5f5260205ff3"  # Return MSIZE + GAS: both must be the same on both engines.


def loop(count: int, body: str) -> str:
    """Go round so often, with the number of rounds left on the stack."""
    return f"61{count:04x}5b{body}600190038060035750{RESULT}"


PROGRAMS = {
    "accounts": loop(700, "803150"),
    "slots": loop(900, "808055"),
    "transient slots": loop(900, "80805d" + "805c50"),
    "logs": loop(200, "6104005fa0"),
    "one large log": "620300005fa0" + RESULT,
    "memory": loop(400, "8080611000" + "0252"),
    "a large output": "62020000" + "5ff3",
    "a large revert": "62020000" + "5ffd",
    "itself, as deep as it goes": "5f5f5f5f5f305af1" + RESULT,
    "memory in each of many frames": "60016001613000525f5f5f5f5f305af1" + RESULT,
    "BLOCKHASH": loop(300, "804050"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_engines_agree_on_what_grows(new_chain: Callable[..., LocalChain], name: str) -> None:
    results = []
    for engine in ("core", "py"):
        chain = new_chain(engine=engine, gas_cap=10**13, question_seconds=60.0)
        chain.set_code(CONTRACT, bytes.fromhex(PROGRAMS[name]))
        deep = "itself" in name or "frames" in name
        gas = 10**12 if deep else GAS
        results.append(chain.call(CallRequest(to=CONTRACT, gas=gas)))
    assert results[0] == results[1]
    assert results[0].success is (name != "a large revert")


CREATOR = bytes.fromhex("365f5f37365f5ff0" + "803b905f526020525f60405ff3")
"""Create a contract of the call data, and return its size and address."""


@pytest.mark.parametrize("kind", ["CREATE", "transaction"])
def test_the_code_of_a_creation_moves_with_the_memory(
    new_chain: Callable[..., LocalChain], kind: str
) -> None:
    # It writes at 2 MiB, jumps, and leaves three bytes of code.
    code = bytes.fromhex("6001" + "62200000" + "52" + "600a56" + "5b" + "60035ff3")
    results: list[Any] = []
    for engine in ("core", "py"):
        MACHINES.clear()  # A machine that has served before may have the room already.
        chain = new_chain(engine=engine)
        chain.set_code(CONTRACT, CREATOR)
        to = CONTRACT if kind == "CREATE" else None
        results.append(chain.call(CallRequest(to=to, data=code, gas=GAS)))
    assert results[0] == results[1]
    assert results[0].success


def test_what_one_execution_made_large_is_not_kept(new_chain: Callable[..., LocalChain]) -> None:
    MACHINES.clear()
    chain = new_chain(gas_cap=10**13)
    chain.set_code(CONTRACT, bytes.fromhex("6001" + "6304000000" + "52" + "00"))  # 64 MiB
    assert chain.call(CallRequest(to=CONTRACT, gas=10**11)).success
    (machine,) = MACHINES
    assert machine.array("memory").nbytes > BYTES_KEPT
    assert chain.call(CallRequest(to=OTHER)).success
    assert machine.array("memory").nbytes == BUFFERS["memory"][1]


def test_more_memory_than_there_is_is_a_clear_error(new_chain: Callable[..., LocalChain]) -> None:
    chain = new_chain(gas_cap=2**62)
    chain.set_code(CONTRACT, bytes.fromhex("6001" + "640200000000" + "52" + "00"))  # 8 GiB
    with pytest.raises(MemoryLimit, match="8589934624 bytes of memory, 4294967296 at most"):
        chain.call(CallRequest(to=CONTRACT, gas=2**61))


def test_the_engine_tests_itself() -> None:
    kernels.warm_up(modules=KERNELS)
