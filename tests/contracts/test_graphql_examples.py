"""The contract of docs/graph.md at work, in both languages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from chain.calls import CallRequest
from chain.local_chain import LocalChain
from precompiles.registry import find

LANGUAGES = [("vyper", ".vy"), ("solidity", ".sol")]
PRICES = (30, -5, 12)


def write(chain: LocalChain, signature: str, *arguments: Any) -> None:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = keccak(text=signature)[:4] + eth_abi.encode(types, arguments)
    to = find("entity_store").address
    chain.send(CallRequest(sender=chain.accounts[0], to=to, data=data))


@pytest.mark.parametrize(("language", "suffix"), LANGUAGES)
def test_an_answer_is_shown_later(
    request: pytest.FixtureRequest,
    documented: Callable[[str, str], str],
    deploy: Callable[..., Any],
    chain: LocalChain,
    language: str,
    suffix: str,
) -> None:
    compiler = request.getfixturevalue(language)
    notary = deploy(*compiler(documented("graph.md", f"AnswerNotary{suffix}")))
    kind = keccak(chain.accounts[0] + language.encode())
    write(chain, "defineType(string,string[],uint8[],uint16)", language, ["price"], [1], 1)
    for price in PRICES:
        row = price.to_bytes(32, "big", signed=True)
        write(chain, "append(bytes32,bytes,uint256[])", kind, row, [])
    document = (
        f'{{entities(type:"0x{kind.hex()}" orderBy:"price" where:{{column:"price" _lte:12}}'
        ' first:10){id price:int(column:"price")} block{number}}'
    )

    receipt = notary.send("notarise", document)
    number = chain.head.number
    rows = [{"id": "0x2", "price": "-0x5"}, {"id": "0x3", "price": "0xc"}]
    answer = {"data": {"entities": rows, "block": {"number": f"{number:#x}"}}}
    shown = json.dumps(answer, separators=(",", ":")).encode()

    assert receipt.status == 1
    assert notary.call("holds", number, document, shown)
    assert not notary.call("holds", number, document, shown + b" ")
    assert not notary.call("holds", number + 1, document, shown)
    assert (
        notary.refusal("notarise", "{nothing}")[:4]
        == keccak(text="ValidationError(uint256,string)")[:4]
    )


def test_the_documented_query_is_answered(chain: LocalChain) -> None:
    text = (Path(__file__).parents[2] / "docs" / "graph.md").read_text("utf-8")
    (document,) = re.findall(r"(?ms)^```graphql\n(.*?)^```$", text)
    columns = ["price", "who"]
    write(chain, "defineType(string,string[],uint8[],uint16)", "offer", columns, [1, 3], 1)
    kind = keccak(chain.accounts[0] + b"offer")
    for price in PRICES:
        row = eth_abi.encode(["int256", "address"], [price, chain.accounts[1]])
        write(chain, "append(bytes32,bytes,uint256[])", kind, row, [])
    given = json.dumps({"type": f"0x{kind.hex()}"}).encode()
    arguments = eth_abi.encode(["string", "bytes"], [document, given])
    data = keccak(text="query(string,bytes)")[:4] + arguments
    result = chain.call(CallRequest(to=find("graphql").address, data=data))
    (response,) = eth_abi.decode(["bytes"], result.output)
    assert [each["price"] for each in json.loads(response)["data"]["entities"]] == [
        "-0x5",
        "0xc",
        "0x1e",
    ]
