"""web3.py, unchanged, against the light node: each answer is the full node's."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eth_account import Account
from vyper import compile_code
from web3 import Web3
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError

from node.light import logs
from node.light.errors import RpcError
from node.light.transactions import SETTLED, State

COUNTER = """
# pragma version 0.4.3
event Counted:
    who: indexed(address)
    count: uint256

interface ICount:
    def count() -> uint256: view

count: public(uint256)
by: public(HashMap[address, uint256])

@external
def increase(amount: uint256):
    assert amount > 0, "nothing"
    self.count += amount
    self.by[msg.sender] += amount
    log Counted(who=msg.sender, count=self.count)

@external
@view
def sum(first: uint256) -> uint256:
    found: uint256 = 0
    for place: uint256 in range(40):
        found += self.by[convert(convert(first + place, uint160), address)]
    return found + self.count

@external
@view
def before(number: uint256) -> bytes32:
    return blockhash(number)

@external
@view
def around() -> (uint256, uint256, address, uint256, uint256):
    return block.number, block.timestamp, block.coinbase, block.basefee, chain.id

@external
@view
def look(other: address) -> (uint256, bytes32, bool, uint256):
    return other.balance, other.codehash, other.is_contract, staticcall ICount(self).count()

@external
def make() -> uint256:
    made: address = create_minimal_proxy_to(self)
    return staticcall ICount(made).count() + convert(made, uint256)
"""
ML_DSA = "0x0000000000000000000000000000000000000602"


@pytest.fixture(scope="module")
def compiled() -> Any:
    return compile_code(COUNTER, output_formats=["abi", "bytecode"])


@pytest.fixture(scope="module")
def home(shared_home: Any) -> Any:
    return shared_home


@pytest.fixture(scope="module")
def web3(home: Any) -> Web3:
    return Web3(Web3.HTTPProvider(home.url, request_kwargs={"timeout": 60}))


@pytest.fixture(scope="module")
def full(home: Any) -> Any:
    """Return a function that asks the full node itself."""

    def ask(method: str, *params: Any) -> Any:
        return home.do(lambda: home.net.full.ask(method, params))

    return ask


def settled(home: Any, tx_hash: bytes) -> Any:
    """Let blocks come until the transaction is settled."""
    for _ in range(20):
        home.do(lambda: home.net.mine(10))
        home.pass_time(5_000)
        entry = home.queue.find(bytes(tx_hash))
        if entry.state in SETTLED:
            return entry
    raise AssertionError("never settled")


@pytest.fixture(scope="module")
def counter(web3: Web3, home: Any, accounts: Any, compiled: Any) -> Any:
    """A contract that a transaction through the light node made."""
    signer = Account.from_key(accounts[0].private_key)
    contract = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
    tx = contract.constructor().build_transaction({"from": signer.address, "nonce": 0})
    tx_hash = web3.eth.send_raw_transaction(signer.sign_transaction(tx).raw_transaction)
    assert settled(home, tx_hash).state == State.MINED
    place = web3.eth.get_transaction_receipt(tx_hash)["contractAddress"]
    made = web3.eth.contract(address=place, abi=compiled["abi"])
    made.increased = increase(web3, home, accounts, made, 7)
    return made


def increase(web3: Web3, home: Any, accounts: Any, counter: Any, amount: int) -> bytes:
    signer = Account.from_key(accounts[0].private_key)
    tx = counter.functions.increase(amount).build_transaction(
        {"from": signer.address, "nonce": web3.eth.get_transaction_count(signer.address)}
    )
    tx_hash = web3.eth.send_raw_transaction(signer.sign_transaction(tx).raw_transaction)
    assert settled(home, tx_hash).state == State.MINED
    return tx_hash


def test_accounts_and_blocks(web3, home, accounts, full):
    address = Web3.to_checksum_address(accounts[0].address)
    assert web3.eth.chain_id == 6133
    assert web3.net.version == "6133"
    assert "light" in web3.client_version
    assert web3.eth.accounts == []
    assert web3.eth.syncing is False
    assert web3.eth.block_number == 30
    assert web3.eth.get_balance(address) == 10_000 * 10**18
    assert web3.eth.get_balance(address, 12) == 10_000 * 10**18
    assert web3.eth.get_transaction_count(address) == 0
    assert web3.eth.get_code(ML_DSA).to_0x_hex() == full("eth_getCode", ML_DSA, "0x1e")
    assert int.from_bytes(web3.eth.get_storage_at(ML_DSA, 0), "big") == 0
    head = full("eth_getBlockByNumber", "0x1e", False)
    assert web3.eth.get_block("latest")["hash"].to_0x_hex() == head["hash"]
    assert web3.eth.get_block(head["hash"])["number"] == 30
    assert home.ask("eth_getBlockByNumber", "latest", False) == head
    assert home.ask("eth_getBlockByNumber", "0x7", True) == full(
        "eth_getBlockByNumber", "0x7", True
    )
    assert home.ask("eth_getBlockByNumber", "0x9999", True) is None
    assert web3.eth.max_priority_fee == 10**9
    assert (
        web3.eth.gas_price
        == int(full("eth_getBlockByNumber", "0x1f", False)["baseFeePerGas"], 16) + 10**9
    )


def test_a_contract_from_deployment_to_its_logs(web3, home, accounts, counter, full):
    tx_hash = counter.increased
    shown = tx_hash.to_0x_hex()
    receipt = web3.eth.get_transaction_receipt(tx_hash)
    assert receipt["status"] == 1
    assert home.ask("eth_getTransactionReceipt", shown) == full("eth_getTransactionReceipt", shown)
    assert home.ask("eth_getTransactionByHash", shown) == full("eth_getTransactionByHash", shown)
    number = hex(receipt["blockNumber"])
    for method in ("eth_getBlockReceipts", "eth_getBlockTransactionCountByNumber"):
        assert home.ask(method, number) == full(method, number)
    block = full("eth_getBlockByNumber", number, True)
    assert home.ask("eth_getBlockByNumber", number, True) == block
    assert home.ask("eth_getBlockByHash", block["hash"], True) == block

    who = Web3.to_checksum_address(accounts[0].address)
    (event,) = counter.events.Counted.get_logs(from_block=0, argument_filters={"who": who})
    assert (event["args"]["who"], event["args"]["count"]) == (who, 7)
    wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": counter.address}
    head = hex(web3.eth.block_number)
    assert home.ask("eth_getLogs", wanted) == full("eth_getLogs", wanted | {"toBlock": head})
    assert home.ask("eth_getLogs", {"blockHash": block["hash"]}) == full(
        "eth_getLogs", {"blockHash": block["hash"]}
    )
    assert home.ask("eth_getLogs", wanted | {"topics": ["0x" + "11" * 32]}) == []
    with pytest.raises(RpcError, match="at most"):
        home.ask("eth_getProof", counter.address, ["0x0"] * 300, "latest")


def test_logs_of_too_many_blocks_are_refused(monkeypatch, web3, counter):
    monkeypatch.setattr(logs, "BLOCKS_MAX", 20)
    with pytest.raises(Web3RPCError, match="20 at most"):
        counter.events.Counted.get_logs(from_block=0)
    monkeypatch.setattr(logs, "BLOCKS_MAX", 1_024)
    monkeypatch.setattr(logs, "BODIES_MAX", 0)
    with pytest.raises(Web3RPCError, match="0 at most"):
        counter.events.Counted.get_logs(from_block=0)


def test_calls_return_what_the_full_node_returns(web3, home, accounts, counter, full):
    who = Web3.to_checksum_address(accounts[0].address)
    assert counter.functions.count().call() == 7
    assert counter.functions.by(who).call() == 7
    assert counter.functions.sum(1).call() == 7
    head = web3.eth.block_number
    around = counter.functions.around().call()
    block = web3.eth.get_block(head)
    assert around == [head, block["timestamp"], block["miner"], 0, 6133]
    for number in (head - 1, head - 2, max(0, head - 200)):
        expected = full("eth_call", call_of(counter, "before", number), hex(head))
        assert counter.functions.before(number).call().hex() == expected[2:]
    assert counter.functions.count().call(block_identifier=head - 15) == 0  # before it was made 7
    with pytest.raises(ContractLogicError, match="nothing"):
        counter.functions.increase(0).call()
    call = {"from": who, "to": counter.address, "data": counter.encode_abi("increase", [9])}
    assert hex(web3.eth.estimate_gas(call)) == full("eth_estimateGas", call, hex(head))
    overrides = {counter.address: {"stateDiff": {"0x" + "00" * 32: "0x" + "00" * 31 + "2a"}}}
    call = call_of(counter, "count")
    assert home.ask("eth_call", call, "latest", overrides) == full(
        "eth_call", call, hex(head), overrides
    )
    too_late = call_of(counter, "before", head)
    for wrong in (too_late, {"to": "0x12"}, {"to": counter.address, "data": "0x1"}, {"value": "7"}):
        assert refusal(home, "eth_call", wrong) == str(full("eth_call", wrong, hex(head)))


def test_calls_that_look_at_other_accounts_and_make_some(web3, home, accounts, counter, full):
    head = hex(web3.eth.block_number)
    others = [
        *(Web3.to_checksum_address(each.address) for each in accounts[:3]),
        *(counter.address, ML_DSA, "0x" + "77" * 20, "0x" + "00" * 19 + "01"),
    ]
    for other in others:
        call = call_of(counter, "look", other)
        assert home.ask("eth_call", call) == full("eth_call", call, head)
    for method in ("eth_call", "eth_estimateGas"):
        call = call_of(counter, "make")
        assert home.ask(method, call) == full(method, call, head)
    creation = {"data": "0x665f5f5260205ff35f5260076019f3"}
    assert home.ask("eth_call", creation) == full("eth_call", creation, head)
    endless = {"data": "0x5b600056", "gas": "0x186a0"}
    assert refusal(home, "eth_call", endless) == str(full("eth_call", endless, head))


def call_of(contract: Any, name: str, *arguments: Any) -> dict[str, str]:
    return {"to": contract.address, "data": contract.encode_abi(name, list(arguments))}


def refusal(home: Any, method: str, *params: Any) -> str:
    with pytest.raises(Exception) as refused:
        home.ask(method, *params)
    return str(refused.value)


def ml_dsa_call() -> dict[str, str]:
    """Return a call of the precompile that checks an ML-DSA-87 signature, and a good one."""
    from node.crypto import SigningKey
    from precompiles import abi
    from precompiles.registry import PRECOMPILES

    key = SigningKey.from_seed(bytes(32))
    (entry,) = [each for each in PRECOMPILES if each.address.hex() == ML_DSA[2:]]
    names = {each.signature.canonical: each for each in entry.methods}
    verify = names["verify(bytes,bytes,bytes)"]
    arguments = [key.public, b"message", key.sign(b"message")]
    data = verify.signature.selector + abi.encode(verify.signature.inputs, arguments)
    return {"to": ML_DSA, "data": "0x" + data.hex()}


def test_precompiles_answer_here_and_offline(web3, home, full):
    call = ml_dsa_call()
    expected = full("eth_call", call, "0x1e")
    assert int(expected, 16) == 1
    assert home.ask("eth_call", call) == expected
    spoiled = call | {"data": call["data"][:-200] + "00" * 100}
    refused = full("eth_call", spoiled, "0x1e")
    with offline(home):
        assert home.ask("eth_call", call) == expected
        assert home.ask("eth_call", spoiled) == refused


@contextmanager
def offline(home: Any) -> Iterator[None]:
    home.do(lambda: home.net.down.update(home.net.peers))
    yield
    home.do(lambda: home.net.down.clear())


def test_offline_answers_are_old_and_say_so(web3, home, accounts, counter):
    address = Web3.to_checksum_address(accounts[0].address)
    balance, head = web3.eth.get_balance(address), web3.eth.block_number
    assert counter.functions.count().call() == 7
    home.do(lambda: home.net.mine(20))
    home.pass_time(8_000)
    assert web3.eth.block_number > head
    with offline(home):
        home.do(lambda: setattr(home.net, "now", home.net.now + 3_600_000))
        assert web3.eth.get_balance(address) == balance
        assert counter.functions.count().call() == 7
        status = home.ask("pars_status")
        assert status["stale"] is True
        assert status["age"] >= 3_600
        fields = post(home.url, "eth_getBalance", address, "latest").headers
        assert int(fields["Pars-State-Age"]) >= 3_600
        assert int(fields["Pars-State-Block"]) == head
        with pytest.raises(Web3RPCError, match="no server answers"):
            web3.eth.get_balance("0x" + "99" * 20)
        with pytest.raises(Web3RPCError, match="no server answers"):
            web3.eth.call({"to": "0x" + "99" * 20})


def post(url: str, method: str, *params: Any, **headers: str) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    fields = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, body, fields)
    return urllib.request.urlopen(request, timeout=60)


def test_proofs_are_the_full_nodes(web3, home, accounts, counter, full):
    head = hex(web3.eth.block_number)
    keys = ["0x0", "0x5"]
    found = home.ask("eth_getProof", counter.address, keys, "latest")
    assert found == full("eth_getProof", counter.address, keys, head)
    absent = "0x" + "42" * 20
    assert home.ask("eth_getProof", absent, [], "latest") == full("eth_getProof", absent, [], head)


def test_fees(web3, home, accounts, counter, full):
    head = hex(web3.eth.block_number)
    params = ("0x5", "latest", [10, 50, 90])
    ours, theirs = (
        home.ask("eth_feeHistory", *params),
        full("eth_feeHistory", "0x5", head, [10, 50, 90]),
    )
    for name in ("oldestBlock", "baseFeePerGas", "gasUsedRatio", "reward"):
        assert ours[name] == theirs[name]
    assert web3.eth.fee_history(3, "latest")["oldestBlock"] == int(head, 16) - 2


def test_what_it_has_not_it_refuses(web3, home):
    for method in ("eth_mining", "debug_traceCall", "evm_mine", "eth_sign", ""):
        with pytest.raises(Exception, match="does not exist") as refused:
            home.ask(method)
        assert refused.value.code == -32601
    for method, params in (
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12"]),
        ("eth_getBalance", ["0x" + "00" * 20, "soon"]),
        ("eth_getBalance", ["0x" + "00" * 20, "0x01"]),
        ("eth_getStorageAt", ["0x" + "00" * 20, "0x" + "0" * 65]),
        ("eth_getBlockByNumber", ["latest", "yes"]),
        ("eth_call", []),
        ("eth_getLogs", [{"topics": [None] * 5}]),
        ("eth_getLogs", [{"fromBlock": "0x1", "blockHash": "0x" + "00" * 32}]),
        ("eth_feeHistory", ["0x0", "latest"]),
        ("eth_feeHistory", ["0x5", "latest", [50, 10]]),
        ("eth_sendRawTransaction", ["0x02"]),
        ("eth_getTransactionByHash", ["0x12"]),
        ("eth_getProof", ["0x" + "00" * 20, ["0x0"] * 257]),
    ):
        with pytest.raises(Exception) as refused:
            home.ask(method, *params)
        assert refused.value.code == -32602, (method, params)
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction("0x" + "12" * 32)
