"""Vectors of the dispatcher at the family's first address: STARK proofs by number of the system.

What it says of the family follows from the declarations; proofs are those of the STARK verifier.
"""

from collections.abc import Iterator

import stark
from cases import Case, call, case, changed, hexed, refused, split_types
from eth_abi import decode
from families import family_cases

from precompiles.registry import find

SYSTEMS = "systems()"
REGISTER = "register(uint16,bytes)"
VERIFY = "verify(uint16,bytes32,uint256[],bytes)"

RULE = "the declarations of the family"
ROUTES = {
    hexed(call(stark.REGISTER, b""))[:10]: (stark.REGISTER, REGISTER),
    hexed(call(stark.VERIFY, bytes(32), [], b""))[:10]: (stark.VERIFY, VERIFY),
}
DECLARED = {hexed(error.signature.selector) for error in find("stark").errors}
BEFORE = [{"input": hexed(call(REGISTER, 1, stark.GOOD_AIR))}]


def cases() -> Iterator[Case]:
    yield from information()
    yield from registration()
    yield from passed_on()
    yield from proofs()
    yield from refusals()


def information() -> Iterator[Case]:
    yield from family_cases("zk", "Zero-knowledge hashes, commitments and proofs")
    yield case(
        "systems",
        call(SYSTEMS),
        ["uint16[]", "address[]", "string[]"],
        [1],
        [hexed(find("stark").address)],
        ["stark"],
        source=RULE,
    )


def registration() -> Iterator[Case]:
    good = call(REGISTER, 1, stark.GOOD_AIR)
    log = stark.registered_log(stark.GOOD_AIR)
    yield case("register", good, ["bytes32"], stark.GOOD_ID, logs=[log], source=stark.RULE)
    again = case("register-again", good, ["bytes32"], stark.GOOD_ID, source=stark.RULE)
    yield {**again, "before": BEFORE}
    yield refused("register-static", good, "WriteProtection()", static=True)
    yield refused("register-value", good, "ValueRefused(uint256)", 1, value=1)
    broken = call(REGISTER, 1, stark.GOOD_AIR[:-1])
    yield refused("register-short", broken, "MalformedAir(uint256)", len(stark.GOOD_AIR) - 2)
    empty = call(REGISTER, 1, b"")
    yield refused("register-nothing", empty, "MalformedAir(uint256)", 0)


def passed_on() -> Iterator[Case]:
    """What the STARK entry refuses is refused here, once for each of its errors."""
    seen = set()
    for each in stark.cases():
        reason = each.get("error", "")[:10]
        method = each["input"][:10]
        if method in ROUTES and reason in DECLARED and (method, reason) not in seen:
            seen.add((method, reason))
            routed = {**each, "name": f"passed-{each['name']}", "input": route(each["input"])}
            if "before" in each:
                routed["before"] = [{"input": route(step["input"])} for step in each["before"]]
            yield routed


def route(data: str) -> str:
    """Return the call of the dispatcher that does what a call of the STARK entry does."""
    theirs, ours = ROUTES[data[:10]]
    arguments = decode(split_types(theirs), bytes.fromhex(data[10:]))
    return hexed(call(ours, 1, *arguments))


def proofs() -> Iterator[Case]:
    public, proof = stark.GOOD_PUBLIC, stark.GOOD_PROOF
    good = call(VERIFY, 1, stark.GOOD_ID, public, proof)
    yield case("verify", good, ["bool"], True, before=BEFORE, source=stark.STONE)
    yield case("static", good, ["bool"], True, before=BEFORE, static=True, source=stark.STONE)
    spoilt = proof[:40] + bytes([proof[40] ^ 1]) + proof[41:]
    for name, data in (
        ("public", call(VERIFY, 1, stark.GOOD_ID, [public[0] ^ 1, *public[1:]], proof)),
        ("proof", call(VERIFY, 1, stark.GOOD_ID, public, spoilt)),
    ):
        yield case(f"wrong-{name}", data, ["bool"], False, before=BEFORE, source=stark.SPOILED)


def refusals() -> Iterator[Case]:
    public, proof = stark.GOOD_PUBLIC, stark.GOOD_PROOF
    for system in (0, 2, 255, 65_535):
        for name, data in (
            ("verify", call(VERIFY, system, stark.GOOD_ID, public, proof)),
            ("empty-proof", call(VERIFY, system, bytes(32), [], b"")),
            ("register", call(REGISTER, system, stark.GOOD_AIR)),
        ):
            label = f"{name}-system-{system}"
            yield refused(label, data, "UnknownSystem(uint16)", system, before=BEFORE)
    good = call(VERIFY, 1, stark.GOOD_ID, public, proof)
    yield refused("system-65537", changed(good, 0, 65_537), "ValueOutOfRange(uint256)", 4)
    yield refused("unknown-id", good, "UnknownAir(bytes32)", stark.GOOD_ID)
    empty = call(VERIFY, 1, stark.GOOD_ID, public, b"")
    yield refused("empty-proof", empty, "ProofTruncated(uint256)", 0, before=BEFORE)
    more = call(VERIFY, 1, stark.GOOD_ID, [*public, 1], proof)
    count = len(public)
    wrong = "InvalidLength(uint256,uint256)"
    yield refused("public-inputs", more, wrong, count, count + 1, before=BEFORE)
    yield refused("verify-value", good, "ValueRefused(uint256)", 1, value=1, before=BEFORE)
