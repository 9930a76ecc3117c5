"""Questions: calls, overrides, estimates that hold, access lists."""

from collections.abc import Callable
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.calls import (
    NO_OVERRIDES,
    AccountOverride,
    BlockOverride,
    CallFailed,
    CallRequest,
    Overrides,
)
from chain.errors import InvalidRequest, RejectedTransaction, UnknownBlock
from chain.local_chain import LocalChain
from precompiles import registry

NewChain = Callable[..., LocalChain]
CODE_AT = b"\xcc" * 20
RETURN_TOP = bytes.fromhex("60005260206000f3")  # MSTORE at 0, return 32 bytes.
POSEIDON = next(entry for entry in registry.PRECOMPILES if entry.name == "poseidon")


def answer(code: str) -> bytes:
    """Code that returns the word these instructions leave."""
    return bytes.fromhex(code) + RETURN_TOP


def ask(chain: LocalChain, code: bytes, overrides: Overrides = NO_OVERRIDES, **request: Any) -> int:
    chain.set_code(CODE_AT, code)
    result = chain.call(CallRequest(to=CODE_AT, **request), "latest", overrides)
    assert result.success
    return int.from_bytes(result.output, "big")


def test_a_call_answers_and_changes_nothing(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    code = bytes.fromhex("600160005560ff60005260206000f3")
    assert ask(chain, code) == 0xFF
    assert chain.state().storage(CODE_AT, 0) == 0
    chain.call(CallRequest(sender=accounts[0].address, to=b"\x11" * 20, value=5))
    assert chain.state().balance(b"\x11" * 20) == 0
    assert chain.state().nonce(accounts[0].address) == 0


def test_a_call_may_come_from_a_contract_and_from_nobody(chain: LocalChain) -> None:
    assert ask(chain, answer("33"), sender=CODE_AT) == int.from_bytes(CODE_AT, "big")
    assert ask(chain, answer("33")) == 0


@pytest.mark.parametrize(
    ("code", "error", "reverted"),
    [
        ("60aa60005260206000fd", "execution reverted", True),
        ("fe", "invalid opcode: INVALID", False),
        ("0c", "invalid opcode: opcode 0xc not defined", False),
        ("50", "stack underflow (0 <=> 1)", False),
        ("600456", "invalid jump destination", False),
        ("5b600056", "out of gas", False),
        ("5b5f600056", "stack limit reached 1024 (1023)", False),
        ("600160003e00", "stack underflow (2 <=> 3)", False),
        ("6001600060003e", "return data out of bounds", False),
    ],
)
def test_failures_are_told_in_geths_words(
    chain: LocalChain, code: str, error: str, reverted: bool
) -> None:
    chain.set_code(CODE_AT, bytes.fromhex(code))
    result = chain.call(CallRequest(to=CODE_AT, gas=100_000))
    assert (result.success, result.reverted) == (False, reverted)
    assert result.error is not None
    assert result.error.split(":")[0].split(" (")[0] == error.split(":")[0].split(" (")[0]
    assert result.output == (bytes(31) + b"\xaa" if reverted else b"")
    assert result.gas_used == 100_000 or reverted


def test_a_free_call_sees_no_base_fee_and_a_priced_one_does(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    head_fee = chain.head.header.base_fee_per_gas
    assert ask(chain, answer("48")) == 0
    assert ask(chain, answer("3a")) == 0
    sender = accounts[0].address
    assert ask(chain, answer("48"), sender=sender, gas_price=2 * 10**9) == head_fee
    assert ask(chain, answer("3a"), sender=sender, gas_price=2 * 10**9) == 2 * 10**9


def test_wrong_prices_are_refused(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    poor = b"\x98" * 20
    with pytest.raises(RejectedTransaction, match="less than block base fee"):
        chain.call(CallRequest(to=CODE_AT, gas_price=1))
    with pytest.raises(RejectedTransaction, match="insufficient funds"):
        chain.call(CallRequest(sender=poor, to=CODE_AT, value=1))
    with pytest.raises(RejectedTransaction, match=r"insufficient funds|intrinsic gas too low"):
        chain.call(CallRequest(sender=poor, to=CODE_AT, gas_price=10**10, gas=30_000))
    with pytest.raises(InvalidRequest, match="both gasPrice"):
        chain.call(CallRequest(to=CODE_AT, gas_price=1, max_fee_per_gas=1))
    with pytest.raises(InvalidRequest, match="maxFeePerGas"):
        chain.call(CallRequest(to=CODE_AT, max_fee_per_gas=1, max_priority_fee_per_gas=2))
    with pytest.raises(RejectedTransaction, match="intrinsic gas too low: have 20999, want 21000"):
        chain.call(CallRequest(to=CODE_AT, gas=20_999))
    with pytest.raises(RejectedTransaction, match="max initcode size exceeded"):
        chain.call(CallRequest(data=bytes(49_153)))


def test_gas_is_capped(new_chain: NewChain) -> None:
    chain = new_chain(gas_cap=100_000)
    assert 70_000 < ask(chain, answer("5a"), gas=10**9) < 80_000


def test_older_states_are_asked(chain: LocalChain) -> None:
    chain.set_code(CODE_AT, answer("600054"))
    for value in (1, 2):
        chain.set_storage(CODE_AT, 0, value)
        chain.mine()
    results = [chain.call(CallRequest(to=CODE_AT), number).output[-1:] for number in (0, 1, 2)]
    assert results == [b"", b"\1", b"\2"]
    with pytest.raises(UnknownBlock):
        chain.call(CallRequest(to=CODE_AT), 3)
    with pytest.raises(UnknownBlock):
        chain.call(CallRequest(to=CODE_AT), b"\1" * 32)


def test_account_overrides(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    chain.set_storage(CODE_AT, 1, 7)
    chain.set_storage(CODE_AT, 2, 8)

    def under(**changes: Any) -> Overrides:
        return Overrides(accounts={CODE_AT: AccountOverride(**changes)})

    assert ask(chain, answer("47"), under(balance=99)) == 99
    assert ask(chain, b"", under(code=answer("6005"))) == 5
    both = answer("600154600254600a0201")
    assert ask(chain, both) == 87
    assert ask(chain, both, under(state_diff={1: 1})) == 81
    assert ask(chain, both, under(state={1: 1})) == 1
    assert ask(chain, both) == 87
    creating = answer("600060006000f0")
    made = [ask(chain, creating, under(nonce=nonce)) for nonce in (5, 6, 5)]
    assert made[0] == made[2] != made[1]
    with pytest.raises(InvalidRequest, match="both 'state' and 'stateDiff'"):
        ask(chain, both, under(state={}, state_diff={}))


def test_block_overrides(chain: LocalChain) -> None:
    def under(**changes: Any) -> Overrides:
        return Overrides(block=BlockOverride(**changes))

    assert ask(chain, answer("43"), under(number=12345)) == 12345
    assert ask(chain, answer("42"), under(time=99)) == 99
    assert ask(chain, answer("45"), under(gas_limit=77)) == 77
    assert ask(chain, answer("41"), under(coinbase=b"\xab" * 20)) == int("ab" * 20, 16)
    assert ask(chain, answer("44"), under(prev_randao=b"\xcd" * 32)) == int("cd" * 32, 16)
    assert ask(chain, answer("4a"), under(blob_base_fee=31)) == 31
    assert ask(chain, answer("46"), under(number=1)) == 6133


def test_a_precompile_is_moved(chain: LocalChain) -> None:
    data = POSEIDON.methods[0].signature.selector
    there = chain.call(CallRequest(to=POSEIDON.address, data=data))
    elsewhere = b"\xee" * 20
    moved = Overrides(
        accounts={
            POSEIDON.address: AccountOverride(move_precompile_to=elsewhere, code=answer("6007"))
        }
    )
    here = chain.call(CallRequest(to=elsewhere, data=data), "latest", moved)
    assert (here.output, here.reverted) == (there.output, there.reverted)
    assert chain.call(CallRequest(to=POSEIDON.address), "latest", moved).output[-1] == 7
    not_one = Overrides(accounts={CODE_AT: AccountOverride(move_precompile_to=elsewhere)})
    with pytest.raises(InvalidRequest, match="is not a precompile"):
        chain.call(CallRequest(to=elsewhere), "latest", not_one)


def test_a_moved_sha256_answers_elsewhere(chain: LocalChain) -> None:
    two, elsewhere = bytes(19) + b"\2", b"\xee" * 20
    moved = Overrides(accounts={two: AccountOverride(move_precompile_to=elsewhere)})
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (
        chain.call(CallRequest(to=elsewhere, data=b"abc"), "latest", moved).output.hex() == digest
    )
    assert chain.call(CallRequest(to=two, data=b"abc"), "latest", moved).output == b""


# Estimates.


def test_a_transfer_is_21000(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    request = CallRequest(sender=accounts[0].address, to=b"\x11" * 20, value=1)
    assert chain.estimate_gas(request) == 21_000


SETS = bytes.fromhex("6001600055")
CLEARS = bytes.fromhex("6000600155")  # A refund: more is needed than is used in the end.
ESTIMATED: dict[str, tuple[bytes, bytes]] = {
    "write": (SETS, b""),
    "refund": (CLEARS * 3 + SETS, b""),
    "calldata floor": (b"\x00", b"\1" * 500),
    "much gas": (bytes.fromhex("61ffff60205260ffff5b600190038060085700"), b""),
    "needs gas left": (bytes.fromhex("620186a05a11600a57fe5b00"), b""),
    # 63/64: the child needs what its parent must have 64/63 of.
    "nested": (
        bytes.fromhex("6000600060006000600073") + b"\xdd" * 20 + bytes.fromhex("5af1602557fe5b00"),
        b"",
    ),
}


@pytest.mark.parametrize("name", ESTIMATED)
def test_an_estimate_works_and_two_percent_less_does_not(
    chain: LocalChain, accounts: tuple[DevAccount, ...], name: str
) -> None:
    code, data = ESTIMATED[name]
    chain.set_code(CODE_AT, code)
    chain.set_code(b"\xdd" * 20, SETS + bytes.fromhex("6001600155600160025560016003556001600455"))
    chain.set_storage(CODE_AT, 1, 1)
    request = CallRequest(sender=accounts[0].address, to=CODE_AT, data=data)
    estimate = chain.estimate_gas(request)

    def works(gas: int) -> bool:
        try:
            return chain.call(
                CallRequest(sender=request.sender, to=CODE_AT, data=data, gas=gas)
            ).success
        except RejectedTransaction:
            return False

    assert works(estimate)
    assert not works(estimate * 98 // 100)
    tx_hash = chain.send(CallRequest(sender=request.sender, to=CODE_AT, data=data, gas=estimate))
    located = chain.transaction(tx_hash)
    assert located is not None
    receipts = chain.receipts(located.block.hash)
    assert receipts is not None
    assert receipts[0].status == 1


def test_an_estimate_of_what_fails_says_why(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain.set_code(CODE_AT, bytes.fromhex("60aa60005260206000fd"))
    with pytest.raises(CallFailed) as failure:
        chain.estimate_gas(CallRequest(to=CODE_AT))
    assert failure.value.result.reverted
    assert failure.value.result.output == bytes(31) + b"\xaa"
    chain.set_code(CODE_AT, bytes.fromhex("5b600056"))
    with pytest.raises(CallFailed, match=r"gas required exceeds allowance \(100000\)"):
        chain.estimate_gas(CallRequest(to=CODE_AT, gas=100_000))
    with pytest.raises(RejectedTransaction, match="insufficient funds"):
        chain.estimate_gas(CallRequest(sender=b"\x98" * 20, to=b"\x11" * 20, value=1))
    with pytest.raises(RejectedTransaction, match="insufficient funds"):
        chain.estimate_gas(
            CallRequest(sender=b"\x98" * 20, to=b"\x11" * 20, value=1, gas_price=10**10)
        )


def test_an_estimate_stays_within_what_the_sender_can_pay(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    sender = b"\x97" * 20
    price = 10**10
    chain.set_balance(sender, 60_000 * price)
    chain.set_code(CODE_AT, SETS)
    request = CallRequest(sender=sender, to=CODE_AT, gas_price=price)
    assert 43_000 < chain.estimate_gas(request) <= 60_000
    chain.set_balance(sender, 30_000 * price)
    with pytest.raises(CallFailed, match="gas required exceeds allowance"):
        chain.estimate_gas(request)


# Access lists.


def test_an_access_list_names_what_is_touched(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    other = b"\xdd" * 20
    chain.set_code(other, bytes.fromhex("60055400"))
    read = "6000600060006000600073" + other.hex() + "5af150"
    chain.set_code(CODE_AT, bytes.fromhex("60025450" + read + "73" + "aa" * 20 + "315000"))
    sender = accounts[0].address
    result = chain.create_access_list(CallRequest(sender=sender, to=CODE_AT))
    assert result.error is None
    assert result.access_list == ((b"\xaa" * 20, ()), (CODE_AT, (2,)), (other, (5,)))
    request = CallRequest(sender=sender, to=CODE_AT, access_list=result.access_list)
    assert chain.call(request).gas_used == result.gas_used


def test_an_access_list_of_a_revert_is_still_told(chain: LocalChain) -> None:
    chain.set_code(CODE_AT, bytes.fromhex("6002545060006000fd"))
    result = chain.create_access_list(CallRequest(to=CODE_AT))
    assert result.error == "execution reverted"
    assert result.access_list == ((CODE_AT, (2,)),)


def test_precompiles_sender_and_recipient_are_left_out(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    touched = [bytes(19) + b"\2", POSEIDON.address, accounts[0].address, CODE_AT]
    code = b"".join(b"\x73" + each + b"\x31\x50" for each in touched)
    chain.set_code(CODE_AT, code)
    result = chain.create_access_list(CallRequest(sender=accounts[0].address, to=CODE_AT))
    assert result.access_list == ()


def test_a_free_call_pays_for_no_blobs(chain: LocalChain) -> None:
    hashes = (b"\x01" + bytes(31),)
    assert ask(chain, answer("4a"), blob_versioned_hashes=hashes) == 0  # BLOBBASEFEE
    with pytest.raises(RejectedTransaction, match="insufficient funds"):
        ask(
            chain,
            answer("4a"),
            blob_versioned_hashes=hashes,
            gas=100_000,
            max_fee_per_gas=10**10,
            max_fee_per_blob_gas=10,
        )


def test_frames_nest_to_the_limit(new_chain: NewChain) -> None:
    """With gas without end a contract that calls itself stops at depth 1,024, and no stack ends."""
    chain = new_chain(gas_cap=10**13, question_seconds=60)
    # Log the depth's gas, call itself with all of it, and return how deep it went: 1 + the answer.
    calls_itself = "60205f5f5f5f305af150" + "5f5160010160005260205ff3"
    chain.set_code(CODE_AT, bytes.fromhex(calls_itself))
    result = chain.call(CallRequest(to=CODE_AT, gas=10**13))
    assert result.success
    assert int.from_bytes(result.output, "big") == 1025
