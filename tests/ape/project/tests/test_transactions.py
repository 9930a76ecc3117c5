"""Sending, and what comes back: receipts, events, values, types, fees."""

import ape
import pytest
from ape.exceptions import AccountsError, OutOfGasError, SignatureError, VirtualMachineError

COIN = 10**18


def test_receipt(counter, owner, chain):
    receipt = counter.set(5, sender=owner)
    assert receipt.status == 1
    assert not receipt.failed
    assert receipt.block_number == chain.blocks.head.number
    assert receipt.sender == owner
    assert receipt.receiver == counter
    assert 21_000 < receipt.gas_used < receipt.gas_limit == 2**24
    assert receipt.method_called.name == "set"
    assert chain.get_receipt(receipt.txn_hash).gas_used == receipt.gas_used


def test_receipt_of_another_session(counter, owner, chain):
    made = counter.set(5, sender=owner)
    read = chain.provider.get_receipt(made.txn_hash)
    assert read.txn_hash == made.txn_hash
    assert read.data == made.data
    assert read.sender == owner
    assert read.events == made.events


def test_return_value(counter, owner):
    counter.set(5, sender=owner)
    assert counter.set(6, sender=owner).return_value == 5


def test_call_without_sending(counter, owner):
    counter.set(5, sender=owner)
    assert counter.set.call(9, sender=owner) == 5
    assert counter.number() == 5


@pytest.mark.in_process
def test_events(counter, owner):
    receipt = counter.set(5, sender=owner)
    assert receipt.events == [counter.Set(by=owner, number=5)]
    (event,) = receipt.decode_logs(counter.Set)
    assert (event.by, event.number) == (owner, 5)
    assert event.transaction_hash == receipt.txn_hash
    assert event.block_number == receipt.block_number


def test_event_query(counter, owner, other):
    counter.set(5, sender=owner)
    counter.set(6, sender=other)
    assert [event.number for event in counter.Set] == [5, 6]
    found = list(counter.Set.range(100, search_topics={"by": other.address}))
    assert [event.number for event in found] == [6]


def test_value(counter, owner):
    receipt = owner.transfer(counter, COIN)
    assert receipt.value == counter.balance == COIN


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_types(counter, owner, kind):
    receipt = counter.set(kind, sender=owner, type=kind)
    assert receipt.type == kind
    assert counter.number() == kind


@pytest.mark.in_process
def test_blobs(owner, other, chain):
    versioned = bytes([1]) + bytes(31)
    txn = chain.provider.network.ecosystem.create_transaction(
        sender=owner.address,
        receiver=other.address,
        type=3,
        max_fee_per_blob_gas=10**9,
        blob_versioned_hashes=[versioned],
    )
    receipt = owner.call(txn)
    assert receipt.type == 3
    assert receipt.blob_gas_used == 2**17


def test_delegation(counter, owner, other):
    other.set_delegate(counter)
    assert other.delegate == counter
    assert other.code == bytes.fromhex("ef0100" + counter.address[2:])


def test_fees_are_paid(counter, owner, chain):
    before = owner.balance
    receipt = counter.set(5, sender=owner)
    assert before - owner.balance == receipt.total_fees_paid > 0


def test_max_fee(counter, owner, chain):
    receipt = counter.set(5, sender=owner, max_fee=10**10, max_priority_fee=3)
    assert receipt.gas_price == chain.blocks.head.base_fee + 3


def test_gas_limit(counter, owner):
    assert counter.set(5, sender=owner, gas=100_000).gas_limit == 100_000


def test_gas_is_capped_as_on_the_chain(counter, owner):
    with pytest.raises(VirtualMachineError, match="16777216"):
        counter.set(5, sender=owner, gas=2**24 + 1)


def test_gas_runs_out(counter, owner):
    with pytest.raises(OutOfGasError):
        counter.burn_gas(sender=owner, gas=100_000)


def test_estimate(counter, owner):
    estimate = counter.set.estimate_gas_cost(5, sender=owner)
    used = counter.set(5, sender=owner).gas_used
    assert used <= estimate <= used * 1.02


def test_estimate_of_a_revert(counter, owner):
    with ape.reverts("limits: too much"):
        counter.set.estimate_gas_cost(1001, sender=owner)


def test_nonce_too_low(counter, owner):
    counter.set(5, sender=owner)
    with pytest.raises(AccountsError, match="nonce"):
        counter.set(5, sender=owner, nonce=0)


def test_too_poor(counter, owner, accounts):
    poor = accounts.generate_test_account()
    with pytest.raises(AccountsError, match="balance"):
        counter.set(5, sender=poor)


def test_signature_of_another(counter, owner, other):
    txn = counter.set.as_transaction(5, sender=owner)
    signed = other.sign_transaction(txn)
    signed.sender = owner.address
    with pytest.raises(SignatureError, match="doesn't match sender"):
        counter.provider.send_transaction(signed)


def test_failed_receipt(counter, owner):
    receipt = counter.set(1001, sender=owner, raise_on_revert=False)
    assert receipt.failed
    assert receipt.error.revert_message == "limits: too much"
    assert counter.number() != 1001


def test_failed_call(counter, owner):
    assert counter.set.call(1001, sender=owner, raise_on_revert=False) == "limits: too much"


def test_manual_mining(counter, owner, chain):
    before = chain.blocks.head.number
    chain.provider.auto_mine = False
    try:
        receipt = counter.set(5, sender=owner, required_confirmations=0)
        assert receipt.block_number == -1
        assert chain.blocks.head.number == before
        assert counter.number() == 0
        chain.mine()
        assert counter.number() == 5
    finally:
        chain.provider.auto_mine = True
    assert chain.blocks.head.number == before + 1


def test_printing(project, owner):
    receipt = owner.deploy(project.Printer).say(42, sender=owner)
    assert receipt.debug_logs_lines == ["the number is 42"]
