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
    yield from edges()
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
    for name, johnson, unique in (("fibonacci", 101, 60), ("wide-folds", 106, 61)):
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


# --- The edges of an AIR --------------------------------------------------------------------

LOG_ROWS = 6
CONST, TRACE, PUBLIC, PERIODIC, CHALLENGE, ADD, SUB, MUL, NEG, POW = range(10)
Pieces = list[tuple[str, bytes]]


def cell(column: int, offset: int) -> bytes:
    return bytes([TRACE, column, offset])


def joined(kind: int, a: int, b: int) -> bytes:
    return bytes([kind]) + a.to_bytes(2, "big") + b.to_bytes(2, "big")


def negated(a: int) -> bytes:
    return bytes([NEG]) + a.to_bytes(2, "big")


def raised(a: int, exponent: int) -> bytes:
    return bytes([POW]) + a.to_bytes(2, "big") + bytes([exponent])


def constant(size: int, content: bytes) -> bytes:
    return bytes([CONST, size]) + content


def constraint(node: int, log_period: int = 0, shift: int = 0, exempt: int = 1) -> bytes:
    place = bytes([log_period]) + shift.to_bytes(4, "big")
    return node.to_bytes(2, "big") + place + bytes([exempt])


def boundary(column: int, node: int, row: int = 0, from_end: int = 0) -> bytes:
    return bytes([column, from_end]) + row.to_bytes(4, "big") + node.to_bytes(2, "big")


NODES = [constant(0, b""), cell(0, 1), cell(1, 0), joined(SUB, 1, 2)]
PLAIN: dict[str, Any] = {
    "rows": (LOG_ROWS, LOG_ROWS),
    "head": (2, 0, 0, 1),
    "profile": (4, 56, 16, 3, 6),
    "offsets": [0, 1],
    "public": [],
    "periodic": [],
    "nodes": NODES,
    "constraints": [constraint(3)],
    "boundaries": [],
}


WEAK = (4, 1, 16, 3, 6)


def written(**changes: Any) -> bytes:
    """An AIR from the description of its bytes, so small that the bits it proves are enough."""
    air = PLAIN | changes
    lists = (
        (1, [offset.to_bytes(2, "big") for offset in air["offsets"]]),
        (1, [bytes([bits]) for bits in air["public"]]),
        (1, air["periodic"]),
        (2, air["nodes"]),
        (2, air["constraints"]),
        (2, air["boundaries"]),
    )
    head = bytes([1, *air["rows"], *air["head"], *air["profile"]])
    return head + b"".join(len(each).to_bytes(size, "big") + b"".join(each) for size, each in lists)


def accepted_airs() -> Iterator[tuple[str, bytes]]:
    one = {"offsets": [0], "nodes": [cell(0, 0)], "constraints": [constraint(0)]}
    big = {"rows": (10, 10), "nodes": NODES}
    two_phases = [*NODES, bytes([CHALLENGE, 15])]
    yield "plain", written()
    yield "one-offset", written(**one)
    yield "16-offsets", written(offsets=list(range(16)), nodes=[*NODES, cell(0, 15)])
    yield "largest-offset", written(offsets=[0, 63])
    yield "16-challenges", written(head=(2, 1, 16, 1), nodes=two_phases)
    yield "64-columns", written(head=(63, 1, 1, 1), nodes=[*NODES, cell(63, 1)])
    yield "4096-nodes", written(profile=WEAK, nodes=[*NODES, *[negated(0)] * 4092])
    yield "512-constraints", written(profile=WEAK, constraints=[constraint(3)] * 512)
    yield "512-boundaries", written(profile=WEAK, boundaries=[boundary(1, 0)] * 512)
    yield (
        "32-periodic",
        written(periodic=[bytes([0, 0])] * 32, nodes=[*NODES, bytes([PERIODIC, 31])]),
    )
    yield "periodic-of-1024", written(profile=WEAK, **big, periodic=[bytes([10]) + bytes(1024)])
    yield "255-queries", written(profile=(1, 255, 16, 3, 6))
    yield "no-work", written(profile=(4, 56, 0, 3, 0))
    yield "parts-2-blowup-2", written(head=(2, 0, 0, 2), profile=(1, 255, 16, 1, 6))
    yield "parts-4-blowup-4", written(head=(2, 0, 0, 4), profile=(2, 120, 16, 2, 6))
    yield "64-public-251-bits", written(public=[251] * 64, nodes=[*NODES, bytes([PUBLIC, 63])])
    yield "last-column-and-offset", written(nodes=[*NODES, cell(1, 1), joined(ADD, 4, 0)])
    yield "operand-0", written(nodes=[*NODES, negated(0), negated(4), raised(0, 2), raised(6, 255)])
    yield "largest-element", written(nodes=[*NODES, constant(32, (P - 1).to_bytes(32, "big"))])
    yield "element-256", written(nodes=[*NODES, constant(2, b"\1\0")])
    yield "node-0-constrained", written(constraints=[constraint(0), constraint(3)])
    yield "last-shift", written(constraints=[constraint(3, 2, 3, 15)])
    yield "one-row", written(constraints=[constraint(3, 6, 63, 0)])
    yield "63-exempt", written(constraints=[constraint(3, 0, 0, 63)])
    yield "last-row", written(boundaries=[boundary(1, 0, 63, 1), boundary(0, 0, 63)])
    square = [*NODES, joined(MUL, 1, 1)]
    yield "degree-fits", written(nodes=square, constraints=[constraint(3), constraint(4)])
    exactly = (4, 38, 25, 3, 6)
    yield "100-bits", written(rows=(LOG_ROWS, LOG_ROWS), profile=exactly)


def rejected_airs() -> Iterator[tuple[str, bytes, int]]:
    """Name, bytes, and where it is wrong."""
    lists = 12  # Behind the version, the head and the profile.
    nodes = lists + 1 + 4 + 1 + 1
    first = nodes + 2
    own = first + sum(map(len, NODES))
    air = written(offsets=list(range(17)))
    yield "17-offsets", air, lists
    yield "offset-of-rows", written(offsets=[0, 64]), lists + 3
    yield "first-offset-1", written(offsets=[1, 2]), lists + 5
    yield "17-challenges", written(head=(2, 1, 17, 1)), 5
    yield "65-columns", written(head=(63, 2, 1, 1)), 4
    yield "parts-3-blowup-2", written(head=(2, 0, 0, 3), profile=(1, 255, 16, 1, 6)), 7
    yield "public-252-bits", written(public=[252]), lists + 6
    yield "33-periodic", written(periodic=[bytes(2)] * 33), lists + 6
    yield "periodic-of-2048", written(rows=(11, 11), periodic=[bytes([11])]), lists + 7
    yield "periodic-of-more-than-all-rows", written(periodic=[bytes([7])]), lists + 7
    yield "no-nodes", written(nodes=[]), nodes
    yield "4097-nodes", written(nodes=[negated(0)] * 4097)[: nodes + 2], nodes
    for name, node, where in (
        ("kind-10", bytes([10, 0, 0]), 0),
        ("column-2", cell(2, 0), 1),
        ("offset-2", cell(0, 2), 2),
        ("public-0", bytes([PUBLIC, 0]), 1),
        ("periodic-0", bytes([PERIODIC, 0]), 1),
        ("challenge-0", bytes([CHALLENGE, 0]), 1),
        ("left-itself", joined(ADD, 4, 0), 1),
        ("right-itself", joined(MUL, 0, 4), 3),
        ("negated-itself", negated(4), 1),
        ("raised-itself", raised(4, 2), 1),
        ("exponent-1", raised(0, 1), 3),
        ("element-of-33-bytes", constant(33, bytes(33)), 1),
        ("element-with-a-zero", constant(2, b"\0\1"), 2),
        ("element-p", constant(32, P.to_bytes(32, "big")), 2),
    ):
        yield f"node-{name}", written(nodes=[*NODES, node]), own + where
    yield "node-itself-first", written(nodes=[negated(0)]), first + 1
    start = own + 2
    yield "no-constraints", written(constraints=[]), own
    yield "513-constraints", written(constraints=[constraint(3)] * 513)[: own + 2], own
    for name, spoiled_constraint, where in (
        ("node", constraint(4), 0),
        ("period", constraint(3, 7), 2),
        ("shift", constraint(3, 2, 4), 3),
        ("shift-without-period", constraint(3, 0, 1), 3),
        ("exempt", constraint(3, 0, 0, 64), 7),
        ("exempt-with-period", constraint(3, 2, 0, 16), 7),
    ):
        air = written(constraints=[spoiled_constraint])
        yield f"constraint-{name}", air, start + where
    start += 8
    yield "513-boundaries", written(boundaries=[boundary(0, 0)] * 513)[: start + 2], start
    for name, spoiled_boundary, where in (
        ("column", boundary(2, 0), 0),
        ("end", boundary(0, 0, 0, 2), 1),
        ("row", boundary(0, 0, 64), 2),
        ("node", boundary(0, 4), 6),
        ("node-of-rows", boundary(0, 1), 6),
    ):
        yield f"boundary-{name}", written(boundaries=[spoiled_boundary]), start + 2 + where


def edges() -> Iterator[Case]:
    for name, air in accepted_airs():
        data = call(REGISTER, air)
        if air[7:12] == bytes(WEAK):
            # Well-formed; registered, its storage would fill this file.
            yield refused(f"edge-{name}", data, "TooFewBits(uint256)", 17, source=RULE)
            continue
        logs = [registered_log(air)]
        yield case(f"edge-{name}", data, ["bytes32"], keccak(air), logs=logs, source=RULE)
    for name, air, position in rejected_airs():
        data = call(REGISTER, air)
        yield refused(f"edge-{name}", data, "MalformedAir(uint256)", position, source=RULE)
    plain = written()
    for size in range(0, len(plain), 5):
        # Each number is read whole: what is cut is refused where it begins.
        data = call(REGISTER, plain[:size])
        begins = max(start for start in field_starts() if start <= size)
        yield refused(f"edge-cut-{size}", data, "MalformedAir(uint256)", begins, source=RULE)
    yield from degrees()


def field_starts() -> list[int]:
    """Where each number of the plain AIR begins."""
    starts = [*range(12), 12, 13, 15, 17, 18, 19]
    position = 21
    for sizes in ((1, 1), (1, 1, 1), (1, 1, 1), (1, 2, 2)):
        for size in sizes:
            starts.append(position)
            position += size
    starts.append(position)
    position += 2
    for size in (2, 1, 4, 1):
        starts.append(position)
        position += size
    return [*starts, position]


def degrees() -> Iterator[Case]:
    """Just too high: of a product, of what repeats, of the second operand, of the second part."""
    shapes = {
        "product": ([joined(MUL, 1, 1)], 4),
        "periodic": ([bytes([PERIODIC, 0]), joined(MUL, 1, 4)], 5),
        "second-operand": ([joined(MUL, 1, 1), joined(ADD, 0, 4)], 5),
        "difference": ([joined(MUL, 1, 1), joined(SUB, 0, 4)], 5),
        "negated": ([joined(MUL, 1, 1), negated(4)], 5),
        "power": ([raised(1, 2)], 4),
    }
    for name, (more, node) in shapes.items():
        air = written(
            periodic=[bytes([0, 0])],
            nodes=[*NODES, *more],
            constraints=[constraint(3), constraint(node, exempt=2)],
        )
        data = call(REGISTER, air)
        yield refused(f"degree-{name}", data, "DegreeTooHigh(uint256)", 1, source=RULE)
    tower = [raised(1 if i == 4 else i - 1, 255) for i in range(4, 12)]
    air = written(nodes=[*NODES, *tower], constraints=[constraint(11)])
    data = call(REGISTER, air)
    yield refused("degree-tower", data, "DegreeTooHigh(uint256)", 0, source=RULE)
    data = call(REGISTER, written(profile=(4, 1, 16, 3, 6)))
    almost = call(REGISTER, written(profile=(4, 38, 24, 3, 6)))
    yield refused("99-bits", almost, "TooFewBits(uint256)", 99, source=BOUND)
    yield refused("one-query", data, "TooFewBits(uint256)", 17, source=BOUND)
