"""Vectors of FROST: RFC 9591, its reference code, noble-curves, and what must be refused."""

import csv
import json
from collections.abc import Iterator
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

from cases import CALLER, Case, call, case, hexed, malformed, padded_to, refused
from eth_abi import encode
from eth_utils import keccak

HERE = Path(__file__).parent
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P = 2**256 - 2**32 - 977

CHAIN_ID = 6133
GROUP = keccak(CHAIN_ID.to_bytes(32, "big") + CALLER + bytes(32))

VERIFY = "verify(uint8,bytes,bytes,bytes)"
BATCH = "verifyBatch(uint8,bytes[],bytes[],bytes[])"
REGISTER = "register(uint8,uint16,bytes[])"
GROUP_OF = "groupOf(bytes32)"
GROUP_TYPES = ["uint8", "uint16", "uint16", "address", "bytes"]
VERIFY_GROUP = "verifyGroup(bytes32,bytes,bytes)"
SHARE_OF = "verificationShareOf(bytes32,uint16)"
VERIFY_SHARE = "verifyShare(bytes32,uint16,bytes,uint16[],bytes[],bytes[],bytes32)"
AGGREGATE = "aggregate(bytes32,bytes,uint16[],bytes[],bytes[],bytes32[])"
INVALID_LENGTH = "InvalidLength(uint256,uint256)"

ORDERS = {1: N, 2: N, 3: 2**252 + 27742317777372353535851937790883648493}
ORDERS[4] = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ORDERS[5] = ORDERS[3]
NOBLE = "noble-curves 2.4.0, frost_rounds.mjs"
RULE = "RFC 9591 and the description in precompiles/threshold/frost"


HIDING_NONCE = 0x09764379667F9A9FA61928947BD925A7F162B21886B750D3B11C226D16B32F58
"""Of signer 1 in RFC 9591, appendix E.5."""

# SEC 2's generator, RFC 9496's, and that one's negative by noble-curves 2.4.0.
P256_BASE = bytes.fromhex("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
RISTRETTO_BASE = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
OPPOSITE = bytes.fromhex("ea" + "ff" * 30 + "7f")


def unhex(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def scalar(suite: int, value: int) -> bytes:
    return value.to_bytes(32, "little" if suite in (3, 5) else "big")


def cases() -> Iterator[Case]:
    for each in of_first_suite():
        yield {"source": "frost_published.json, frost_noble.json, or changed from them", **each}
    for each in (*of_other_suites(), *of_groups()):
        yield {"source": RULE, **each}


def of_other_suites() -> Iterator[Case]:
    """Signatures of suites 2 to 5."""
    with (HERE / "bip340.csv").open() as file:
        for number, row in enumerate(csv.DictReader(file)):
            values = unhex([row["public key"], row["message"], row["signature"]])
            data, source = call(VERIFY, 2, *values), {"source": "BIP 340, test-vectors.csv"}
            if row["verification result"] == "INVALID KEY":
                yield refused(f"bip340-{number}", data, "InvalidPublicKey()", **source)
            else:
                valid = row["verification result"] == "TRUE"
                yield case(f"bip340-{number}", data, ["bool"], valid, **source)
    edges = json.loads((HERE / "frost_edges.json").read_text())
    for number, vector in enumerate(edges["ed25519"]):
        values = unhex([vector["public_key"], vector["message"], vector["signature"]])
        data, name = call(VERIFY, 3, *values), f"ed25519-edge-{number}"
        source = {"source": "ePrint 2020/1244 and frost_edges.mjs, judged by noble-curves 2.4.0"}
        if vector["valid"] == "invalid key":
            yield refused(name, data, "InvalidPublicKey()", **source)
        else:
            yield case(name, data, ["bool"], vector["valid"], **source)
    lines = (HERE / "ed25519_sign.input").read_text().split()
    for number, line in enumerate(lines):
        _, key, message, signed = line.split(":")[:4]
        key, message, signature = unhex([key, message, signed[:128]])
        source = {"source": "ed25519.cr.yp.to/python/sign.input"}
        data = call(VERIFY, 3, key, message, signature)
        yield case(f"ed25519-sign-{number}", data, ["bool"], True, **source)
    yield from of_each_suite()


def of_each_suite() -> Iterator[Case]:
    for session in sessions():
        suite = session["suite"]
        name = f"{session['name']}-signature"
        key, message, signature = session["key"], session["message"], session["signature"]
        data = call(VERIFY, suite, key, message, signature)
        yield case(name, data, ["bool"], True, source=session["source"])
        if "rfc" not in name and "zcash" not in name:
            continue
        half = len(signature) - 32
        z = int.from_bytes(signature[half:], "little" if suite in (3, 5) else "big")
        order = ORDERS[suite]
        changed = {
            "other-message": (key, message + b"t", signature),
            "r-bit": (key, message, bytes([signature[0], signature[1] ^ 1]) + signature[2:]),
            "z-plus-1": (key, message, signature[:half] + scalar(suite, (z + 1) % order)),
            "z-zero": (key, message, signature[:half] + bytes(32)),
            "z-negated": (key, message, signature[:half] + scalar(suite, order - z)),
            "z-plus-order": (key, message, signature[:half] + scalar(suite, (z + order) % 2**256)),
            "z-order": (key, message, signature[:half] + scalar(suite, order)),
            "z-all-ones": (key, message, signature[:half] + b"\xff" * 32),
            "r-zero": (key, message, bytes(half) + signature[half:]),
            "r-all-ones": (key, message, b"\xff" * half + signature[half:]),
            "r-is-key": (key, message, key[:half].rjust(half, b"\2") + signature[half:]),
            "short": (key, message, signature[:-1]),
            "long": (key, message, signature + b"\0"),
            "empty": (key, message, b""),
        }
        if half == 33:
            changed["r-negated"] = (key, message, bytes([signature[0] ^ 1]) + signature[1:])
        for what, values in changed.items():
            yield case(f"{name}-{what}", call(VERIFY, suite, *values), ["bool"], False)
        for size in (0, len(key) - 1, len(key) + 1, 65):
            sized = (key + bytes(65))[:size]
            data = call(VERIFY, suite, sized, message, signature)
            yield refused(f"{name}-key-of-{size}", data, INVALID_LENGTH, len(key), size)
        for what, bad in (
            ("zero", bytes(len(key))),
            ("all-ones", b"\xff" * len(key)),
            ("no-point", off_curve(suite)),
        ):
            data = call(VERIFY, suite, bad, message, signature)
            yield refused(f"{name}-key-{what}", data, "InvalidPublicKey()")
    yield from of_batches()


def off_curve(suite: int) -> bytes:
    """What decodes to no element: found by trying, with noble-curves."""
    return {
        1: b"\2" + (5).to_bytes(32, "big"),
        2: (5).to_bytes(32, "big"),
        3: (2).to_bytes(32, "little"),
        4: b"\2" + (1).to_bytes(32, "big"),
        5: (1).to_bytes(32, "little"),
    }[suite]


def of_batches() -> Iterator[Case]:
    for suite in range(1, 6):
        found = [each for each in sessions() if each["suite"] == suite][:4]
        keys = [each["key"] for each in found]
        messages = [each["message"] for each in found]
        signatures = [each["signature"] for each in found]
        data = call(BATCH, suite, keys, messages, signatures)
        yield case(f"batch-{suite}", data, ["bool[]"], [True] * len(found), source=NOBLE)
        messages[1] += b"?"
        signatures[2] = signatures[2][:-1]
        data = call(BATCH, suite, keys, messages, signatures)
        verdicts = [place not in (1, 2) for place in range(len(found))]
        yield case(f"batch-{suite}-two-wrong", data, ["bool[]"], verdicts)
        keys[3] = off_curve(suite)
        data = call(BATCH, suite, keys, messages, signatures)
        yield refused(f"batch-{suite}-no-key", data, "InvalidPublicKey()")
    empty: list[bytes] = []
    yield case("batch-of-none", call(BATCH, 1, empty, empty, empty), ["bool[]"], [])
    yield refused("batch-uneven", call(BATCH, 1, [b""], [], [b""]), INVALID_LENGTH, 1, 0)
    two = [b"", b""]
    yield refused("batch-uneven-1", call(BATCH, 1, two, [b""], two), INVALID_LENGTH, 2, 1)
    yield refused("batch-uneven-2", call(BATCH, 1, [b""], [b""], []), INVALID_LENGTH, 1, 0)
    data = call(BATCH, 6, [b""], [b""], [b""])
    yield refused("batch-suite-6", data, "InvalidSuite(uint8)", 6)
    many = [b""] * 33
    yield refused("batch-of-33", call(BATCH, 1, many, many, many), INVALID_LENGTH, 32, 33)


# --- Groups ---------------------------------------------------------------------------------


def sessions() -> list[dict[str, Any]]:
    """Whole signings: those that the RFC and its reference code publish, and noble's."""
    found = []
    made = json.loads((HERE / "frost_edges.json").read_text())["rounds"]
    published = json.loads((HERE / "frost_rfc9591.json").read_text())
    for item, elements in zip(published, made, strict=True):
        shares = dict(zip(item["signers"], unhex(elements["verification_shares"]), strict=True))
        source = f"{item['name']}: RFC 9591 appendix E, or ZcashFoundation/frost vectors.json"
        found.append(session(item, item["name"], 3, elements["commitments"], shares, source))
    for number, item in enumerate(json.loads((HERE / "frost_rounds.json").read_text())):
        shares = dict(enumerate(unhex(item["verification_shares"]), start=1))
        name = f"noble-{item['suite']}-{number}"
        found.append(session(item, name, item["members"], item["commitments"], shares, NOBLE))
    return found


def session(
    item: dict[str, Any],
    name: str,
    members: int,
    commitments: list[str],
    verification_shares: dict[int, bytes],
    source: str,
) -> dict[str, Any]:
    elements = unhex(commitments)
    signature = bytes.fromhex(item["signature"])
    short = item["suite"] == 2
    return {
        "name": name,
        "source": source,
        "suite": item["suite"],
        "members": members,
        "commitments": elements,
        "key": elements[0][1:] if short else elements[0],
        "verification_shares": verification_shares,
        "message": bytes.fromhex(item["message"]),
        "signers": item["signers"],
        "hiding": unhex(item["hiding"]),
        "binding": unhex(item["binding"]),
        "shares": unhex(item["shares"]),
        "signature": signature,
    }


def of_groups() -> Iterator[Case]:
    for each in sessions():
        if each["source"] == NOBLE and each["members"] not in (2, 5):
            continue
        register = call(REGISTER, each["suite"], each["members"], each["commitments"])
        before = {"before": [{"input": hexed(register)}]}
        source = {"source": each["source"]}
        name = each["name"]
        threshold = len(each["commitments"])
        topics = [
            keccak(text="GroupRegistered(bytes32,address,uint8,bytes,uint16,uint16)"),
            GROUP,
            bytes(12) + CALLER,
        ]
        types = ["uint8", "bytes", "uint16", "uint16"]
        values = (each["suite"], each["key"], threshold, each["members"])
        log = {
            "topics": [hexed(topic) for topic in topics],
            "data": hexed(encode(types, values)),
        }
        yield case(f"{name}-register", register, ["bytes32"], GROUP, logs=[log], **source)
        known = (each["suite"], threshold, each["members"], hexed(CALLER), each["key"])
        yield case(f"{name}-group", call(GROUP_OF, GROUP), GROUP_TYPES, *known, **source, **before)
        data = call(VERIFY_GROUP, GROUP, each["message"], each["signature"])
        yield case(f"{name}-verify-group", data, ["bool"], True, **source, **before)
        for member, share in each["verification_shares"].items():
            data = call(SHARE_OF, GROUP, member)
            yield case(f"{name}-share-of-{member}", data, ["bytes"], share, **source, **before)
        lists = (each["signers"], each["hiding"], each["binding"])
        data = call(AGGREGATE, GROUP, each["message"], *lists, each["shares"])
        yield case(f"{name}-aggregate", data, ["bytes"], each["signature"], **source, **before)
        for member, share in zip(each["signers"], each["shares"], strict=True):
            data = call(VERIFY_SHARE, GROUP, member, each["message"], *lists, share)
            what = f"{name}-verify-share-{member}"
            yield case(what, data, ["bool"], True, **source, **before)
        if "rfc" in name or "zcash" in name:
            yield from wrong_shares(each, before)
    yield from wrong_groups()


def wrong_shares(each: dict[str, Any], before: Case) -> Iterator[Case]:
    suite, name, message = each["suite"], each["name"], each["message"]
    signers, hiding, binding = each["signers"], each["hiding"], each["binding"]
    shares, order = each["shares"], ORDERS[suite]
    first, last = signers

    def verdict(what: str, share: bytes, member: int = first, *given: Any) -> Case:
        lists = given or (signers, hiding, binding)
        data = call(VERIFY_SHARE, GROUP, member, message, *lists, share)
        return case(f"{name}-share-{what}", data, ["bool"], False, **before)

    yield verdict("of-another", shares[1])
    yield verdict("as-another", shares[0], last)
    yield verdict("zero", bytes(32))
    yield verdict("order", scalar(suite, order))
    yield verdict("all-ones", b"\xff" * 32)
    endian: Any = "little" if suite in (3, 5) else "big"
    value = int.from_bytes(shares[0], endian)
    yield verdict("plus-1", scalar(suite, (value + 1) % order))
    yield verdict("negated", scalar(suite, order - value))
    if suite == 1:  # What is left is the commitment's hiding part: the identity.
        yield verdict("without-hiding-nonce", scalar(suite, (value - HIDING_NONCE) % order))
    yield verdict("swapped-nonces", shares[0], first, signers, binding, hiding)
    yield verdict("other-hiding", shares[0], first, signers, [hiding[0], hiding[0]], binding)
    data = call(VERIFY_SHARE, GROUP, first, message + b"!", signers, hiding, binding, shares[0])
    yield case(f"{name}-share-other-message", data, ["bool"], False, **before)

    def aggregate(what: str, error: str, *arguments: Any, **changes: Any) -> Case:
        given = {"signers": signers, "hiding": hiding, "binding": binding, "shares": shares}
        given |= changes
        data = call(AGGREGATE, GROUP, message, *given.values())
        return refused(f"{name}-aggregate-{what}", data, error, *arguments, **before)

    invalid = "InvalidShare(uint256)"
    wrong = scalar(suite, (value + 1) % order)
    yield aggregate("first-wrong", invalid, first, shares=[wrong, shares[1]])
    yield aggregate("last-wrong", invalid, last, shares=[shares[0], wrong])
    # Only their sum counts: whoever adds the right numbers up has the signature.
    swapped = call(AGGREGATE, GROUP, message, signers, hiding, binding, shares[::-1])
    yield case(f"{name}-aggregate-swapped", swapped, ["bytes"], each["signature"], **before)
    yield aggregate("beyond", invalid, last, shares=[shares[0], scalar(suite, order)])
    alone = {"signers": [1], "hiding": hiding[:1], "binding": binding[:1], "shares": shares[:1]}
    yield aggregate("too-few", "InvalidSigners()", **alone)
    for what, chosen in (
        ("unsorted", [last, first]),
        ("twice", [first, first]),
        ("zero", [0, last]),
        ("beyond-members", [first, 4]),
    ):
        yield aggregate(f"signers-{what}", "InvalidSigners()", signers=chosen)
    yield aggregate("hiding-missing", INVALID_LENGTH, 2, 1, hiding=hiding[:1])
    yield aggregate("binding-missing", INVALID_LENGTH, 2, 1, binding=binding[:1])
    yield aggregate("share-missing", INVALID_LENGTH, 2, 1, shares=shares[:1])
    element = "InvalidCommitment(uint256)"
    bad = b"\2" + off_curve(2) if suite == 2 else off_curve(suite)
    yield aggregate("hiding-no-element", element, 0, hiding=[bad, hiding[1]])
    yield aggregate("binding-no-element", element, 1, binding=[binding[0], bad])
    yield aggregate("binding-zero", element, 0, binding=[bytes(len(bad)), binding[1]])
    yield aggregate("hiding-short", element, 1, hiding=[hiding[0], hiding[1][:-1]])
    data = call(VERIFY_SHARE, GROUP, 2, message, signers, hiding, binding, shares[0])
    yield refused(f"{name}-share-of-2", data, "InvalidMember(uint256)", 2, **before)
    for member in (0, 4):
        data = call(SHARE_OF, GROUP, member)
        yield refused(f"{name}-no-share-{member}", data, "InvalidMember(uint256)", member, **before)
    for what, given, signature in (
        ("other-message", message + b"!", each["signature"]),
        ("short", message, each["signature"][:-1]),
        ("changed", message, each["signature"][:-1] + bytes([each["signature"][-1] ^ 1])),
    ):
        data = call(VERIFY_GROUP, GROUP, given, signature)
        yield case(f"{name}-group-{what}", data, ["bool"], False, **before)
    key = bad if suite != 2 else b"\2" + off_curve(2)
    good = each["commitments"]
    data = call(REGISTER, suite, 3, [good[0], key])
    yield refused(f"{name}-register-no-element", data, element, 1)
    data = call(REGISTER, suite, 3, [bytes(len(key)), good[1]])
    yield refused(f"{name}-register-zero", data, element, 0)


def wrong_groups() -> Iterator[Case]:
    good = sessions()[0]["commitments"]
    threshold = "InvalidThreshold(uint256,uint256)"
    for members, commitments in ((1, good), (0, good), (151, good), (2, [])):
        data = call(REGISTER, 1, members, commitments)
        count = len(commitments)
        yield refused(f"register-{count}-of-{members}", data, threshold, count, members)
    for suite in (0, 6):
        data = call(REGISTER, suite, 2, good)
        yield refused(f"register-suite-{suite}", data, "InvalidSuite(uint8)", suite)
    unknown = keccak(text="unknown")
    for name, data in (
        ("group", call(GROUP_OF, unknown)),
        ("share-of", call(SHARE_OF, unknown, 1)),
        ("verify", call(VERIFY_GROUP, unknown, b"", b"")),
        ("verify-share", call(VERIFY_SHARE, unknown, 1, b"", [1], [b""], [b""], bytes(32))),
        ("aggregate", call(AGGREGATE, unknown, b"", [1], [b""], [b""], [bytes(32)])),
    ):
        yield refused(f"{name}-unknown-group", data, "UnknownGroup(bytes32)", unknown)
    before = [{"input": hexed(call(REGISTER, 1, 2, good))}]
    second = keccak(CHAIN_ID.to_bytes(32, "big") + CALLER + (1).to_bytes(32, "big"))
    log = {
        "topics": [
            hexed(keccak(text="GroupRegistered(bytes32,address,uint8,bytes,uint16,uint16)")),
            hexed(second),
            hexed(bytes(12) + CALLER),
        ],
        "data": hexed(encode(["uint8", "bytes", "uint16", "uint16"], [1, good[0], 2, 150])),
    }
    data = call(REGISTER, 1, 150, good)
    yield case("register-second", data, ["bytes32"], second, before=before, logs=[log])
    log = {
        "topics": [log["topics"][0], hexed(GROUP), log["topics"][2]],
        "data": hexed(encode(["uint8", "bytes", "uint16", "uint16"], [1, good[0], 1, 1])),
    }
    data = call(REGISTER, 1, 1, good[:1])
    yield case("register-1-of-1", data, ["bytes32"], GROUP, logs=[log])
    yield from without_a_share()
    yield from of_no_commitment()


def of_no_commitment() -> Iterator[Case]:
    """The key is the base point and z the challenge, so that z B - c PK is the identity."""
    for suite, key in ((4, P256_BASE), (5, RISTRETTO_BASE)):
        hashed = key + key + b"m"
        if suite == 4:
            c = p256_challenge(hashed)
        else:
            context = b"FROST-RISTRETTO255-SHA512-v1chal"
            c = int.from_bytes(sha512(context + hashed).digest(), "little")
        data = call(VERIFY, suite, key, b"m", key + scalar(suite, c % ORDERS[suite]))
        yield case(f"no-commitment-suite-{suite}", data, ["bool"], False)


def p256_challenge(message: bytes) -> int:
    """RFC 9380's hash to the scalar field: expand_message_xmd to 48 bytes."""
    tag = b"FROST-P256-SHA256-v1chal"
    suffix = tag + bytes([len(tag)])
    start = sha256(bytes(64) + message + b"\0\60\0" + suffix).digest()
    first = sha256(start + b"\1" + suffix).digest()
    mixed = bytes(a ^ b for a, b in zip(start, first, strict=True))
    second = sha256(mixed + b"\2" + suffix).digest()
    return int.from_bytes((first + second)[:48], "big")


def without_a_share() -> Iterator[Case]:
    """Commitments P and -P: the public share of member 1 is P - P, the identity."""
    for each in sessions():
        suite, key = each["suite"], each["commitments"][0]
        if "noble" in each["name"] or suite not in (1, 3, 4):
            continue
        opposite = (
            key[:-1] + bytes([key[-1] ^ 128]) if suite == 3 else bytes([key[0] ^ 1]) + key[1:]
        )
        before: Case = {"before": [{"input": hexed(call(REGISTER, suite, 2, [key, opposite]))}]}
        error = "InvalidMember(uint256)"
        name = f"no-share-suite-{suite}"
        yield refused(name, call(SHARE_OF, GROUP, 1), error, 1, **before)
        lists = ([1, 2], each["hiding"], each["binding"])
        data = call(VERIFY_SHARE, GROUP, 1, b"", *lists, bytes(32))
        yield case(f"{name}-verify", data, ["bool"], False, **before)
    before = {"before": [{"input": hexed(call(REGISTER, 5, 2, [RISTRETTO_BASE, OPPOSITE]))}]}
    data = call(SHARE_OF, GROUP, 1)
    yield refused("no-share-suite-5", data, "InvalidMember(uint256)", 1, **before)


# --- Suite 1 --------------------------------------------------------------------------------


def of_first_suite() -> Iterator[Case]:
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
    for suite in (0, 6, 255):
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
