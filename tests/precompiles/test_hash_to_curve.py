"""Hashing to secp256k1: RFC 9380's own values, and the twin with plain square roots."""

import random

import pytest

from precompiles.backends import secp256k1
from precompiles.hash_to_curve import P, Z, hash_to_curve, invert, map_to_curve
from precompiles.privacy.ring import reference

TAG = b"QUUX-V01-CS02-with-secp256k1_XMD:SHA-256_SSWU_RO_"

# RFC 9380, appendix J.8.1.
PUBLISHED = [
    (
        b"",
        "c1cae290e291aee617ebaef1be6d73861479c48b841eaba9b7b5852ddfeb1346",
        "64fa678e07ae116126f08b022a94af6de15985c996c3a91b64c406a960e51067",
    ),
    (
        b"abc",
        "3377e01eab42db296b512293120c6cee72b6ecf9f9205760bd9ff11fb3cb2c4b",
        "7f95890f33efebd1044d382a01b1bee0900fb6116f94688d487c6c7b9c8371f6",
    ),
    (
        b"abcdef0123456789",
        "bac54083f293f1fe08e4a70137260aa90783a5cb84d3f35848b324d0674b0e3a",
        "4436476085d4c3c4508b60fcf4389c40176adce756b398bdee27bca19758d828",
    ),
    (
        b"q128_" + b"q" * 128,
        "e2167bc785333a37aa562f021f1e881defb853839babf52a7f72b102e41890e9",
        "f2401dd95cc35867ffed4f367cd564763719fbc6a53e969fb8496a1e6685d873",
    ),
    (
        b"a512_" + b"a" * 512,
        "e3c8d35aaaf0b9b647e88a0a0a7ee5d5bed5ad38238152e4e6fd8c1f8cb7c998",
        "8446eeb6181bf12f56a9d24e262221cc2f0c4725c7e3803024b5888ee5823aa6",
    ),
]


def affine(point: secp256k1.Point) -> tuple[int, int]:
    decoded = reference.decode_point(secp256k1.encode(point))
    assert decoded is not None
    return decoded


def test_published_points() -> None:
    points = hash_to_curve([message for message, _, _ in PUBLISHED], TAG)
    expected = [(int(x, 16), int(y, 16)) for _, x, y in PUBLISHED]
    assert [affine(point) for point in points] == expected
    for message, x, y in PUBLISHED:
        assert reference.hash_to_curve(message, TAG) == (int(x, 16), int(y, 16))


# -1 / Z is a square, so two elements other than 0 make the denominator of the map vanish.
ROOT = pow(-pow(Z, -1, P), (P + 1) // 4, P)
EDGES = [0, 1, 2, 3, P - 3, P - 2, P - 1, (P - 1) // 2, (P + 1) // 2, ROOT, P - ROOT]


def test_an_edge_makes_the_denominator_vanish() -> None:
    zuu = Z * ROOT * ROOT % P
    assert zuu == P - 1
    assert (zuu * zuu + zuu) % P == 0


@pytest.mark.parametrize("element", EDGES)
def test_map_at_the_edges(element: int) -> None:
    (point,) = map_to_curve([element])
    assert affine(point) == reference.map_to_curve(element)


def test_map_at_random_alone_and_together() -> None:
    choose = random.Random(9380)
    elements = [*EDGES, *(choose.randrange(P) for _ in range(60))]
    together = [affine(point) for point in map_to_curve(elements)]
    assert together == [reference.map_to_curve(element) for element in elements]
    assert together == [affine(map_to_curve([element])[0]) for element in elements]


def test_nothing_hashes_to_nothing() -> None:
    assert hash_to_curve([], TAG) == []


def test_invert() -> None:
    values = [1, 2, P - 1, 12345, P // 2]
    assert [value * inverse % P for value, inverse in zip(values, invert(values), strict=True)] == (
        [1] * 5
    )
    assert invert([]) == []
