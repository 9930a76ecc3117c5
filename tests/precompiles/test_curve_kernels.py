"""Sums of multiples on P-256 and edwards25519, against the textbook formulas in plain integers."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from precompiles.kernels import edwards25519, nistp256

Point = tuple[int, int] | None
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
EDWARDS_ORDER = 2**252 + 27742317777372353535851937790883648493
FACTORS = [0, 1, 2, 15, 16, 17, 255, 256, 2**64 - 1, 2**64, 2**128, 2**252, 2**255, 2**256 - 1]


def add_p256(first: Point, second: Point) -> Point:
    p = nistp256.P
    if first is None or second is None:
        return first or second
    (x1, y1), (x2, y2) = first, second
    if x1 == x2 and (y1 + y2) % p == 0:
        return None
    slope = (3 * x1 * x1 - 3, 2 * y1) if first == second else (y2 - y1, x2 - x1)
    ratio = slope[0] * pow(slope[1], -1, p)
    x = (ratio * ratio - x1 - x2) % p
    return x, (ratio * (x1 - x) - y1) % p


def add_edwards(first: Point, second: Point) -> Point:
    p = edwards25519.P
    assert first is not None
    assert second is not None
    (x1, y1), (x2, y2) = first, second
    product = edwards25519.D * x1 * x2 * y1 * y2
    x = (x1 * y2 + y1 * x2) * pow(1 + product, -1, p)
    return x % p, (y1 * y2 + x1 * x2) * pow(1 - product, -1, p) % p


CURVES: dict[str, tuple[Any, Callable[[Point, Point], Point], Point, int]] = {
    "p256": (nistp256, add_p256, None, P256_ORDER),
    "edwards25519": (edwards25519, add_edwards, (0, 1), EDWARDS_ORDER),
}


def multiple(curve: str, factor: int, point: Point) -> Point:
    _, add, total, _ = CURVES[curve]
    while factor:
        if factor & 1:
            total = add(total, point)
        point, factor = add(point, point), factor >> 1
    return total


def plain(curve: str, base_factor: int, terms: Sequence[tuple[int, Point]]) -> Point:
    kernel, add, _, _ = CURVES[curve]
    total = multiple(curve, base_factor, kernel.BASE)
    for factor, point in terms:
        total = add(total, multiple(curve, factor, point))
    return total


@pytest.mark.parametrize("curve", CURVES)
def test_known_answers(curve: str) -> None:
    assert CURVES[curve][0].self_test()


@pytest.mark.parametrize("curve", CURVES)
def test_edges(curve: str) -> None:
    kernel, _, _, order = CURVES[curve]
    point = multiple(curve, 7, kernel.BASE)
    for factor in [*FACTORS, order - 1, order, order + 1]:
        assert kernel.combine(factor, []) == plain(curve, factor, []), factor
        assert kernel.combine(0, [(factor, point)]) == plain(curve, 0, [(factor, point)]), factor


@pytest.mark.parametrize("curve", CURVES)
def test_sums_that_meet_equal_opposite_and_no_points(curve: str) -> None:
    """Where additions of Weierstrass points have exceptions."""
    kernel, _, identity, order = CURVES[curve]
    base = kernel.BASE
    opposite = multiple(curve, order - 1, base)
    seventh = multiple(curve, 7, base)
    for terms in (
        (1, [(1, base)]),
        (1, [(1, opposite)]),
        (0, [(1, base), (1, base), (1, base)]),
        (0, [(1, base), (1, opposite), (5, base)]),
        (7, [(order - 1, seventh)]),
        (7, [(1, seventh)]),
        (16, [(16, base), (order - 32, base)]),
    ):
        assert kernel.combine(*terms) == plain(curve, *terms), terms
    assert kernel.combine(0, []) == identity
    assert kernel.combine(3, [(1, opposite), (2, opposite)]) == identity


@pytest.mark.parametrize("curve", CURVES)
def test_random_sums(curve: str) -> None:
    kernel, _, _, order = CURVES[curve]
    choose = random.Random(curve)
    for count in (0, 1, 1, 2, 3, 9):
        terms = [
            (
                choose.getrandbits(choose.choice((8, 128, 256))),
                multiple(curve, choose.randrange(1, order), kernel.BASE),
            )
            for _ in range(count)
        ]
        base_factor = choose.getrandbits(256)
        assert kernel.combine(base_factor, terms) == plain(curve, base_factor, terms)


def test_edwards_points_of_small_order() -> None:
    p = edwards25519.P
    root = pow(2, (p - 1) // 4, p)
    for point in ((0, p - 1), (root, 0), (p - root, 0)):
        for factor in range(5):
            found = edwards25519.combine(3, [(factor, point)])
            assert found == plain("edwards25519", 3, [(factor, point)])


def test_roots() -> None:
    choose = random.Random(25519)
    p, q = edwards25519.P, nistp256.P
    for value in [0, 1, 2, p - 1, *(choose.randrange(p) for _ in range(40))]:
        assert edwards25519.power_for_root(value) == pow(value, (p - 5) // 8, p)
    for value in [0, 1, 2, q - 1, *(choose.randrange(q) for _ in range(40))]:
        root = nistp256.square_root(value)
        exists = pow(value, (q - 1) // 2, q) in (0, 1)
        assert (root is not None) is exists
        assert root is None or root * root % q == value
