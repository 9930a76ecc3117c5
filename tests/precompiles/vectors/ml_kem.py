"""Vectors of ML-KEM: the KAT of its designers, NIST's ACVP samples, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, hexed, malformed, refused
from eth_utils import keccak

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "ml_kem_published.json").read_text())

KEY_GEN = "keyGen(uint8)"
KEY_GEN_SEED = "keyGen(uint8,bytes)"
ENCAPSULATE = "encapsulate(bytes)"
ENCAPSULATE_SEED = "encapsulate(bytes,bytes32)"
DECAPSULATE = "decapsulate(bytes,bytes)"
PAIR = ["bytes", "bytes"]

NUMBERS = {"ML-KEM-512": 2, "ML-KEM-768": 3, "ML-KEM-1024": 5}
K = {"ML-KEM-512": 2, "ML-KEM-768": 3, "ML-KEM-1024": 4}
LENGTH = "InvalidLength(uint256,uint256)"
SIZE = "UnknownKeySize(uint256)"
RULE = "FIPS 203, sections 7.2 and 7.3"
ABI = "the rules of the ABI"
IN_CALL = {"mode": "call"}


def cases() -> Iterator[Case]:
    yield from kat()
    yield from acvp()
    yield from bad_keys()
    yield from sizes()
    yield from blocks()
    good = call(KEY_GEN_SEED, 2, bytes(64))
    for each in malformed(
        good, static_word=0, offset_word=32, length_word=64, length_max=64, size_max=4 + 96 + 64
    ):
        yield each | {"source": ABI, **IN_CALL}


def part(item: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(item[name])


def public_key(secret_key: bytes) -> bytes:
    k = (len(secret_key) - 96) // 768
    return secret_key[384 * k : -64]


def kat() -> Iterator[Case]:
    for item in PUBLISHED["kat"]:
        name, number = item["set"], NUMBERS[item["set"]]
        more = {"source": f"KAT {name}, count {item['count']}", **IN_CALL}
        secret = part(item, "sk")
        seed = part(item, "d") + part(item, "z")
        public = public_key(secret)
        yield case(
            f"kat-{name}-key", call(KEY_GEN_SEED, number, seed), PAIR, public, secret, **more
        )
        data = call(ENCAPSULATE_SEED, public, part(item, "msg"))
        yield case(
            f"kat-{name}-encapsulate", data, PAIR, part(item, "ct"), part(item, "ss"), **more
        )
        for title, c, ss in (("", "ct", "ss"), ("-other-ciphertext", "ct_n", "ss_n")):
            data = call(DECAPSULATE, secret, part(item, c))
            yield case(f"kat-{name}-decapsulate{title}", data, ["bytes"], part(item, ss), **more)


def acvp() -> Iterator[Case]:
    for item in PUBLISHED["acvp"]:
        function = item["function"]
        name = f"acvp-{item['set']}-{function}-{item['tcId']}"
        group = "keyGen" if function == "keyGen" else "encapDecap"
        more = {"source": f"ACVP ML-KEM {group} FIPS203, tcId {item['tcId']}", **IN_CALL}
        if function == "keyGen":
            secret = part(item, "dk")
            data = call(KEY_GEN_SEED, NUMBERS[item["set"]], part(item, "d") + part(item, "z"))
            yield case(name, data, PAIR, public_key(secret), secret, **more)
        elif function == "encapsulation":
            data = call(ENCAPSULATE_SEED, part(item, "ek"), part(item, "m"))
            yield case(name, data, PAIR, part(item, "c"), part(item, "k"), **more)
        else:
            data = call(DECAPSULATE, part(item, "dk"), part(item, "c"))
            reason = item["reason"].replace(" ", "-")
            yield case(f"{name}-{reason}", data, ["bytes"], part(item, "k"), **more)


def refusal(name: str, data: bytes, error: str, *arguments: Any, source: str = RULE) -> Case:
    return refused(name, data, error, *arguments, source=source, **IN_CALL)


def with_coefficient(key: bytes, position: int, value: int) -> bytes:
    """Replace one of the 12-bit numbers of a public key."""
    bits = int.from_bytes(key, "little")
    bits &= ~(0xFFF << 12 * position)
    return (bits | value << 12 * position).to_bytes(len(key), "little")


def bad_keys() -> Iterator[Case]:
    for item in PUBLISHED["kat"]:
        name, k = item["set"], K[item["set"]]
        secret = part(item, "sk")
        public = public_key(secret)
        for position, value in ((0, 3329), (256 * k - 1, 3329), (256, 4095), (1, 3330)):
            data = call(ENCAPSULATE_SEED, with_coefficient(public, position, value), bytes(32))
            yield refusal(f"{name}-coefficient-{position}-is-{value}", data, "InvalidPublicKey()")
        for title, position in (("public-key", 384 * k), ("rho", 768 * k), ("hash", 768 * k + 32)):
            changed = bytearray(secret)
            changed[position] ^= 1
            data = call(DECAPSULATE, bytes(changed), part(item, "ct"))
            yield refusal(f"{name}-secret-key-with-other-{title}", data, "InvalidSecretKey()")
    public = public_key(part(PUBLISHED["kat"][0], "sk"))
    data = call(ENCAPSULATE, with_coefficient(public, 7, 3329))
    yield refusal("fresh-encapsulation-to-a-bad-key", data, "InvalidPublicKey()")


def sizes() -> Iterator[Case]:
    for number in (0, 1, 4, 6, 255):
        error = "UnknownParameterSet(uint8)"
        yield refusal(f"fresh-key-of-set-{number}", call(KEY_GEN, number), error, number)
        data = call(KEY_GEN_SEED, number, bytes(64))
        yield refusal(f"key-of-set-{number}", data, error, number, source="PIP-0002")
    for size in (0, 32, 63):
        data = call(KEY_GEN_SEED, 2, bytes(size))
        yield refusal(f"seed-of-{size}", data, LENGTH, 64, size)
    item = PUBLISHED["kat"][0]
    secret, ciphertext = part(item, "sk"), part(item, "ct")
    for size in (0, 32, 799, 801, 1183, 1185, 1567):
        yield refusal(f"public-key-of-{size}", call(ENCAPSULATE, bytes(size)), SIZE, size)
        data = call(ENCAPSULATE_SEED, bytes(size), bytes(32))
        yield refusal(f"public-key-of-{size}-and-seed", data, SIZE, size)
    yield refusal("public-key-of-1569", call(ENCAPSULATE, bytes(1569)), LENGTH, 1568, 1569)
    for size in (0, 96, 1631, 1633, 2399, 2401, 3167):
        data = call(DECAPSULATE, bytes(size), ciphertext)
        yield refusal(f"secret-key-of-{size}", data, SIZE, size)
    data = call(DECAPSULATE, bytes(3169), ciphertext)
    yield refusal("secret-key-of-3169", data, LENGTH, 3168, 3169)
    for size in (0, 767, 769, 1088, 1568):
        data = call(DECAPSULATE, secret, bytes(size))
        yield refusal(f"ciphertext-of-{size}", data, LENGTH, 768, size)
    data = call(DECAPSULATE, secret, bytes(1569))
    yield refusal("ciphertext-of-1569", data, LENGTH, 1568, 1569)


def blocks() -> Iterator[Case]:
    """In a block all is refused, unless the chain says that secrets are public."""
    item = PUBLISHED["kat"][0]
    secret, ciphertext = part(item, "sk"), part(item, "ct")
    public, seed = public_key(secret), part(item, "d") + part(item, "z")
    m = part(item, "msg")
    source = "crypto.md 4: refused in a block"
    calls = (
        ("fresh-key", call(KEY_GEN, 2)),
        ("key", call(KEY_GEN_SEED, 2, seed)),
        ("fresh-encapsulation", call(ENCAPSULATE, public)),
        ("encapsulation", call(ENCAPSULATE_SEED, public, m)),
        ("decapsulation", call(DECAPSULATE, secret, ciphertext)),
    )
    for name, data in calls:
        error = "SecretOperationOnChain()"
        yield refused(f"{name}-in-a-block", data, error, source=source)
        yield refused(f"{name}-in-a-static-frame", data, error, source=source, static=True)
    where = {"secretOps": "public-test"}
    known = {"source": f"KAT ML-KEM-512, count {item['count']}", **where}
    data = call(DECAPSULATE, secret, ciphertext)
    yield case("decapsulate-in-public", data, ["bytes"], part(item, "ss"), **known)
    yield case("key-in-public", call(KEY_GEN_SEED, 2, seed), PAIR, public, secret, **known)

    # Their seeds follow from the context of the vectors; kyber-py made the rest.
    made = {each["function"]: each for each in PUBLISHED["kyber-py"]}
    other = {"source": "hashlib's SHAKE256, and kyber-py 1.2.0", **where}
    secret = part(made["keyGen"], "dk")
    public = public_key(secret)
    data = call(KEY_GEN, 2)
    yield case("fresh-key-in-public", data, PAIR, public, secret, logs=flag(data, public), **other)
    yield case("fresh-key-in-public-static", data, PAIR, public, secret, static=True, **other)
    data = call(ENCAPSULATE, public)
    ciphertext, shared = part(made["encapsulate"], "c"), part(made["encapsulate"], "k")
    logs = flag(data, ciphertext)
    yield case("fresh-encapsulation-in-public", data, PAIR, ciphertext, shared, logs=logs, **other)
    tailed = data + b"\xa5" * 64  # What Vyper leaves behind the key changes no draw.
    name = "fresh-encapsulation-with-a-tail"
    yield case(name, tailed, PAIR, ciphertext, shared, logs=logs, **other)


def flag(data: bytes, made: bytes) -> list[dict[str, Any]]:
    """The log that tells of public randomness."""
    topics = (keccak(text="PublicRandomness(bytes4,bytes32)"), data[:4] + bytes(28), keccak(made))
    return [{"topics": [hexed(topic) for topic in topics], "data": "0x"}]
