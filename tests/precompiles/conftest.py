"""Parametrises every test that asks for a `precompile` or a `vector` over the live registry."""

import pytest

from precompiles.conformance.vectors import load, path_of
from precompiles.registry import PRECOMPILES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" in metafunc.fixturenames:
        pairs = [(entry, vector) for entry in PRECOMPILES for vector in load(path_of(entry))]
        names = [f"{entry.name}-{vector.name}" for entry, vector in pairs]
        metafunc.parametrize(("precompile", "vector"), pairs, ids=names)
    elif "precompile" in metafunc.fixturenames:
        metafunc.parametrize("precompile", PRECOMPILES, ids=[entry.name for entry in PRECOMPILES])
