"""Vectors of Poseidon: circomlibjs, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path

from cases import Case, call, case, malformed, padded_to, refused

HERE = Path(__file__).parent
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617

HASH = "hash(uint8,uint256[])"
PERMUTE = "permute(uint8,uint256[])"


def cases() -> Iterator[Case]:
    for vector in json.loads((HERE / "poseidon_circomlibjs.json").read_text()):
        inputs = [int(item) for item in vector["inputs"]]
        count = len(inputs)
        name = f"{vector['name']}-{count}"
        yield case(f"hash-{name}", call(HASH, 1, inputs), ["uint256"], int(vector["digest"]))
        if vector["name"] == "derived":
            state = [int(vector["capacity"]), *inputs]
            permuted = [int(item) for item in vector["permuted"]]
            yield case(f"permute-{name}", call(PERMUTE, 1, state), ["uint256[]"], permuted)

    good = call(HASH, 1, [1, 2])
    digest = int("115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a", 16)
    yield case("static-call", good, ["uint256"], digest, static=True)
    for instance in (0, 2, 255):
        data = call(HASH, instance, [1, 2])
        yield refused(f"instance-{instance}", data, "InvalidInstance(uint8)", instance)
    yield refused("no-elements", call(HASH, 1, []), "InvalidLength(uint256,uint256)", 1, 0)
    yield refused("17-elements", call(HASH, 1, [1] * 17), "InvalidLength(uint256,uint256)", 16, 17)
    yield refused("1-lane", call(PERMUTE, 1, [1]), "InvalidLength(uint256,uint256)", 2, 1)
    yield refused("18-lanes", call(PERMUTE, 1, [1] * 18), "InvalidLength(uint256,uint256)", 17, 18)
    for name, element in (("order", R), ("order-plus-1", R + 1), ("all-ones", 2**256 - 1)):
        data = call(HASH, 1, [0, element])
        yield refused(f"element-{name}", data, "NotCanonical(uint256)", 1)
    yield refused("lane-order", call(PERMUTE, 1, [R, 0]), "NotCanonical(uint256)", 0)
    largest = 4 + 2 * 32 + 32 + 16 * 32
    yield case("vyper-tail", padded_to(largest, good), ["uint256"], digest)
    yield from malformed(
        good, static_word=0, offset_word=32, length_word=64, length_max=16, size_max=largest
    )
