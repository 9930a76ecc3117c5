"""The examples by name, for a command line: what each takes, and how that becomes a trace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..air import LOG_ROWS_MAX, Air
from . import fibonacci, int8_layer, membership, poseidon

Input = Mapping[str, Any]
Chance = Callable[[], int]
Witness = tuple[list[list[int]], list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A statement. `sample` is an input for it, which shows what an input has."""

    about: str
    sample: Input
    air: Callable[[], Air]
    witness: Callable[[Input, Chance], Witness]


def fibonacci_witness(given: Input, _: Chance) -> Witness:
    """Return a trace of the sequence."""
    return fibonacci.witness(log_rows(given, 6), given["first"], given["second"])


def poseidon_witness(given: Input, _: Chance) -> Witness:
    """Return a trace of the chain."""
    return poseidon.witness(log_rows(given, 8), given["first"])


def membership_witness(given: Input, chance: Chance) -> Witness:
    """Return a trace for a member, from the leaves of all."""
    depth = membership.depth_of(MEMBERSHIP_LOG_ROWS)
    leaves, index = given["leaves"], given["index"]
    if not 0 <= index < len(leaves) <= 1 << depth:
        raise ValueError(f"index must be that of one of at most {1 << depth} leaves")
    if leaves[index] != membership.leaf_of(given["secret"]):
        raise ValueError("the leaf with this index is not that of the secret")
    path = membership.path_of(leaves, index, depth)
    return membership.witness(
        given["secret"], index, path, given["topic"], given["message"], chance
    )


def int8_witness(given: Input, _: Chance) -> Witness:
    """Return a trace of the layer."""
    weights, inputs = given["weights"], given["inputs"]
    widths = {len(row) for row in weights}
    if len(weights) != int8_layer.OUTPUTS or widths != {int8_layer.INPUTS} != {len(inputs)}:
        raise ValueError(f"{int8_layer.OUTPUTS} rows of {int8_layer.INPUTS} weights are needed")
    return int8_layer.witness(weights, inputs)


def log_rows(given: Input, least: int) -> int:
    """Return log2 of the number of rows that an input asks for."""
    value = given["logRows"]
    if not isinstance(value, int) or not least <= value <= LOG_ROWS_MAX:
        raise ValueError(f"logRows must be from {least} to {LOG_ROWS_MAX}")
    return value


MEMBERSHIP_LOG_ROWS = 11

EXAMPLES = {
    "fibonacci": Example(
        about="the Fibonacci sequence from two numbers arrives at a third",
        sample={"logRows": 10, "first": 1, "second": 1},
        air=fibonacci.air,
        witness=fibonacci_witness,
    ),
    "poseidon": Example(
        about="a chain of Poseidon hashes from one number to another",
        sample={"logRows": 10, "first": 5},
        air=poseidon.air,
        witness=poseidon_witness,
    ),
    "membership": Example(
        about="one of these members, nobody learns which, says this on that topic",
        sample={
            "secret": 1001,
            "index": 1,
            "leaves": [membership.leaf_of(secret) for secret in (1000, 1001, 1002)],
            "topic": 77,
            "message": 1,
        },
        air=lambda: membership.air(MEMBERSHIP_LOG_ROWS),
        witness=membership_witness,
    ),
    "int8": Example(
        about="a layer of signed bytes turns these inputs into those outputs",
        sample={
            "weights": [[(7 * i + 3 * j) % 256 - 128 for i in range(32)] for j in range(16)],
            "inputs": [5 * i - 80 for i in range(32)],
        },
        air=int8_layer.air,
        witness=int8_witness,
    ),
}
