"""Parametrises every test that asks for a `precompile` or a `vector` over the live registry."""

import pytest
from eth_utils import keccak

from precompiles.conformance.vectors import load, path_of
from precompiles.precompile import COMMON_ERRORS, Precompile
from precompiles.registry import PRECOMPILES

SOLIDITY_SPEAKERS = {"pool_manager"}
"""Entries that mirror a contract to the last revert: without data, `Panic` and `Error` included."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" in metafunc.fixturenames:
        pairs = [(entry, vector) for entry in PRECOMPILES for vector in load(path_of(entry))]
        names = [f"{entry.name}-{vector.name}" for entry, vector in pairs]
        metafunc.parametrize(("precompile", "vector"), pairs, ids=names)
    elif "precompile" in metafunc.fixturenames:
        metafunc.parametrize("precompile", PRECOMPILES, ids=[entry.name for entry in PRECOMPILES])


@pytest.fixture
def declared(precompile: Precompile) -> set[bytes]:
    """What the revert data of an entry may begin with."""
    found = {each.signature.selector for each in (*precompile.errors, *COMMON_ERRORS)}
    if precompile.name in SOLIDITY_SPEAKERS:
        found |= {b"", keccak(text="Panic(uint256)")[:4], keccak(text="Error(string)")[:4]}
    return found
