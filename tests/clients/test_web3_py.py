"""web3.py against a real node: what its users do, with its own checks on."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_defunct
from trie import HexaryTrie
from web3 import AsyncWeb3, HTTPProvider, Web3, WebSocketProvider
from web3.exceptions import (
    BlockNotFound,
    ContractCustomError,
    ContractLogicError,
    ContractPanicError,
    TransactionNotFound,
    Web3RPCError,
)

WAIT_SECONDS = 20


@pytest.fixture
def w3(url: str) -> Web3:
    return Web3(HTTPProvider(url))


@pytest.fixture
def deployed(w3: Web3, notebook: dict[str, Any]) -> Any:
    return deploy(w3, notebook)


def deploy(w3: Web3, notebook: dict[str, Any]) -> Any:
    factory = w3.eth.contract(abi=notebook["abi"], bytecode=notebook["bytecode"])
    tx_hash = factory.constructor().transact({"from": w3.eth.accounts[0]})
    receipt = w3.eth.wait_for_transaction_receipt(tx_hash)
    assert receipt["status"] == 1
    return w3.eth.contract(receipt["contractAddress"], abi=notebook["abi"])


def test_who_is_there(w3: Web3, accounts: Any) -> None:
    assert w3.is_connected()
    assert w3.eth.chain_id == 6133
    assert w3.client_version.startswith("Pars/")
    assert w3.net.version == "6133"
    assert w3.eth.syncing is False
    assert [bytes.fromhex(each[2:]) for each in w3.eth.accounts] == [
        account.address for account in accounts
    ]


def test_state(w3: Web3, deployed: Any) -> None:
    sender = w3.eth.accounts[1]
    tx_hash = deployed.functions.note(7, "seven").transact({"from": sender})
    receipt = w3.eth.wait_for_transaction_receipt(tx_hash)

    assert deployed.functions.notes(sender).call() == 7
    assert deployed.functions.total().call() == 7
    assert deployed.functions.total().call(block_identifier=receipt["blockNumber"] - 1) == 0
    assert w3.eth.get_code(deployed.address)
    assert int.from_bytes(w3.eth.get_storage_at(deployed.address, 1), "big") == 7


def test_events(w3: Web3, deployed: Any) -> None:
    sender = w3.eth.accounts[1]
    watcher = deployed.events.Noted.create_filter(from_block="latest")
    receipts = [
        w3.eth.wait_for_transaction_receipt(
            deployed.functions.note(number, f"note {number}").transact({"from": sender})
        )
        for number in (1, 2, 3)
    ]

    (event,) = deployed.events.Noted().process_receipt(receipts[1])
    assert event["args"] == {"author": sender, "number": 2, "text": "note 2"}
    found = deployed.events.Noted.get_logs(
        from_block=receipts[0]["blockNumber"], argument_filters={"author": sender}
    )
    assert [entry["args"]["number"] for entry in found] == [1, 2, 3]
    other = w3.eth.accounts[2]
    assert deployed.events.Noted.get_logs(from_block=0, argument_filters={"author": other}) == []
    assert [entry["args"]["number"] for entry in watcher.get_new_entries()] == [1, 2, 3]
    assert watcher.get_new_entries() == []


def test_filters(start: Callable[..., str]) -> None:
    w3 = Web3(HTTPProvider(start(mining="manual")))
    blocks, pending = w3.eth.filter("latest"), w3.eth.filter("pending")
    tx_hash = w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1]})
    w3.provider.make_request("evm_mine", [])

    assert pending.get_new_entries() == [tx_hash]
    assert blocks.get_new_entries() == [w3.eth.get_block("latest")["hash"]]


@pytest.mark.parametrize(
    "fields",
    [
        {"gasPrice": 2 * 10**9},
        {"gasPrice": 2 * 10**9, "accessList": []},
        {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9},
        {"maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9, "accessList": []},
    ],
)
def test_transactions_signed_by_the_client(w3: Web3, accounts: Any, fields: dict[str, Any]) -> None:
    sender = Account.from_key(accounts[0].private_key)
    tx = {
        "to": w3.eth.accounts[1],
        "value": 123,
        "nonce": w3.eth.get_transaction_count(sender.address),
        "gas": 30_000,
        "chainId": w3.eth.chain_id,
        **fields,
    }
    signed = sender.sign_transaction(tx)
    tx_hash = w3.eth.send_raw_transaction(signed.raw_transaction)
    receipt = w3.eth.wait_for_transaction_receipt(tx_hash)
    mined = w3.eth.get_transaction(tx_hash)

    assert tx_hash == signed.hash
    assert receipt["status"] == 1
    assert mined["from"] == sender.address
    assert mined["value"] == 123
    assert receipt["effectiveGasPrice"] == mined["gasPrice"]
    assert w3.eth.get_raw_transaction(tx_hash) == signed.raw_transaction


def test_a_blob_transaction(w3: Web3, accounts: Any) -> None:
    sender = Account.from_key(accounts[0].private_key)
    tx = {
        "type": 3,
        "to": w3.eth.accounts[1],
        "nonce": 0,
        "value": 0,
        "gas": 30_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 10**9,
        "maxFeePerBlobGas": 10**9,
        "chainId": w3.eth.chain_id,
    }
    signed = sender.sign_transaction(tx, blobs=[b"\x00" + b"pars".ljust(131_071, b"\x00")])

    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction)
    )

    assert receipt["type"] == 3
    assert receipt["blobGasUsed"] == 131_072
    assert len(w3.eth.get_transaction(receipt["transactionHash"])["blobVersionedHashes"]) == 1


def test_a_set_code_transaction(w3: Web3, accounts: Any, deployed: Any) -> None:
    """An account lends itself the contract's code (EIP-7702)."""
    sender = Account.from_key(accounts[0].private_key)
    authority = Account.from_key(accounts[2].private_key)
    authorization = authority.sign_authorization(
        {"chainId": w3.eth.chain_id, "address": deployed.address, "nonce": 0}
    )
    tx = {
        "type": 4,
        "to": authority.address,
        "nonce": w3.eth.get_transaction_count(sender.address),
        "value": 0,
        "gas": 300_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 10**9,
        "chainId": w3.eth.chain_id,
        "data": deployed.encode_abi("note", [5, "lent"]),
        "authorizationList": [authorization],
    }
    signed = sender.sign_transaction(tx)

    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction)
    )

    assert receipt["status"] == 1
    code = bytes(w3.eth.get_code(authority.address))
    assert code == bytes.fromhex("ef0100" + deployed.address[2:])
    lent = w3.eth.contract(authority.address, abi=deployed.abi)
    assert lent.functions.total().call() == 5


def test_fees(w3: Web3) -> None:
    tx_hash = w3.eth.send_transaction({"from": w3.eth.accounts[0], "to": w3.eth.accounts[1]})
    receipt = w3.eth.wait_for_transaction_receipt(tx_hash)
    block = w3.eth.get_block(receipt["blockNumber"])
    history = w3.eth.fee_history(2, "latest", [10, 90])

    assert receipt["effectiveGasPrice"] >= block["baseFeePerGas"]
    assert history["baseFeePerGas"][-2] == block["baseFeePerGas"]
    assert len(history["reward"]) == 2
    assert w3.eth.gas_price > w3.eth.max_priority_fee > 0
    assert w3.eth.get_transaction(tx_hash)["type"] == 2


# Failures, as the library tells them.


def test_a_reason(w3: Web3, deployed: Any) -> None:
    for attempt in (deployed.functions.note(0, ""), deployed.functions.unreachable()):
        reason = "number is zero" if "note" in attempt.fn_name else "always"
        with pytest.raises(ContractLogicError, match=f"execution reverted: {reason}"):
            attempt.call({"from": w3.eth.accounts[0]})
    with pytest.raises(ContractLogicError, match="number is zero"):
        deployed.functions.note(0, "").estimate_gas({"from": w3.eth.accounts[0]})
    with pytest.raises(ContractLogicError):
        deployed.functions.overflow().call()


def test_a_panic(w3: Web3) -> None:
    panic = "4e487b71" + f"{0x11:064x}"
    code = "0x63" + panic[:8] + "60e01b600052" + "6011600452" + "60246000fd"
    overrides = {w3.eth.accounts[3]: {"code": code}}
    with pytest.raises(ContractPanicError, match="overflow"):
        w3.eth.call({"to": w3.eth.accounts[3]}, "latest", overrides)


def test_a_custom_error(deployed: Any) -> None:
    """Raised by a precompile, passed on by the contract that called it."""
    with pytest.raises(ContractCustomError) as caught:
        deployed.functions.call_poseidon(b"\xde\xad\xbe\xef").call()
    assert str(caught.value.data).endswith("deadbeef" + "00" * 28)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"value": 10**30}, "insufficient funds"),
        ({"gas": 100}, "intrinsic gas too low"),
        ({"nonce": 0}, "nonce too low"),
        ({"chainId": 1}, "chain"),
    ],
)
def test_refused_transactions(
    w3: Web3, accounts: Any, fields: dict[str, Any], message: str
) -> None:
    sender = Account.from_key(accounts[0].private_key)
    w3.eth.send_transaction({"from": sender.address, "to": sender.address})
    tx = {
        "to": sender.address,
        "value": 0,
        "nonce": 1,
        "gas": 21_000,
        "gasPrice": 10**10,
        "chainId": 6133,
        **fields,
    }
    with pytest.raises(Web3RPCError, match=message):
        w3.eth.send_raw_transaction(sender.sign_transaction(tx).raw_transaction)


def test_what_is_not_there(w3: Web3) -> None:
    with pytest.raises(BlockNotFound):
        w3.eth.get_block(99)
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(b"\x00" * 32)
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction_receipt(b"\x00" * 32)


# Proofs, signatures, the pool.


def test_a_proof_that_the_client_checks(w3: Web3, deployed: Any) -> None:
    deployed.functions.note(9, "nine").transact({"from": w3.eth.accounts[0]})
    block = w3.eth.get_block("latest")

    proof = w3.eth.get_proof(deployed.address, [1, 99], block["number"])

    account = HexaryTrie.get_from_proof(
        block["stateRoot"],
        w3.keccak(hexstr=deployed.address),
        [rlp.decode(bytes(node)) for node in proof["accountProof"]],
    )
    _, _, storage_root, code_hash = rlp.decode(account)
    assert storage_root == proof["storageHash"]
    assert code_hash == w3.keccak(w3.eth.get_code(deployed.address))
    for entry, expected in zip(proof["storageProof"], (9, 0), strict=True):
        found = HexaryTrie.get_from_proof(
            storage_root,
            w3.keccak(int.from_bytes(entry["key"], "big").to_bytes(32, "big")),
            [rlp.decode(bytes(node)) for node in entry["proof"]],
        )
        assert int.from_bytes(rlp.decode(found) if found else b"", "big") == expected


def test_signatures(w3: Web3) -> None:
    sender = w3.eth.accounts[0]

    signature = w3.eth.sign(sender, text="hello")

    signable = encode_defunct(text="hello")
    assert Account.recover_message(signable, signature=signature) == sender
    signed = w3.eth.sign_transaction({"from": sender, "to": sender})
    assert Account.recover_transaction(signed["raw"]) == sender


def test_the_pool(start: Callable[..., str]) -> None:
    w3 = Web3(HTTPProvider(start(mining="manual")))
    sender, to = w3.eth.accounts[:2]
    first = w3.eth.send_transaction({"from": sender, "to": to})
    w3.eth.send_transaction({"from": sender, "to": to, "nonce": 5, "gas": 21_000})

    assert w3.geth.txpool.status() == {"pending": "0x1", "queued": "0x1"}
    assert set(w3.geth.txpool.content()["pending"]) == {sender}
    assert w3.eth.get_transaction_count(sender, "pending") == 1
    assert w3.eth.get_block("pending")["transactions"] == [first]
    replaced = w3.eth.replace_transaction(first, {"from": sender, "to": to, "value": 1})
    w3.provider.make_request("anvil_mine", [])
    assert w3.eth.wait_for_transaction_receipt(replaced)["status"] == 1
    with pytest.raises(TransactionNotFound):
        w3.eth.get_transaction(first)


def test_access_lists(w3: Web3, deployed: Any) -> None:
    call = {
        "from": w3.eth.accounts[0],
        "to": deployed.address,
        "data": deployed.encode_abi("note", [1, "x"]),
    }

    found = w3.eth.create_access_list(call)

    assert found["accessList"][0]["address"] == deployed.address
    assert len(found["accessList"][0]["storageKeys"]) == 2


def test_traces(w3: Web3, deployed: Any) -> None:
    tx_hash = deployed.functions.note(1, "x").transact({"from": w3.eth.accounts[0]})

    answer = w3.provider.make_request(
        "debug_traceTransaction", [tx_hash.to_0x_hex(), {"tracer": "callTracer"}]
    )

    assert answer["result"]["to"] == deployed.address.lower()


def test_batches(w3: Web3) -> None:
    owner = w3.eth.accounts[0]
    with w3.batch_requests() as batch:
        batch.add(w3.eth.get_block(0))
        batch.add(w3.eth.get_balance(owner))
        block, balance = batch.execute()

    assert block["number"] == 0
    assert balance == 10_000 * 10**18


# Subscriptions.


async def _subscribe(url: str, notebook: dict[str, Any]) -> None:
    async with AsyncWeb3(WebSocketProvider(url.replace("http", "ws", 1))) as w3:
        accounts = await w3.eth.accounts
        factory = w3.eth.contract(abi=notebook["abi"], bytecode=notebook["bytecode"])
        tx_hash = await factory.constructor().transact({"from": accounts[0]})
        address = (await w3.eth.wait_for_transaction_receipt(tx_hash))["contractAddress"]
        contract = w3.eth.contract(address, abi=notebook["abi"])
        heads = await w3.eth.subscribe("newHeads")
        pending = await w3.eth.subscribe("newPendingTransactions", False)
        logs = await w3.eth.subscribe("logs", {"address": address})
        sent = await contract.functions.note(3, "three").transact({"from": accounts[0]})
        found: dict[str, Any] = {}
        async for message in w3.socket.process_subscriptions():
            found[message["subscription"]] = message["result"]
            if len(found) == 3:
                break
        assert found[pending] == sent
        assert found[heads]["number"] == await w3.eth.block_number
        event = contract.events.Noted().process_log(found[logs])
        assert event["args"]["text"] == "three"
        assert await w3.eth.unsubscribe(heads)


def test_subscriptions(url: str, notebook: dict[str, Any]) -> None:
    asyncio.run(asyncio.wait_for(_subscribe(url, notebook), WAIT_SECONDS))


async def _watch_heads(url: str) -> list[int]:
    async with AsyncWeb3(WebSocketProvider(url.replace("http", "ws", 1))) as w3:
        await w3.eth.subscribe("newHeads")
        numbers: list[int] = []
        async for message in w3.socket.process_subscriptions():
            numbers.append(message["result"]["number"])
            if len(numbers) == 3:
                return numbers
    return numbers


def test_blocks_by_the_clock(start: Callable[..., str]) -> None:
    url = start(mining="interval", block_time_seconds=0.05)

    numbers = asyncio.run(asyncio.wait_for(_watch_heads(url), WAIT_SECONDS))

    assert numbers == list(range(numbers[0], numbers[0] + 3))
