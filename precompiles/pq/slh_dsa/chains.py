"""One step of eight WOTS+ chains with SHA-256, which is most of what signing and verifying do.

A block holds the compressed address (22 bytes), the value, and the padding. A step hashes it and
writes the hash where the value was, with the number of the step one higher. Everything in between
stays in vector registers: `reference.chain` is the twin.
"""

from typing import Any

from ...kernels.sha2 import LANES, compressed_256
from ...kernels.vectors import Value, constant, instruction, load, store

# The rows of the second array.
STATE = 0  # SHA-256 after the block that begins with PK.seed: 4 rows.
KEPT = 4  # For words 2 and 3 of a hash: all ones if the value has them, else zeros.
PADDING = 6  # Words 2, 3 and 4 of what follows: what stands there if the value has fewer.
ROWS = 9

ADDRESS_ROW = 2  # Its last 16 bits belong to the value, the others end with the step's number.
STEP = 1 << 16


def emit_step(builder: Any, block: Value, constants: Value) -> None:
    """Emit the step."""
    rows = [load(builder, block, row, LANES) for row in range(8)]
    start = [load(builder, constants, STATE + row, LANES) for row in range(4)]
    value = compressed_256(builder, start, rows)
    kind = rows[0].type
    for i in range(2):
        kept = builder.and_(value[2 + i], load(builder, constants, KEPT + i, LANES))
        value[2 + i] = builder.or_(kept, load(builder, constants, PADDING + i, LANES))
    value.append(load(builder, constants, PADDING + 2, LANES))
    address = builder.and_(rows[ADDRESS_ROW], constant(kind, (1 << 64) - STEP))
    high = builder.add(address, constant(kind, STEP))
    for i, word in enumerate(value):
        low = builder.lshr(word, constant(kind, 48))
        store(builder, block, ADDRESS_ROW + i, builder.or_(high, low))
        high = builder.shl(word, constant(kind, 16))


step = instruction(emit_step)
"""Take a block of 8 rows one step further; the second array has the constants above."""
