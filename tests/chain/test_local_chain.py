"""LocalChain as its users see it: mining, time, going back, edits, rules, system contracts."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address

from chain import execution, intake
from chain.accounts import DevAccount
from chain.blocks import Receipt, decode_block
from chain.calls import CallRequest
from chain.errors import InvalidRequest, RejectedTransaction, UnknownBlock
from chain.frames import Cancelled
from chain.genesis import RESERVE, genesis_from_json
from chain.local_chain import BRIEF_GAS, LocalChain, NewBlock, NewPending, Removed
from chain.system import (
    BEACON_ROOTS_ADDRESS,
    CONSOLIDATIONS_ADDRESS,
    HISTORY_ADDRESS,
    WITHDRAWALS_ADDRESS,
)
from chain.transactions import BLOB, decode_transaction

NewChain = Callable[..., LocalChain]
TO = b"\x35" * 20
GWEI = 10**9


class Wall:
    """A clock that a test moves."""

    def __init__(self, now: float = 2_000_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def signed(account: DevAccount, **changes: Any) -> bytes:
    """A transaction as a wallet makes it, by another library."""
    fields: dict[str, Any] = {"chainId": 6133, "nonce": 0, "gas": 21_000, "value": 1}
    fields |= {"to": to_checksum_address(TO), "type": 2}
    fields |= {"maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": GWEI} | changes
    if "gasPrice" in fields:
        del fields["maxFeePerGas"], fields["maxPriorityFeePerGas"]
    fields = {name: value for name, value in fields.items() if value is not None}
    return bytes(Account.sign_transaction(fields, account.private_key).raw_transaction)


def receipt(chain: LocalChain, tx_hash: bytes) -> Receipt:
    located = chain.transaction(tx_hash)
    assert located is not None
    receipts = chain.receipts(located.block.hash)
    assert receipts is not None
    return receipts[located.index]


def pay(chain: LocalChain, sender: bytes, **changes: Any) -> bytes:
    return chain.send(CallRequest(**{"sender": sender, "to": TO, "value": 1, **changes}))


# Transactions of every type, and of every wrong kind.


def variants(account: DevAccount) -> dict[str, dict[str, Any]]:
    entry = Account.sign_authorization(
        {"chainId": 6133, "address": to_checksum_address(TO), "nonce": 1}, account.private_key
    )
    listed = [{"address": to_checksum_address(TO), "storageKeys": ["0x" + "00" * 32]}]
    return {
        "legacy": {"type": None, "gasPrice": 10 * GWEI},
        "access list": {"type": 1, "gasPrice": 10 * GWEI, "gas": 30_000, "accessList": listed},
        "dynamic fee": {},
        "set code": {"type": 4, "gas": 100_000, "authorizationList": [entry]},
    }


@pytest.mark.parametrize("name", ["legacy", "access list", "dynamic fee", "set code"])
def test_every_type_is_mined(
    chain: LocalChain, accounts: tuple[DevAccount, ...], name: str
) -> None:
    tx_hash = chain.send_raw(signed(accounts[0], **variants(accounts[0])[name]))
    result = receipt(chain, tx_hash)
    assert result.status == 1
    assert chain.state().balance(TO) == 1
    if name == "set code":
        assert chain.state().code(accounts[0].address) == b"\xef\x01\x00" + TO
        assert chain.state().nonce(accounts[0].address) == 2
        # A sender with a delegation is no contract (EIP-3607).
        chain.send_raw(signed(accounts[0], nonce=2))


@pytest.mark.parametrize("name", ["legacy", "access list", "dynamic fee", "set code"])
def test_every_type_of_another_chain_is_refused(
    chain: LocalChain, accounts: tuple[DevAccount, ...], name: str
) -> None:
    """A transaction for chain 1 must not be replayed here: stock py-evm would mine it."""
    changes = {**variants(accounts[0])[name], "chainId": 1}
    with pytest.raises(RejectedTransaction, match="invalid chain id for signer: have 1 want 6133"):
        chain.send_raw(signed(accounts[0], **changes))
    assert chain.head.number == 0


def test_a_legacy_transaction_for_any_chain_is_accepted(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    raw = signed(accounts[0], chainId=None, type=None, gasPrice=10 * GWEI)
    tx_hash = chain.send_raw(raw)
    located = chain.transaction(tx_hash)
    assert located is not None
    assert (located.transaction.v in (27, 28), located.transaction.chain_id) == (True, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gas": 20_999}, "intrinsic gas too low: gas 20999, minimum needed 21000"),
        ({"gas": 31_000, "data": b"\1" * 300}, "insufficient gas for floor data gas cost"),
        ({"gas": 30_000_001}, r"transaction gas limit too high .cap: 16777216, tx: 30000001"),
        ({"value": 10**30}, "insufficient funds for gas . price . value"),
        ({"maxPriorityFeePerGas": 11 * GWEI}, "max priority fee per gas higher than max fee"),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}, "less than block base fee"),
        ({"to": b"", "data": bytes(49_153), "gas": 5_000_000}, "max initcode size exceeded"),
        ({"data": bytes(140_000), "gas": 5_000_000}, "oversized data"),
        ({"nonce": 2**64 - 1}, "nonce has max value"),
    ],
)
def test_what_can_never_be_mined_is_refused(
    chain: LocalChain, accounts: tuple[DevAccount, ...], changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RejectedTransaction, match=reason):
        chain.send_raw(signed(accounts[0], **changes))
    assert (chain.head.number, len(chain.pool)) == (0, 0)


def test_more_gas_than_the_next_block_has_is_refused(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain.set_block_gas_limit(1_000_000)
    with pytest.raises(RejectedTransaction, match=r"exceeds block gas limit: .* limit 1000000"):
        chain.send_raw(signed(accounts[0], gas=1_000_001))
    chain.send_raw(signed(accounts[0], gas=1_000_000))
    assert chain.head.number == 1


def test_a_fee_order_of_a_set_code_transaction_is_checked(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    changes = {**variants(accounts[0])["set code"], "maxPriorityFeePerGas": 11 * GWEI}
    with pytest.raises(RejectedTransaction, match="max priority fee per gas higher"):
        chain.send_raw(signed(accounts[0], **changes))


def test_the_initcodes_words_are_intrinsic(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    least = 53_000 + 64 * 4 + 2 * 2
    for gas in (least - 1, least):
        raw = signed(accounts[0], to=b"", data=bytes(64), gas=gas, value=0)
        if gas < least:
            with pytest.raises(RejectedTransaction, match=f"minimum needed {least}"):
                chain.send_raw(raw)
        else:
            assert receipt(chain, chain.send_raw(raw)).gas_used == least


def test_a_used_nonce_and_a_known_hash_are_refused(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    raw = signed(accounts[0])
    chain.send_raw(raw)
    with pytest.raises(RejectedTransaction, match="nonce too low: next nonce 1, tx nonce 0"):
        chain.send_raw(raw)
    later = signed(accounts[0], nonce=5)
    chain.send_raw(later)
    with pytest.raises(RejectedTransaction, match=r"^already known$"):
        chain.send_raw(later)


def test_a_sender_with_code_is_refused(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    chain.set_code(accounts[0].address, b"\x5b")
    with pytest.raises(RejectedTransaction, match="sender not an eoa"):
        chain.send_raw(signed(accounts[0]))


def test_a_failing_transaction_is_mined(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain.set_code(TO, b"\xfe")
    result = receipt(chain, chain.send_raw(signed(accounts[0], gas=50_000)))
    assert (result.status, result.gas_used) == (0, 50_000)
    assert chain.state().balance(TO) == 0


def test_a_deployment_names_its_contract(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    initcode = bytes.fromhex("60f760005360016000f3")
    tx_hash = chain.send(CallRequest(sender=accounts[0].address, data=initcode))
    created = receipt(chain, tx_hash).contract_address
    assert created is not None
    assert chain.state().code(created) == b"\xf7"


# Mining.


def test_auto_mines_each_transaction_by_itself(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    for number in (1, 2):
        tx_hash = pay(chain, accounts[0].address)
        assert chain.head.number == number
        assert [tx.hash for tx in chain.head.transactions] == [tx_hash]


def test_auto_mines_what_a_gap_held_back(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain.send_raw(signed(accounts[0], nonce=1))
    chain.send_raw(signed(accounts[0], nonce=2))
    assert chain.head.number == 0
    chain.send_raw(signed(accounts[0], nonce=0))
    assert [tx.nonce for tx in chain.head.transactions] == [0, 1, 2]
    assert len(chain.pool) == 0


def test_manual_mines_when_told(new_chain: NewChain, accounts: tuple[DevAccount, ...]) -> None:
    chain = new_chain(mining="manual")
    hashes = [pay(chain, account.address) for account in accounts[:3]]
    assert chain.head.number == 0
    assert {tx.hash for tx in chain.block("pending").transactions} == set(hashes)  # type: ignore[union-attr]
    first, second = chain.mine(2)
    assert {tx.hash for tx in first.transactions} == set(hashes)
    assert second.transactions == ()
    assert chain.mine(0) == []
    assert chain.next_block_due() is None
    assert chain.mine_due() is None
    chain.set_automine(True)
    pay(chain, accounts[0].address)
    assert chain.head.number == 3


def test_turning_automine_on_mines_what_waits(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining="manual")
    chain.set_automine(True)
    assert chain.head.number == 0
    chain.set_automine(False)
    pay(chain, accounts[0].address)
    chain.set_automine(True)
    assert chain.head.number == 1


@pytest.mark.parametrize(("mining", "at_once"), [("interval", False), ("mixed", True)])
def test_an_interval_mines_on_its_own(
    new_chain: NewChain,
    accounts: tuple[DevAccount, ...],
    monkeypatch: pytest.MonkeyPatch,
    mining: str,
    at_once: bool,
) -> None:
    ticks = Wall(100.0)
    monkeypatch.setattr("chain.local_chain.time.monotonic", ticks)
    chain = new_chain(mining=mining, block_time_seconds=0.4)
    assert chain.automine == at_once
    pay(chain, accounts[0].address)
    assert chain.head.number == at_once
    ticks.now = 100.375
    assert chain.next_block_due() == pytest.approx(0.025)
    assert chain.mine_due() is None
    ticks.now = 100.5
    assert chain.next_block_due() == 0
    block = chain.mine_due()
    assert block is not None
    assert len(block.transactions) == (not at_once)
    assert chain.mine_due() is None
    # What was missed is not made up for, and the grid is kept.
    ticks.now = 103.0
    assert chain.mine_due() is not None
    assert chain.next_block_due() == pytest.approx(0.2)
    chain.set_interval(0)
    ticks.now = 200.0
    assert (chain.next_block_due(), chain.mine_due()) == (None, None)


def test_blocks_of_400_ms_carry_true_seconds(new_chain: NewChain) -> None:
    wall = Wall()
    chain = new_chain(mining="manual", clock=wall)
    blocks = []
    for _ in range(50):
        wall.now += 0.4
        blocks += chain.mine()
        assert blocks[-1].header.timestamp == int(wall.now)
        millis = int.from_bytes(blocks[-1].header.extra_data, "big")
        assert abs(wall.now - int(wall.now) - millis / 1000) < 0.002
    stamps = [block.header.timestamp for block in blocks]
    assert stamps[-1] - stamps[0] in (19, 20)
    assert any(one == two for one, two in pairwise(stamps))


@pytest.mark.parametrize("count", [-1, 100_001])
def test_a_wrong_number_of_blocks_is_refused(chain: LocalChain, count: int) -> None:
    with pytest.raises(InvalidRequest, match=f"cannot mine {count} blocks"):
        chain.mine(count)


def test_blocks_at_an_interval(new_chain: NewChain) -> None:
    chain = new_chain(mining="manual", clock=Wall())
    stamps = [block.header.timestamp for block in chain.mine(3, interval_seconds=60)]
    assert [b - a for a, b in pairwise(stamps)] == [60, 60]
    with pytest.raises(InvalidRequest, match="is not a length of time"):
        chain.mine(3, interval_seconds=-1)
    assert chain.head.number == 3
    (block,) = chain.mine(timestamp=stamps[-1] + 1000)
    assert block.header.timestamp == stamps[-1] + 1000
    with pytest.raises(InvalidRequest, match="lower than the latest block's"):
        chain.mine(timestamp=5)
    assert chain.head == block


def test_the_gas_limit_does_not_drift(chain: LocalChain) -> None:
    """py-evm's own would have fallen to a twentieth after so many empty blocks."""
    chain.mine(3000)
    assert chain.head.header.gas_limit == 30_000_000
    assert chain.head.header.base_fee_per_gas is not None
    chain.set_block_gas_limit(12_000_000)
    assert chain.mine(2)[-1].header.gas_limit == 12_000_000
    for wrong in (4999, 2**63):
        with pytest.raises(InvalidRequest, match="out of range"):
            chain.set_block_gas_limit(wrong)


def test_a_full_block_leaves_the_rest_for_the_next(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining="manual")
    chain.set_block_gas_limit(63_000)
    hashes = [pay(chain, account.address, gas=21_000) for account in accounts]
    first, second = chain.mine(2)
    assert (len(first.transactions), len(second.transactions)) == (3, 2)
    assert {tx.hash for b in (first, second) for tx in b.transactions} == set(hashes)


def test_a_bug_in_the_engine_does_not_stop_the_chain(
    new_chain: NewChain, accounts: tuple[DevAccount, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = new_chain(mining="manual", loud=False)
    bad, good = (pay(chain, account.address) for account in accounts[:2])
    original = execution._settle

    def trip(state: Any, tx: Any, *rest: Any) -> Any:
        used = original(state, tx, *rest)
        if tx.hash == bad:
            raise ZeroDivisionError
        return used

    monkeypatch.setattr(execution, "_settle", trip)
    (block,) = chain.mine()
    assert [tx.hash for tx in block.transactions] == [good]
    assert chain.pool.get(bad) is None
    assert chain.state().nonce(accounts[0].address) == 0
    assert chain.state().balance(TO) == 1


# Blocks by name.


def test_tags(chain: LocalChain) -> None:
    def number(ref: Any) -> int:
        block = chain.block(ref)
        assert block is not None
        return block.number

    assert [number(tag) for tag in ("latest", "earliest", "safe", "finalized")] == [0] * 4
    chain.mine(5)
    tags = ("latest", "earliest", "safe", "finalized", "pending")
    # C-04: a block is final at depth two.
    assert [number(tag) for tag in tags] == [5, 0, 3, 3, 6]
    assert chain.block(6) is None
    assert chain.block(b"\1" * 32) is None
    assert chain.block(chain.head.hash) == chain.head
    assert chain.is_canonical(chain.head.hash)
    assert not chain.is_canonical(b"\1" * 32)
    with pytest.raises(UnknownBlock):
        chain.block("newest")  # type: ignore[arg-type]
    with pytest.raises(UnknownBlock):
        chain.state(6)


def test_the_pending_block_is_the_one_that_comes(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining="manual", clock=Wall())
    pay(chain, accounts[0].address)
    pending = chain.block("pending")
    assert chain.state("pending").balance(TO) == 1
    assert chain.state().balance(TO) == 0
    (mined,) = chain.mine()
    assert mined == pending


# Going back.


def test_a_revert_restores_everything(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    wall = Wall()
    chain = new_chain(mining="manual", clock=wall)
    sender = accounts[0].address
    pay(chain, sender)
    chain.mine()
    waiting = pay(chain, sender)
    chain.set_coinbase(b"\x0c" * 20)
    chain.increase_time(100)
    head, root = chain.head, chain.state().root
    snapshot = chain.snapshot()

    events: list[Any] = []
    unlisten = chain.listen(events.append)
    chain.set_balance(TO, 99)
    chain.set_coinbase(b"\x0d" * 20)
    chain.set_block_gas_limit(10_000_000)
    chain.set_next_base_fee(5)
    chain.set_min_gas_price(10**12)  # The pool takes its own back all the same.
    chain.increase_time(1000)
    chain.set_next_timestamp(int(wall.now) + 5000)
    first, second = chain.mine(2)
    assert chain.transaction(waiting) is not None
    assert chain.revert(snapshot)

    assert (chain.head, chain.state().root) == (head, root)
    assert chain.transaction(waiting) is None
    assert chain.pool.all()[0].hash == waiting
    assert chain.block(2) is None
    assert chain.block(first.hash) is None
    assert chain.receipts(second.hash) is None
    (removed,) = [event for event in events if isinstance(event, Removed)]
    assert [each.block for each in removed.blocks] == [second, first]
    assert len(removed.blocks[1].receipts) == 1
    unlisten()
    (block,) = chain.mine()
    assert block.header.timestamp == int(wall.now) + 100
    assert (block.header.coinbase, block.header.gas_limit) == (b"\x0c" * 20, 30_000_000)
    assert [tx.hash for tx in block.transactions] == [waiting]
    assert not chain.revert(snapshot)


def test_snapshots_stack(chain: LocalChain) -> None:
    one = chain.snapshot()
    chain.mine()
    two = chain.snapshot()
    chain.mine()
    three = chain.snapshot()
    assert len({one, two, three}) == 3
    assert chain.revert(two)
    assert chain.head.number == 1
    assert not chain.revert(three)
    assert not chain.revert(two)
    assert chain.revert(one)
    assert chain.head.number == 0
    assert not chain.revert(12345)


def test_life_goes_on_after_many_reverts(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    sender = accounts[0].address
    for value in range(1, 20):
        snapshot = chain.snapshot()
        chain.set_storage(TO, 1, value)
        pay(chain, sender, value=value)
        assert chain.state().storage(TO, 1) == value
        assert chain.revert(snapshot)
        assert chain.state().storage(TO, 1) == 0
        if value % 5 == 0:
            pay(chain, sender)
    assert chain.head.number == 3
    for number in range(4):
        assert chain.state(number).nonce(sender) == number


def test_a_reset_goes_back_to_genesis(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    genesis_root = chain.state().root
    snapshot = chain.snapshot()
    pay(chain, accounts[0].address)
    chain.set_balance(TO, 5)
    chain.increase_time(1000)
    chain.send_raw(signed(accounts[1], nonce=3))
    chain.reset()
    assert chain.head.hash == chain.genesis_hash
    assert chain.state().root == genesis_root
    assert (len(chain.pool), chain.revert(snapshot)) == (0, False)
    pay(chain, accounts[0].address)
    assert chain.head.number == 1


def test_listeners_hear_what_happens_and_break_nothing(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    events: list[Any] = []

    def broken(event: Any) -> None:
        raise ZeroDivisionError

    chain.listen(broken)
    unlisten = chain.listen(events.append)
    tx_hash = pay(chain, accounts[0].address)
    pending, mined = events
    assert isinstance(pending, NewPending)
    assert isinstance(mined, NewBlock)
    assert pending.transaction.hash == tx_hash
    assert (mined.block, mined.receipts) == (chain.head, chain.receipts(chain.head.hash))
    unlisten()
    unlisten()
    chain.mine()
    assert len(events) == 2


# Impersonation and edits.


def test_impersonation(chain: LocalChain) -> None:
    with pytest.raises(RejectedTransaction, match="unknown account: 0x7061"):
        pay(chain, RESERVE)
    chain.impersonate(RESERVE)
    assert RESERVE in chain.accounts
    located = chain.transaction(pay(chain, RESERVE, value=10**18))
    assert located is not None
    assert located.transaction.sender == RESERVE
    assert chain.state().balance(TO) == 10**18
    chain.stop_impersonating(RESERVE)
    assert RESERVE not in chain.accounts
    with pytest.raises(RejectedTransaction):
        pay(chain, RESERVE)
    chain.auto_impersonate = True
    assert receipt(chain, pay(chain, RESERVE)).status == 1


def test_a_contract_is_impersonated(chain: LocalChain) -> None:
    contract = b"\xc0" * 20
    chain.set_code(contract, b"\x5b")
    chain.set_balance(contract, 10**18)
    chain.impersonate(contract)
    assert receipt(chain, pay(chain, contract)).status == 1


def test_edits_are_seen_at_once_and_in_the_next_block(chain: LocalChain) -> None:
    chain.set_balance(TO, 5)
    chain.set_nonce(TO, 6)
    chain.set_code(TO, b"\x60\x01")
    chain.set_storage(TO, 2**256 - 1, 7)
    for ref in ("latest", "pending"):
        view = chain.state(ref)
        assert (view.balance(TO), view.nonce(TO), view.code(TO)) == (5, 6, b"\x60\x01")
        assert view.storage(TO, 2**256 - 1) == 7
    chain.mine()
    assert chain.head.header.state_root == chain.state().root
    assert chain.state(0).exists(TO) is False


def test_a_nonce_that_is_set_drops_what_it_overtakes(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining="manual")
    sender = accounts[0].address
    pay(chain, sender)
    chain.set_nonce(sender, 5)
    assert len(chain.pool) == 0
    assert receipt_nonce(chain, sender) == 5


def receipt_nonce(chain: LocalChain, sender: bytes) -> int:
    tx_hash = pay(chain, sender)
    chain.mine()
    located = chain.transaction(tx_hash)
    assert located is not None
    return located.transaction.nonce


def test_settings_of_the_next_block(chain: LocalChain) -> None:
    chain.set_coinbase(b"\x0c" * 20)
    chain.set_next_base_fee(123)
    chain.set_prev_randao(b"\x0e" * 32)
    first, second = chain.mine(2)
    header = first.header
    assert (header.coinbase, header.base_fee_per_gas) == (b"\x0c" * 20, 123)
    assert header.prev_randao == b"\x0e" * 32
    assert second.header.coinbase == b"\x0c" * 20
    assert second.header.prev_randao != b"\x0e" * 32


def test_transactions_are_dropped(new_chain: NewChain, accounts: tuple[DevAccount, ...]) -> None:
    chain = new_chain(mining="manual")
    one, two = (pay(chain, account.address) for account in accounts[:2])
    assert chain.drop_transaction(one)
    assert not chain.drop_transaction(one)
    assert chain.pool.get(two) is not None
    chain.drop_all()
    assert chain.mine()[0].transactions == ()


def test_a_request_is_filled_and_signed(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    sender = accounts[0].address
    chain.send_raw(signed(accounts[0], nonce=1))  # It waits, and is not counted.
    tx = chain.sign_transaction(CallRequest(sender=sender, to=TO))
    assert (tx.type, tx.nonce, tx.gas, tx.chain_id) == (2, 0, 21_000, 6133)
    assert tx.max_fee_per_gas >= chain.base_fee()
    assert Account.recover_transaction(tx.raw) == to_checksum_address(sender)
    legacy = chain.sign_transaction(CallRequest(sender=sender, to=TO, gas_price=5 * GWEI))
    assert (legacy.type, legacy.gas_price) == (0, 5 * GWEI)
    with pytest.raises(InvalidRequest, match="from: missing"):
        chain.sign_transaction(CallRequest(to=TO))
    with pytest.raises(InvalidRequest, match="chainId does not match"):
        chain.sign_transaction(CallRequest(sender=sender, to=TO, chain_id=1))


# System contracts.


def test_the_parents_hash_is_kept(chain: LocalChain) -> None:
    """EIP-2935."""
    chain.mine(3)
    for number in range(3):
        asked = CallRequest(to=HISTORY_ADDRESS, data=number.to_bytes(32, "big"))
        block = chain.block(number)
        assert block is not None
        assert chain.call(asked).output == block.hash
    too_new = CallRequest(to=HISTORY_ADDRESS, data=(3).to_bytes(32, "big"))
    assert chain.call(too_new).reverted


def test_the_beacon_root_is_kept(new_chain: NewChain) -> None:
    """EIP-4788: asked by timestamp."""
    chain = new_chain(mining="manual", clock=Wall())
    chain.mine(2)
    stamp = chain.head.header.timestamp
    asked = CallRequest(to=BEACON_ROOTS_ADDRESS, data=stamp.to_bytes(32, "big"))
    assert chain.call(asked).output == chain.head.header.parent_beacon_block_root
    other = CallRequest(to=BEACON_ROOTS_ADDRESS, data=(stamp + 1).to_bytes(32, "big"))
    assert chain.call(other).reverted
    slot = stamp % 8191
    assert chain.state().storage(BEACON_ROOTS_ADDRESS, slot) == stamp


NO_REQUESTS = hashlib.sha256(b"").digest()


def hash_of(*found: bytes) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in found)).digest()


def test_a_withdrawal_request_leaves_in_its_block(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    """EIP-7002: 56 bytes of public key and amount; the request leads with the source."""
    assert chain.mine()[0].header.requests_hash == NO_REQUESTS
    key, amount = b"\xaa" * 48, (77).to_bytes(8, "big")
    tx_hash = pay(chain, accounts[0].address, to=WITHDRAWALS_ADDRESS, data=key + amount)
    assert receipt(chain, tx_hash).status == 1
    request = b"\1" + accounts[0].address + key + amount[::-1]
    assert chain.head.header.requests_hash == hash_of(request)
    assert chain.mine()[0].header.requests_hash == NO_REQUESTS


def test_withdrawal_requests_queue_and_their_fee_rises(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining="manual")
    for index in range(20):
        data = bytes((index,)) * 56
        pay(chain, accounts[0].address, to=WITHDRAWALS_ADDRESS, data=data, gas=300_000)
    first, second, third = chain.mine(3)

    def requests(numbers: range) -> bytes:
        parts = [accounts[0].address + bytes((i,)) * 56 for i in numbers]
        return b"\1" + b"".join(parts)

    # Sixteen leave a block.
    assert first.header.requests_hash == hash_of(requests(range(16)))
    assert second.header.requests_hash == hash_of(requests(range(16, 20)))
    assert third.header.requests_hash == NO_REQUESTS
    # The excess over a target of two a block is remembered and wears off.
    excess = chain.state().storage(WITHDRAWALS_ADDRESS, 0)
    assert excess == 20 - 3 * 2
    chain.mine(10)
    assert chain.state().storage(WITHDRAWALS_ADDRESS, 0) == 0


def test_a_consolidation_request_follows_a_withdrawal(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    """EIP-7251: 96 bytes of two keys, type 2, after type 1."""
    chain = new_chain(mining="manual")
    keys = b"\xaa" * 48 + b"\xbb" * 48
    pay(chain, accounts[0].address, to=CONSOLIDATIONS_ADDRESS, data=keys, gas=300_000)
    pay(chain, accounts[1].address, to=WITHDRAWALS_ADDRESS, data=bytes(56), gas=300_000)
    (block,) = chain.mine()
    assert block.header.requests_hash == hash_of(
        b"\1" + accounts[1].address + bytes(56), b"\2" + accounts[0].address + keys
    )


def test_a_request_without_its_fee_is_refused(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    tx_hash = pay(
        chain, accounts[0].address, to=WITHDRAWALS_ADDRESS, data=bytes(56), value=0, gas=300_000
    )
    assert receipt(chain, tx_hash).status == 0
    assert chain.head.header.requests_hash == NO_REQUESTS


# Two chains agree.


def test_the_same_history_gives_the_same_blocks(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    heads = []
    for _ in range(2):
        wall = Wall()
        chain = new_chain(mining="manual", clock=wall)
        for index in range(5):
            for account in accounts[: index + 1]:
                pay(chain, account.address, value=index)
            wall.now += 0.4
            chain.mine()
        heads.append(chain.head.hash)
    assert heads[0] == heads[1]


def test_blocks_are_exported_in_order(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    for _ in range(3):
        pay(chain, accounts[0].address)
    told: list[tuple[int, int]] = []
    exported = list(chain.export_blocks(lambda done, total: told.append((done, total))))
    assert exported == [chain.block(n).encode() for n in (1, 2, 3)]  # type: ignore[union-attr]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_moved_time_survives_a_restart(new_chain: NewChain, tmp_path: Path) -> None:
    wall = Wall()
    first = new_chain(datadir=tmp_path / "data", clock=wall)
    offset = first.increase_time(1_000)
    first.close()
    second = new_chain(datadir=tmp_path / "data", clock=wall)
    assert second.increase_time(0) == offset


def test_a_chain_of_plain_ethereum_keeps_its_rules(accounts: tuple[DevAccount, ...]) -> None:
    """Its blocks have seconds of their own and no precompiles, so that others can import them."""
    times = dict.fromkeys(("shanghaiTime", "cancunTime", "pragueTime"), 0)
    plain = genesis_from_json(
        {
            "config": {"chainId": 1337, "terminalTotalDifficulty": 0, "londonBlock": 0, **times},
            "alloc": {accounts[0].address.hex(): {"balance": "0xde0b6b3a7640000"}},
        }
    )
    maker = LocalChain.open(plain, accounts=accounts, clock=Wall(), loud=True)
    maker.mine(3)
    maker.send(CallRequest(sender=accounts[0].address, to=TO, value=1))
    stamps = [maker.block(number).header.timestamp for number in range(1, 5)]  # type: ignore[union-attr]
    assert stamps == [stamps[0] + step for step in range(4)]
    poseidon = bytes(18) + b"\x09\x01"
    assert maker.call(CallRequest(to=poseidon, data=b"\x12\x34\x56\x78")).output == b""

    taker = LocalChain.open(plain, loud=True)
    for encoded in maker.export_blocks():
        taker.import_block(decode_block(encoded))
    assert taker.head.hash == maker.head.hash


@pytest.mark.parametrize(
    "reason", ["gas", "others wait", "the disk", "a blob"], ids=lambda reason: reason
)
def test_in_a_hurry_what_may_take_long_is_left_undone(
    reason: str,
    new_chain: NewChain,
    accounts: tuple[DevAccount, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = new_chain(datadir=tmp_path / "data") if reason == "the disk" else new_chain()
    if reason == "others wait":
        chain.send_raw(signed(accounts[1], nonce=1))
    raw = signed(accounts[0], gas=21_000 + BRIEF_GAS + (reason == "gas"))
    if reason == "a blob":
        tx = replace(decode_transaction(raw), type=BLOB)
        monkeypatch.setattr(intake, "open_raw", lambda _: tx)
        monkeypatch.setattr(intake, "admit", lambda *_: None)
    waiting, told = chain.pool.all(), list[Any]()
    chain.listen(told.append)
    chain.hurried = True

    with pytest.raises(Cancelled):
        chain.send_raw(raw)

    assert (chain.head.number, chain.pool.all(), told) == (0, waiting, [])


@pytest.mark.parametrize("mining", ["auto", "manual"])
def test_in_a_hurry_what_is_brief_is_done(
    mining: str, new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining=mining)
    chain.hurried = True

    tx_hash = chain.send_raw(signed(accounts[0], gas=21_000 + BRIEF_GAS))

    assert (chain.transaction(tx_hash) is not None) == (mining == "auto")
    assert (chain.pool.get(tx_hash) is not None) == (mining == "manual")


def test_in_a_hurry_a_refusal_is_a_refusal(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain()
    chain.hurried = True

    with pytest.raises(RejectedTransaction, match="intrinsic gas too low"):
        chain.send_raw(signed(accounts[0], gas=20_000))
