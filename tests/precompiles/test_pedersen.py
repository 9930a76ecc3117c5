"""Pedersen: the kernel against its twin, points at every edge, generators against the RFC."""

import json
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles import hash_to_bn254
from precompiles.abi import Revert
from precompiles.backends import secp256k1
from precompiles.conformance.embedded import CONTEXT, Frame, Meter, World
from precompiles.kernels import bn254_base, curves, felt252
from precompiles.kernels.limbs import get, limbs, pack, unpack
from precompiles.precompile import Call, execute, price
from precompiles.zk.pedersen import contract, generators, kernel, reference
from precompiles.zk.pedersen.commitment import SCHEMES

VECTORS = json.loads((Path(__file__).parent / "vectors" / "pedersen.json").read_text())
ORDER = generators.BN254_ORDER
TAG = b"QUUX-V01-CS02-with-BN254G1_XMD:SHA-256_SVDW_RO_"


@pytest.mark.parametrize(
    ("message", "x", "y"),
    [
        (b"", "0a976ab906170db1f9638d376514dbf8c42aef256a54bbd48521f20749e59e86",
         "02925ead66b9e68bfc309b014398640ab55f6619ab59bc1fab2210ad4c4d53d5"),
        (b"abc", "23f717bee89b1003957139f193e6be7da1df5f1374b26a4643b0378b5baf53d1",
         "04142f826b71ee574452dbc47e05bc3e1a647478403a7ba38b7b93948f4e151d"),
        (b"abcdef0123456789", "187dbf1c3c89aceceef254d6548d7163fdfa43084145f92c4c91c85c21442d4a",
         "0abd99d5b0000910b56058f9cc3b0ab0a22d47cf27615f588924fac1e5c63b4d"),
    ],
)  # fmt: skip
def test_hash_to_bn254_as_gnark_crypto_publishes(message: bytes, x: str, y: str) -> None:
    assert hash_to_bn254.hash_to_curve(message, TAG) == (int(x, 16), int(y, 16))


def test_the_constants_of_the_map_meet_the_criteria() -> None:
    p, z = hash_to_bn254.P, hash_to_bn254.Z
    ratio = -3 * z * z * pow(4 * hash_to_bn254.C1, -1, p) % p
    assert pow(ratio, (p - 1) // 2, p) == 1
    squares = [
        pow(hash_to_bn254.curve(each), (p - 1) // 2, p) for each in (z, -z * pow(2, -1, p) % p)
    ]
    assert 1 in squares
    assert hash_to_bn254.C3 & 1 == 0


def test_every_element_maps_to_the_curve() -> None:
    p = hash_to_bn254.P
    choose = random.Random(9).randrange
    # +-1/sqrt(C1) are where the map's inverse does not exist.
    root = hash_to_bn254.square_root(pow(hash_to_bn254.C1, -1, p)) or 0
    for u in [0, 1, 2, p - 1, root, p - root, *(choose(p) for _ in range(40))]:
        x, y = hash_to_bn254.map_to_curve(u)
        assert 0 <= x < p
        assert y * y % p == hash_to_bn254.curve(x)
        assert y & 1 == u & 1


def test_generators_are_distinct_points_of_the_curve() -> None:
    count = generators.VALUES_MAX + 1
    points = [generators.bn254_generator(index) for index in range(count)]
    assert all(SCHEMES[1].holds(point) for point in points)
    assert len({x for x, _ in points} | {1}) == count + 1
    encoded = {secp256k1.encode(point)[1:] for point in generators.secp256k1_generators()}
    assert len(encoded | {secp256k1.encode(secp256k1.base_multiple(1))[1:]}) == count + 1


@pytest.mark.parametrize("field", [felt252, bn254_base], ids=["felt252", "bn254"])
def test_the_base_fields(field: object) -> None:
    curve = 0 if field is felt252 else 1
    p = curves.ORDERS[curve]
    choose = random.Random(curve).randrange
    values = [0, 1, 2, p - 1, p - 2, 2**64, 2**192, *(choose(p) for _ in range(20))]
    radix = 1 << 256
    for x in values:
        for y in values:
            a, b = limbs(x), limbs(y)
            product = curves.multiply(a, b, curve)
            assert value(curves.add(a, b, curve)) == (x + y) % p
            assert value(curves.subtract(a, b, curve)) == (x - y) % p
            assert value(product) == x * y * pow(radix, -1, p) % p
        rows = pack([x])
        curves.to_montgomery(rows, curve)
        assert unpack(rows) == [x * radix % p]
        inverse = curves.invert(get(rows, 0), curve)
        assert value(inverse) == pow(x, p - 2, p) * radix % p


def value(parts: tuple[np.uint64, ...]) -> int:
    return sum(int(limb) << 64 * i for i, limb in enumerate(parts))


@pytest.mark.parametrize("curve", [0, 1])
def test_sums_of_every_pair_of_small_multiples(curve: int) -> None:
    """Equal points, opposite points and infinity, from both sides."""
    base = (1, 2) if curve else generators.STARKNET_SHIFT
    prime, a = curves.ORDERS[curve], 1 - curve
    multiples = [reference.multiply(base, factor, prime, a) for factor in range(1, 4)]
    points = [*multiples, *((point[0], -point[1] % prime) for point in multiples if point)]
    for first in [None, *points]:
        for second in points:
            assert second is not None
            total = np.zeros((3, 4), dtype=np.uint64)
            for point in (first, second):
                if point is not None:
                    rows = pack(list(point))
                    curves.to_montgomery(rows, curve)
                    curves.add_point(total, get(rows, 0), get(rows, 1), curve)
            curves.leave(total, curve)
            expected = reference.add(first, second, prime, a) or (0, 0)
            assert tuple(unpack(total)[:2]) == expected


def test_commitments_equal_the_twin() -> None:
    choose = random.Random(5).randrange
    edges = [0, 1, 15, 16, 255, 256, ORDER - 1, ORDER // 2, 2**248, 2**253]
    pairs = [(edge, choose(ORDER)) for edge in edges] + [(choose(ORDER), edge) for edge in edges]
    for v, r in [*pairs, (0, 0), (ORDER - 1, ORDER - 1)]:
        assert kernel.commit(v, r) == reference.commit(v, r)
    for count in (1, 5):
        values = [choose(ORDER) for _ in range(count)]
        assert kernel.vector_commit(values, 7) == reference.vector_commit(values, 7)


def test_starknet_hash_equals_the_twin() -> None:
    p = felt252.P
    choose = random.Random(6).randrange
    edges = [0, 1, 255, 2**248 - 1, 2**248, 2**251, p - 1]
    for x in edges:
        for y in (choose(p), p - 1 - x):
            assert kernel.starknet_chain(x, [y]) == reference.starknet_hash(x, y)


def test_the_twin_gives_what_the_libraries_give() -> None:
    for vector in VECTORS:
        arguments = [
            [int(x) for x in each] if isinstance(each, list) else int(each)
            for each in vector["args"]
        ]
        if vector["method"] == "starknetHash":
            assert reference.starknet_hash(*arguments) == int(vector["result"])
        elif vector["method"] == "commit" and arguments[0] == 1:
            assert reference.commit(*arguments[1:]) == tuple(map(int, vector["result"]))


@pytest.mark.parametrize("curve", [1, 2])
def test_the_sum_of_commitments_opens_to_the_sums(curve: int) -> None:
    scheme = SCHEMES[curve]
    choose = random.Random(curve).randrange
    (v, r), (w, s) = [(choose(scheme.order), choose(scheme.order)) for _ in range(2)]
    first, second = scheme.commit(v, r), scheme.commit(w, s)
    total = scheme.commit((v + w) % scheme.order, (r + s) % scheme.order)
    assert scheme.sum_of([first, second]) == total
    assert scheme.sum_of([total, scheme.negative(second)]) == first
    assert scheme.sum_of([first, scheme.negative(first)]) == (0, 0)
    lists = [[v, w], [w, v]]
    a, b = (scheme.vector_commit(values, r) for values in lists)
    both = scheme.vector_commit([(v + w) % scheme.order] * 2, 2 * r % scheme.order)
    assert a != b
    assert scheme.sum_of([a, b]) == both


def test_self_test_notices_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernel.self_test()
    monkeypatch.setattr(kernel, "KNOWN_HASH", 1)
    assert not kernel.self_test()


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_is_answered_or_refused(data: st.DataObject) -> None:
    entry = contract.PRECOMPILE
    method = data.draw(st.sampled_from(entry.methods))
    words = data.draw(st.lists(st.integers(0, 3) | st.integers(0, 2**256 - 1), max_size=8))
    body = b"".join(word.to_bytes(32, "big") for word in words)
    sent = method.signature.selector + body + data.draw(st.binary(max_size=2))
    frame = Frame(world=World(), address=entry.address, meter=Meter(10**9), static=True, depth=0)
    call = Call(
        data=sent,
        caller=bytes(20),
        value=0,
        static=True,
        delegated=False,
        host=frame,
        context=CONTEXT,
    )
    assert price(entry, sent) > 0
    with suppress(Revert):
        execute(entry, call)
