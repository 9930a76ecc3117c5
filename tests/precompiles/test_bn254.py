"""BN254's tower of fields and pairing kernel, against plain integers and py_ecc."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from py_ecc import optimized_bn128 as oracle

from precompiles.curves import bn254
from precompiles.curves.bn254 import P, R
from precompiles.kernels import bn254_pairing as pairing
from precompiles.kernels import bn254_tower as tower
from precompiles.kernels.bn254_pairing import XI, multiply_plain
from precompiles.kernels.limbs import RADIX, pack, unpack

Element = list[tuple[int, int]]
"""Of Fp12: the coefficients, in Fp2, of the powers of w, the lowest first."""

A, B, D, LINE, SPOILT = 100, 112, 124, 136, 150
ROW_COUNT = 200
TWIST_COFACTOR = 2 * P - R
TWIST_SMALL_FACTOR = 10_069
EDGES = (0, 1, 2, P - 1, P - 2, RADIX % P, 2**64 - 1, 2**192, P // 2)


def product(a: Element, b: Element) -> Element:
    """The twin: polynomials in w, modulo w ** 6 - xi."""
    result = [(0, 0)] * 6
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            term = multiply_plain(x, y)
            if i + j >= 6:
                term = multiply_plain(term, XI)
            old = result[(i + j) % 6]
            result[(i + j) % 6] = ((old[0] + term[0]) % P, (old[1] + term[1]) % P)
    return result


def power(a: Element, exponent: int) -> Element:
    result: Element = [(1, 0)] + [(0, 0)] * 5
    for bit in f"{exponent:b}":
        result = product(result, result)
        if bit == "1":
            result = product(result, a)
    return result


def row_of(i: int) -> int:
    """Where the coefficient of w ** i stands."""
    return (i >> 1) * 2 + (i & 1) * 6


def array() -> Any:
    rows = np.zeros((ROW_COUNT, 4), np.uint64)
    rows[: len(pairing.CONSTANTS)] = pairing.CONSTANTS
    return rows


def put(rows: Any, at: int, element: Element) -> None:
    for i, (real, imaginary) in enumerate(element):
        start = at + row_of(i)
        rows[start : start + 2] = pack([real * RADIX % P, imaginary * RADIX % P])


def taken(rows: Any, at: int) -> Element:
    plain = [value * pow(RADIX, -1, P) % P for value in unpack(rows[at : at + 12])]
    assert all(value < P for value in unpack(rows[at : at + 12]))
    return [(plain[row_of(i)], plain[row_of(i) + 1]) for i in range(6)]


def elements() -> Iterator[Element]:
    rng = random.Random(12)
    yield [(1, 0)] + [(0, 0)] * 5
    yield [(0, 0)] * 5 + [(0, 1)]
    yield [(P - 1, P - 1)] * 6
    for _ in range(8):
        yield [(rng.choice(EDGES), rng.choice(EDGES)) for _ in range(6)]
    for _ in range(8):
        yield [(rng.randrange(P), rng.randrange(P)) for _ in range(6)]


ELEMENTS = list(elements())


@pytest.mark.parametrize("index", range(len(ELEMENTS)))
def test_products_squares_and_inverses(index: int) -> None:
    a, b = ELEMENTS[index], ELEMENTS[index - 1]
    rows = array()
    put(rows, A, a)
    put(rows, B, b)
    tower.multiply12(rows, D, A, B, SPOILT)
    assert taken(rows, D) == product(a, b)
    tower.square12(rows, D, A, SPOILT)
    assert taken(rows, D) == product(a, a)
    tower.inverse12(rows, D, A, SPOILT)
    assert product(taken(rows, D), a) == ELEMENTS[0]
    assert taken(rows, A) == a
    assert taken(rows, B) == b


def test_a_result_may_replace_an_argument() -> None:
    for a, b in itertools.pairwise(ELEMENTS):
        rows = array()
        put(rows, A, a)
        put(rows, B, b)
        tower.multiply12(rows, B, A, B, SPOILT)
        tower.multiply12(rows, A, A, B, SPOILT)
        tower.square12(rows, A, A, SPOILT)
        whole = product(a, product(a, b))
        assert taken(rows, A) == product(whole, whole)


def test_products_with_lines() -> None:
    for a, b in itertools.pairwise(ELEMENTS):
        rows = array()
        put(rows, A, a)
        c0, c1, c3 = b[0], b[1], b[3]
        put(rows, B, b)
        for i, coefficient in enumerate((0, 1, 3)):
            start = LINE + 2 * i
            rows[start : start + 2] = rows[B + row_of(coefficient) : B + row_of(coefficient) + 2]
        tower.multiply12_by_line(rows, A, LINE, SPOILT)
        assert taken(rows, A) == product(a, [c0, c1, (0, 0), c3, (0, 0), (0, 0)])


@pytest.mark.parametrize(
    ("factors", "n"), [(pairing.FROBENIUS1, 1), (pairing.FROBENIUS2, 2), (pairing.FROBENIUS3, 3)]
)
def test_frobenius(factors: int, n: int) -> None:
    a = ELEMENTS[-1]
    rows = array()
    put(rows, A, a)
    tower.frobenius12(rows, D, A, factors, bool(n % 2))
    expected = a
    for _ in range(n):
        expected = power(expected, P)
    assert taken(rows, D) == expected


def test_cyclotomic_squares() -> None:
    """They are squares only after the easy part of the final exponentiation."""
    rows = array()
    a = power(power(ELEMENTS[-2], P**6 - 1), P**2 + 1)
    put(rows, A, a)
    tower.square_cyclotomic(rows, A, SPOILT)
    assert taken(rows, A) == product(a, a)


def test_the_constants_of_the_curve() -> None:
    assert multiply_plain(bn254.TWIST_B, XI) == (bn254.B, 0)
    assert bn254.TWIST_B == pairing.TWIST_B
    x = pairing.X
    assert 36 * x**4 + 36 * x**3 + 24 * x**2 + 6 * x + 1 == P
    assert 36 * x**4 + 36 * x**3 + 18 * x**2 + 6 * x + 1 == R
    for digits, value in (
        (pairing.ATE_LOOP, 6 * x + 2),
        (pairing.X_DIGITS, x),
        (pairing.TRACE_LESS_ONE, P - R),
    ):
        assert sum(int(digit) << i for i, digit in enumerate(digits[::-1])) == value
        assert digits[0] == 1


def test_the_final_power_is_a_multiple_of_the_right_one() -> None:
    """By exponents: the steps of `final_power`, done on a number in place of an element."""
    x, whole = pairing.X, P**12 - 1
    easy = (P**6 - 1) * (P**2 + 1)
    y1, y3, y4 = -2 * x, -6 * x, 6 * x * x
    y6 = -(12 * x**3)
    y8 = -y6 + y4 - y3
    y9 = y8 + y1
    hard = y8 + y4 + 1 + P * y9 + P**2 * y8 + P**3 * (y9 - 1)
    assert easy * hard % (whole // R) == 0
    assert hard % R != 0


def affine(point: Any) -> Any:
    """Our form of py_ecc's point."""
    if oracle.is_inf(point):
        return None
    return tuple(
        int(each) if isinstance(each, oracle.FQ) else tuple(int(part) for part in each.coeffs)
        for each in oracle.normalize(point)
    )


def theirs(twist: Any) -> Any:
    return (*(oracle.FQ2(part) for part in twist), oracle.FQ2.one())


def twist_point(rng: random.Random) -> Any:
    """A random point of the twist, which is in the subgroup with chance 2 ** -254."""
    while True:
        x = (rng.randrange(P), rng.randrange(P))
        cube = multiply_plain(multiply_plain(x, x), x)
        y = square_root(((cube[0] + bn254.TWIST_B[0]) % P, (cube[1] + bn254.TWIST_B[1]) % P))
        if y is not None:
            return x, y


def square_root(a: tuple[int, int]) -> tuple[int, int] | None:
    norm = pow(a[0] * a[0] + a[1] * a[1], (P + 1) // 4, P)
    for root in (norm, -norm):
        half = (a[0] + root) * pow(2, -1, P) % P
        real = pow(half, (P + 1) // 4, P)
        if real * real % P == half and real:
            found = (real, a[1] * pow(2 * real, -1, P) % P)
            if multiply_plain(found, found) == a:
                return found
    return None


def test_multiples_equal_the_oracle() -> None:
    rng = random.Random(3)
    factors = [0, 1, 2, 3, R - 1, R - 2, R, R + 1, 2**256 - 1, 2**64, *range(4, 9)]
    base = (1, 2)
    for factor in [*factors, *(rng.randrange(2**256) for _ in range(10))]:
        assert bn254.multiply(factor, base) == affine(oracle.multiply(oracle.G1, factor % R))
    assert bn254.multiply(5, None) is None


def test_sums_equal_the_oracle() -> None:
    points: list[Any] = [oracle.multiply(oracle.G1, k) for k in (0, 1, 2, 3, R - 1, R - 2, 12345)]
    for a in points:
        for b in points:
            assert bn254.add(affine(a), affine(b)) == affine(oracle.add(a, b))


def test_pairings_are_bilinear() -> None:
    rng = random.Random(8)
    base = pairing.TWIST_BASE
    for _ in range(5):
        a, b, c = (rng.randrange(1, R) for _ in range(3))
        twist = affine(oracle.multiply(oracle.G2, b))
        other = affine(oracle.multiply(oracle.G2, c))
        pairs = [(bn254.multiply(a, (1, 2)), twist), (bn254.multiply(7, (1, 2)), other)]
        closing = bn254.multiply(-a * b - 7 * c, (1, 2))
        assert bn254.pairing_is_one([*pairs, (closing, base)]) is True
        assert bn254.pairing_is_one([(None, twist), (closing, base), *pairs]) is True
        assert bn254.pairing_is_one([*pairs, (bn254.add(closing, (1, 2)), base)]) is False
        assert bn254.pairing_is_one(pairs) is False
    assert bn254.pairing_is_one([]) is True
    assert bn254.pairing_is_one([(None, base)]) is True


def test_a_pairing_equals_the_oracle() -> None:
    """Raised to the multiple that the kernel's final power is of theirs."""
    rows = pairing.load([((1, 2), pairing.TWIST_BASE)])
    assert pairing.twists_in_subgroup(rows, 1)
    pairing.miller(rows, 1)
    pairing.final_power(rows)
    ours = taken(rows, pairing.F)
    x = pairing.X
    expected = oracle.pairing(oracle.G2, oracle.G1) ** (2 * x * (6 * x * x + 3 * x + 1) % R)
    # py_ecc has one extension by w ** 12 - 18 w ** 6 + 82, with u = w ** 6 - 9.
    flat = [0] * 12
    for i, (real, imaginary) in enumerate(ours):
        flat[i] = (flat[i] + real - 9 * imaginary) % P
        flat[i + 6] = (flat[i + 6] + imaginary) % P
    assert [int(part) for part in expected.coeffs] == flat


def small_order_points() -> list[Any]:
    """Points on which the sums of the subgroup check meet each other."""
    rng = random.Random(10_069)
    found = []
    while len(found) < 2:
        order = R * TWIST_COFACTOR // TWIST_SMALL_FACTOR
        point = oracle.multiply(theirs(twist_point(rng)), order)
        if not oracle.is_inf(point):
            found += [affine(oracle.multiply(point, k)) for k in (1, 2, 3, 10_068)]
    return found


def in_subgroup(twist: Any) -> bool:
    return bn254.pairing_is_one([(None, twist)]) is not None


def test_only_points_of_prime_order_are_taken() -> None:
    rng = random.Random(4)
    strangers = [twist_point(rng) for _ in range(20)]
    for twist in [*strangers, *small_order_points()]:
        assert bn254.is_on_twist(*twist)
        assert not in_subgroup(twist)
        assert bn254.pairing_is_one([((1, 2), pairing.TWIST_BASE), (None, twist)]) is None
        assert bn254.pairing_is_one([((1, 2), twist), ((1, 2), pairing.TWIST_BASE)]) is None
    for twist in strangers[:3]:
        cleared = affine(oracle.multiply(theirs(twist), TWIST_COFACTOR))
        assert in_subgroup(cleared)
        mixed = oracle.add(theirs(cleared), theirs(small_order_points()[0]))
        assert not in_subgroup(affine(mixed))


@pytest.mark.parametrize("check", [bn254.is_on_curve, bn254.is_on_twist])
def test_points_off_the_curves(check: Callable[..., bool]) -> None:
    point = (1, 2) if check is bn254.is_on_curve else pairing.TWIST_BASE
    assert check(*point)
    assert not check(*point[::-1])
    assert check(point[0], P - 2 if point[1] == 2 else tuple(P - part for part in point[1]))
