"""The chain itself: time, blocks, snapshots, and what only a simulator can do."""

import ape
import pytest
from ape.exceptions import BlockNotFoundError, ProviderError, UnknownSnapshotError

COIN = 10**18
STRANGER = "0x00000000000000000000000000000000DeaDBeef"


def test_chain_id(chain):
    assert chain.chain_id == chain.provider.network.chain_id == 6133


def test_accounts(accounts):
    assert len(accounts) == 10
    assert accounts[0].address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert {account.balance for account in accounts[5:]} == {10_000 * COIN}


def test_isolation_begins(counter, owner):
    assert counter.number() == 0
    counter.set(5, sender=owner)


def test_isolation_ends(counter):
    assert counter.number() == 0


def test_snapshots(chain, counter, owner):
    first = chain.snapshot()
    counter.set(1, sender=owner)
    chain.snapshot()
    counter.set(2, sender=owner)
    chain.restore(first)
    assert counter.number() == 0
    with pytest.raises(UnknownSnapshotError):
        chain.restore(first)


def test_isolate(chain, counter, owner):
    before = chain.pending_timestamp
    with chain.isolate():
        counter.set(1, sender=owner)
        chain.mine(deltatime=1000)
    assert counter.number() == 0
    assert before <= chain.pending_timestamp < before + 1000


def test_failures_leave_isolation(chain):
    with pytest.raises(AssertionError, match="this one"), chain.isolate():
        raise AssertionError("this one")


def test_mine(chain):
    before = chain.blocks.head.number
    chain.mine(3)
    assert chain.blocks.head.number == chain.blocks.height == before + 3
    assert chain.blocks[before + 1].parent_hash == chain.blocks[before].hash


def test_time(chain, counter):
    before = chain.blocks.head.timestamp
    chain.mine(deltatime=3600)
    assert 3600 <= chain.blocks.head.timestamp - before <= 3660
    assert counter.now() == chain.blocks.head.timestamp


def test_next_timestamp(chain, counter, owner):
    chain.pending_timestamp = then = chain.blocks.head.timestamp + 1_000_000
    assert chain.pending_timestamp == then
    counter.set(1, sender=owner)
    assert chain.blocks.head.timestamp == then


def test_time_does_not_go_back(chain):
    with pytest.raises(ProviderError, match="lower than the latest"):
        chain.pending_timestamp = chain.blocks.head.timestamp - 1


def test_block_that_is_not_there(chain):
    with pytest.raises(BlockNotFoundError):
        chain.provider.get_block(10**6)


def test_block_transactions(chain, counter, owner):
    receipt = counter.set(1, sender=owner)
    (txn,) = chain.blocks.head.transactions
    assert txn.txn_hash.to_0x_hex() == receipt.txn_hash
    assert (txn.sender, txn.receiver) == (owner, counter)


def test_past_state(chain, counter, owner):
    counter.set(1, sender=owner)
    then = chain.blocks.head.number
    counter.set(2, sender=owner)
    assert counter.number(block_id=then) == 1
    assert counter.number(block_id="latest") == counter.number() == 2
    assert chain.provider.get_nonce(owner.address, block_id=then) == owner.nonce - 1


def test_set_balance(chain, other):
    other.balance = "5 ether"
    assert other.balance == 5 * COIN
    chain.set_balance(STRANGER, 7)
    assert chain.get_balance(STRANGER) == 7


def test_set_code(chain, counter):
    chain.provider.set_code(STRANGER, counter.code)
    assert ape.Contract(STRANGER, contract_type=counter.contract_type).number() == 0


def test_storage(chain, counter, owner):
    counter.set(5, sender=owner)
    assert int.from_bytes(chain.provider.get_storage(counter.address, 0), "big") == 5
    chain.provider.set_storage(counter.address, 0, (99).to_bytes(32, "big"))
    assert counter.number() == 99


def test_set_nonce(chain, other):
    chain.provider.set_nonce(other.address, 77)
    assert other.nonce == 77


def test_impersonation(accounts, counter):
    whale = accounts[STRANGER]
    whale.balance = COIN
    receipt = counter.set(1, sender=whale)
    assert receipt.events == [counter.Set(by=STRANGER, number=1)]


def test_impersonation_of_a_contract(counter, caller):
    caller.balance = COIN
    assert counter.set(1, sender=caller).events == [counter.Set(by=caller, number=1)]


def test_interval(chain):
    chain.provider.set_interval(0.001)
    before = chain.blocks.head.number
    while chain.blocks.head.number == before:
        pass
    chain.provider.set_interval(0)
    after = chain.blocks.head.number
    assert chain.blocks.head.number == after


def test_rpc(chain):
    assert chain.provider.make_request("eth_chainId") == hex(6133)
    assert chain.provider.web3.eth.block_number == chain.blocks.head.number


def test_state_override(counter):
    slots = {"0x" + 64 * "0": "0x" + 62 * "0" + "2a"}
    assert counter.number(state_override={counter.address: {"stateDiff": slots}}) == 42
