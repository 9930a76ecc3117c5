"""Vectors of ML-DSA: the KAT of its designers, NIST's ACVP samples, and what must fail."""

import json
from collections.abc import Iterator
from hashlib import shake_256
from pathlib import Path
from typing import Any

from cases import Case, call, case, hexed, refused
from eth_utils import keccak

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "ml_dsa_published.json").read_text())

VERIFY = "verify(bytes,bytes,bytes)"
VERIFY_CONTEXT = "verify(bytes,bytes,bytes,bytes)"
SIGN = "sign(bytes,bytes)"
SIGN_CONTEXT = "sign(bytes,bytes,bytes)"
SIGN_RANDOM = "sign(bytes,bytes,bytes,bytes32)"
KEY_GEN = "keyGen(uint8)"
KEY_GEN_SEED = "keyGen(uint8,bytes32)"
PAIR = ["bytes", "bytes"]

NUMBERS = {"ML-DSA-44": 2, "ML-DSA-65": 3, "ML-DSA-87": 5}
LENGTH = "InvalidLength(uint256,uint256)"
SIZE = "UnknownKeySize(uint256)"
RULE = "FIPS 204: a signature over other bits"
DILITHIUM_PY = "dilithium-py 1.5.1"
IN_CALL = {"mode": "call"}

OMEGA, K = 80, 4
"""Of ML-DSA-44, whose signatures end with omega + k bytes of hint."""


def cases() -> Iterator[Case]:
    yield from kat()
    yield from acvp()
    yield from forged()
    yield from hints()
    yield from lengths()
    yield from secret_keys()
    yield from blocks()


def part(item: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(item[name])


def kat() -> Iterator[Case]:
    for item in PUBLISHED["kat"]:
        name = item["set"]
        source = f"KAT {name} det pure, count {item['count']}"
        pk, sk, message, context, signature = (
            part(item, each) for each in ("pk", "sk", "msg", "ctx", "sig")
        )
        data = call(KEY_GEN_SEED, NUMBERS[name], part(item, "xi"))
        yield case(f"kat-{name}-key", data, PAIR, pk, sk, source=source, **IN_CALL)
        data = call(SIGN_CONTEXT, sk, message, context)
        yield case(f"kat-{name}-sign", data, ["bytes"], signature, source=source, **IN_CALL)
        data = call(VERIFY_CONTEXT, pk, message, signature, context)
        yield case(f"kat-{name}-verify", data, ["bool"], True, source=source)


def acvp() -> Iterator[Case]:
    for item in PUBLISHED["sigGen"]:
        source = f"ACVP ML-DSA sigGen FIPS204, tcId {item['tcId']}"
        sk, message, context = (part(item, each) for each in ("sk", "message", "context"))
        if "rnd" in item:
            data = call(SIGN_RANDOM, sk, message, context, part(item, "rnd"))
        elif context:
            data = call(SIGN_CONTEXT, sk, message, context)
        else:
            data = call(SIGN, sk, message)
        name = f"acvp-{item['set']}-sign-{item['tcId']}"
        yield case(name, data, ["bytes"], part(item, "signature"), source=source, **IN_CALL)
    for item in PUBLISHED["sigVer"]:
        source = f"ACVP ML-DSA sigVer FIPS204, tcId {item['tcId']}"
        arguments = [part(item, each) for each in ("pk", "message", "signature", "context")]
        valid = item["testPassed"] and item["preHash"] == "pure"
        if item["preHash"] != "pure":
            source += ", made with a hash of the message"
        name = f"acvp-{item['set']}-verify-{item['tcId']}"
        yield case(name, call(VERIFY_CONTEXT, *arguments), ["bool"], valid, source=source)


def short() -> tuple[bytes, bytes, bytes]:
    """A key, a message and its signature with the empty context."""
    item = PUBLISHED["kat"][0]
    return part(item, "pk"), part(item, "msg"), part(PUBLISHED["dilithium-py"], "signature")


def verdict(
    name: str, valid: bool, pk: bytes, message: bytes, signature: bytes, source: str = RULE
) -> Case:
    return case(name, call(VERIFY, pk, message, signature), ["bool"], valid, source=source)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


def forged() -> Iterator[Case]:
    pk, message, signature = short()
    yield verdict("empty-context", True, pk, message, signature, DILITHIUM_PY)
    yield verdict("static-call", True, pk, message, signature, DILITHIUM_PY) | {"static": True}
    for bit in (0, 255, 256, 9_000, 18_687):
        yield verdict(f"signature-bit-{bit}", False, pk, message, flipped(signature, bit))
    for bit in (0, 256, 10_495):
        yield verdict(f"key-bit-{bit}", False, flipped(pk, bit), message, signature)
    yield verdict("message-changed", False, pk, flipped(message, 0), signature)
    yield verdict("message-longer", False, pk, message + b"\0", signature)
    yield verdict("message-empty", False, pk, b"", signature)
    yield verdict("zeros", False, bytes(1312), b"", bytes(2420))
    yield verdict("ones", False, b"\xff" * 1312, b"", b"\xff" * 2420)
    # 18 bits of zeros stand for gamma1, which is too far from zero.
    large = signature[:32] + b"\0\0" + bytes([signature[34] & 0xFC]) + signature[35:]
    yield verdict("z-too-large", False, pk, message, large, "FIPS 204, algorithm 8, line 13")
    data = call(VERIFY_CONTEXT, pk, message, signature, b"\0")
    yield case("other-context", data, ["bool"], False, source=RULE)
    data = call(VERIFY_CONTEXT, pk, b"", signature, message)
    yield case("context-for-message", data, ["bool"], False, source=RULE)
    data = call(VERIFY_CONTEXT, pk, message, signature, b"")
    yield case("empty-context-named", data, ["bool"], True, source=DILITHIUM_PY)


def hints() -> Iterator[Case]:
    """Other encodings of the same hint: taken, a signature would have two forms."""
    pk, message, signature = short()
    hint = signature[-OMEGA - K :]
    counts = hint[OMEGA:]
    total, first = counts[-1], counts[0]
    assert first >= 2
    assert total < OMEGA
    source = "FIPS 204, algorithm 21"

    def with_hint(name: str, places: bytes, ends: bytes) -> Case:
        changed = signature[: -OMEGA - K] + places + ends
        return verdict(f"hint-{name}", False, pk, message, changed, source)

    swapped = bytes([hint[1], hint[0]]) + hint[2:OMEGA]
    yield with_hint("out-of-order", swapped, counts)
    yield with_hint("twice", hint[:1] + hint[:1] + hint[2:OMEGA], counts)
    yield with_hint("behind-the-end", hint[: OMEGA - 1] + b"\1", counts)
    yield with_hint("count-too-large", hint[:OMEGA], counts[:-1] + bytes([OMEGA + 1]))
    yield with_hint("count-255", hint[:OMEGA], counts[:-1] + b"\xff")
    yield with_hint("count-falls", hint[:OMEGA], counts[:1] + bytes([first - 1]) + counts[2:])
    yield with_hint("count-of-another", hint[:OMEGA], bytes([first - 1]) + counts[1:])


def lengths() -> Iterator[Case]:
    pk, message, signature = short()
    source = "crypto.md 4.7: wrong lengths give false"
    for size in (0, 2419, 2421, 4659):
        resized = (signature + bytes(4659))[:size]
        yield verdict(f"signature-of-{size}", False, pk, message, resized, source)
    for size in (0, 1311, 1313, 1952, 2624):
        resized = (pk + bytes(2624))[:size]
        yield verdict(f"key-of-{size}", False, resized, message, signature[:32], source)
    source = "the bounds of the ABI"
    for name, arguments, bound in (
        ("signature", (pk, b"", bytes(4660)), 4659),
        ("key", (bytes(2625), b"", b""), 2624),
        ("message", (b"", bytes(8193), b""), 8192),
    ):
        data = call(VERIFY, *arguments)
        yield refused(f"{name}-beyond-bound", data, LENGTH, bound, bound + 1, source=source)
    data = call(VERIFY_CONTEXT, b"", b"", b"", bytes(256))
    yield refused("context-of-256", data, LENGTH, 255, 256, source="FIPS 204, algorithm 3")


def secret_keys() -> Iterator[Case]:
    def refusal(name: str, data: bytes, error: str, *arguments: Any, source: str) -> Case:
        return refused(name, data, error, *arguments, source=source, **IN_CALL)

    sk = part(PUBLISHED["kat"][0], "sk")
    source = "FIPS 204, algorithm 25: coefficients beyond eta"
    for name, position, bits in (("s1-first", 128, 0x07), ("s2-last", 128 + 96 * 8 - 1, 0xE0)):
        bad = bytearray(sk)
        bad[position] |= bits
        data = call(SIGN, bytes(bad), b"message")
        yield refusal(f"secret-{name}-of-minus-5", data, "InvalidSecretKey()", source=source)
    nine = bytearray(part(PUBLISHED["kat"][1], "sk"))
    nine[128] = nine[128] & 0xF0 | 9
    data = call(SIGN_CONTEXT, bytes(nine), b"message", b"context")
    yield refusal("secret-s1-of-minus-5-at-eta-4", data, "InvalidSecretKey()", source=source)
    source = "FIPS 204, table 2"
    for size in (0, 2559, 2561, 4895):
        yield refusal(
            f"secret-key-of-{size}", call(SIGN, bytes(size), b""), SIZE, size, source=source
        )
    data = call(SIGN, bytes(4897), b"")
    yield refusal("secret-key-of-4897", data, LENGTH, 4896, 4897, source=source)
    data = call(SIGN, sk, bytes(8193))
    yield refusal("sign-8193-bytes", data, LENGTH, 8192, 8193, source="the bounds of the ABI")
    data = call(SIGN_CONTEXT, sk, b"", bytes(256))
    yield refusal("sign-in-context-of-256", data, LENGTH, 255, 256, source="FIPS 204, algorithm 2")
    for mode in (0, 1, 4, 6, 44, 255):
        error, source = "UnknownMode(uint8)", "PIP-0002"
        yield refusal(f"fresh-key-of-mode-{mode}", call(KEY_GEN, mode), error, mode, source=source)
        data = call(KEY_GEN_SEED, mode, bytes(32))
        yield refusal(f"key-of-mode-{mode}", data, error, mode, source=source)
    # With t0 at its extremes nearly every attempt has too many hints: 814 fail.
    bits = int.from_bytes(shake_256(b"t0 at its extremes").digest(128), "little")
    t0 = sum(0x1FFF << 13 * i for i in range(1024) if bits >> i & 1).to_bytes(1664, "little")
    data = call(SIGN, sk[:-1664] + t0, b"message")
    source = "FIPS 204, appendix C: at most 814 attempts"
    yield refusal("key-that-cannot-sign", data, "SigningFailed()", source=source)
    # The 815th attempt would succeed.
    data = call(SIGN, sk[:-1664] + t0, b"1184")
    yield refusal("one-attempt-too-few", data, "SigningFailed()", source=source)
    # The first 24 attempts, which the price covers, fail.
    signature = part(PUBLISHED["dilithium-py"], "late")
    data = call(SIGN, sk, b"311")
    yield case("25-attempts", data, ["bytes"], signature, source=DILITHIUM_PY, **IN_CALL)


def blocks() -> Iterator[Case]:
    """In a block only verification answers, unless the chain says that secrets are public."""
    item = PUBLISHED["kat"][0]
    sk, message, context = part(item, "sk"), part(item, "msg"), part(item, "ctx")
    for name, data in (
        ("fresh-key", call(KEY_GEN, 2)),
        ("key", call(KEY_GEN_SEED, 2, bytes(32))),
        ("sign", call(SIGN, sk, message)),
        ("sign-in-context", call(SIGN_CONTEXT, sk, message, context)),
        ("sign-with-randomness", call(SIGN_RANDOM, sk, message, b"", bytes(32))),
    ):
        error, source = "SecretOperationOnChain()", "crypto.md 4: refused in a block"
        yield refused(f"{name}-in-a-block", data, error, source=source)
    where = {"secretOps": "public-test"}
    data = call(SIGN_CONTEXT, sk, message, context)
    source = f"KAT ML-DSA-44 det pure, count {item['count']}"
    yield case("sign-in-public", data, ["bytes"], part(item, "sig"), source=source, **where)
    made = PUBLISHED["dilithium-py"]
    signature = part(made, "signature")
    data = call(SIGN, sk, message)
    yield case("sign-empty-context", data, ["bytes"], signature, source=DILITHIUM_PY, **IN_CALL)

    # Its seed follows from the context of the vectors; dilithium-py made the rest.
    pk, sk = part(made, "pk"), part(made, "sk")
    data = call(KEY_GEN, 2)
    topics = (keccak(text="PublicRandomness(bytes4,bytes32)"), data[:4] + bytes(28), keccak(pk))
    logs = [{"topics": [hexed(topic) for topic in topics], "data": "0x"}]
    other = {"source": f"hashlib's SHAKE256, and {DILITHIUM_PY}", **where}
    yield case("fresh-key-in-public", data, PAIR, pk, sk, logs=logs, **other)
    yield case("fresh-key-in-public-static", data, PAIR, pk, sk, static=True, **other)
