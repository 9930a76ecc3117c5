"""Spoilt calls of every method: nothing but declared outcomes, and memory that the gas has paid."""

import tracemalloc

from precompiles.conformance.embedded import World, call_precompile, context_of, prepared
from precompiles.conformance.fuzz import spoilt
from precompiles.conformance.vectors import Vector, load, path_of
from precompiles.precompile import Precompile, price

PER_METHOD = 24
GAS_TRIED_MAX = 1_000_000
"""Dearer calls are left to the campaign and to `benchmarks.gas`."""

BYTES_FREE = 32 * 1024
BYTES_PER_GAS = 8
"""What a call may hold at once. A word of EVM memory, 32 bytes, costs 3 gas."""


def calls(precompile: Precompile) -> list[Vector]:
    found = spoilt(precompile, load(path_of(precompile)), PER_METHOD)
    return [each for each in found if price(precompile, each.input) <= GAS_TRIED_MAX]


def answered(world: World, vector: Vector) -> tuple[str, bytes, int]:
    outcome = call_precompile(
        world,
        vector.address,
        vector.input,
        caller=vector.caller,
        value=vector.value,
        static=vector.static,
        context={**context_of(vector), "random": bytes},
    )
    return outcome.status, outcome.data, outcome.gas_used


def test_only_declared_outcomes(precompile: Precompile, declared: set[bytes]) -> None:
    seen = set()
    for vector in calls(precompile):
        status, data, gas = answered(prepared(vector), vector)
        seen.add(status)
        assert gas >= price(precompile, vector.input)
        assert status != "reverted" or data[:4] in declared, vector.name
    assert seen >= {"success", "reverted"}


def test_memory_is_paid_by_gas(precompile: Precompile) -> None:
    """Peak allocation while a call runs, once everything that is loaded lazily is loaded."""
    for vector in calls(precompile):
        answered(prepared(vector), vector)
        world = prepared(vector)
        tracemalloc.start()
        _, _, gas = answered(world, vector)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= BYTES_FREE + BYTES_PER_GAS * gas, (vector.name, peak, gas)
