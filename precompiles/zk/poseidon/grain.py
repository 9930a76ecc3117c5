"""The generator of Poseidon's constants: the Grain LFSR in self-shrinking mode.

Grassi et al. (ePrint 2019/458, appendix F; 2023/323 for Poseidon2) make the constants of an
instance from an 80-bit LFSR that is seeded by the instance's sizes and whose output bits are
thinned in pairs. Knows no instance and computes on plain integers only.
"""

from collections.abc import Iterator
from itertools import compress

STATE_BITS = 80
TAPS = (62, 51, 38, 23, 13, 0)
DISCARDED_BITS = 160
SCALE_MAX = 64


def elements(order: int, width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    """Return the generator's output as elements of the field: a number that is not one is left."""
    drawn = numbers(order.bit_length(), width, full_rounds, partial_rounds)
    return (number for number in drawn if number < order)


def numbers(size: int, width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    """Return the generator's output as numbers of `size` bits."""
    bits = ""
    for piece in register_bits(seed(size, width, full_rounds, partial_rounds)):
        # Of each pair of bits the second is output, if the first is set.
        bits += "".join(compress(piece[1::2], map(int, piece[::2])))
        whole = len(bits) // size * size
        for start in range(0, whole, size):
            yield int(bits[start : start + size], 2)
        bits = bits[whole:]


def seed(size: int, width: int, full_rounds: int, partial_rounds: int) -> str:
    """Return the first state: prime field, power S-box, sizes and rounds, then ones."""
    rounds = ((full_rounds, 10), (partial_rounds, 10))
    fields = ((1, 2), (0, 4), (size, 12), (width, 12), *rounds)
    text = "".join(f"{value:0{bits}b}" for value, bits in fields)
    return text.ljust(STATE_BITS, "1")


def register_bits(first: str) -> Iterator[str]:
    """Return the register's bits after the discarded ones, in pieces of even length.

    Bit i + 80 is the sum of the bits i + tap. Over GF(2) the same holds with every distance
    doubled, and doubled again; so, with more history, one sum of long integers gives many bits.
    """
    history = first
    scale = 1
    while scale < SCALE_MAX:
        history += next_bits(history, scale)
        while scale < SCALE_MAX and len(history) >= 2 * scale * STATE_BITS:
            scale *= 2
    yield history[STATE_BITS + DISCARDED_BITS :]
    while True:
        fresh = next_bits(history, scale)
        yield fresh
        history = (history + fresh)[-scale * STATE_BITS :]


def next_bits(history: str, scale: int) -> str:
    """Return the bits that follow, as many as the nearest tap allows at once."""
    span = STATE_BITS * scale
    count = span - TAPS[0] * scale
    window = history[-span:]
    total = 0
    for tap in TAPS:
        start = tap * scale
        total ^= int(window[start : start + count], 2)
    return f"{total:0{count}b}"
