"""Round numbers, round constants and matrix of the circom Poseidon instances over BN254.

The constants are generated, not shipped: the Poseidon paper (Grassi et al., ePrint 2019/458,
appendices B and F) makes them from an 80-bit LFSR, seeded by the parameters themselves, whose
output bits are thinned in pairs. The tests hold them equal to circomlib's published ones.
Knows plain integers only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import compress

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
FIELD_BITS = 254

FULL_ROUNDS = 8
PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""For widths 2 to 17. circom's numbers."""

WIDTH_MIN = 2
WIDTH_MAX = 17

STATE_BITS = 80
TAPS = (62, 51, 38, 23, 13, 0)
DISCARDED_BITS = 160
SCALE_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One instance: `constants[round][lane]` and `matrix[row][column]`."""

    width: int
    partial_rounds: int
    constants: tuple[tuple[int, ...], ...]
    matrix: tuple[tuple[int, ...], ...]


@cache
def parameters(width: int) -> Parameters:
    """Return the parameters for this number of lanes; a few milliseconds the first time."""
    partial_rounds = PARTIAL_ROUNDS[width - WIDTH_MIN]
    rounds = FULL_ROUNDS + partial_rounds
    numbers = field_numbers(width, partial_rounds)
    constants: list[int] = []
    while len(constants) < rounds * width:
        number = next(numbers)
        if number < R:
            constants.append(number)
    # The matrix is Cauchy's, over 2 * width further numbers; circom's widths need no second try.
    points = [next(numbers) % R for _ in range(2 * width)]
    columns = points[width:]
    return Parameters(
        width=width,
        partial_rounds=partial_rounds,
        constants=tuple(
            tuple(constants[start : start + width]) for start in range(0, rounds * width, width)
        ),
        matrix=tuple(tuple(pow(x + y, -1, R) for y in columns) for x in points[:width]),
    )


def field_numbers(width: int, partial_rounds: int) -> Iterator[int]:
    """Return the generator's output as numbers of the field's size, not reduced."""
    bits = ""
    for piece in register_bits(seed(width, partial_rounds)):
        # Of each pair of bits the second is output, if the first is set.
        bits += "".join(compress(piece[1::2], map(int, piece[::2])))
        whole = len(bits) // FIELD_BITS * FIELD_BITS
        for start in range(0, whole, FIELD_BITS):
            yield int(bits[start : start + FIELD_BITS], 2)
        bits = bits[whole:]


def seed(width: int, partial_rounds: int) -> str:
    """Return the first state: prime field, power S-box, sizes and rounds, then ones."""
    fields = ((1, 2), (0, 4), (FIELD_BITS, 12), (width, 12), (FULL_ROUNDS, 10))
    text = "".join(f"{value:0{bits}b}" for value, bits in (*fields, (partial_rounds, 10)))
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
