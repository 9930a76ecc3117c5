"""GraphQL on a chain: what it tells of blocks, accounts and state, by both engines alike."""

import json
from collections.abc import Callable
from typing import Any

import eth_abi
import pytest

from chain.calls import CallRequest
from chain.encoding import keccak
from chain.local_chain import LocalChain
from precompiles.registry import find

GRAPHQL, STORE = find("graphql").address, find("entity_store").address
# Stores 7 in slot 5 when it is made, and has no code after.
MAKES_A_SLOT = bytes.fromhex("600760055560006000f3")


@pytest.fixture(params=("core", "py"))
def chain(request: pytest.FixtureRequest, new_chain: Callable[..., LocalChain]) -> LocalChain:
    return new_chain(engine=request.param)


def encoded(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(signature.encode())[:4] + eth_abi.encode(types, arguments)


def answer(chain: LocalChain, document: str, **options: Any) -> dict[str, Any]:
    data = encoded("query(string)", document)
    result = chain.call(CallRequest(to=GRAPHQL, data=data, **options))
    assert result.success, result.output.hex()
    (response,) = eth_abi.decode(["bytes"], result.output)
    found: dict[str, Any] = json.loads(response)["data"]
    return found


def test_the_block_and_its_ancestors(chain: LocalChain) -> None:
    chain.mine()
    chain.mine()
    head, parent = chain.head, chain.block(1)
    assert parent is not None
    document = (
        "{block{number timestamp parentHash gasLimit coinbase chainId"
        " first:hash(number:1) own:hash(number:2) later:hash(number:3)}}"
    )
    header = head.header
    assert answer(chain, document)["block"] == {
        "number": "0x2",
        "timestamp": hex(header.timestamp),
        "parentHash": f"0x{parent.hash.hex()}",
        "gasLimit": hex(header.gas_limit),
        "coinbase": f"0x{header.coinbase.hex()}",
        "chainId": hex(6133),
        "first": f"0x{parent.hash.hex()}",
        "own": None,
        "later": None,
    }


def test_accounts(chain: LocalChain) -> None:
    sender = chain.accounts[0]
    chain.send(CallRequest(sender=sender, data=MAKES_A_SLOT))
    (receipt,) = chain.receipts(chain.head.hash) or ()
    made = receipt.contract_address
    assert made is not None
    chain.set_balance(sender, 12_345)
    slot = (5).to_bytes(32, "big").hex()
    document = (
        f'{{a:account(address:"0x{sender.hex()}"){{balance transactionCount codeSize}}'
        f' b:account(address:"0x{made.hex()}"){{code storage(slot:"0x{slot}")}}'
        f' c:account(address:"0x{GRAPHQL.hex()}"){{code codeSize codeHash}}}}'
    )
    marker = bytes.fromhex("60006000fd")
    assert answer(chain, document) == {
        "a": {
            "balance": "0x3039",
            "transactionCount": "0x1",
            "codeSize": "0x0",
        },
        "b": {"code": "0x", "storage": f"0x{(7).to_bytes(32, 'big').hex()}"},
        "c": {
            "code": f"0x{marker.hex()}",
            "codeSize": "0x5",
            "codeHash": f"0x{keccak(marker).hex()}",
        },
    }


def test_entities_written_by_transactions(chain: LocalChain) -> None:
    owner = chain.accounts[0]
    kind = keccak(owner + b"n")
    steps = [encoded("defineType(string,string[],uint8[],uint16)", "n", ["n"], [0], 1)]
    steps += [
        encoded("append(bytes32,bytes,uint256[])", kind, number.to_bytes(32, "big"), [])
        for number in (5, 2, 9)
    ]
    for data in steps:
        chain.send(CallRequest(sender=owner, to=STORE, data=data))
    document = (
        f'{{entities(type:"0x{kind.hex()}" orderBy:"n" first:2){{id n:uint(column:"n")}}'
        f' entityType(id:"0x{kind.hex()}"){{namespace count}}}}'
    )
    found = answer(chain, document)
    assert found["entities"] == [{"id": "0x2", "n": "0x2"}, {"id": "0x1", "n": "0x5"}]
    assert found["entityType"] == {"namespace": f"0x{owner.hex()}", "count": "0x3"}


def test_a_query_in_a_transaction_uses_what_a_call_does(chain: LocalChain) -> None:
    """Also where it is refused, and where it is short of gas."""
    owner = chain.accounts[0]
    for document, gas, status in (
        ("{block{number}}", 100_000, 1),
        ("{block{nothing}}", 100_000, 0),
        ("{block{number}}", 27_000, 0),
    ):
        data = encoded("query(string)", document)
        chain.send(CallRequest(sender=owner, to=GRAPHQL, data=data, gas=gas))
        (receipt,) = chain.receipts(chain.head.hash) or ()
        assert receipt.status == status
        assert receipt.logs == ()
        assert (receipt.gas_used == gas) is (gas == 27_000)
