"""Vectors of the STARK verifier: proofs, what dishonest provers send, and what is no proof at all.

The proofs are those of `stark/proofs.json`. `stark/make.py` made them with our own prover, which
`test_stark.py` holds to the bytes of the Stone prover.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import CALLER, Case, call, case, hexed, malformed, refused
from eth_utils import keccak

HERE = Path(__file__).parent

REGISTER = "registerAir(bytes)"
VERIFY = "verify(bytes32,uint256[],bytes)"
VERIFY_RAW = "verifyRaw(bytes32,uint8,bytes,uint256[],bytes)"
SECURITY = "security(bytes32)"
AIR = "air(bytes32)"

P = 2**251 + 17 * 2**192 + 1
SEED = b"a seed of the caller's"

MADE = json.loads((HERE / "stark" / "proofs.json").read_text())
STONE = "a prover that makes the Stone prover's proofs byte for byte"
DISHONEST = "the protocol: a dishonest prover"
SPOILED = "the protocol: a proof with a changed byte"
RULE = "the encoding of an AIR"
ABI = "the rules of the ABI"
BOUND = "Haboeck, ePrint 2022/1216, as security.py sums it"


def air_of(record: dict[str, Any]) -> bytes:
    return bytes.fromhex(record["air"])


def proof_of(record: dict[str, Any]) -> bytes:
    return bytes.fromhex(record["proof"])


def public_of(record: dict[str, Any]) -> list[int]:
    return [int(value) for value in record["public"]]


def registered(*airs: bytes) -> list[dict[str, str]]:
    return [{"input": hexed(call(REGISTER, air))} for air in airs]


GOOD = MADE["honest"]["fibonacci"]
GOOD_AIR, GOOD_PROOF, GOOD_PUBLIC = air_of(GOOD), proof_of(GOOD), public_of(GOOD)
GOOD_ID = keccak(GOOD_AIR)
BEFORE = registered(GOOD_AIR)


def cases() -> Iterator[Case]:
    yield from registration()
    yield from refused_airs()
    yield from proofs()
    yield from spoiled()
    yield from statements()
    yield from not_proofs()
    yield from frames()


# --- Registration ---------------------------------------------------------------------------


def registration() -> Iterator[Case]:
    for name in ("fibonacci", "two-phases", "periodic"):
        air = air_of(MADE["honest"][name])
        yield case(
            f"register-{name}",
            call(REGISTER, air),
            ["bytes32"],
            keccak(air),
            logs=[registered_log(air)],
            source=RULE,
        )
    again = call(REGISTER, GOOD_AIR)
    yield case("register-again", again, ["bytes32"], GOOD_ID, before=BEFORE, source=RULE)
    bits = ["uint16", "uint16"]
    for name, johnson, unique in (("fibonacci", 101, 60), ("wide-folds", 105, 54)):
        air = air_of(MADE["honest"][name])
        data = call(SECURITY, keccak(air))
        found = case(f"security-{name}", data, bits, johnson, unique, source=BOUND)
        yield {**found, "before": registered(air)}
    read = call(AIR, GOOD_ID)
    yield case("air", read, ["bytes"], GOOD_AIR, before=BEFORE, source=RULE)
    unknown = keccak(b"unknown")
    for name, data in (
        ("security", call(SECURITY, unknown)),
        ("air", call(AIR, unknown)),
        ("verify", call(VERIFY, unknown, [], b"")),
        ("verify-raw", call(VERIFY_RAW, unknown, 4, b"", [], b"")),
    ):
        yield refused(f"unknown-{name}", data, "UnknownAir(bytes32)", unknown, source=RULE)
    # Nor is what lies in storage behind an AIR: its author chose it.
    behind = (int.from_bytes(GOOD_ID, "big") + 1).to_bytes(32, "big")
    for name, data in (
        ("security", call(SECURITY, behind)),
        ("air", call(AIR, behind)),
        ("verify", call(VERIFY, behind, GOOD_PUBLIC, GOOD_PROOF)),
    ):
        reason = "UnknownAir(bytes32)"
        yield refused(f"behind-{name}", data, reason, behind, before=BEFORE, source=RULE)


def registered_log(air: bytes) -> dict[str, Any]:
    topics = [
        keccak(text="AirRegistered(bytes32,address,uint256)"),
        keccak(air),
        bytes(12) + CALLER,
    ]
    return {
        "topics": [hexed(topic) for topic in topics],
        "data": hexed(len(air).to_bytes(32, "big")),
    }


def refused_airs() -> Iterator[Case]:
    """Of the Fibonacci AIR: each field of its head out of range, one less byte, one more."""
    at = "MalformedAir(uint256)"
    for name, position, value in (
        ("version-0", 0, 0),
        ("version-2", 0, 2),
        ("too-few-rows", 1, 1),
        ("rows-fall", 2, 1),
        ("too-many-rows", 2, 21),
        ("no-columns", 3, 0),
        ("too-many-columns", 3, 65),
        ("second-phase-without-challenge", 4, 1),
        ("challenge-without-second-phase", 5, 1),
        ("no-parts", 6, 0),
        ("too-many-parts", 6, 9),
        ("no-blowup", 7, 0),
        ("domain-too-large", 7, 23),
        ("no-queries", 8, 0),
        ("too-much-work", 9, 41),
        ("no-folding", 10, 0),
        ("folds-too-wide", 10, 4),
        ("last-layer-too-large", 11, 7),
        ("no-offsets", 12, 0),
        ("public-too-many", 17, 65),
        ("public-too-wide", 18, 253),
    ):
        assert GOOD_AIR[position] != value
        air = GOOD_AIR[:position] + bytes([value]) + GOOD_AIR[position + 1 :]
        # A second phase asks for a challenge, which is the next byte.
        where = position + (name == "second-phase-without-challenge")
        yield refused(f"air-{name}", call(REGISTER, air), at, where, source=RULE)
    empty = call(REGISTER, b"")
    yield refused("air-empty", empty, at, 0, source=RULE)
    longer = call(REGISTER, GOOD_AIR + b"\0")
    yield refused("air-trailing", longer, at, len(GOOD_AIR), source=RULE)
    unsorted = GOOD_AIR[:13] + b"\0\0\0\0" + GOOD_AIR[17:]
    yield refused("air-offsets-equal", call(REGISTER, unsorted), at, 17, source=RULE)
    weak = GOOD_AIR[:8] + bytes([30]) + GOOD_AIR[9:]
    yield refused("air-too-weak", call(REGISTER, weak), "TooFewBits(uint256)", 77, source=BOUND)
    # Without the exemption the quotient has fewer zeros to divide by: of degree, it has more.
    steep = air_of(MADE["honest"]["periodic"])
    steep = steep[:6] + bytes([2]) + steep[7:]
    yield refused("air-too-steep", call(REGISTER, steep), "DegreeTooHigh(uint256)", 0, source=RULE)


# --- Proofs ---------------------------------------------------------------------------------


def proofs() -> Iterator[Case]:
    for kind, source in (("honest", STONE), ("dishonest", DISHONEST)):
        for name, record in MADE[kind].items():
            air, public, proof = air_of(record), public_of(record), proof_of(record)
            if name == "raw":
                data = call(VERIFY_RAW, keccak(air), record["logRows"], SEED, public, proof)
            else:
                data = call(VERIFY, keccak(air), public, proof)
            found = case(f"{kind}-{name}", data, ["bool"], kind == "honest", source=source)
            yield {**found, "before": registered(air)}


def sections() -> dict[str, int]:
    """Where in the Fibonacci proof each section begins."""
    found = {"rows": 0, "trace-root": 1, "parts-root": 33, "trace-claims": 65, "part-claims": 193}
    found |= {"layer-root": 225, "last-layer": 257, "nonce": 289}
    position = 297
    for name, size in GOOD["openings"].items():
        found[name] = position
        position += size
    return found | {"layer-values": position}


def flipped(position: int) -> bytes:
    changed = GOOD_PROOF[position] ^ 1
    return GOOD_PROOF[:position] + bytes([changed]) + GOOD_PROOF[position + 1 :]


def spoiled() -> Iterator[Case]:
    places = sections()
    # The last byte of the last node is of the layer's path.
    places["layer-path"] = len(GOOD_PROOF) - 32
    for name, position in places.items():
        if name == "rows":
            continue
        last = position + (8 if name == "nonce" else 32) - 1
        data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, flipped(last))
        yield case(f"flipped-{name}", data, ["bool"], False, before=BEFORE, source=SPOILED)
    values = places["trace-values"]
    twice = GOOD_PROOF[: values + 128] + GOOD_PROOF[values:]
    data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, twice)
    yield case("opened-twice", data, ["bool"], False, before=BEFORE, source=SPOILED)


def statements() -> Iterator[Case]:
    """The proof of one statement for another."""
    more = {"before": BEFORE, "source": "the protocol: a proof of another statement"}
    for index in range(3):
        public = list(GOOD_PUBLIC)
        public[index] += 1
        data = call(VERIFY, GOOD_ID, public, GOOD_PROOF)
        yield case(f"other-public-input-{index}", data, ["bool"], False, **more)
    raw = call(VERIFY_RAW, GOOD_ID, 2, SEED, GOOD_PUBLIC, GOOD_PROOF[1:])
    yield case("bound-proof-with-a-raw-seed", raw, ["bool"], False, **more)
    unbound = call(VERIFY, GOOD_ID, GOOD_PUBLIC, b"\2" + proof_of(MADE["honest"]["raw"]))
    yield case("raw-proof-for-the-statement", unbound, ["bool"], False, **more)
    other = GOOD_AIR[:2] + b"\3" + GOOD_AIR[3:]
    data = call(VERIFY, keccak(other), GOOD_PUBLIC, GOOD_PROOF)
    source = more["source"]
    found = case("other-air", data, ["bool"], False, source=source)
    yield {**found, "before": registered(other)}
    rows = call(VERIFY, keccak(other), GOOD_PUBLIC, b"\3" + GOOD_PROOF[1:])
    found = case("other-number-of-rows", rows, ["bool"], False, source=source)
    yield {**found, "before": registered(other)}
    for count in (2, 4):
        public = [*GOOD_PUBLIC, 1][:count]
        data = call(VERIFY, GOOD_ID, public, b"\2")
        error = "InvalidLength(uint256,uint256)"
        yield refused(f"public-inputs-{count}", data, error, 3, count, **more)
    for value in (P, 2**256 - 1):
        data = call(VERIFY, GOOD_ID, [1, value, 1], b"\2")
        error = "PublicInputOutOfRange(uint256)"
        yield refused(f"public-input-{value:#x}"[:24], data, error, 1, **more)
    narrow = air_of(MADE["honest"]["periodic"])
    data = call(VERIFY, keccak(narrow), [1 << 16], b"\3")
    found = refused("public-input-17-bits", data, "PublicInputOutOfRange(uint256)", 0, **more)
    yield {**found, "before": registered(narrow)}


def not_proofs() -> Iterator[Case]:
    more = {"before": BEFORE, "source": "the format of a proof"}
    for name, position in sections().items():
        # The last byte before the section is missing; before the first there is nothing.
        cut = GOOD_PROOF[: max(position - 1, 0)]
        data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, cut)
        error = "ProofTruncated(uint256)"
        yield refused(f"cut-before-{name}", data, error, max(len(cut) - 1, 0), **more)
    data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, GOOD_PROOF[:-1])
    yield refused("cut-at-the-end", data, "ProofTruncated(uint256)", len(GOOD_PROOF) - 2, **more)
    data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, GOOD_PROOF + b"\0")
    yield refused("trailing-byte", data, "ProofTooLong(uint256)", len(GOOD_PROOF) - 1, **more)
    high = P.to_bytes(32, "big")
    for name in ("trace-claims", "part-claims", "last-layer", "trace-values", "parts-values"):
        start = sections()[name]
        changed = GOOD_PROOF[:start] + high + GOOD_PROOF[start + 32 :]
        data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, changed)
        yield refused(f"not-canonical-{name}", data, "NotCanonical(uint256)", start - 1, **more)
    for rows in (0, 1, 3, 255):
        data = call(VERIFY, GOOD_ID, GOOD_PUBLIC, bytes([rows]) + GOOD_PROOF[1:40])
        yield refused(f"rows-{rows}", data, "InvalidRows(uint256)", rows, **more)
    data = call(VERIFY_RAW, GOOD_ID, 3, SEED, GOOD_PUBLIC, b"")
    yield refused("raw-rows", data, "InvalidRows(uint256)", 3, **more)


def frames() -> Iterator[Case]:
    data = call(REGISTER, GOOD_AIR)
    yield refused("register-static", data, "WriteProtection()", static=True, source=ABI)
    yield refused(
        "verify-value", call(VERIFY, GOOD_ID, [], b""), "ValueRefused(uint256)", 1, value=1
    )
    good = call(VERIFY_RAW, GOOD_ID, 2, SEED, GOOD_PUBLIC, GOOD_PROOF[1:97])
    for each in malformed(
        good, static_word=32, offset_word=64, length_word=160, length_max=1_024, size_max=len(good)
    ):
        if each["name"] != "trailing-words":  # They would fill a quarter of a megabyte.
            yield {**each, "name": f"raw-{each['name']}", "source": ABI}
