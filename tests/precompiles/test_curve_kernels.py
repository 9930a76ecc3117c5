"""Sums of multiples on P-256 and edwards25519, against the textbook formulas in plain integers."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from precompiles.curves import edwards25519 as edwards
from precompiles.curves import p256, reference
from precompiles.kernels import edwards25519, nistp256

FACTORS = [0, 1, 2, 15, 16, 17, 255, 256, 2**64 - 1, 2**64, 2**128, 2**252, 2**255, 2**256 - 1]


CURVES: dict[str, tuple[Any, reference.Curve]] = {
    "p256": (nistp256, reference.P256),
    "edwards25519": (edwards25519, reference.Edwards25519),
}


def multiple(curve: str, factor: int, point: reference.Point) -> reference.Point:
    return reference.multiply(CURVES[curve][1], factor, point)


def plain(
    curve: str, base_factor: int, terms: Sequence[tuple[int, reference.Point]]
) -> reference.Point:
    return reference.combine(CURVES[curve][1], base_factor, terms)


@pytest.mark.parametrize("curve", CURVES)
def test_known_answers(curve: str) -> None:
    assert CURVES[curve][0].self_test()


@pytest.mark.parametrize("curve", CURVES)
def test_edges(curve: str) -> None:
    kernel, twin = CURVES[curve]
    order = twin.order
    point = multiple(curve, 7, kernel.BASE)
    for factor in [*FACTORS, order - 1, order, order + 1]:
        assert kernel.combine(factor, []) == plain(curve, factor, []), factor
        assert kernel.combine(0, [(factor, point)]) == plain(curve, 0, [(factor, point)]), factor


@pytest.mark.parametrize("curve", CURVES)
def test_sums_that_meet_equal_opposite_and_no_points(curve: str) -> None:
    """Where additions of Weierstrass points have exceptions."""
    kernel, twin = CURVES[curve]
    identity, order = twin.neutral, twin.order
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
    kernel, twin = CURVES[curve]
    order = twin.order
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


# --- Encodings ------------------------------------------------------------------------------


def test_p256_encodings() -> None:
    for factor in (1, 2, 15, 16, 17, p256.N - 1, p256.N // 2):
        point = p256.combine(factor, [])
        assert point is not None
        assert p256.decode(p256.encode(point)) == point
    for x in (p256.P, p256.P + 1, 2**256 - 1):
        assert p256.decode(b"\2" + x.to_bytes(32, "big")) is None


def small_order_points() -> list[tuple[int, int]]:
    """All eight, from the generator in Chalkias, Garillot, Nikolaenko, ePrint 2020/1244."""
    encoded = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
    point = edwards.decode(bytes.fromhex(encoded))
    found = [reference.multiply(reference.Edwards25519, k, point) for k in range(8)]
    assert len(set(found)) == 8
    return [each for each in found if each is not None]


def test_points_of_small_order_are_told() -> None:
    small = small_order_points()
    base = reference.Edwards25519.base
    assert all(edwards.has_small_order(each) for each in small)
    for each in small:
        moved = reference.Edwards25519.add(each, base)
        assert moved is not None
        assert not edwards.has_small_order(moved)
    assert sum(edwards.is_neutral_in_ristretto(each) for each in small) == 4


def test_a_ristretto_element_is_four_points() -> None:
    choose = random.Random(9496)
    fours = [each for each in small_order_points() if 0 in each]
    for _ in range(10):
        point = edwards.combine(choose.randrange(1, edwards.ORDER), [])
        encodings = set()
        for each in fours:
            moved = reference.Edwards25519.add(point, each)
            assert moved is not None
            encodings.add(edwards.encode_ristretto(moved))
        (encoded,) = encodings
        decoded = edwards.decode_ristretto(encoded)
        assert decoded is not None
        assert edwards.encode_ristretto(decoded) == encoded
        assert edwards.decode(edwards.encode(point)) == point


# RFC 9496, appendix A.1.
MULTIPLES = """
0000000000000000000000000000000000000000000000000000000000000000
e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76
6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919
94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259
da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57
e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e
f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403
44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d
"""


def test_published_multiples() -> None:
    for factor, encoded in enumerate(MULTIPLES.split()):
        assert edwards.encode_ristretto(edwards.combine(factor, [])).hex() == encoded
