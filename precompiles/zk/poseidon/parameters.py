"""Sizes, round constants and matrices of every instance.

The constants are generated, not shipped, by the way each instance's authors publish; the tests hold
them equal to the published ones. Knows plain integers only.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import islice

from . import grain

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""The order of BN254's scalar field."""
STARK_PRIME = 2**251 + 17 * 2**192 + 1
GOLDILOCKS_PRIME = 2**64 - 2**32 + 1

FULL_ROUNDS = 8
"""Of every instance: half of them before the partial rounds, half after."""
HALF = FULL_ROUNDS // 2

Row = tuple[int, ...]
Matrix = tuple[Row, ...]


# --- circom's Poseidon over BN254 -----------------------------------------------------------

PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""For widths 2 to 17. circom's numbers."""

WIDTH_MIN = 2
WIDTH_MAX = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A Poseidon instance: `constants[round][lane]` and `matrix[row][column]`."""

    width: int
    partial_rounds: int
    constants: Matrix
    matrix: Matrix


@cache
def parameters(width: int) -> Parameters:
    """Return circom's parameters for this number of lanes; a few milliseconds the first time."""
    partial_rounds = PARTIAL_ROUNDS[width - WIDTH_MIN]
    rounds = FULL_ROUNDS + partial_rounds
    numbers = grain.numbers(R.bit_length(), width, FULL_ROUNDS, partial_rounds)
    constants = list(islice((number for number in numbers if number < R), rounds * width))
    # The matrix is Cauchy's, over 2 * width further numbers; circom's widths need no second try.
    points = [number % R for number in islice(numbers, 2 * width)]
    columns = points[width:]
    return Parameters(
        width=width,
        partial_rounds=partial_rounds,
        constants=tuple(
            tuple(constants[start : start + width]) for start in range(0, rounds * width, width)
        ),
        matrix=tuple(tuple(pow(x + y, -1, R) for y in columns) for x in points[:width]),
    )


# --- Poseidon2 ------------------------------------------------------------------------------

HORIZEN_BLOCK: Matrix = ((5, 7, 1, 3), (4, 6, 1, 1), (1, 3, 5, 7), (1, 1, 4, 6))
"""The four-lane matrix of the paper."""
PLONKY3_BLOCK: Matrix = ((2, 3, 1, 1), (1, 2, 3, 1), (1, 1, 2, 3), (3, 1, 1, 2))

BN254_PARTIAL_ROUNDS = 56
BN254_DIAGONALS_REFUSED = 4
"""How many drawn diagonals of width 4 have a matrix whose powers are not all irreducible."""

GOLDILOCKS_PARTIAL_ROUNDS = 22
GOLDILOCKS_FACTORS = {
    8: ((-2, 1), (1, 1), (2, 1), (1, 2), (3, 1), (-1, 2), (-3, 1), (-4, 1)),
    12: (
        *((-2, 1), (1, 1), (2, 1), (1, 2), (3, 1), (4, 1)),
        *((-1, 2), (-3, 1), (-4, 1), (1, 4), (-1, 4), (1, 8)),
    ),
}
"""Plonky3's diagonals, as fractions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poseidon2:
    """A Poseidon2 instance. A partial round has one constant, and its matrix is ones + diagonal."""

    order: int
    exponent: int
    width: int
    first: Matrix
    """Constants of the full rounds before the partial ones: `first[round][lane]`."""
    partial: Row
    last: Matrix
    external: Matrix
    diagonal: Row


@cache
def poseidon2_bn254(width: int) -> Poseidon2:
    """Return the parameters of 3 lanes (HorizenLabs), or 4 (also EIP-8182 and Noir)."""
    numbers = grain.numbers(R.bit_length(), width, FULL_ROUNDS, BN254_PARTIAL_ROUNDS)
    count = FULL_ROUNDS * width + BN254_PARTIAL_ROUNDS
    constants = list(islice((number for number in numbers if number < R), count))
    if width == 3:
        diagonal: Row = (1, 1, 2)
    else:
        skipped = BN254_DIAGONALS_REFUSED * width
        drawn = islice(numbers, skipped, skipped + width)
        diagonal = tuple((number - 1) % R for number in drawn)
    return poseidon2(R, 5, constants, diagonal, HORIZEN_BLOCK)


@cache
def poseidon2_goldilocks(width: int) -> Poseidon2:
    """Return the parameters of 8 or 12 lanes, as Plonky3 has them."""
    order = GOLDILOCKS_PRIME
    drawn = grain.elements(order, width, FULL_ROUNDS, GOLDILOCKS_PARTIAL_ROUNDS)
    constants = list(islice(drawn, FULL_ROUNDS * width + GOLDILOCKS_PARTIAL_ROUNDS))
    fractions = GOLDILOCKS_FACTORS[width]
    diagonal = tuple(above * pow(below, -1, order) % order for above, below in fractions)
    return poseidon2(order, 7, constants, diagonal, PLONKY3_BLOCK)


def poseidon2(
    order: int, exponent: int, constants: list[int], diagonal: Row, block: Matrix
) -> Poseidon2:
    """Split the constants, and make the external matrix from the block."""
    width = len(diagonal)
    size = HALF * width
    rows = [tuple(constants[start : start + width]) for start in range(0, size, width)]
    stop = len(constants)
    ends = [tuple(constants[start : start + width]) for start in range(stop - size, stop, width)]
    return Poseidon2(
        order=order,
        exponent=exponent,
        width=width,
        first=tuple(rows),
        partial=tuple(constants[size : stop - size]),
        last=tuple(ends),
        external=external_matrix(width, block),
        diagonal=diagonal,
    )


def external_matrix(width: int, block: Matrix) -> Matrix:
    """Return the matrix of full rounds: circ(2, 1, 1), the block, or circ(2 block, block, ...)."""
    if width == 3:
        return ((2, 1, 1), (1, 2, 1), (1, 1, 2))
    if width == 4:
        return block
    return tuple(
        tuple(block[i % 4][j % 4] * (2 if i // 4 == j // 4 else 1) for j in range(width))
        for i in range(width)
    )


# --- Starknet's Poseidon --------------------------------------------------------------------

STARKNET_WIDTH = 3
STARKNET_PARTIAL_ROUNDS = 83
STARKNET_MATRIX: Matrix = ((3, 1, 1), (1, -1, 1), (1, 1, -2))


@cache
def starknet_constants() -> Matrix:
    """Return `constants[round][lane]`: digests of a name and a number."""
    rounds = range(FULL_ROUNDS + STARKNET_PARTIAL_ROUNDS)
    return tuple(
        tuple(
            int.from_bytes(sha256(b"Hades%d" % (STARKNET_WIDTH * number + lane)).digest(), "big")
            % STARK_PRIME
            for lane in range(STARKNET_WIDTH)
        )
        for number in rounds
    )
