"""What each instruction costs at least, and needs and leaves on the stack, in each fork."""

from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from ..forks import BERLIN, CANCUN, LONDON, OSAKA, SHANGHAI, Fork
from .records import OPERATION, STACK_MAX, WORD


class Operation(NamedTuple):
    """One instruction: what it takes from the stack, and what it leaves there."""

    gas: int
    """Before what depends on operands. Instructions on the state charge all by themselves."""
    takes: int
    leaves: int


ZERO, JUMPDEST, BASE, VERY_LOW, LOW, MID, HIGH, HASH = 0, 1, 2, 3, 5, 8, 10, 30

_TABLE: Final[dict[Fork, dict[int, Operation]]] = {
    BERLIN: {
        0x00: Operation(ZERO, 0, 0),
        0x01: Operation(VERY_LOW, 2, 1),
        0x02: Operation(LOW, 2, 1),
        0x03: Operation(VERY_LOW, 2, 1),
        **{op: Operation(LOW, 2, 1) for op in range(0x04, 0x08)},
        0x08: Operation(MID, 3, 1),
        0x09: Operation(MID, 3, 1),
        0x0A: Operation(HIGH, 2, 1),
        0x0B: Operation(LOW, 2, 1),
        **{op: Operation(VERY_LOW, 2, 1) for op in range(0x10, 0x15)},
        0x15: Operation(VERY_LOW, 1, 1),
        **{op: Operation(VERY_LOW, 2, 1) for op in range(0x16, 0x19)},
        0x19: Operation(VERY_LOW, 1, 1),
        **{op: Operation(VERY_LOW, 2, 1) for op in range(0x1A, 0x1E)},
        0x20: Operation(HASH, 2, 1),
        0x30: Operation(BASE, 0, 1),
        0x31: Operation(ZERO, 1, 1),
        **{op: Operation(BASE, 0, 1) for op in (0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D)},
        0x35: Operation(VERY_LOW, 1, 1),
        **{op: Operation(VERY_LOW, 3, 0) for op in (0x37, 0x39, 0x3E)},
        0x3B: Operation(ZERO, 1, 1),
        0x3C: Operation(ZERO, 4, 0),
        0x3F: Operation(ZERO, 1, 1),
        0x40: Operation(ZERO, 1, 1),
        **{op: Operation(BASE, 0, 1) for op in range(0x41, 0x47)},
        0x47: Operation(LOW, 0, 1),
        0x50: Operation(BASE, 1, 0),
        0x51: Operation(VERY_LOW, 1, 1),
        0x52: Operation(VERY_LOW, 2, 0),
        0x53: Operation(VERY_LOW, 2, 0),
        0x54: Operation(ZERO, 1, 1),
        0x55: Operation(ZERO, 2, 0),
        0x56: Operation(MID, 1, 0),
        0x57: Operation(HIGH, 2, 0),
        0x58: Operation(BASE, 0, 1),
        0x59: Operation(BASE, 0, 1),
        0x5A: Operation(BASE, 0, 1),
        0x5B: Operation(JUMPDEST, 0, 0),
        **{op: Operation(VERY_LOW, 0, 1) for op in range(0x60, 0x80)},
        **{op: Operation(VERY_LOW, op - 0x7F, op - 0x7E) for op in range(0x80, 0x90)},
        **{op: Operation(VERY_LOW, op - 0x8E, op - 0x8E) for op in range(0x90, 0xA0)},
        **{op: Operation(ZERO, op - 0x9E, 0) for op in range(0xA0, 0xA5)},
        0xF0: Operation(ZERO, 3, 1),
        0xF1: Operation(ZERO, 7, 1),
        0xF2: Operation(ZERO, 7, 1),
        0xF3: Operation(ZERO, 2, 0),
        0xF4: Operation(ZERO, 6, 1),
        0xF5: Operation(ZERO, 4, 1),
        0xFA: Operation(ZERO, 6, 1),
        0xFD: Operation(ZERO, 2, 0),
        0xFF: Operation(ZERO, 1, 0),
    },
    LONDON: {0x48: Operation(BASE, 0, 1)},
    SHANGHAI: {0x5F: Operation(BASE, 0, 1)},
    CANCUN: {
        0x49: Operation(VERY_LOW, 1, 1),
        0x4A: Operation(BASE, 0, 1),
        0x5C: Operation(ZERO, 1, 1),
        0x5D: Operation(ZERO, 2, 0),
        0x5E: Operation(VERY_LOW, 3, 0),
    },
    OSAKA: {0x1E: Operation(LOW, 1, 1)},
}
"""What each fork brought."""

PUSHES: Final = frozenset(
    {0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, *range(0x41, 0x49), 0x4A, 0x59}
)
"""Instructions without operands that push what the environment says."""


@cache
def operations_of(fork: Fork) -> "np.ndarray[Any, Any]":
    """Return the table for a fork, as the core reads it."""
    table = np.zeros(256, OPERATION)
    table["most"] = -1
    for since, brought in _TABLE.items():
        if fork.since(since):
            for op, (gas, takes, leaves) in brought.items():
                most = min(STACK_MAX, STACK_MAX - leaves + takes)
                table[op] = gas, takes * WORD, most * WORD, op in PUSHES
    return table
