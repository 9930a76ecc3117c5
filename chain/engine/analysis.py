"""Where code may be jumped to, for kernels. Knows of instructions only how much data follows."""

import numpy as np

from precompiles.kernels.jit import kernel

from .memory import Number, load8, store8, zero

NONE = np.uint64(0)
ONE = np.uint64(1)
JUMPDEST = np.uint64(0x5B)
PUSH0 = np.uint64(0x5F)
PUSH32 = np.uint64(0x7F)


@kernel("void(uint64, uint64, uint64)")
def jump_destinations(code: Number, size: Number, out: Number) -> None:
    """Write a byte for each byte of the code: 1 for a destination, which no data is, else 0."""
    zero(out, size)
    end = code + size
    while code < end:
        instruction = load8(code)
        if instruction == JUMPDEST:
            store8(out, ONE)
        data = instruction - PUSH0 if PUSH0 < instruction <= PUSH32 else NONE
        code += ONE + data
        out += ONE + data
