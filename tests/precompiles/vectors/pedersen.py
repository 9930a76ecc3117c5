"""Vectors of Pedersen: noble's points, Starknet's hashes, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, malformed, padded_to, refused

HERE = Path(__file__).parent

COMMIT = "commit(uint8,uint256,uint256)"
VERIFY = "verifyOpening(uint8,uint256,uint256,uint256,uint256)"
VECTOR = "vectorCommit(uint8,uint256[],uint256)"
ADD = "add(uint8,uint256,uint256,uint256,uint256)"
SUB = "sub(uint8,uint256,uint256,uint256,uint256)"
HASH = "starknetHash(uint256,uint256)"
MANY = "starknetHashMany(uint256[])"
SIGNATURES = {each[: each.index("(")]: each for each in (COMMIT, VERIFY, VECTOR, ADD, SUB)}
SIGNATURES |= {"starknetHash": HASH, "starknetHashMany": MANY}

STARK = 2**251 + 17 * 2**192 + 1
BN254_P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
SECP256K1_P = 2**256 - 2**32 - 977
PRIMES = {1: BN254_P, 2: SECP256K1_P}
ORDERS = {
    1: 21888242871839275222246405745257275088548364400416034343698204186575808495617,
    2: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}

PUBLISHED_HASHES = (  # crypto-cpp, pedersen_hash_test.cc
    (
        "03d937c035c878245caf64531a5756109c53068da139362728feb561405371cb",
        "0208a0a10250e382e1e4bbe2880906c2791bf6275695e02fbbc6aeff9cd8b31a",
        "030e480bed5fe53fa909cc0f8c4d99b8f9f2c016be4c41e13a4848797979c662",
    ),
    (
        "058f580910a6ca59b28927c08fe6c43e2e303ca384badc365795fc645d479d45",
        "078734f65a067be9bdb39de18434d71e79f7b6466a4b66bbd979ab9e7515fe0b",
        "068cc0b76cddd1dd4ed2301ada9b7c872b23875d5ff837b3a87993e0d9996b87",
    ),
)
NOT_CANONICAL, NOT_ON_CURVE = "NotCanonical(uint256)", "NotOnCurve(uint256)"
LENGTH = "InvalidLength(uint256,uint256)"
POINT = ["uint256", "uint256"]


def cases() -> Iterator[Case]:
    vectors = json.loads((HERE / "pedersen.json").read_text())
    for vector in vectors:
        yield from generated(vector)
    for number, (first, second, digest) in enumerate(PUBLISHED_HASHES, 1):
        data = call(HASH, int(first, 16), int(second, 16))
        source = "starkware-libs/crypto-cpp, pedersen_hash_test.cc"
        yield case(f"published-{number}", data, ["uint256"], int(digest, 16), source=source)
    points = {
        int(vector["args"][0]): [int(each) for each in vector["result"]]
        for vector in vectors
        if vector["method"] == "commit" and vector["name"].endswith("small")
    }
    for curve, point in points.items():
        yield from wrong_openings(curve, point)
        yield from wrong_scalars(curve, point)
        yield from wrong_points(curve, point)
    yield from wrong_curves()
    yield from wrong_felts()
    good = call(VECTOR, 1, [1], 0)
    result = next(each for each in vectors if each["name"] == "vectorCommit-1-1")
    size = 4 + 3 * 32 + 32 + 32 * 32
    whole = call(VECTOR, *[numbers(each) for each in result["args"]])
    x, y = numbers(result["result"])
    yield case("vyper-tail", padded_to(size, whole), POINT, x, y, source=result["source"])
    yield from malformed(
        good, static_word=0, offset_word=32, length_word=96, length_max=32, size_max=size
    )


def generated(vector: Any) -> Iterator[Case]:
    arguments = [numbers(each) for each in vector["args"]]
    data = call(SIGNATURES[vector["method"]], *arguments)
    name, source = vector["name"], vector["source"]
    match vector["method"]:
        case "verifyOpening":
            yield case(name, data, ["bool"], True, source=source)
        case "starknetHash" | "starknetHashMany":
            yield case(name, data, ["uint256"], numbers(vector["result"]), source=source)
        case _:
            yield case(name, data, POINT, *numbers(vector["result"]), source=source)


def wrong_openings(curve: int, point: list[int]) -> Iterator[Case]:
    """What is well formed and opens something else: each changes one thing of (5, 7)."""
    x, y = point
    for name, arguments in (
        ("value", (x, y, 6, 7)),
        ("blinding", (x, y, 5, 8)),
        ("turned", (x, y, 7, 5)),
        ("opposite", (x, PRIMES[curve] - y, 5, 7)),
        ("nothing", (0, 0, 5, 7)),
        ("of-nothing", (x, y, 0, 0)),
    ):
        data = call(VERIFY, curve, *arguments)
        source = "noble-curves 2.4.0"
        yield case(f"wrong-opening-{curve}-{name}", data, ["bool"], False, source=source)


def wrong_scalars(curve: int, point: list[int]) -> Iterator[Case]:
    order = ORDERS[curve]
    for name, scalar in (("order", order), ("order-plus-5", order + 5), ("all-ones", 2**256 - 1)):
        label = f"{curve}-{name}"
        data = call(COMMIT, curve, scalar, 7)
        yield refused(f"value-{label}", data, NOT_CANONICAL, 0)
        yield refused(f"blinding-{label}", call(COMMIT, curve, 5, scalar), NOT_CANONICAL, 1)
        data = call(VERIFY, curve, *point, scalar, 7)
        yield refused(f"opening-value-{label}", data, NOT_CANONICAL, 0)
        data = call(VERIFY, curve, *point, 5, scalar)
        yield refused(f"opening-blinding-{label}", data, NOT_CANONICAL, 1)
        data = call(VECTOR, curve, [1, 2, scalar], 7)
        yield refused(f"vector-value-{label}", data, NOT_CANONICAL, 2)
        data = call(VECTOR, curve, [1, 2], scalar)
        yield refused(f"vector-blinding-{label}", data, NOT_CANONICAL, 2)
    yield refused(f"no-values-{curve}", call(VECTOR, curve, [], 7), LENGTH, 1, 0)
    yield refused(f"33-values-{curve}", call(VECTOR, curve, [1] * 33, 7), LENGTH, 32, 33)


def wrong_points(curve: int, point: list[int]) -> Iterator[Case]:
    x, y = point
    prime = PRIMES[curve]
    wrong = {
        "off-curve": (x, y ^ 1),
        "turned": (y, x),
        "x-of-0": (0, y),
        "y-of-0": (x, 0),
        "prime": (prime, 0),
        "both-prime": (prime, prime),
        "all-ones": (2**256 - 1, 2**256 - 1),
    }
    if y + prime < 2**256:
        wrong["second-form-of-y"] = (x, y + prime)
        wrong["second-form-of-x"] = (x + prime, y)
    for name, pair in wrong.items():
        for signature in (ADD, SUB):
            verb = signature[:3]
            data = call(signature, curve, *pair, x, y)
            yield refused(f"{verb}-{curve}-first-{name}", data, NOT_ON_CURVE, 0)
            data = call(signature, curve, x, y, *pair)
            yield refused(f"{verb}-{curve}-second-{name}", data, NOT_ON_CURVE, 1)
        data = call(VERIFY, curve, *pair, 5, 7)
        yield refused(f"opening-{curve}-{name}", data, NOT_ON_CURVE, 0)


def wrong_curves() -> Iterator[Case]:
    for curve in (0, 3, 255):
        for name, data in (
            ("commit", call(COMMIT, curve, 1, 2)),
            ("verify", call(VERIFY, curve, 1, 2, 1, 0)),
            ("vector", call(VECTOR, curve, [1], 2)),
            ("add", call(ADD, curve, 1, 2, 1, 2)),
            ("sub", call(SUB, curve, 1, 2, 1, 2)),
        ):
            yield refused(f"{name}-curve-{curve}", data, "InvalidCurve(uint8)", curve)


def wrong_felts() -> Iterator[Case]:
    for name, felt in (("prime", STARK), ("prime-plus-1", STARK + 1), ("all-ones", 2**256 - 1)):
        yield refused(f"hash-first-{name}", call(HASH, felt, 1), NOT_CANONICAL, 0)
        yield refused(f"hash-second-{name}", call(HASH, 1, felt), NOT_CANONICAL, 1)
        yield refused(f"hash-many-{name}", call(MANY, [1, 2, felt]), NOT_CANONICAL, 2)
    yield refused("hash-many-257", call(MANY, [1] * 257), LENGTH, 256, 257)


def numbers(value: Any) -> Any:
    return [int(each) for each in value] if isinstance(value, list) else int(value)
