"""web3.py, unchanged, against the light node: each answer is the full node's."""

from typing import Any

import pytest
from eth_account import Account
from web3 import Web3

COUNTER = """
# pragma version 0.4.3
event Counted:
    who: indexed(address)
    count: uint256

count: public(uint256)
by: public(HashMap[address, uint256])

@external
def increase(amount: uint256):
    assert amount > 0, "nothing"
    self.count += amount
    self.by[msg.sender] += amount
    log Counted(who=msg.sender, count=self.count)
"""


@pytest.fixture
def web3(home: Any) -> Web3:
    return Web3(Web3.HTTPProvider(home.url, request_kwargs={"timeout": 60}))


def mined(home: Any, tx_hash: bytes) -> Any:
    """Let blocks come until one that holds the transaction is certified."""
    for _ in range(20):
        home.do(lambda: home.net.mine(10))
        home.pass_time(5_000)
        entry = home.queue.find(tx_hash)
        if entry.state.name not in ("WAITING", "SUBMITTED"):
            return entry
    raise AssertionError("never mined")


def test_balance(web3, home, accounts):
    address = Web3.to_checksum_address(accounts[0].address)
    assert web3.eth.chain_id == 6133
    assert web3.eth.block_number == 30
    assert web3.eth.get_balance(address) == 10_000 * 10**18
    block = web3.eth.get_block("latest")
    assert block["number"] == 30


def test_a_contract_from_deployment_to_its_logs(web3, home, accounts):
    from vyper import compile_code

    compiled = compile_code(COUNTER, output_formats=["abi", "bytecode"])
    signer = Account.from_key(accounts[0].private_key)
    contract = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
    tx = contract.constructor().build_transaction({"from": signer.address, "nonce": 0})
    tx_hash = web3.eth.send_raw_transaction(signer.sign_transaction(tx).raw_transaction)
    entry = mined(home, bytes(tx_hash))
    assert entry.state.name == "MINED"
    receipt = web3.eth.get_transaction_receipt(tx_hash)
    counter = web3.eth.contract(address=receipt["contractAddress"], abi=compiled["abi"])
    assert counter.functions.count().call() == 0
    tx = counter.functions.increase(7).build_transaction(
        {"from": signer.address, "nonce": web3.eth.get_transaction_count(signer.address)}
    )
    tx_hash = web3.eth.send_raw_transaction(signer.sign_transaction(tx).raw_transaction)
    assert mined(home, bytes(tx_hash)).state.name == "MINED"
    assert counter.functions.count().call() == 7
    assert counter.functions.by(signer.address).call() == 7
