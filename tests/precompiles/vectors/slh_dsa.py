"""Vectors of SLH-DSA: NIST's ACVP samples, slh-dsa, and what must be refused or fail."""

import json
from base64 import b64decode
from collections.abc import Iterator
from hashlib import shake_256
from pathlib import Path
from typing import Any

from cases import CALLER, Case, call, case, hexed, malformed, refused
from eth_utils import keccak

HERE = Path(__file__).parent

VERIFY = "verify(uint8,bytes,bytes,bytes)"
VERIFY_IN_CONTEXT = "verify(uint8,bytes,bytes,bytes,bytes)"
SIGN = "sign(uint8,bytes,bytes)"
SIGN_IN_CONTEXT = "sign(uint8,bytes,bytes,bytes,bytes)"
KEY_GEN = "keyGen(uint8)"
KEY_GEN_SEEDS = "keyGen(uint8,bytes)"
KEYS = ["bytes", "bytes"]

ACVP = json.loads((HERE / "slh_dsa_acvp.json").read_text())
SUFFIXES = ("128s", "128f", "192s", "192f", "256s", "256f")
NUMBERS = {
    f"SLH-DSA-{family}-{suffix}": first + i
    for first, family in ((0x00, "SHA2"), (0x10, "SHAKE"))
    for i, suffix in enumerate(SUFFIXES)
}
SIZES = {"128s": 7856, "128f": 17088, "192s": 16224, "192f": 35664, "256s": 29792, "256f": 49856}
LENGTH = "InvalidLength(uint256,uint256)"
SIGNED = {
    *("sha2-128s-161", "sha2-128f-7", "sha2-128f-316"),
    *("shake-128s-216", "shake-128f-64", "shake-128f-374"),
}
RULE = "FIPS 205: a signature over other bits"
ABI = "the rules of the ABI"
IN_CALL = {"mode": "call"}


def cases() -> Iterator[Case]:
    yield from published_keys()
    yield from published_signatures()
    yield from published_verdicts()
    yield from spoiled()
    yield from lengths()
    yield from secrets()
    yield from frames()
    good = call(KEY_GEN_SEEDS, 0, bytes(48))
    for each in malformed(
        good, static_word=0, offset_word=32, length_word=64, length_max=96, size_max=4 + 96 + 96
    ):
        yield each | {"source": ABI, **IN_CALL}


def acvp(item: dict[str, Any], mode: str = "sigGen") -> str:
    return f"ACVP SLH-DSA {mode} FIPS205, tcId {item['tcId']}"


def part(item: dict[str, Any], name: str) -> bytes:
    return b64decode(item[name])


def short(item: dict[str, Any]) -> str:
    return f"{item['set'][8:].lower()}-{item['tcId']}"


def public_key(item: dict[str, Any]) -> bytes:
    secret = part(item, "sk")
    return secret[len(secret) // 2 :]


def shortest(number: int) -> dict[str, Any]:
    """The first sample of a set: it signs one byte."""
    found: dict[str, Any] = next(each for each in ACVP["sigGen"] if NUMBERS[each["set"]] == number)
    return found


def flipped(data: bytes, bit: int) -> bytes:
    position, shift = divmod(bit, 8)
    return data[:position] + bytes([data[position] ^ 0x80 >> shift]) + data[position + 1 :]


def published_keys() -> Iterator[Case]:
    for item in ACVP["keyGen"]:
        seeds, key = part(item, "seeds"), part(item, "pk")
        data = call(KEY_GEN_SEEDS, NUMBERS[item["set"]], seeds)
        secret = seeds + key[len(key) // 2 :]
        source = acvp(item, "keyGen")
        yield case(f"key-{short(item)}", data, KEYS, key, secret, source=source, **IN_CALL)


def published_signatures() -> Iterator[Case]:
    for item in ACVP["sigGen"]:
        number, secret = NUMBERS[item["set"]], part(item, "sk")
        message, context, signature = (
            part(item, name) for name in ("message", "context", "signature")
        )
        key = public_key(item)
        name, source = short(item), acvp(item)
        if len(message) == 1 or name == "sha2-128s-162":
            data = call(VERIFY_IN_CONTEXT, number, key, message, signature, context)
            if not context:
                data = call(VERIFY, number, key, message, signature)
            yield case(f"verify-{name}", data, ["bool"], True, source=source)
        if item["set"].endswith(("192s", "SHA2-256s")):
            data = call(VERIFY_IN_CONTEXT, number, key, message + b"\0", signature, context)
            yield case(f"longer-message-{name}", data, ["bool"], False, source=RULE)
        # Signing takes long and its answer is long: of four sets, and the slow ones once.
        if name in SIGNED:
            n = len(secret) // 4
            addrnd = part(item, "addrnd") if "addrnd" in item else secret[2 * n : 3 * n]
            data = call(SIGN_IN_CONTEXT, number, secret, message, context, addrnd)
            if not context:
                data = call(SIGN, number, secret, message)
            yield case(f"sign-{name}", data, ["bytes"], signature, source=source, **IN_CALL)


def published_verdicts() -> Iterator[Case]:
    """Samples that must fail, and good ones of the other interfaces of the standard."""
    for item in ACVP["sigVer"]:
        number = NUMBERS[item["set"]]
        key, message, signature, context = (
            part(item, name) for name in ("pk", "message", "signature", "context")
        )
        source = acvp(item, "sigVer")
        if item["interface"] == "internal":
            source += ": good for the internal interface only"
        elif item["interface"] == "preHash":
            source += ": good for a hashed message only"
        data = call(VERIFY_IN_CONTEXT, number, key, message, signature, context)
        yield case(f"fails-{short(item)}", data, ["bool"], False, source=source)


def spoiled() -> Iterator[Case]:
    """One change at a time, on the smallest signatures of both hashes."""
    for number, hash_name in ((0x00, "sha2"), (0x10, "shake")):
        item = shortest(number)
        key, message, context, signature = (
            public_key(item),
            part(item, "message"),
            part(item, "context"),
            part(item, "signature"),
        )
        n, fors_values = 16, 14 * 13
        fors_end = 8 * n * (1 + fors_values)

        def verdict(
            name: str,
            *,
            key: bytes = key,
            message: bytes = message,
            signature: bytes = signature,
            context: bytes = context,
            number: int = number,
            hash_name: str = hash_name,
        ) -> Case:
            data = call(VERIFY_IN_CONTEXT, number, key, message, signature, context)
            return case(f"{hash_name}-{name}", data, ["bool"], False, source=RULE)

        for place, bit in {
            "randomizer": 0,
            "fors-secret": 8 * n + 7,
            "last-fors-node": fors_end - 1,
            "first-chain": fors_end,
            "checksum-chain": fors_end + 8 * 35 * n - 1,
            "first-layer-path": fors_end + 8 * 35 * n,
            "last-node": 8 * len(signature) - 1,
        }.items():
            yield verdict(f"bit-of-{place}", signature=flipped(signature, bit))
        if number:
            continue
        yield verdict("other-seed", key=flipped(key, 5))
        yield verdict("other-root", key=flipped(key, 255))
        yield verdict("other-message", message=flipped(message, 0))
        yield verdict("shorter-context", context=context[:-1])
        yield verdict("other-hash", number=number ^ 0x10)
        # What is hashed for these two is the same but for the length of the context.
        yield verdict("context-in-message", message=context + message, context=b"")
        data = call(VERIFY, number, key, message, signature)
        yield case(f"{hash_name}-no-context", data, ["bool"], False, source=RULE)
    zeros = call(VERIFY, 0, bytes(32), b"", bytes(7856))
    yield case("all-zeros", zeros, ["bool"], False, source=RULE)


def lengths() -> Iterator[Case]:
    item = shortest(0)
    key, secret, message, signature = (
        public_key(item),
        part(item, "sk"),
        part(item, "message"),
        part(item, "signature"),
    )

    def refusal(name: str, data: bytes, error: str, *arguments: Any, **more: Any) -> Case:
        return refused(name, data, error, *arguments, source=ABI, **more)

    for name, changed in (
        ("no-signature", b""),
        ("signature-of-r-only", signature[:16]),
        ("signature-one-byte-short", signature[:-1]),
        ("signature-one-byte-long", signature + b"\0"),
        ("signature-one-node-long", signature + bytes(16)),
    ):
        data = call(VERIFY, 0, key, message, changed)
        yield case(name, data, ["bool"], False, source="FIPS 205, algorithm 20, line 1")
    for suffix, number in (("128f", 1), ("192s", 2), ("256f", 5)):
        size = {"128": 32, "192": 48, "256": 64}[suffix[:3]]
        data = call(VERIFY, number, (key + key)[:size], message, signature)
        name = f"signature-of-128s-for-{suffix}"
        yield case(name, data, ["bool"], False, source="FIPS 205, algorithm 20, line 1")
    for size in (0, 31, 33, 48, 64):
        data = call(VERIFY, 0, bytes(size), message, signature)
        yield refusal(f"public-key-of-{size}", data, LENGTH, 32, size)
    data = call(VERIFY, 0, bytes(65), message, signature)
    yield refusal("public-key-of-65", data, LENGTH, 64, 65)
    data = call(VERIFY, 5, bytes(32), message, signature)
    yield refusal("short-public-key-256f", data, LENGTH, 64, 32)
    data = call(VERIFY, 0, key, bytes(8193), b"")
    yield refusal("message-of-8193", data, LENGTH, 8192, 8193)
    data = call(VERIFY_IN_CONTEXT, 0, key, message, b"", bytes(256))
    yield refusal("context-of-256", data, LENGTH, 255, 256)
    for number in (0x06, 0x0F, 0x16, 0x20, 0xFF):
        for signature_name, arguments in (
            (VERIFY, (key, message, b"")),
            (SIGN, (secret, message)),
            (KEY_GEN_SEEDS, (bytes(48),)),
        ):
            data = call(signature_name, number, *arguments)
            name = f"{signature_name.partition('(')[0]}-with-set-{number}"
            yield refusal(name, data, "InvalidParameterSet(uint8)", number, **IN_CALL)
    data = call(KEY_GEN, 6)
    yield refusal("fresh-key-of-set-6", data, "InvalidParameterSet(uint8)", 6, **IN_CALL)
    for size in (0, 63, 65, 96):
        data = call(SIGN, 0, bytes(size), message)
        yield refusal(f"secret-key-of-{size}", data, LENGTH, 64, size, **IN_CALL)
        data = call(SIGN_IN_CONTEXT, 0, bytes(size), message, b"", bytes(16))
        yield refusal(f"secret-key-of-{size}-in-context", data, LENGTH, 64, size, **IN_CALL)
    # With the price of every set.
    for number in NUMBERS.values():
        n = (16, 16, 24, 24, 32, 32)[number % 16]
        data = call(SIGN, number, b"", message)
        yield refusal(f"no-secret-key-of-set-{number}", data, LENGTH, 4 * n, 0, **IN_CALL)
        data = call(VERIFY, number, b"", message, b"")
        yield refusal(f"no-public-key-of-set-{number}", data, LENGTH, 2 * n, 0)
        data = call(KEY_GEN_SEEDS, number, b"")
        yield refusal(f"no-seeds-of-set-{number}", data, LENGTH, 3 * n, 0, **IN_CALL)
    for size in (0, 15, 17, 32):
        data = call(SIGN_IN_CONTEXT, 0, secret, message, b"", bytes(size))
        yield refusal(f"randomness-of-{size}", data, LENGTH, 16, size, **IN_CALL)
    data = call(SIGN_IN_CONTEXT, 0, secret, message, bytes(256), bytes(16))
    yield refusal("sign-in-context-of-256", data, LENGTH, 255, 256, **IN_CALL)
    for size in (0, 47, 49, 96):
        data = call(KEY_GEN_SEEDS, 0, bytes(size))
        yield refusal(f"seeds-of-{size}", data, LENGTH, 48, size, **IN_CALL)


def secrets() -> Iterator[Case]:
    """In a block they are refused, unless the chain says that secrets are public."""
    item = next(each for each in ACVP["keyGen"] if each["set"] == "SLH-DSA-SHAKE-128f")
    seeds, key = part(item, "seeds"), part(item, "pk")
    rule = "crypto.md 4: refused in a block"
    secret = part(shortest(0), "sk")
    for name, data in (
        ("sign", call(SIGN, 0, secret, b"")),
        ("sign-in-context", call(SIGN_IN_CONTEXT, 0, secret, b"", b"", bytes(16))),
        ("fresh-key", call(KEY_GEN, 1)),
        ("key", call(KEY_GEN_SEEDS, 0x11, seeds)),
    ):
        yield refused(f"{name}-in-a-block", data, "SecretOperationOnChain()", source=rule)
    data = call(KEY_GEN_SEEDS, 0x11, seeds)
    pair = key, seeds + key[16:]
    public: dict[str, Any] = {"secretOps": "public-test"}
    source = acvp(item, "keyGen")
    yield case("key-where-secrets-are-public", data, KEYS, *pair, source=source, **public)

    # Fresh keys of a block: their seeds follow from the context, and slh-dsa 0.2.5 made the roots.
    roots = {
        0x01: "0192fca580537e1b0b375ee4e978e4a8",
        0x11: "1b433db9d25c8a6eb65f0b41693958e5",
    }
    for number, root in roots.items():
        data = call(KEY_GEN, number)
        seeds = derived(data)
        key = seeds[32:] + bytes.fromhex(root)
        pair = key, seeds + key[16:]
        name = f"fresh-key-where-secrets-are-public-{number}"
        source = "hashlib's SHAKE256, and slh-dsa 0.2.5"
        yield case(name, data, KEYS, *pair, source=source, logs=flag(data, key), **public)
        yield case(f"{name}-static", data, KEYS, *pair, source=source, static=True, **public)


def flag(data: bytes, made: bytes) -> list[dict[str, Any]]:
    """The log that tells of public randomness."""
    topics = (keccak(text="PublicRandomness(bytes4,bytes32)"), data[:4] + bytes(28), keccak(made))
    return [{"topics": [hexed(topic) for topic in topics], "data": "0x"}]


def derived(data: bytes) -> bytes:
    """What the chain draws for a call in the context of the vectors."""
    known = (
        b"PARS-PQ-V1",
        b"\7slh-dsa",
        (6133).to_bytes(32, "big"),
        keccak(text="parent"),
        (1).to_bytes(32, "big"),
        bytes(19) + b"\1",
        bytes(32),
        CALLER,
        bytes(32),
        data,
    )
    return shake_256(b"".join(known)).digest(48)


def frames() -> Iterator[Case]:
    item = shortest(0)
    arguments = public_key(item), part(item, "message"), part(item, "signature")
    data = call(VERIFY_IN_CONTEXT, 0, *arguments, part(item, "context"))
    yield case("static-call", data, ["bool"], True, static=True, source=acvp(item))
