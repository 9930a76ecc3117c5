"""Transactions that lack a little gas: every shortfall of every instruction ends the same way."""

import pytest

from chain.differential.cases import Account, Block, Case, Signed
from chain.differential.embedded import run_core, run_py
from chain.differential.generate import CONTRACTS, SENDER_KEYS, SENDERS
from chain.transactions import LEGACY, Fields
from chain.watched import CALLS, CREATES

ELSEWHERE = {0x3E, 0x56, 0x57}
"""What these operands make fail for another reason."""
OPCODES = sorted(
    {
        *(*range(0x01, 0x0C), *range(0x10, 0x1F), 0x20, *range(0x30, 0x4B), *range(0x50, 0x61)),
        *(0x7F, 0x80, 0x8F, 0x90, 0x9F, *range(0xA0, 0xA5), *CALLS, *CREATES, 0xFF),
    }
    - ELSEWHERE
)
SHORT = 24


def case(code: bytes, gas: int) -> Case:
    fields = Fields(type=LEGACY, chain_id=1, nonce=0, gas=gas, to=CONTRACTS[0], gas_price=7)
    return Case(
        name=code.hex(),
        fork="Osaka",
        block=Block(base_fee=7),
        accounts={
            SENDERS[0]: Account(balance=10**18),
            CONTRACTS[0]: Account(nonce=1, code=code, balance=10**6, storage=((0x21, 1),)),
        },
        transactions=(Signed(fields=fields, key=SENDER_KEYS[0]),),
    )


def gas_of(code: bytes) -> int:
    """Return what it costs to run this to its end, by the engine that we trust, before refunds."""
    steps = run_py(case(code, 300_000), True).ran[0].steps
    assert steps is not None
    assert steps[-1].op == 0
    return 300_000 - steps[-1].gas


@pytest.mark.parametrize("opcode", OPCODES, ids=hex)
def test_any_shortfall_is_the_same(opcode: int) -> None:
    code = b"\x60\x21" * 17 + bytes([opcode])
    code += b"\x00" if not 0x60 <= opcode <= 0x7F else bytes(opcode - 0x5F) + b"\x00"
    enough = gas_of(code) if opcode not in (0xFF, *CREATES) else 21_000 + 17 * 3 + 32_300
    for gas in range(enough - SHORT, enough + 2):
        each = case(code, gas)
        assert run_core(each) == run_py(each), gas
