"""Vectors of HPKE: RFC 9180's, hpke-js' for what the RFC leaves out, and what must be refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import Case, call, case, changed, malformed, padded_to, refused

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "hpke_rfc9180.json").read_text())
MADE = json.loads((HERE / "hpke_js.json").read_text())["vectors"]
DRAFT = json.loads((HERE / "hpke_pq.json").read_text())["vectors"][0]
INFO, PSK, PSK_ID, PLAINTEXT = (
    bytes.fromhex(PUBLISHED[name]) for name in ("info", "psk", "psk_id", "plaintext")
)
EXPORTER_CONTEXTS = [bytes.fromhex(each) for each in PUBLISHED["exporter_contexts"]]

MODES = ("Base", "PSK", "Auth", "AuthPSK")
KEMS = {0x10: "p256", 0x12: "p521", 0x20: "x25519", 0x21: "x448", 0x647A: "xwing"}
EXPORT_ONLY = 0xFFFF

SUITE = "uint16,uint16,uint16"
DERIVE = "deriveKeyPair(uint16,bytes)"
SETUP_S = {
    "Base": f"setupBaseS({SUITE},bytes,bytes,bytes)",
    "PSK": f"setupPSKS({SUITE},bytes,bytes,bytes,bytes,bytes)",
    "Auth": f"setupAuthS({SUITE},bytes,bytes,bytes,bytes)",
    "AuthPSK": f"setupAuthPSKS({SUITE},bytes,bytes,bytes,bytes,bytes,bytes)",
}
SETUP_R = {
    "Base": f"setupBaseR({SUITE},bytes,bytes,bytes)",
    "PSK": f"setupPSKR({SUITE},bytes,bytes,bytes,bytes,bytes)",
    "Auth": f"setupAuthR({SUITE},bytes,bytes,bytes,bytes)",
    "AuthPSK": f"setupAuthPSKR({SUITE},bytes,bytes,bytes,bytes,bytes,bytes)",
}
SEAL = "seal(bytes,uint64,bytes,bytes)"
OPEN = "open(bytes,uint64,bytes,bytes)"
EXPORT = "exportSecret(bytes,bytes,uint256)"
SEAL_BASE = f"sealBase({SUITE},bytes,bytes,bytes,bytes,bytes)"
OPEN_BASE = f"openBase({SUITE},bytes,bytes,bytes,bytes,bytes)"
SEND_EXPORT = f"sendExportBase({SUITE},bytes,bytes,bytes,uint256,bytes)"
RECEIVE_EXPORT = f"receiveExportBase({SUITE},bytes,bytes,bytes,bytes,uint256)"

INVALID_LENGTH = "InvalidLength(uint256,uint256)"
RFC = "RFC 9180 test vectors"
HPKE_PQ = "draft-ietf-hpke-pq test vectors"
JS = "hpke-js (@hpke/core 1.9.0), hpke_js.mjs"
RULE = "RFC 9180; limits of precompiles/privacy/hpke"
REFUSED = {"mode": "call", "source": RULE}

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P521_ORDER = 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7

# Points whose multiples by any key are zeros: RFC 7748 sections 6.1 and 6.2, and their encodings
# that are not reduced.
P25519, P448 = 2**255 - 19, 2**448 - 2**224 - 1
LOW_ORDER = {
    0x20: [0, 1, P25519 - 1, P25519, P25519 + 1, 1 << 255],
    0x21: [0, 1, P448 - 1, P448, P448 + 1],
}


def cases() -> Iterator[Case]:
    chosen = chosen_of_the_rfc()
    for vector in chosen:
        yield from of_one_suite(vector, RFC)
    for i, vector in enumerate(MADE):
        # Of each mechanism another mode with HKDF-SHA384; of X-Wing one of each of its modes.
        if i in (0, 5, 10, 15, 17, 19):
            yield from of_one_suite(vector, JS)
    yield from of_xwing(DRAFT)
    by_kem = {vector["kem_id"]: vector for vector in chosen if vector["mode"] == 2}
    for vector in by_kem.values():
        yield from wrong_keys(vector)
    xwing = next(each for each in MADE if each["kem_id"] == 0x647A)
    yield from wrong_lengths(xwing)
    yield from wrong_xwing(xwing)
    base = next(v for v in PUBLISHED["vectors"] if suite_of(v) == (0x20, 1, 1) and v["mode"] == 0)
    yield from failures(base)
    yield from wrong_suites(base)
    yield from wrong_contexts(base)
    yield from wrong_encodings(base)


def chosen_of_the_rfc() -> list[dict[str, Any]]:
    """One suite for each mechanism and mode; each suite of the eight comes twice."""
    suites = [(kdf, aead) for kdf in (1, 3) for aead in (1, 2, 3, EXPORT_ONLY)]
    result = []
    for row, kem in enumerate((0x10, 0x12, 0x20, 0x21)):
        for mode in range(4):
            wanted = (kem, *suites[(3 * row + 2 * mode + row // 2) % 8])
            result.append(
                next(
                    vector
                    for vector in PUBLISHED["vectors"]
                    if suite_of(vector) == wanted and vector["mode"] == mode
                )
            )
    return result


def suite_of(vector: dict[str, Any]) -> tuple[int, int, int]:
    return vector["kem_id"], vector["kdf_id"], vector["aead_id"]


def part(vector: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def context_of(vector: dict[str, Any]) -> bytes:
    numbers = b"".join(number.to_bytes(2, "big") for number in suite_of(vector))
    return numbers + b"".join(part(vector, n) for n in ("key", "base_nonce", "exporter_secret"))


def sender_call(vector: dict[str, Any], **changes: Any) -> bytes:
    """The sender's set-up, with some arguments changed."""
    mode = MODES[vector["mode"]]
    arguments = {"suite": suite_of(vector), "public": part(vector, "pkRm"), "info": INFO}
    arguments |= {"psk": PSK, "psk_id": PSK_ID} if "PSK" in mode else {}
    arguments |= {"sender": part(vector, "skSm")} if "Auth" in mode else {}
    arguments |= {"ikm": part(vector, "ikmE")}
    suite, *rest = (arguments | changes).values()
    return call(SETUP_S[mode], *suite, *rest)


def receiver_call(vector: dict[str, Any], **changes: Any) -> bytes:
    """The receiver's set-up, with some arguments changed."""
    mode = MODES[vector["mode"]]
    arguments = {"suite": suite_of(vector), "enc": part(vector, "enc")}
    arguments |= {"secret": part(vector, "skRm"), "info": INFO}
    arguments |= {"psk": PSK, "psk_id": PSK_ID} if "PSK" in mode else {}
    arguments |= {"sender": part(vector, "pkSm")} if "Auth" in mode else {}
    suite, *rest = (arguments | changes).values()
    return call(SETUP_R[mode], *suite, *rest)


def of_one_suite(vector: dict[str, Any], source: str) -> Iterator[Case]:
    """Keys, both set-ups, messages and exports; in base mode the single shots too."""
    kem, kdf, aead = suite = suite_of(vector)
    mode = MODES[vector["mode"]]
    name = f"{mode.lower()}-{KEMS[kem]}-kdf-{kdf}-aead-{aead if aead < 9 else 'none'}"
    there = {"mode": "call", "source": source}
    public, secret, enc = (part(vector, each) for each in ("pkRm", "skRm", "enc"))
    context = context_of(vector)
    letter = "S" if "Auth" in mode else "R"
    pair = part(vector, f"sk{letter}m"), part(vector, f"pk{letter}m")
    if kem != 0x647A:  # Of which hpke-js has the derivation of an earlier draft.
        data = call(DERIVE, kem, part(vector, f"ikm{letter}"))
        yield case(f"{name}-derive", data, ["bytes", "bytes"], *pair, **there)
    data = sender_call(vector)
    yield case(f"{name}-sender", data, ["bytes", "bytes"], enc, context, **there)
    yield case(f"{name}-receiver", receiver_call(vector), ["bytes"], context, **there)
    exporter, exported = EXPORTER_CONTEXTS[2], bytes.fromhex(vector["exports"][2])
    data = call(EXPORT, context, exporter, 32)
    yield case(f"{name}-export", data, ["bytes"], exported, **there)
    messages = list(vector.get("ciphertexts", {}).items())
    for sequence, ciphertext in messages[:1] + messages[-1:]:
        aad, sealed = f"Count-{sequence}".encode(), bytes.fromhex(ciphertext)
        data = call(SEAL, context, int(sequence), aad, PLAINTEXT)
        yield case(f"{name}-seal-{sequence}", data, ["bytes"], sealed, **there)
        data = call(OPEN, context, int(sequence), aad, sealed)
        yield case(f"{name}-open-{sequence}", data, ["bytes"], PLAINTEXT, **there)
    if mode != "Base":
        return
    ikm = part(vector, "ikmE")
    data = call(SEND_EXPORT, *suite, public, INFO, exporter, 32, ikm)
    yield case(f"{name}-send-export", data, ["bytes", "bytes"], enc, exported, **there)
    data = call(RECEIVE_EXPORT, *suite, enc, secret, INFO, exporter, 32)
    yield case(f"{name}-receive-export", data, ["bytes"], exported, **there)
    seal = call(SEAL_BASE, *suite, public, INFO, b"Count-0", PLAINTEXT, ikm)
    if aead == EXPORT_ONLY:
        yield refused(f"{name}-seal-base", seal, "ExportOnly()", **there)
        return
    sealed = bytes.fromhex(vector["ciphertexts"]["0"])
    yield case(f"{name}-seal-base", seal, ["bytes", "bytes"], enc, sealed, **there)
    data = call(OPEN_BASE, *suite, enc, secret, INFO, b"Count-0", sealed)
    yield case(f"{name}-open-base", data, ["bytes"], PLAINTEXT, **there)


def of_xwing(vector: dict[str, Any]) -> Iterator[Case]:
    """The same of the draft's own vector, which has texts of its own."""
    there = {"mode": "call", "source": HPKE_PQ}
    context, info, enc = context_of(vector), part(vector, "info"), part(vector, "enc")
    pair = part(vector, "skRm"), part(vector, "pkRm")
    data = call(DERIVE, vector["kem_id"], part(vector, "ikmR"))
    yield case("xwing-draft-derive", data, ["bytes", "bytes"], *pair, **there)
    data = sender_call(vector, info=info)
    yield case("xwing-draft-sender", data, ["bytes", "bytes"], enc, context, **there)
    data = receiver_call(vector, info=info)
    yield case("xwing-draft-receiver", data, ["bytes"], context, **there)
    for i, message in enumerate(vector["encryptions"]):
        aad, plaintext, sealed = (bytes.fromhex(message[each]) for each in ("aad", "pt", "ct"))
        data = call(SEAL, context, i, aad, plaintext)
        yield case(f"xwing-draft-seal-{i}", data, ["bytes"], sealed, **there)
        data = call(OPEN, context, i, aad, sealed)
        yield case(f"xwing-draft-open-{i}", data, ["bytes"], plaintext, **there)
    for i, each in enumerate(vector["exports"]):
        data = call(EXPORT, context, bytes.fromhex(each["exporter_context"]), each["L"])
        exported = bytes.fromhex(each["exported_value"])
        yield case(f"xwing-draft-export-{i}", data, ["bytes"], exported, **there)


def wrong_keys(vector: dict[str, Any]) -> Iterator[Case]:
    """Keys of an authenticated mode, which has all of them."""
    kem = vector["kem_id"]
    name = KEMS[kem]

    def everywhere(label: str, key: bytes, error: str, *values: Any) -> Iterator[Case]:
        """As the recipient's key, as what was sent, and on two groups as the sender's key."""
        places = [
            ("public", sender_call(vector, public=key)),
            ("enc", receiver_call(vector, enc=key)),
        ]
        if kem in (0x10, 0x20):
            places.append(("sender", receiver_call(vector, sender=key)))
        for place, data in places:
            yield refused(f"{name}-{place}-{label}", data, error, *values, **REFUSED)

    yield from wrong_lengths(vector)
    for i, low in enumerate(LOW_ORDER.get(kem, [])):
        size = len(vector["pkRm"]) // 2
        key = (low % (1 << 8 * size)).to_bytes(size, "little")
        yield from everywhere(f"of-low-order-{i}", key, "LowOrderPoint()")
    if kem not in (0x10, 0x12):
        return
    public = part(vector, "pkRm")
    half = len(public) // 2
    x, y = public[1 : 1 + half], public[1 + half :]
    beyond = b"\xff" * half
    for label, key in (
        ("off-curve", public[:-1] + bytes([public[-1] ^ 1])),
        ("hybrid", bytes([6 + y[-1] % 2]) + x + y),
        ("compressed-prefix", bytes([2 + y[-1] % 2]) + x + y),
        ("infinity", bytes(len(public))),
        ("zeros", b"\4" + bytes(2 * half)),
        ("x-beyond-field", b"\4" + beyond + y),
        ("y-beyond-field", b"\4" + x + beyond),
    ):
        yield from everywhere(label, key, "InvalidPublicKey()")
    order = P256_ORDER if kem == 0x10 else P521_ORDER
    for label, scalar in (
        ("zero", 0), ("order", order), ("order-plus-1", order + 1), ("max", (1 << 8 * half) - 1),
    ):  # fmt: skip
        key = scalar.to_bytes(half, "big")
        data = receiver_call(vector, secret=key)
        yield refused(f"{name}-secret-{label}", data, "InvalidSecretKey()", **REFUSED)
        data = sender_call(vector, sender=key)
        yield refused(f"{name}-sender-secret-{label}", data, "InvalidSecretKey()", **REFUSED)


def wrong_lengths(vector: dict[str, Any]) -> Iterator[Case]:
    """Keys and randomness one byte short, one long, and empty."""
    name = KEMS[vector["kem_id"]]
    parts = [
        ("public", "pkRm", sender_call, 1216), ("enc", "enc", receiver_call, 1120),
        ("secret", "skRm", receiver_call, 66),
    ]  # fmt: skip
    if vector["mode"] & 2:
        parts.append(("sender", "pkSm", receiver_call, 1216))
    for label, field, make, largest in parts:
        good = part(vector, field)
        for key in (b"", good[:-1], good + b"\0"):
            right = largest if len(key) > largest else len(good)
            data = make(vector, **{label: key})
            yield refused(
                f"{name}-{label}-of-{len(key)}-bytes", data, INVALID_LENGTH, right, len(key),
                **REFUSED,
            )  # fmt: skip
    if vector["mode"] & 2:
        good = part(vector, "skSm")
        for key in (b"", good[:-1]):
            data = sender_call(vector, sender=key)
            label = f"{name}-sender-secret-of-{len(key)}-bytes"
            yield refused(label, data, INVALID_LENGTH, len(good), len(key), **REFUSED)
    right = len(vector["ikmE"]) // 2
    for size in (0, right - 1):
        data = sender_call(vector, ikm=bytes(size))
        yield refused(f"{name}-ikm-of-{size}-bytes", data, INVALID_LENGTH, right, size, **REFUSED)
    right = len(vector["skRm"]) // 2
    data = call(DERIVE, vector["kem_id"], bytes(right - 1))
    yield refused(f"{name}-derive-short", data, INVALID_LENGTH, right, right - 1, **REFUSED)
    data = call(DERIVE, vector["kem_id"], bytes(129))
    yield refused(f"{name}-derive-long", data, INVALID_LENGTH, 128, 129, **REFUSED)


def wrong_xwing(vector: dict[str, Any]) -> Iterator[Case]:
    suite, public, enc = suite_of(vector), part(vector, "pkRm"), part(vector, "enc")
    ikm, secret = part(vector, "ikmE"), part(vector, "skRm")
    data = call(SETUP_S["Auth"], *suite, public, INFO, secret, ikm)
    yield refused("xwing-auth-sender", data, "NotAuthenticated(uint16)", 0x647A, **REFUSED)
    data = call(SETUP_R["Auth"], *suite, enc, secret, INFO, public)
    yield refused("xwing-auth-receiver", data, "NotAuthenticated(uint16)", 0x647A, **REFUSED)
    data = call(SETUP_S["AuthPSK"], *suite, public, INFO, PSK, PSK_ID, secret, ikm)
    yield refused("xwing-auth-psk-sender", data, "NotAuthenticated(uint16)", 0x647A, **REFUSED)
    data = call(SETUP_R["AuthPSK"], *suite, enc, secret, INFO, PSK, PSK_ID, public)
    yield refused("xwing-auth-psk-receiver", data, "NotAuthenticated(uint16)", 0x647A, **REFUSED)
    data = sender_call(vector, public=b"\xff" * 1184 + public[1184:])
    yield refused("xwing-public-not-reduced", data, "InvalidPublicKey()", **REFUSED)
    data = sender_call(vector, public=public[:1184] + bytes(32))
    yield refused("xwing-public-of-low-order", data, "LowOrderPoint()", **REFUSED)
    data = receiver_call(vector, enc=enc[:1088] + bytes(32))
    yield refused("xwing-enc-of-low-order", data, "LowOrderPoint()", **REFUSED)
    data = sender_call(vector, ikm=ikm + b"\0")
    yield refused("xwing-ikm-of-65-bytes", data, INVALID_LENGTH, 64, 65, **REFUSED)
    sealed = bytes.fromhex(vector["ciphertexts"]["0"])
    for label, wrong in (("post-quantum", 0), ("classical", 1088)):
        spoiled = enc[:wrong] + bytes([enc[wrong] ^ 1]) + enc[wrong + 1 :]
        data = call(OPEN_BASE, *suite, spoiled, secret, INFO, b"Count-0", sealed)
        yield refused(f"xwing-{label}-part-changed", data, "OpenFailed()", **REFUSED)


def failures(vector: dict[str, Any]) -> Iterator[Case]:
    """Well formed, and not authentic."""
    suite, enc, secret = suite_of(vector), part(vector, "enc"), part(vector, "skRm")
    sealed, context = bytes.fromhex(vector["ciphertexts"]["0"]), context_of(vector)
    last = sealed[:-1] + bytes([sealed[-1] ^ 1])
    first = bytes([sealed[0] ^ 0x80]) + sealed[1:]
    other = part(vector, "pkRm")
    for name, arguments in (
        ("first-bit", (enc, secret, INFO, b"Count-0", first)),
        ("last-bit", (enc, secret, INFO, b"Count-0", last)),
        ("shorter", (enc, secret, INFO, b"Count-0", sealed[:-1])),
        ("longer", (enc, secret, INFO, b"Count-0", sealed + b"\0")),
        ("zeros", (enc, secret, INFO, b"Count-0", bytes(16))),
        ("other-aad", (enc, secret, INFO, b"Count-1", sealed)),
        ("no-aad", (enc, secret, INFO, b"", sealed)),
        ("other-info", (enc, secret, INFO + b"\0", b"Count-0", sealed)),
        ("no-info", (enc, secret, b"", b"Count-0", sealed)),
        ("other-secret", (enc, bytes(32), INFO, b"Count-0", sealed)),
        ("other-enc", (other, secret, INFO, b"Count-0", sealed)),
    ):
        data = call(OPEN_BASE, *suite, *arguments)
        yield refused(f"open-{name}", data, "OpenFailed()", **REFUSED)
    for name, other_suite in (("kdf", (0x20, 3, 1)), ("aead", (0x20, 1, 3))):
        data = call(OPEN_BASE, *other_suite, enc, secret, INFO, b"Count-0", sealed)
        yield refused(f"open-other-{name}", data, "OpenFailed()", **REFUSED)
    for sequence in (1, 2**64 - 1):
        data = call(OPEN, context, sequence, b"Count-0", sealed)
        yield refused(f"open-as-message-{sequence}", data, "OpenFailed()", **REFUSED)
    data = call(OPEN, context, 0, b"Count-0", sealed[:15])
    yield refused("open-of-15-bytes", data, INVALID_LENGTH, 16, 15, **REFUSED)
    data = call(OPEN_BASE, *suite, enc, secret, INFO, b"Count-0", b"")
    yield refused("open-base-of-no-bytes", data, INVALID_LENGTH, 16, 0, **REFUSED)
    for name, data in (
        ("derive", call(DERIVE, 0x20, bytes(32))),
        ("sender", sender_call(vector)),
        ("receiver", receiver_call(vector)),
        ("open", call(OPEN, context, 0, b"Count-0", sealed)),
    ):
        yield refused(f"{name}-in-a-block", data, "SecretOperationOnChain()", source=RULE)
    data = receiver_call(vector)
    yield case("receiver-public-test", data, ["bytes"], context, secretOps="public-test",
               source=RFC)  # fmt: skip


def wrong_suites(vector: dict[str, Any]) -> Iterator[Case]:
    for kem in (0, 1, 0x11, 0x13, 0x22, 0x30, 0x647B, 0xFFFF):
        suite = (kem, 1, 1)
        for name, data in (
            ("sender", sender_call(vector, suite=suite)),
            ("receiver", receiver_call(vector, suite=suite)),
            ("derive", call(DERIVE, kem, bytes(32))),
        ):
            yield refused(f"{name}-kem-{kem:#x}", data, "InvalidKem(uint16)", kem, **REFUSED)
    for kdf in (0, 4, 0xFFFF):
        data = sender_call(vector, suite=(0x20, kdf, 1))
        yield refused(f"sender-kdf-{kdf}", data, "InvalidKdf(uint16)", kdf, **REFUSED)
        data = receiver_call(vector, suite=(0x20, kdf, 1))
        yield refused(f"receiver-kdf-{kdf}", data, "InvalidKdf(uint16)", kdf, **REFUSED)
    for aead in (0, 4, 0xFFFE):
        data = sender_call(vector, suite=(0x20, 1, aead))
        yield refused(f"sender-aead-{aead}", data, "InvalidAead(uint16)", aead, **REFUSED)
        data = receiver_call(vector, suite=(0x20, 1, aead))
        yield refused(f"receiver-aead-{aead}", data, "InvalidAead(uint16)", aead, **REFUSED)
    keyed = next(
        each
        for each in PUBLISHED["vectors"]
        if suite_of(each) == suite_of(vector) and each["mode"] == 1
    )
    for name, psk, psk_id in (("short", PSK[:31], PSK_ID), ("none", b"", b""),
                              ("nameless", PSK, b""), ("only-name", b"", PSK_ID)):  # fmt: skip
        data = sender_call(keyed, psk=psk, psk_id=psk_id)
        yield refused(f"sender-psk-{name}", data, "InvalidPsk()", **REFUSED)
        data = receiver_call(keyed, psk=psk, psk_id=psk_id)
        yield refused(f"receiver-psk-{name}", data, "InvalidPsk()", **REFUSED)
    data = sender_call(keyed, psk=bytes(129))
    yield refused("psk-of-129-bytes", data, INVALID_LENGTH, 128, 129, **REFUSED)


def wrong_contexts(vector: dict[str, Any]) -> Iterator[Case]:
    context = context_of(vector)
    for name, wrong in (
        ("empty", b""),
        ("suite-only", context[:6]),
        ("half-suite", context[:5]),
        ("short", context[:-1]),
        ("long", context + b"\0"),
        ("largest", context.ljust(114, b"\0")),
        ("other-kem", b"\0\x11" + context[2:]),
        ("other-kdf", context[:2] + b"\0\3" + context[4:]),
        ("unknown-kdf", context[:2] + b"\0\4" + context[4:]),
        ("other-aead", context[:4] + b"\0\2" + context[6:]),
        ("unknown-aead", context[:4] + b"\0\0" + context[6:]),
    ):
        for method, data in (
            ("seal", call(SEAL, wrong, 0, b"", b"")),
            ("open", call(OPEN, wrong, 0, b"", bytes(16))),
            ("export", call(EXPORT, wrong, b"", 32)),
        ):
            yield refused(f"{method}-context-{name}", data, "InvalidContext()", **REFUSED)
    data = call(SEAL, context.ljust(115, b"\0"), 0, b"", b"")
    yield refused("context-of-115-bytes", data, INVALID_LENGTH, 114, 115, **REFUSED)
    exporter = b"\0\x20\0\1\xff\xff" + context[-32:]
    data = call(SEAL, exporter, 0, b"", b"")
    yield refused("seal-export-only", data, "ExportOnly()", **REFUSED)
    data = call(OPEN, exporter, 0, b"", bytes(16))
    yield refused("open-export-only", data, "ExportOnly()", **REFUSED)
    for size in (1025, 2**64 + 1, 2**256 - 1):
        data = call(EXPORT, context, b"", size)
        label = size if size < 9999 else hex(size)[:12]
        yield refused(f"export-of-{label}", data, INVALID_LENGTH, 1024, size, **REFUSED)
    for exporter, value in zip(EXPORTER_CONTEXTS, vector["exports"], strict=True):
        data = call(EXPORT, context, exporter, 32)
        label = f"export-for-{len(exporter)}-bytes"
        yield case(label, data, ["bytes"], bytes.fromhex(value), mode="call", source=RFC)
    # hpke-js writes a length above 255 into one byte, so this one is pyhpke's.
    long = bytes.fromhex(json.loads((HERE / "hpke_pyhpke.json").read_text())["exported_value"])
    data = call(EXPORT, context_of(MADE[0]), b"", 1024)
    yield case("export-of-1024-bytes", data, ["bytes"], long, mode="call", source="pyhpke 0.6.5")
    yield case("export-of-nothing", call(EXPORT, context, b"", 0), ["bytes"], b"", **REFUSED)
    suite, public, ikm = suite_of(vector), part(vector, "pkRm"), part(vector, "ikmE")
    data = call(SEND_EXPORT, *suite, public, INFO, b"", 1025, ikm)
    yield refused("send-export-of-1025", data, INVALID_LENGTH, 1024, 1025, **REFUSED)
    secret, enc = part(vector, "skRm"), part(vector, "enc")
    data = call(RECEIVE_EXPORT, *suite, enc, secret, INFO, b"", 1025)
    yield refused("receive-export-of-1025", data, INVALID_LENGTH, 1024, 1025, **REFUSED)
    data = call(SEAL, context, 0, b"", bytes(4097))
    yield refused("seal-of-4097-bytes", data, INVALID_LENGTH, 4096, 4097, **REFUSED)
    data = call(SEAL, context, 0, bytes(1025), b"")
    yield refused("seal-aad-of-1025-bytes", data, INVALID_LENGTH, 1024, 1025, **REFUSED)
    data = changed(call(SEAL, context, 0, b"", b""), 32, 1 << 64)
    yield refused("sequence-of-65-bits", data, "ValueOutOfRange(uint256)", 36, **REFUSED)


def wrong_encodings(vector: dict[str, Any]) -> Iterator[Case]:
    good = receiver_call(vector)
    largest = 4 + 6 * 32 + (32 + 1120) + (32 + 96) + (32 + 1024)
    context = context_of(vector)
    yield case("vyper-tail", padded_to(largest, good), ["bytes"], context, mode="call", source=RFC)
    yield case("static-call", good, ["bytes"], context, mode="call", static=True, source=RFC)
    for each in malformed(
        good, static_word=0, offset_word=96, length_word=192, length_max=1120, size_max=largest
    ):
        if not each["name"].startswith("uint8"):
            yield each | REFUSED
    for name, word in (("17-bits", 1 << 16 | 0x20), ("high-bit", 1 << 255 | 0x20)):
        data = changed(good, 0, word)
        yield refused(f"kem-of-{name}", data, "ValueOutOfRange(uint256)", 4, **REFUSED)
    padding = 4 + 192 + 32 + 32 + 32 + 32 + 32 + 20
    dirty = good[:padding] + b"\1" + good[padding + 1 :]
    yield refused("dirty-padding", dirty, "DirtyPadding(uint256)", padding, **REFUSED)
