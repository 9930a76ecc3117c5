"""Vectors of FROST: RFC 9591, its reference code, noble-curves, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, malformed, padded_to, refused

HERE = Path(__file__).parent
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P = 2**256 - 2**32 - 977

VERIFY = "verify(uint8,bytes,bytes,bytes)"


def cases() -> Iterator[Case]:
    published = json.loads((HERE / "frost_published.json").read_text())
    for vector in published:
        arguments = [bytes.fromhex(vector[part]) for part in ("public_key", "message", "signature")]
        yield case(vector["name"], call(VERIFY, 1, *arguments), ["bool"], vector["valid"])
    for vector in json.loads((HERE / "frost_noble.json").read_text()):
        arguments = [bytes.fromhex(vector[part]) for part in ("public_key", "message", "signature")]
        size = len(arguments[1])
        name = f"noble-{vector['threshold']}-of-{vector['group']}-message-{size}"
        yield case(name, call(VERIFY, 1, *arguments), ["bool"], True)
        other = arguments[1][:-1] + bytes([arguments[1][-1] ^ 1]) if size else b"\0"
        wrong = call(VERIFY, 1, arguments[0], other, arguments[2])
        yield case(f"{name}-changed", wrong, ["bool"], False)

    key, message, signature = (
        bytes.fromhex(published[0][part]) for part in ("public_key", "message", "signature")
    )

    def verdict(name: str, valid: bool, sig: bytes, pk: bytes = key, msg: bytes = message) -> Case:
        return case(name, call(VERIFY, 1, pk, msg, sig), ["bool"], valid)

    for bit in (0, 7, 8, 100, 263, 264, 265, 400, 519):
        flipped = int.from_bytes(signature, "big") ^ 1 << 519 - bit
        yield verdict(f"signature-bit-{bit}", False, flipped.to_bytes(65, "big"))
    commitment, z = signature[:33], int.from_bytes(signature[33:], "big")
    for name, scalar in (("zero", 0), ("order", N), ("max", 2**256 - 1), ("negated", N - z)):
        yield verdict(f"scalar-{name}", False, commitment + scalar.to_bytes(32, "big"))
    for name, point in (
        ("infinity", bytes(33)),
        ("negated", bytes([commitment[0] ^ 1]) + commitment[1:]),
        ("off-curve", b"\2" + (5).to_bytes(32, "big")),
        ("beyond-field", b"\2" + (P + 1).to_bytes(32, "big")),
        ("the-key", key),
    ):
        yield verdict(f"commitment-{name}", False, point + signature[33:])
    for size in (0, 1, 33, 64):
        yield verdict(f"signature-of-{size}-bytes", False, signature[:size])
    yield verdict("signature-of-66-bytes", False, signature + b"\0")
    yield verdict("signature-of-128-bytes", False, signature + bytes(63))
    yield verdict("other-key", False, signature, pk=bytes([key[0] ^ 1]) + key[1:])
    yield verdict("other-message", False, signature, msg=b"Test")
    yield verdict("static-call", True, signature) | {"static": True}

    def bad_key(name: str, pk: bytes, error: str, *arguments: Any) -> Case:
        return refused(name, call(VERIFY, 1, pk, message, signature), error, *arguments)

    for size in (0, 32, 34, 65):
        resized = (key + bytes(32))[:size]
        name = f"key-of-{size}-bytes"
        yield bad_key(name, resized, "InvalidLength(uint256,uint256)", 33, size)
    yield bad_key("key-of-66-bytes", key + key, "InvalidLength(uint256,uint256)", 65, 66)
    yield bad_key("key-off-curve", b"\2" + (5).to_bytes(32, "big"), "InvalidPublicKey()")
    yield bad_key("key-beyond-field", b"\2" + (P + 1).to_bytes(32, "big"), "InvalidPublicKey()")
    yield bad_key("key-infinity", bytes(33), "InvalidPublicKey()")
    yield bad_key("key-prefix-4", b"\4" + key[1:], "InvalidPublicKey()")
    for suite in (0, 2, 255):
        data = call(VERIFY, suite, key, message, signature)
        yield refused(f"suite-{suite}", data, "InvalidSuite(uint8)", suite)
    data = call(VERIFY, 1, key, bytes(4097), signature)
    yield refused("message-of-4097-bytes", data, "InvalidLength(uint256,uint256)", 4096, 4097)
    good = call(VERIFY, 1, key, message, signature)
    largest = 4 + 4 * 32 + (32 + 96) + (32 + 4096) + (32 + 128)
    yield case("vyper-tail", padded_to(largest, good), ["bool"], True)
    yield from malformed(
        good, static_word=0, offset_word=32, length_word=128, length_max=65, size_max=largest
    )
    padding = 4 + 128 + 32 + 33
    dirty = good[:padding] + b"\1" + good[padding + 1 :]
    yield refused("dirty-padding", dirty, "DirtyPadding(uint256)", padding)
