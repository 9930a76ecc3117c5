"""Vectors of ECIES: EIP-8's packets, two other implementations, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, malformed, padded_to, refused

HERE = Path(__file__).parent
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P = 2**256 - 2**32 - 977

ENCRYPT = "encrypt(bytes,bytes,bytes,bytes32)"
DECRYPT = "decrypt(bytes32,bytes,bytes)"
OPENING = "verifyOpening(bytes,bytes,bytes,bytes32,bytes)"
INVALID_LENGTH = "InvalidLength(uint256,uint256)"
PUBLISHED = "EIP-8, test vectors; plaintext by noble-curves 2.4.0, ecies_noble.mjs"
NOBLE = "noble-curves and noble-ciphers 2.4.0, ecies_noble.mjs"
CHANGED = "changed from noble-curves 2.4.0, ecies_noble.mjs"
RULE = "the description in precompiles/privacy/ecies"
REFUSED_IN_A_CALL = {"mode": "call", "source": RULE}


def cases() -> Iterator[Case]:
    made = json.loads((HERE / "ecies_noble.json").read_text())
    for packet in made["packets"]:
        secret, mac_data, ciphertext, plaintext = parts(
            packet, "secret", "macData", "ciphertext", "plaintext"
        )
        data = call(DECRYPT, secret, mac_data, ciphertext)
        name = packet["name"]
        yield case(f"eip8-{name}", data, ["bytes"], plaintext, mode="call", source=PUBLISHED)
        data = call(DECRYPT, secret, mac_data + b"\0", ciphertext)
        yield refused(
            f"eip8-{name}-other-mac-data", data, "DecryptionFailed()", mode="call", source=CHANGED
        )
    for i, vector in enumerate(made["vectors"]):
        yield from of_one_message(i, vector)
    for i, vector in enumerate(made["smallest"]):
        public, mac_data, plaintext, secret, ephemeral, ciphertext = parts(
            vector, "publicKey", "macData", "plaintext", "secret", "ephemeral", "ciphertext"
        )
        data = call(DECRYPT, secret, mac_data, ciphertext)
        yield case(f"decrypt-edge-{i}", data, ["bytes"], plaintext, mode="call", source=NOBLE)
        data = call(OPENING, public, mac_data, ciphertext, ephemeral, plaintext)
        yield case(f"opening-edge-{i}", data, ["bool"], True, source=NOBLE)
    yield from false_openings(made["vectors"][5])
    yield from failures(made["vectors"][5])
    yield from refusals(made["vectors"][5])


def parts(vector: dict[str, str], *names: str) -> list[bytes]:
    return [bytes.fromhex(vector[name]) for name in names]


def of_one_message(index: int, vector: dict[str, str]) -> Iterator[Case]:
    """It is made, read and opened."""
    public, mac_data, plaintext, seed, secret, ephemeral, ciphertext = parts(
        vector, "publicKey", "macData", "plaintext", "seed", "secret", "ephemeral", "ciphertext"
    )
    name = f"{index}-of-{len(plaintext)}-bytes"
    in_a_call = {"mode": "call", "source": vector["source"]}
    data = call(ENCRYPT, public, mac_data, plaintext, seed)
    yield case(
        f"encrypt-{name}", data, ["bytes", "bytes32"], ciphertext, ephemeral,
        caller="0x" + vector["caller"], **in_a_call,
    )  # fmt: skip
    data = call(DECRYPT, secret, mac_data, ciphertext)
    yield case(f"decrypt-{name}", data, ["bytes"], plaintext, **in_a_call)
    data = call(OPENING, public, mac_data, ciphertext, ephemeral, plaintext)
    yield case(f"opening-{name}", data, ["bool"], True, source=vector["source"])
    other = plaintext[:-1] + bytes([plaintext[-1] ^ 1]) if plaintext else b"\0"
    data = call(OPENING, public, mac_data, ciphertext, ephemeral, other)
    yield case(f"opening-{name}-changed", data, ["bool"], False, source=CHANGED)


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ 1 << 8 * len(data) - 1 - bit).to_bytes(len(data), "big")


def false_openings(vector: dict[str, str]) -> Iterator[Case]:
    names = ("publicKey", "macData", "ciphertext", "ephemeral", "plaintext")
    public, mac_data, ciphertext, ephemeral, plaintext = parts(vector, *names)
    negated = N - int.from_bytes(ephemeral, "big")
    bits = {"prefix": 7, "key": 100, "iv": 65 * 8, "text": 81 * 8 + 3, "mac": 113 * 8, "last": -1}
    for name, arguments in (
        *(
            (f"{name}-flipped", (public, mac_data, flipped(ciphertext, bit % (8 * 145)), ephemeral,
              plaintext))
            for name, bit in bits.items()
        ),
        ("negated-secret", (public, mac_data, ciphertext, negated.to_bytes(32, "big"), plaintext)),
        ("recipient-secret", (public, mac_data, ciphertext, parts(vector, "secret")[0], plaintext)),
        ("other-mac-data", (public, b"\0\1", ciphertext, ephemeral, plaintext)),
        ("longer-mac-data", (public, mac_data + b"\0", ciphertext, ephemeral, plaintext)),
        ("shorter-plaintext", (public, mac_data, ciphertext, ephemeral, plaintext[:-1])),
        ("longer-plaintext", (public, mac_data, ciphertext, ephemeral, plaintext + b"\0")),
        ("no-plaintext", (public, mac_data, ciphertext, ephemeral, b"")),
        ("shorter-message", (public, mac_data, ciphertext[:-1], ephemeral, plaintext)),
        ("longer-message", (public, mac_data, ciphertext + b"\0", ephemeral, plaintext)),
        ("no-point", (public, mac_data, b"\4" + bytes(112), ephemeral, b"")),
    ):  # fmt: skip
        yield case(f"opening-{name}", call(OPENING, *arguments), ["bool"], False, source=CHANGED)
    good = call(OPENING, public, mac_data, ciphertext, ephemeral, plaintext)
    yield case("static-call", good, ["bool"], True, static=True, source=vector["source"])
    # Only the x of the shared point is hashed, so a key and its negative are one.
    y = P - int.from_bytes(public[33:], "big")
    twin = call(
        OPENING, public[:33] + y.to_bytes(32, "big"), mac_data, ciphertext, ephemeral, plaintext
    )
    yield case("opening-negated-key", twin, ["bool"], True, source=CHANGED)
    largest = 4 + 5 * 32 + (32 + 96) + (32 + 256) + (32 + 4224) + (32 + 4096)
    yield case("vyper-tail", padded_to(largest, good), ["bool"], True, source=vector["source"])
    for each in malformed(
        good, static_word=96, offset_word=0, length_word=160, length_max=96, size_max=largest
    ):
        if not each["name"].startswith("uint8"):
            yield each | {"source": RULE}
    padding = 4 + 160 + 32 + 65
    dirty = good[:padding] + b"\1" + good[padding + 1 :]
    yield refused("dirty-padding", dirty, "DirtyPadding(uint256)", padding, source=RULE)


def failures(vector: dict[str, str]) -> Iterator[Case]:
    """Messages that are not authentic."""
    secret, mac_data, ciphertext = parts(vector, "secret", "macData", "ciphertext")
    in_a_call = {"mode": "call", "source": CHANGED}
    changes = [
        (f"bit-{bit}", secret, mac_data, flipped(ciphertext, bit))
        for bit in (65 * 8, 81 * 8 - 1, 81 * 8, 113 * 8 - 1, 113 * 8, 145 * 8 - 1)
    ]
    changes += [
        ("shorter", secret, mac_data, ciphertext[:-1]),
        ("longer", secret, mac_data, ciphertext + b"\0"),
        ("other-secret", (5).to_bytes(32, "big"), mac_data, ciphertext),
        ("no-mac-data", secret, b"", ciphertext),
        ("mac-data-moved", secret, ciphertext[-32:-30], ciphertext[:-32] + mac_data + bytes(30)),
    ]
    for name, *arguments in changes:
        yield refused(f"decrypt-{name}", call(DECRYPT, *arguments), "DecryptionFailed()",
                      **in_a_call)  # fmt: skip
    # As above: the negated secret decrypts as well.
    negated = (N - int.from_bytes(secret, "big")).to_bytes(32, "big")
    data = call(DECRYPT, negated, mac_data, ciphertext)
    yield case("decrypt-negated-secret", data, ["bytes"], parts(vector, "plaintext")[0],
               mode="call", source=CHANGED)  # fmt: skip


def refusals(vector: dict[str, str]) -> Iterator[Case]:
    public, mac_data, ciphertext, ephemeral, plaintext, seed, secret = parts(
        vector, "publicKey", "macData", "ciphertext", "ephemeral", "plaintext", "seed", "secret"
    )

    def with_key(key: bytes) -> list[tuple[str, bytes]]:
        return [
            ("encrypt", call(ENCRYPT, key, mac_data, plaintext, seed)),
            ("opening", call(OPENING, key, mac_data, ciphertext, ephemeral, plaintext)),
        ]

    def with_secret(scalar: bytes) -> list[tuple[str, bytes]]:
        return [
            ("decrypt", call(DECRYPT, scalar, mac_data, ciphertext)),
            ("opening", call(OPENING, public, mac_data, ciphertext, scalar, plaintext)),
        ]

    def with_message(message: bytes) -> list[tuple[str, bytes]]:
        return [
            ("decrypt", call(DECRYPT, secret, mac_data, message)),
            ("opening", call(OPENING, public, mac_data, message, ephemeral, plaintext)),
        ]

    def each(name: str, calls: list[tuple[str, bytes]], error: str, *values: Any) -> Iterator[Case]:
        for method, data in calls:
            yield refused(f"{method}-{name}", data, error, *values, **REFUSED_IN_A_CALL)

    for size in (0, 1, 33, 64, 66, 96):
        yield from each(
            f"key-of-{size}-bytes", with_key((public * 2)[:size]), INVALID_LENGTH, 65, size
        )
    yield from each("key-of-97-bytes", with_key((public * 2)[:97]), INVALID_LENGTH, 96, 97)
    x, y = public[1:33], public[33:]
    bad_points = (
        ("off-curve", b"\4" + x + flipped(y, 255)),
        ("hybrid", bytes([6 + y[-1] % 2]) + x + y),
        ("compressed-prefix", bytes([2 + y[-1] % 2]) + x + y),
        ("infinity", bytes(65)),
        ("zeros", b"\4" + bytes(64)),
        ("beyond-field", b"\4" + (P + 1).to_bytes(32, "big") + y),
        ("y-beyond-field", b"\4" + x + b"\xff" * 32),
    )
    for name, key in bad_points:
        yield from each(f"key-{name}", with_key(key), "InvalidPublicKey()")
        data = call(DECRYPT, secret, mac_data, key + ciphertext[65:])
        yield refused(f"decrypt-{name}", data, "InvalidPublicKey()", **REFUSED_IN_A_CALL)
    for name, scalar in (("zero", 0), ("order", N), ("max", 2**256 - 1)):
        calls = with_secret(scalar.to_bytes(32, "big"))
        yield from each(f"secret-{name}", calls, "InvalidSecretKey()")
    for size in (0, 65, 112):
        calls = with_message(ciphertext[:size])
        yield from each(f"message-of-{size}-bytes", calls, INVALID_LENGTH, 113, size)
    calls = with_message(bytes(4210))
    yield from each("message-of-4210-bytes", calls, INVALID_LENGTH, 4209, 4210)
    data = call(ENCRYPT, public, mac_data, bytes(4097), seed)
    yield refused("encrypt-4097-bytes", data, INVALID_LENGTH, 4096, 4097, **REFUSED_IN_A_CALL)
    data = call(ENCRYPT, public, bytes(257), plaintext, seed)
    yield refused("mac-data-of-257-bytes", data, INVALID_LENGTH, 256, 257, **REFUSED_IN_A_CALL)
    for method, data in (
        ("encrypt", call(ENCRYPT, public, mac_data, plaintext, seed)),
        ("decrypt", call(DECRYPT, secret, mac_data, ciphertext)),
    ):
        yield refused(f"{method}-in-a-block", data, "SecretOperationOnChain()", source=RULE)
    data = call(DECRYPT, secret, mac_data, ciphertext)
    yield case("decrypt-public-test", data, ["bytes"], plaintext, secretOps="public-test",
               source=vector["source"])  # fmt: skip
