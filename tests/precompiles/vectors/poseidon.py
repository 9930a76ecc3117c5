"""Vectors of Poseidon: libraries' and published values, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, malformed, padded_to, refused

HERE = Path(__file__).parent
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
STARK = 2**251 + 17 * 2**192 + 1
GOLDILOCKS = 2**64 - 2**32 + 1
ORDERS = {1: R, 2: R, 3: R, 4: STARK, 5: GOLDILOCKS}

HASH = "hash(uint8,uint256[])"
COMPRESS = "compress(uint8,uint256,uint256)"
PERMUTE = "permute(uint8,uint256[])"
SPONGE = "sponge(uint8,uint256[],uint256)"
ROOT = "merkleRoot(uint8,uint256[])"
VERIFY = "verifyMerkle(uint8,uint256,uint256,uint256,uint256[])"
SIGNATURES = {each[: each.index("(")]: each for each in (HASH, COMPRESS, PERMUTE, SPONGE, ROOT)}
SIGNATURES["verifyMerkle"] = VERIFY
LENGTH = "InvalidLength(uint256,uint256)"

CIRCOMLIBJS = "circomlibjs 0.1.7, poseidon-lite 0.3.0"

EIP_8182 = (
    ([], "18dfb8dc9b82229cff974efefc8df78b1ce96d9d844236b496785c698bc6732e"),
    ([1], "168758332d5b3e2d13be8048c8011b454590e06c44bce7f702f09103eef5a373"),
    ([1, 2], "038682aa1cb5ae4e0a3f13da432a95c77c5c111f6f030faf9cad641ce1ed7383"),
    ([1, 2, 3], "23864adb160dddf590f1d3303683ebcb914f828e2635f6e85a32f0a1aecd3dd8"),
    ([1, 2, 3, 4], "130bf204a32cac1f0ace56c78b731aa3809f06df2731ebcf6b3464a15788b1b9"),
    ([1, 2, 3, 4, 5], "2247be7014a54d17342a7ef677f58d28877780d203860396967f5d0a18d259db"),
    ([5, 8, 13, 21, 34, 55], "050ae6a90aeeaa8164a9c44e8bd01a0e4ce0914500b86e3cbba970f0a5475abb"),
    (list(range(1, 18)), "28746de9623601b06603cae6f63d985715d907d33c92474283f913a8af2b7b61"),
    (list(range(1, 117)), "1068e2b9483dadce7ecf8074e8197be21d741c47f0dcbbdf5d72ed7e0328d098"),
)
PUBLISHED_PERMUTATIONS = (
    (3, "HorizenLabs/poseidon2, poseidon2.rs", (
        "0bb61d24daca55eebcb1929a82650f328134334da98ea4f847f760054f4a3033",
        "303b6f7c86d043bfcbcc80214f26a30277a15d3f74ca654992defe7ff8d03570",
        "1ed25194542b12eef8617361c3ba7c52e660b145994427cc86296242cf766ec8",
    )),
    (5, "Plonky3, goldilocks/src/poseidon2.rs", (
        "020cf04a1b214d14", "84e14aaaeacaed25", "1ae0f640e81c7457", "a4d204cbaeb0d8a5",
        "0cf637b627b3a7ff", "788d304d948b486b", "7327133ea1949af4", "f415abb924da395b",
    )),
    (5, "Plonky3, goldilocks/src/poseidon2.rs", (
        "f292ab67c0f14b03", "0a32f1b37656544c", "053c61ab895498de", "02ff92e55b196ffb",
        "58176e8f6f58cab2", "b0aa1206e7aec0f8", "e90c13f3dce83ca4", "f4da15333edf39c2",
        "23b701c053c2ca6c", "d233d593dcdfbf58", "4effa5f9516fb52e", "0aaf4489f1f40166",
    )),
)  # fmt: skip


def cases() -> Iterator[Case]:
    yield from circom()
    yield from published()
    yield from generated()
    yield from wrong_instances()
    yield from wrong_counts()
    yield from not_canonical()
    yield from wrong_paths()
    good = call(HASH, 1, [1, 2])
    digest = int("115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a", 16)
    yield case("static-call", good, ["uint256"], digest, static=True, source=CIRCOMLIBJS)
    largest = 4 + 2 * 32 + 32 + 256 * 32
    padded = padded_to(largest, good)
    yield case("vyper-tail", padded, ["uint256"], digest, source=CIRCOMLIBJS)
    yield from malformed(
        good, static_word=0, offset_word=32, length_word=64, length_max=256, size_max=largest
    )


def circom() -> Iterator[Case]:
    for vector in json.loads((HERE / "poseidon_circomlibjs.json").read_text()):
        inputs = [int(item) for item in vector["inputs"]]
        name = f"{vector['name']}-{len(inputs)}"
        digest = int(vector["digest"])
        yield case(f"hash-{name}", call(HASH, 1, inputs), ["uint256"], digest, source=CIRCOMLIBJS)
        if vector["name"] == "derived":
            state = [int(vector["capacity"]), *inputs]
            permuted = [int(item) for item in vector["permuted"]]
            data = call(PERMUTE, 1, state)
            yield case(f"permute-{name}", data, ["uint256[]"], permuted, source=CIRCOMLIBJS)


def published() -> Iterator[Case]:
    for inputs, digest in EIP_8182:
        data = call(HASH, 2, inputs)
        name = f"eip-8182-{len(inputs)}"
        yield case(name, data, ["uint256"], int(digest, 16), source="EIP-8182")
    for instance, source, lanes in PUBLISHED_PERMUTATIONS:
        data = call(PERMUTE, instance, list(range(len(lanes))))
        permuted = [int(lane, 16) for lane in lanes]
        name = f"published-{instance}-{len(lanes)}"
        yield case(name, data, ["uint256[]"], permuted, source=source)


def generated() -> Iterator[Case]:
    for vector in json.loads((HERE / "poseidon_instances.json").read_text()):
        arguments = [numbers(each) for each in vector["args"]]
        signature, source = SIGNATURES[vector["method"]], vector["source"]
        data = call(signature, vector["instance"], *arguments)
        if vector["method"] == "verifyMerkle":
            yield case(vector["name"], data, ["bool"], True, source=source)
            yield from wrong_proofs(vector, arguments)
            continue
        result = numbers(vector["result"])
        kind = "uint256[]" if isinstance(result, list) else "uint256"
        yield case(vector["name"], data, [kind], result, source=source)


def wrong_proofs(vector: Any, arguments: list[Any]) -> Iterator[Case]:
    """What is well formed but does not hold: each changes one thing of a proof that does."""
    instance = vector["instance"]
    root, leaf, index, path = arguments
    changes = {
        "root": (leaf, leaf, index, path),
        "leaf": (root, path[0], index, path),
        "index": (root, leaf, index ^ 1, path),
        "sibling": (root, leaf, index, [leaf, *path[1:]]),
        "longer": (root, leaf, index, [*path, leaf]),
    }
    if len(path) > 1:
        changes["shorter"] = (root, leaf, index >> 1, path[1:])
        changes["turned"] = (root, leaf, index, path[::-1])
    for name, wrong in changes.items():
        data = call(VERIFY, instance, *wrong)
        yield case(f"{vector['name']}-wrong-{name}", data, ["bool"], False, source=vector["source"])


def wrong_instances() -> Iterator[Case]:
    for instance in (0, 6, 255):
        for name, data in (
            ("hash", call(HASH, instance, [1, 2])),
            ("compress", call(COMPRESS, instance, 1, 2)),
            ("permute", call(PERMUTE, instance, [1, 2, 3])),
            ("sponge", call(SPONGE, instance, [1, 2], 1)),
            ("root", call(ROOT, instance, [1, 2])),
            ("verify", call(VERIFY, instance, 1, 1, 0, [1])),
        ):
            yield refused(f"{name}-instance-{instance}", data, "InvalidInstance(uint8)", instance)


def wrong_counts() -> Iterator[Case]:
    yield refused("no-elements", call(HASH, 1, []), LENGTH, 1, 0)
    yield refused("17-elements", call(HASH, 1, [1] * 17), LENGTH, 16, 17)
    yield refused("257-elements", call(HASH, 2, [1] * 257), LENGTH, 256, 257)
    for instance, sizes in (
        (1, ((0, 2), (1, 2))),
        (2, ((3, 4), (5, 4))),
        (3, ((2, 3), (4, 3))),
        (4, ((2, 3), (4, 3))),
        (5, ((7, 8), (9, 8), (11, 12), (13, 12), (0, 8))),
    ):
        for size, expected in sizes:
            data = call(PERMUTE, instance, [1] * size)
            yield refused(f"permute-{instance}-of-{size}", data, LENGTH, expected, size)
    yield refused("18-lanes", call(PERMUTE, 1, [1] * 18), LENGTH, 17, 18)
    for count in (0, 65, 2**64, 2**256 - 1):
        name = f"sponge-to-{count if count < 99 else hex(count)}"
        data = call(SPONGE, 2, [1], count)
        yield refused(name, data, "InvalidCount(uint256,uint256)", 64, count)
    yield refused("sponge-of-257", call(SPONGE, 2, [1] * 257, 1), LENGTH, 256, 257)
    for count in (0, 3, 6, 255):
        data = call(ROOT, 4, [1] * count)
        yield refused(f"root-of-{count}", data, "NotAPowerOfTwo(uint256)", count)
    yield refused("root-of-512", call(ROOT, 4, [1] * 512), LENGTH, 256, 512)


def not_canonical() -> Iterator[Case]:
    error = "NotCanonical(uint256)"
    for instance, order in ORDERS.items():
        for name, element in (
            ("order", order),
            ("order-plus-1", order + 1),
            ("all-ones", 2**256 - 1),
        ):
            data = call(HASH, instance, [0, element])
            yield refused(f"element-{instance}-{name}", data, error, 1)
        lanes = [order, *([0] * (7 if instance == 5 else 3 if instance == 2 else 2))]
        yield refused(f"lane-{instance}", call(PERMUTE, instance, lanes), error, 0)
        yield refused(f"sponge-{instance}", call(SPONGE, instance, [1, 2, order], 1), error, 2)
        # A Goldilocks digest has four elements in a word, each of which has to be canonical.
        words = [order << shift for shift in (0, 64, 128, 192)] if instance == 5 else [order]
        for position, word in enumerate(words):
            yield refused(
                f"left-{instance}-{position}", call(COMPRESS, instance, word, 0), error, 0
            )
        word = words[-1]
        yield refused(f"right-{instance}", call(COMPRESS, instance, 0, word), error, 1)
        yield refused(f"leaf-{instance}", call(ROOT, instance, [1, 2, 3, word]), error, 3)
        for index in range(4):
            values = [word if i == index else 1 for i in range(4)]
            root, leaf, *path = values
            data = call(VERIFY, instance, root, leaf, 0, path)
            yield refused(f"proof-{instance}-{index}", data, error, index)


def wrong_paths() -> Iterator[Case]:
    yield refused("empty-path", call(VERIFY, 2, 1, 1, 0, []), LENGTH, 1, 0)
    for index, depth in ((2, 1), (4, 2), (2**64, 64), (2**256 - 1, 64)):
        data = call(VERIFY, 2, 1, 1, index, [1] * depth)
        yield refused(f"index-beyond-{depth}-{index}", data, "InvalidIndex(uint256)", index)
    yield refused("path-of-65", call(VERIFY, 2, 1, 1, 0, [1] * 65), LENGTH, 64, 65)


def numbers(value: Any) -> Any:
    return [int(each) for each in value] if isinstance(value, list) else int(value)
