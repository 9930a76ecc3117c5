"""A state as one object, in anvil's format: written, read, refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.errors import InvalidRequest
from chain.local_chain import LocalChain

NewChain = Callable[..., LocalChain]
HOLDER = b"\xab" * 20


def test_a_state_survives_the_round_trip(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    one = new_chain()
    one.send(CallRequest(sender=accounts[0].address, to=b"\x12" * 20, value=10**18))
    one.set_code(HOLDER, b"\x60\x01")
    one.set_nonce(HOLDER, 3)
    for slot in (0, 1, 2**255):
        one.set_storage(HOLDER, slot, slot + 5)
    dumped = json.loads(json.dumps(one.dump_state()))
    two = new_chain()
    assert two.load_state(dumped)
    assert two.state().root == one.state().root
    assert two.dump_state()["accounts"] == dumped["accounts"]


def test_the_dump_has_anvils_fields(chain: LocalChain) -> None:
    chain.mine(3)
    chain.set_storage(HOLDER, 1, 2)
    chain.set_balance(HOLDER, 255)
    dumped = chain.dump_state()
    assert {"block", "accounts", "best_block_number"} <= set(dumped)
    assert dumped["best_block_number"] == "0x3"
    assert dumped["accounts"]["0x" + HOLDER.hex()] == {
        "nonce": 0,
        "balance": "0xff",
        "code": "0x",
        "storage": {"0x" + "00" * 31 + "01": "0x" + "00" * 31 + "02"},
    }


def test_a_dump_as_anvil_writes_it_is_read(chain: LocalChain) -> None:
    # The shape of `anvil --dump-state`, with its mixture of numbers and hex.
    dumped = {
        "block": {"number": "0x2", "coinbase": "0x" + "00" * 20, "gas_limit": "0x1c9c380"},
        "accounts": {
            "0xababababababababababababababababababABAB": {
                "nonce": 1,
                "balance": "0x56bc75e2d63100000",
                "code": "0x6001",
                "storage": {"0x0": "0x2a", "0x" + "00" * 31 + "07": "0x" + "00" * 31 + "08"},
            }
        },
        "best_block_number": 2,
        "blocks": [],
        "transactions": [],
        "historical_states": None,
    }
    chain.load_state(dumped)
    view = chain.state()
    assert (view.balance(HOLDER), view.nonce(HOLDER)) == (10**20, 1)
    assert (view.code(HOLDER), view.storage(HOLDER, 0), view.storage(HOLDER, 7)) == (
        b"\x60\x01",
        42,
        8,
    )


def entry(**changes: Any) -> dict[str, Any]:
    good = {"nonce": 0, "balance": "0x1", "code": "0x", "storage": {}}
    return {"accounts": {"0x" + "ab" * 20: good | changes}}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"accounts": []},
        {"accounts": {"0x12": {}}},
        {"accounts": {"0x" + "ab" * 20: None}},
        {"accounts": {"0x" + "ab" * 20: {}}},
        entry(balance="lots"),
        entry(balance=hex(2**256)),
        entry(balance=-1),
        entry(nonce=2**64),
        entry(nonce=None),
        entry(code="0x6"),
        entry(code=5),
        entry(storage=[]),
        entry(storage={"x": "0x1"}),
        entry(storage={"0x1": hex(2**256)}),
    ],
)
def test_a_wrong_dump_is_refused_whole(chain: LocalChain, wrong: Any) -> None:
    before = chain.state().root
    with pytest.raises(InvalidRequest, match=r"^state: "):
        chain.load_state(wrong)
    assert chain.state().root == before
