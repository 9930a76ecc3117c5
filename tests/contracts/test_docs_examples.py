"""Every contract in the documentation compiles, and a page of a family has one in each language."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from precompiles.address_map import FAMILIES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [family.name for family in FAMILIES if (DOCS / f"{family.name}.md").exists()]
SUFFIX = {"vyper": ".vy", "solidity": ".sol"}


def test_the_example_compiles(example: Any, request: pytest.FixtureRequest) -> None:
    assert example.name.endswith(SUFFIX[example.language]), "its first line names its file"
    compiler = request.getfixturevalue(example.language)
    _, bytecode = compiler(example.source)
    assert bytecode


@pytest.mark.parametrize("family", PAGES)
def test_a_page_of_a_family_shows_both_languages(family: str) -> None:
    text = (DOCS / f"{family}.md").read_text("utf-8")
    for language in SUFFIX:
        assert f"\n```{language}\n" in text


# --- The harness itself ---------------------------------------------------------------------

CALLER_IN_VYPER = """# Hasher.vy
# pragma version ^0.4.3
import IPoseidon

total: public(uint256)

@deploy
def __init__(start: uint256):
    self.total = start

@external
def add(elements: DynArray[uint256, 16]):
    self.total += staticcall IPoseidon(0x0000000000000000000000000000000000000901).hash(1, elements)
"""

CALLER_IN_SOLIDITY = """// Hasher.sol
// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
import "IPoseidon.sol";

contract Hasher {
    uint256 public total;

    constructor(uint256 start) {
        total = start;
    }

    function add(uint256[] calldata elements) external {
        total += IPoseidon(POSEIDON).hash(1, elements);
    }
}
"""


@pytest.mark.parametrize(
    ("language", "source"),
    [("vyper", CALLER_IN_VYPER), ("solidity", CALLER_IN_SOLIDITY)],
    ids=["vyper", "solidity"],
)
def test_a_contract_is_compiled_deployed_and_asked(
    language: str, source: str, request: pytest.FixtureRequest, deploy: Callable[..., Any]
) -> None:
    contract = deploy(*request.getfixturevalue(language)(source), 5)
    assert contract.call("total") == 5
    contract.send("add", [1, 2])
    digest = 0x115CC0F5E7D690413DF64C6B9662E9CF2A3617F2743245519E19607A4417189A
    assert contract.call("total") == 5 + digest
    assert contract.refusal("add", []).startswith(bytes.fromhex("5b7232fa"))  # InvalidLength
