"""The optimal ate pairing of BN254, and the checks and products its groups need.

Twist points satisfy y^2 = x^3 + 3 / xi over Fp2, and (x, y) stands for (x w^2, y w^3) on the curve
over Fp12. While points are added up they are homogeneous: (X / Z, Y / Z). A line is c0 + c1 w +
c2 w^3, times elements of Fp2, which the final exponentiation removes. py_ecc is the twin. Not for
secrets: takes a time that depends on its input.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .bn254_base import P, multiply_limbs, subtract_limbs
from .bn254_tower import (
    INTO,
    NOTHING,
    PLAIN_UNIT,
    ROW1,
    ROWS2,
    ROWS12,
    SPOILT12,
    add2,
    conjugate2,
    conjugate12,
    copy2,
    copy12,
    frobenius12,
    inverse12,
    multiply2,
    multiply12,
    multiply12_by_line,
    negate2,
    scale2,
    square2,
    square12,
    square_cyclotomic,
    subtract2,
)
from .jit import kernel
from .limbs import RADIX, Elements, get, pack, put

Digits = npt.NDArray[np.int8]
Plain2 = tuple[int, int]
"""An element of Fp2: real, imaginary."""
Affine = tuple[int, int]
TwistAffine = tuple[Plain2, Plain2]
Pair = tuple[Affine | None, TwistAffine]

X = 4965661367192848881
"""The parameter of the curve: P, R and the loops are polynomials in it."""
XI = (9, 1)
TWIST_BASE: TwistAffine = (
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    (
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)
"""EIP-197's P2, whose multiples are the subgroup."""


def digits(value: int) -> Digits:
    """Return the non-adjacent form, the highest digit first."""
    found = []
    while value:
        digit = 2 - value % 4 if value & 1 else 0
        found.append(digit)
        value = (value - digit) // 2
    return np.array(found[::-1], np.int8)


ATE_LOOP = digits(6 * X + 2)
X_DIGITS = digits(X)
TRACE_LESS_ONE = digits(6 * X * X)


# --- What is computed once, in plain integers ------------------------------------------------


def multiply_plain(a: Plain2, b: Plain2) -> Plain2:
    """Return a * b in Fp2."""
    return (a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P


def power_plain(a: Plain2, exponent: int) -> Plain2:
    """Return a ** exponent in Fp2."""
    result = (1, 0)
    while exponent:
        if exponent & 1:
            result = multiply_plain(result, a)
        a = multiply_plain(a, a)
        exponent >>= 1
    return result


def inverse_plain(a: Plain2) -> Plain2:
    """Return 1 / a in Fp2."""
    norm = pow(a[0] * a[0] + a[1] * a[1], -1, P)
    return a[0] * norm % P, -a[1] * norm % P


TWIST_B = multiply_plain((3, 0), inverse_plain(XI))


def constants() -> list[int]:
    """Return what the first rows of every array hold, not in Montgomery form."""
    found = [multiply_plain((3, 0), TWIST_B)]
    found += [power_plain(XI, (P**n - 1) // 6 * i) for n in (1, 2, 3) for i in range(6)]
    return [part for element in found for part in element]


ONE = pack([RADIX % P, *[0] * (ROWS12 - 1)])
CONSTANTS = pack([value * RADIX % P for value in constants()])

# Rows: first the constants, then what all pairs share, then those of each pair.
TRIPLE_B = 0
FROBENIUS1 = ROWS2
FROBENIUS2 = FROBENIUS1 + ROWS12
FROBENIUS3 = FROBENIUS2 + ROWS12
F = FROBENIUS3 + ROWS12
A, B, C, D, E, INVERTED = (F + ROWS12 * i for i in range(1, 7))
"""Elements of Fp12, for the final exponentiation."""
LINE = INVERTED + ROWS12
IMAGE = LINE + 6
"""An affine twist point."""
SPOILT = IMAGE + 4
PAIRS = SPOILT + SPOILT12
# Of each pair: the point's -x and y; then the twist point's x, y and -y; then the running sum.
POINT, TWIST, MINUS_Y, SUM, PAIR_ROWS = 0, 2, 6, 8, 14


# --- Points of the twist --------------------------------------------------------------------


@kernel(ROW1)
def double(w: Elements, s: int, line: int) -> None:
    """Double the point at s, and write its tangent, not yet evaluated anywhere.

    Costello, Lange, Naehrig 2010, section 5, with all coordinates times 4.
    """
    t = SPOILT
    b, c, e, h, x2, xy = t, t + 2, t + 4, t + 6, t + 8, t + 10
    multiply2(w, xy, s, s + 2)
    square2(w, x2, s)
    square2(w, b, s + 2)
    square2(w, c, s + 4)
    add2(w, h, s + 2, s + 4)
    square2(w, h, h)
    subtract2(w, h, h, b)
    subtract2(w, h, h, c)
    multiply2(w, e, c, TRIPLE_B)
    copy2(w, line, h)
    add2(w, line + 2, x2, x2)
    add2(w, line + 2, line + 2, x2)
    subtract2(w, line + 4, b, e)
    f = t + 12
    add2(w, f, e, e)
    add2(w, f, f, e)
    subtract2(w, s, b, f)
    multiply2(w, s, s, xy)
    add2(w, s, s, s)
    add2(w, f, f, b)
    square2(w, f, f)
    square2(w, e, e)
    add2(w, e, e, e)
    add2(w, e, e, e)
    subtract2(w, f, f, e)
    add2(w, e, e, e)
    subtract2(w, s + 2, f, e)
    multiply2(w, h, h, b)
    add2(w, h, h, h)
    add2(w, s + 4, h, h)


@kernel("void(uint64[:, ::1], int64, int64, int64, int64)")
def add(w: Elements, s: int, x: int, y: int, line: int) -> None:
    """Add an affine point to the one at s, and write the line through both, not yet evaluated.

    Where they are equal or opposite, and where s is at infinity, Z becomes 0 and stays so.
    """
    t = SPOILT
    theta, lam, c, d, e, g = t, t + 2, t + 4, t + 6, t + 8, t + 10
    multiply2(w, theta, y, s + 4)
    subtract2(w, theta, s + 2, theta)
    multiply2(w, lam, x, s + 4)
    subtract2(w, lam, s, lam)
    square2(w, c, theta)
    square2(w, d, lam)
    multiply2(w, e, lam, d)
    multiply2(w, c, c, s + 4)
    multiply2(w, g, s, d)
    add2(w, c, c, e)
    subtract2(w, c, c, g)
    subtract2(w, c, c, g)
    multiply2(w, s, lam, c)
    subtract2(w, g, g, c)
    multiply2(w, g, g, theta)
    multiply2(w, d, e, s + 2)
    subtract2(w, s + 2, g, d)
    multiply2(w, s + 4, s + 4, e)
    copy2(w, line, lam)
    copy2(w, line + 2, theta)
    multiply2(w, d, theta, x)
    multiply2(w, g, lam, y)
    subtract2(w, line + 4, d, g)


@kernel(ROW1)
def start(w: Elements, s: int, twist: int) -> None:
    """Set the point at s to an affine one."""
    for i in range(2 * ROWS2):
        put(w, s + i, get(w, twist + i))
    put(w, s + 4, multiply_limbs(INTO, PLAIN_UNIT))
    put(w, s + 5, NOTHING)


@kernel("void(uint64[:, ::1], int64)")
def frobenius_twist(w: Elements, twist: int) -> None:
    """Write to IMAGE what Frobenius, on the curve over Fp12, makes of a twist point."""
    for i in range(2):
        conjugate2(w, IMAGE + ROWS2 * i, twist + ROWS2 * i)
        multiply2(w, IMAGE + ROWS2 * i, IMAGE + ROWS2 * i, FROBENIUS1 + ROWS2 * (2 + i))


@kernel("boolean(uint64[:, ::1], int64, int64)")
def equal2(w: Elements, a: int, b: int) -> bool:
    """Return whether two elements of Fp2 are equal."""
    for i in range(ROWS2):
        for j in range(4):
            if w[a + i, j] != w[b + i, j]:
                return False
    return True


@kernel("boolean(uint64[:, ::1], int64)")
def in_subgroup(w: Elements, pair: int) -> bool:
    """Return whether a twist point is of prime order: whether Frobenius multiplies it by t - 1.

    Frobenius is a root of X^2 - t X + P on the whole twist, and (t - 1)^2 - t (t - 1) + P is the
    order. Where the sum meets the point itself, which is then of small order, Z becomes 0.
    """
    s, x = pair + SUM, pair + TWIST
    start(w, s, x)
    for i in range(1, TRACE_LESS_ONE.shape[0]):
        double(w, s, LINE)
        if TRACE_LESS_ONE[i] > 0:
            add(w, s, x, x + 2, LINE)
        elif TRACE_LESS_ONE[i] < 0:
            add(w, s, x, pair + MINUS_Y, LINE)
    frobenius_twist(w, x)
    put(w, LINE, NOTHING)
    put(w, LINE + 1, NOTHING)
    if equal2(w, s + 4, LINE):
        return False
    multiply2(w, IMAGE, IMAGE, s + 4)
    multiply2(w, IMAGE + 2, IMAGE + 2, s + 4)
    return equal2(w, IMAGE, s) and equal2(w, IMAGE + 2, s + 2)


# --- The pairing ----------------------------------------------------------------------------


@kernel(ROW1)
def take_line(w: Elements, pair: int, line: int) -> None:
    """Evaluate a line at the point of a pair, and multiply the accumulator by it."""
    scale2(w, line, line, pair + POINT + 1)
    scale2(w, line + 2, line + 2, pair + POINT)
    multiply12_by_line(w, F, line, SPOILT)


@kernel("void(uint64[:, ::1], int64)")
def miller(w: Elements, count: int) -> None:
    """Set F to the product of the pairs' functions, evaluated."""
    for i in range(ROWS12):
        put(w, F + i, NOTHING)
    put(w, F, multiply_limbs(INTO, PLAIN_UNIT))
    end = PAIRS + PAIR_ROWS * count
    for pair in range(PAIRS, end, PAIR_ROWS):
        start(w, pair + SUM, pair + TWIST)
    for i in range(1, ATE_LOOP.shape[0]):
        square12(w, F, F, SPOILT)
        for pair in range(PAIRS, end, PAIR_ROWS):
            s, x = pair + SUM, pair + TWIST
            double(w, s, LINE)
            take_line(w, pair, LINE)
            if ATE_LOOP[i]:
                add(w, s, x, x + 2 if ATE_LOOP[i] > 0 else pair + MINUS_Y, LINE)
                take_line(w, pair, LINE)
    for pair in range(PAIRS, end, PAIR_ROWS):
        frobenius_twist(w, pair + TWIST)
        add(w, pair + SUM, IMAGE, IMAGE + 2, LINE)
        take_line(w, pair, LINE)
        # Minus the point's image under Frobenius twice, whose y is -y.
        multiply2(w, IMAGE, pair + TWIST, FROBENIUS2 + 2 * ROWS2)
        add(w, pair + SUM, IMAGE, pair + TWIST + 2, LINE)
        take_line(w, pair, LINE)


@kernel(ROW1)
def power_minus_x(w: Elements, d: int, a: int) -> None:
    """Write a ** -X, for a as in `square_cyclotomic`; d is not a."""
    conjugate12(w, INVERTED, a)
    copy12(w, d, a)
    for i in range(1, X_DIGITS.shape[0]):
        square_cyclotomic(w, d, SPOILT)
        if X_DIGITS[i] > 0:
            multiply12(w, d, d, a, SPOILT)
        elif X_DIGITS[i] < 0:
            multiply12(w, d, d, INVERTED, SPOILT)
    conjugate12(w, d, d)


@kernel("void(uint64[:, ::1])")
def final_power(w: Elements) -> None:
    """Raise F to a multiple of (P**12 - 1) / R that is prime to R.

    Fuentes-Castaneda, Knapp, Rodriguez-Henriquez 2011: 2 X (6 X^2 + 3 X + 1) times.
    """
    inverse12(w, A, F, SPOILT)
    conjugate12(w, F, F)
    multiply12(w, F, F, A, SPOILT)
    frobenius12(w, A, F, FROBENIUS2, False)
    multiply12(w, F, F, A, SPOILT)

    power_minus_x(w, A, F)
    square_cyclotomic(w, A, SPOILT)  # F ** (-2 X)
    copy12(w, B, A)
    square_cyclotomic(w, B, SPOILT)
    multiply12(w, B, B, A, SPOILT)  # F ** (-6 X)
    power_minus_x(w, C, B)  # F ** (6 X^2)
    copy12(w, E, C)
    square_cyclotomic(w, E, SPOILT)
    power_minus_x(w, D, E)
    conjugate12(w, B, B)
    conjugate12(w, D, D)  # F ** (12 X^3)
    multiply12(w, D, D, C, SPOILT)
    multiply12(w, D, D, B, SPOILT)
    multiply12(w, E, D, A, SPOILT)
    multiply12(w, C, D, C, SPOILT)
    multiply12(w, C, C, F, SPOILT)
    frobenius12(w, A, E, FROBENIUS1, True)
    multiply12(w, C, C, A, SPOILT)
    frobenius12(w, A, D, FROBENIUS2, False)
    multiply12(w, C, C, A, SPOILT)
    conjugate12(w, F, F)
    multiply12(w, E, E, F, SPOILT)
    frobenius12(w, A, E, FROBENIUS3, True)
    multiply12(w, F, C, A, SPOILT)


@kernel("void(uint64[:, ::1], int64)")
def prepare(w: Elements, pair: int) -> None:
    """Take the coordinates of a pair into Montgomery form, and add what is derived from them."""
    for i in range(MINUS_Y):
        put(w, pair + i, multiply_limbs(INTO, get(w, pair + i)))
    put(w, pair + POINT, subtract_limbs(NOTHING, get(w, pair + POINT)))
    negate2(w, pair + MINUS_Y, pair + TWIST + 2)


@kernel("boolean(uint64[:, ::1], int64)")
def twists_in_subgroup(w: Elements, count: int) -> bool:
    """Make all pairs ready, and return whether all their twist points are of prime order."""
    for pair in range(PAIRS, PAIRS + PAIR_ROWS * count, PAIR_ROWS):
        prepare(w, pair)
        if not in_subgroup(w, pair):
            return False
    return True


# --- From outside ---------------------------------------------------------------------------


def load(pairs: Sequence[Pair]) -> Elements:
    """Return an array that holds pairs of points, neither of them in Montgomery form yet."""
    rows = np.zeros((PAIRS + PAIR_ROWS * len(pairs), 4), np.uint64)
    rows[: len(CONSTANTS)] = CONSTANTS
    for i, (point, (twist_x, twist_y)) in enumerate(pairs):
        pair = PAIRS + PAIR_ROWS * i
        rows[pair : pair + MINUS_Y] = pack([*(point or (0, 0)), *twist_x, *twist_y])
    return rows


def pairing_is_one(pairs: Sequence[Pair]) -> bool | None:
    """Return whether the product of the pairings is one; None if a twist point is of no use.

    A point is None at infinity, whose pairing is one; a twist point is finite, and of use in the
    subgroup of prime order.
    """
    finite = [pair for pair in pairs if pair[0] is not None]
    rows = load([*finite, *(pair for pair in pairs if pair[0] is None)])
    if not twists_in_subgroup(rows, len(pairs)):
        return None
    miller(rows, len(finite))
    final_power(rows)
    return bool(np.array_equal(rows[F : F + ROWS12], ONE))


def self_test() -> bool:
    """Return whether a pairing is not one, but is together with that of the negative point."""
    pairs: list[Pair] = [((1, 2), TWIST_BASE), ((1, P - 2), TWIST_BASE)]
    return pairing_is_one(pairs) is True and pairing_is_one(pairs[:1]) is False
