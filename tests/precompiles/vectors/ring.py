"""Vectors of ring signatures: made on noble-curves, changed here, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, changed, hexed, malformed, padded_to, refused
from eth_utils import keccak

HERE = Path(__file__).parent
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P = 2**256 - 2**32 - 977

VERIFY = "verify(bytes,bytes,bytes,uint256,uint256[])"
SPEND = "spend(bytes32,bytes,bytes,bytes,uint256,uint256[])"
IS_SPENT = "isSpent(address,bytes32,bytes)"
SPEND_MESSAGE = "spendMessage(address,bytes32,bytes)"
KEY_IMAGE = "keyImage(bytes32)"
SIGN = "sign(bytes32,bytes,bytes,bytes32)"
SIGNED = ["bytes", "uint256", "uint256[]"]
INVALID_LENGTH = "InvalidLength(uint256,uint256)"

NOBLE = "noble-curves 2.4.0, ring_noble.mjs"
CHANGED = f"changed from {NOBLE}"
RULE = "the description in precompiles/privacy/ring"
IN_A_CALL = {"mode": "call", "source": NOBLE}

OFF_CURVE = b"\2" + (5).to_bytes(32, "big")
BEYOND_FIELD = b"\2" + (P + 1).to_bytes(32, "big")

Arguments = tuple[bytes, bytes, bytes, int, list[int]]


def cases() -> Iterator[Case]:
    made = json.loads((HERE / "ring_noble.json").read_text())
    for vector in made["vectors"]:
        yield from of_one_signature(vector)
    for vector in made["infinite"]:
        data = call(VERIFY, *arguments_of(vector))
        yield case(f"infinite-{vector['name']}", data, ["bool"], False, source=NOBLE)
    good = arguments_of(made["vectors"][2])
    yield from verdicts(good)
    yield from refusals(good)
    yield from secret_refusals(made["vectors"][2])
    yield from spending(made["spends"])
    data = call(VERIFY, *good)
    largest = 4 + 5 * 32 + (32 + 4256) + (32 + 4096) + (32 + 96) + (32 + 128 * 32)
    yield case("vyper-tail", padded_to(largest, data), ["bool"], True, source=NOBLE)
    # The first argument of the shared cases is a uint8, which no method of this entry has.
    for each in malformed(
        data, static_word=0, offset_word=0, length_word=160, length_max=4225, size_max=largest
    ):
        if not each["name"].startswith("uint8"):
            yield each | {"source": RULE}
    yield refused(
        "dirty-padding",
        data[: 4 + 192 + 99] + b"\1" + data[4 + 192 + 100 :],
        "DirtyPadding(uint256)",
        4 + 192 + 99,
        source=RULE,
    )
    dirty = changed(call(IS_SPENT, "0x" + "11" * 20, bytes(32), good[2]), 0, 1 << 160)
    yield refused("dirty-address", dirty, "ValueOutOfRange(uint256)", 4, source=RULE)


def arguments_of(vector: dict[str, str]) -> Arguments:
    ring, message, image, challenge, joined = (
        bytes.fromhex(vector[part])
        for part in ("ring", "message", "image", "challenge", "responses")
    )
    responses = [int.from_bytes(joined[i : i + 32], "big") for i in range(0, len(joined), 32)]
    return ring, message, image, int.from_bytes(challenge, "big"), responses


def of_one_signature(vector: dict[str, str]) -> Iterator[Case]:
    """It verifies, not for another message; its signer makes it, and its image."""
    good = ring, message, image, challenge, responses = arguments_of(vector)
    secret, seed = bytes.fromhex(vector["secret"]), bytes.fromhex(vector["seed"])
    name = f"{len(responses)}-members-message-{len(message)}"
    if message == b"edge":
        name += f"-secret-{int.from_bytes(secret, 'big') % 9}"
    yield case(f"verify-{name}", call(VERIFY, *good), ["bool"], True, source=NOBLE)
    other = message[:-1] + bytes([message[-1] ^ 1]) if message else b"\0"
    data = call(VERIFY, ring, other, *good[2:])
    yield case(f"verify-{name}-changed", data, ["bool"], False, source=CHANGED)
    data = call(SIGN, secret, ring, message, seed)
    yield case(f"sign-{name}", data, SIGNED, image, challenge, responses, **IN_A_CALL)
    if len(responses) < 16:
        data = call(KEY_IMAGE, secret)
        yield case(f"image-{name}", data, ["bytes"], image, **IN_A_CALL)


def verdicts(good: Arguments) -> Iterator[Case]:
    """Well formed, and false."""
    ring, message, image, first, responses = good
    keys = [ring[i : i + 33] for i in range(0, len(ring), 33)]

    def verdict(name: str, *arguments: Any, valid: bool = False) -> Case:
        return case(name, call(VERIFY, *arguments), ["bool"], valid, source=CHANGED)

    yield verdict("static-call", *good, valid=True) | {"static": True}
    for bit in (0, 1, 128, 254):
        yield verdict(f"challenge-bit-{bit}", ring, message, image, first ^ 1 << bit, responses)
        for i in range(len(responses)):
            spoiled = list(responses)
            spoiled[i] ^= 1 << bit
            yield verdict(f"response-{i}-bit-{bit}", ring, message, image, first, spoiled)
    yield verdict("challenge-of-1", ring, message, image, 1, responses)
    yield verdict("response-of-1", ring, message, image, first, [1, *responses[1:]])
    yield verdict("challenge-negated", ring, message, image, N - first, responses)
    yield verdict("responses-negated", ring, message, image, first, [N - s for s in responses])
    yield verdict("rotated-responses", ring, message, image, first, responses[1:] + responses[:1])
    rotated = b"".join(keys[1:] + keys[:1])
    yield verdict("rotated-ring", rotated, message, image, first, responses)
    # Without the ring in the challenge, this rotation of everything would verify.
    swapped = b"".join([keys[1], keys[0], *keys[2:]])
    yield verdict("swapped-ring", swapped, message, image, first, responses)
    flipped = bytes([keys[0][0] ^ 1]) + ring[1:]
    yield verdict("ring-key-negated", flipped, message, image, first, responses)
    negated = bytes([image[0] ^ 1]) + image[1:]
    yield verdict("image-negated", ring, message, negated, first, responses)
    yield verdict("image-is-a-key", ring, message, keys[0], first, responses)
    yield verdict("message-empty", ring, b"", image, first, responses)
    yield verdict("message-longer", ring, message + b"\0", image, first, responses)


def refusals(good: Arguments) -> Iterator[Case]:
    ring, message, image, first, responses = good
    count = len(responses)

    def bad(name: str, arguments: tuple[Any, ...], error: str, *values: Any) -> Case:
        return refused(name, call(VERIFY, *arguments), error, *values, source=RULE)

    for size in (0, 1, 33, 65, 67, 98, 100):
        resized = (ring * 2)[:size]
        bad_ring = (resized, message, image, first, responses)
        yield bad(f"ring-of-{size}-bytes", bad_ring, "InvalidRingSize(uint256)", size)
    long_ring = (ring * 43)[:4225]
    yield bad(
        "ring-of-4225-bytes",
        (long_ring, message, image, first, responses),
        "InvalidRingSize(uint256)",
        4225,
    )
    yield bad(
        "ring-of-129-keys",
        ((ring * 43)[: 129 * 33], message, image, first, responses),
        INVALID_LENGTH,
        4225,
        4257,
    )
    for i in range(count):
        for name, key in (
            ("off-curve", OFF_CURVE),
            ("beyond-field", BEYOND_FIELD),
            ("infinity", bytes(33)),
            ("prefix-4", b"\4" + ring[1:33]),
            ("prefix-6", b"\6" + ring[1:33]),
        ):
            spoiled = ring[: 33 * i] + key + ring[33 * i + 33 :]
            bad_key = (spoiled, message, image, first, responses)
            yield bad(f"key-{i}-{name}", bad_key, "InvalidRingMember(uint256)", i)
    twice = (ring[:66] + ring[:33], message, image, first, responses)
    yield bad("same-key-twice", twice, "DuplicateRingMember(uint256)", 2)
    same = (ring[:33] * 2, message, image, first, responses[:2])
    yield bad("one-key-only", same, "DuplicateRingMember(uint256)", 1)
    for size in (0, 1, 32, 34, 64, 65):
        resized = (image * 2)[:size]
        wrong = (ring, message, resized, first, responses)
        yield bad(f"image-of-{size}-bytes", wrong, INVALID_LENGTH, 33, size)
    long_image = (ring, message, image * 2, first, responses)
    yield bad("image-of-66-bytes", long_image, INVALID_LENGTH, 65, 66)
    for name, point in (
        ("off-curve", OFF_CURVE),
        ("beyond-field", BEYOND_FIELD),
        ("infinity", bytes(33)),
        ("prefix-5", b"\5" + image[1:]),
    ):
        bad_image = (ring, message, point, first, responses)
        yield bad(f"image-{name}", bad_image, "InvalidKeyImage()")
    for name, scalar in (("zero", 0), ("order", N), ("order-plus-1", N + 1), ("max", 2**256 - 1)):
        wrong = (ring, message, image, scalar, responses)
        yield bad(f"challenge-{name}", wrong, "InvalidScalar(uint256)", 0)
        for i in range(count):
            spoiled = [*responses[:i], scalar, *responses[i + 1 :]]
            wrong = (ring, message, image, first, spoiled)
            yield bad(f"response-{i}-{name}", wrong, "InvalidScalar(uint256)", i + 1)
    for size in (0, 1, count - 1, count + 1):
        resized = (responses * 2)[:size]
        wrong = (ring, message, image, first, resized)
        yield bad(f"{size}-responses", wrong, INVALID_LENGTH, count, size)
    many = (ring, message, image, first, [1] * 129)
    yield bad("129-responses", many, INVALID_LENGTH, 128, 129)
    long_message = (ring, bytes(4097), image, first, responses)
    yield bad("message-of-4097-bytes", long_message, INVALID_LENGTH, 4096, 4097)


def secret_refusals(vector: dict[str, str]) -> Iterator[Case]:
    ring, message, seed = (bytes.fromhex(vector[part]) for part in ("ring", "message", "seed"))
    secret = bytes.fromhex(vector["secret"])
    in_a_call = {"mode": "call", "source": RULE}
    for name, wrong in (("zero", 0), ("order", N), ("max", 2**256 - 1)):
        key = wrong.to_bytes(32, "big")
        for method, data in (
            ("image", call(KEY_IMAGE, key)),
            ("sign", call(SIGN, key, ring, message, seed)),
        ):
            yield refused(f"{method}-secret-{name}", data, "InvalidSecretKey()", **in_a_call)
    stranger = (7).to_bytes(32, "big")
    data = call(SIGN, stranger, ring, message, seed)
    yield refused("sign-by-stranger", data, "NotInRing()", **in_a_call)
    data = call(SIGN, secret, ring[:33] * 2, message, seed)
    yield refused("sign-duplicate", data, "DuplicateRingMember(uint256)", 1, **in_a_call)
    data = call(SIGN, secret, ring[:33] + OFF_CURVE, message, seed)
    yield refused("sign-off-curve", data, "InvalidRingMember(uint256)", 1, **in_a_call)
    for name, data in (
        ("image", call(KEY_IMAGE, secret)),
        ("sign", call(SIGN, secret, ring, message, seed)),
    ):
        yield refused(f"{name}-in-a-block", data, "SecretOperationOnChain()", source=RULE)
    image = bytes.fromhex(vector["image"])
    data = call(KEY_IMAGE, secret)
    yield case("image-public-test", data, ["bytes"], image, secretOps="public-test", source=NOBLE)


def spending(made: list[dict[str, str]]) -> Iterator[Case]:
    spends = {each["name"]: each for each in made}

    def data_of(each: dict[str, str]) -> bytes:
        ring, message, image, first, responses = arguments_of(each)
        return call(SPEND, bytes.fromhex(each["scope"]), ring, message, image, first, responses)

    def log_of(each: dict[str, str]) -> Case:
        topics = [
            hexed(keccak(text="Spent(address,bytes32,bytes)")),
            "0x" + each["spender"].rjust(64, "0"),
            "0x" + each["scope"],
        ]
        tail = call("f(bytes)", bytes.fromhex(each["image"]))[4:]
        return {"topics": topics, "data": hexed(tail)}

    first = spends["first"]
    done = [{"input": hexed(data_of(first)), "caller": "0x" + first["spender"]}]
    for name, each in spends.items():
        bound = call(
            SPEND_MESSAGE, "0x" + each["spender"], bytes.fromhex(each["scope"]),
            bytes.fromhex(each["message"]),
        )  # fmt: skip
        value = bytes.fromhex(each["bound"])
        yield case(f"spend-message-{name}", bound, ["bytes32"], value, source=NOBLE)
        before = [] if name == "first" else done
        where = {"caller": "0x" + each["spender"], "before": before, "source": NOBLE}
        asked = call(
            IS_SPENT, "0x" + each["spender"], bytes.fromhex(each["scope"]),
            bytes.fromhex(each["image"]),
        )  # fmt: skip
        data = data_of(each)
        if name == "same-key":
            yield refused(f"spend-{name}", data, "KeyImageSpent()", **where)
        else:
            yield case(f"spend-{name}", data, [], logs=[log_of(each)], **where)
        yield case(f"is-spent-before-{name}", asked, ["bool"], False, source=NOBLE)
        after = [{"input": hexed(data), "caller": "0x" + each["spender"]}]
        yield case(f"is-spent-after-{name}", asked, ["bool"], True, before=after, source=NOBLE)
    data = data_of(first)
    who = {"caller": "0x" + first["spender"], "source": RULE}
    yield refused("spend-again", data, "KeyImageSpent()", before=done, **who)
    yield refused("spend-static", data, "WriteProtection()", static=True, **who)
    yield refused("spend-value", data, "ValueRefused(uint256)", 5, value=5, **who)
    stranger = {"caller": "0x" + "77" * 20, "source": RULE}
    yield refused("spend-by-another", data, "InvalidSignature()", **stranger)
    yield refused("spend-in-another-scope", changed(data, 0, 9), "InvalidSignature()", **who)
    ring, message, image, challenge, responses = arguments_of(first)
    scope = bytes.fromhex(first["scope"])
    unbound = call(SPEND, scope, ring, bytes.fromhex(first["bound"]), image, challenge, responses)
    yield refused("spend-of-the-hash", unbound, "InvalidSignature()", **who)
    short = call(SPEND, scope, ring, message, image, challenge, responses[:-1])
    yield refused("spend-short", short, INVALID_LENGTH, 3, 2, **who)
    spender = "0x" + first["spender"]
    bound = call(VERIFY, ring, bytes.fromhex(first["bound"]), image, challenge, responses)
    yield case("verify-of-a-spend", bound, ["bool"], True, source=NOBLE)
    for size in (0, 32, 34):
        data = call(IS_SPENT, spender, scope, (image * 2)[:size])
        yield refused(f"is-spent-image-of-{size}", data, INVALID_LENGTH, 33, size, source=RULE)
    data = call(IS_SPENT, spender, scope, OFF_CURVE)
    yield refused("is-spent-off-curve", data, "InvalidKeyImage()", source=RULE)
