"""Vectors of committees: a whole key generation of two, on the points of py_ecc.

The messages are worked out here from the description, with other secrets for each member.
"""

from collections.abc import Iterator
from typing import Any

from cases import CALLER, Case, call, case, changed, hexed, refused
from eth_abi import encode
from eth_utils import keccak
from py_ecc.secp256k1 import secp256k1 as curve

CHAIN_ID = 6133
N = curve.N
SOURCE = "py_ecc 8 points, worked out by the description in precompiles/threshold/committee"
RULE = "the description in precompiles/threshold/committee"

REGISTER = "register(address[],uint16,uint64,uint64,uint64)"
COMMIT = "submitCommitment(bytes32,uint16,bytes,bytes,bytes)"
DEAL = "submitShares(bytes32,uint16,bytes)"
COMPLAIN = "submitComplaint(bytes32,uint16,uint16,bytes,bytes,bytes,bytes)"
APPROVE = "approve(bytes32,uint16)"
FINALIZE = "finalize(bytes32,bytes)"
PARTIAL = "submitPartialDecryption(bytes32,uint16,bytes,bytes,bytes)"
VERIFY = "verifyPartialDecryption(bytes32,uint16,bytes,bytes,bytes)"
COMBINE = "combine(bytes32,bytes,uint16[],bytes[])"
PUBLIC_KEY = "publicKeyOf(bytes32)"
VERIFICATION_KEY = "verificationKeyOf(bytes32,uint16)"
ENCRYPTION_KEY = "encryptionKeyOf(bytes32,uint16)"
STATUS = "statusOf(bytes32)"
STATUS_TYPES = ["uint8", "uint16", "uint16", "uint256", "uint256", "uint256"]
INVALID_LENGTH = "InvalidLength(uint256,uint256)"

OTHER = bytes.fromhex("2b5ad5c4795c026514f8317c7a215e218dccd6cf")  # Of the private key 2.
STRANGER = bytes.fromhex("6813eb9362372eef6200f3b1dbc3f819671cba69")  # Of the private key 3.
ACCOUNTS = (CALLER, OTHER)
MEMBERS = [hexed(each) for each in ACCOUNTS]
ID = keccak(CHAIN_ID.to_bytes(32, "big") + CALLER + bytes(32))

Point = tuple[int, int]

SPANS = (2**38, 2**38, 2**38)
"""So many blocks that no node has them: the phase is that of the calls before."""
AT_A_BLOCK = {"contextual": True}
"""What is stored counts from the block."""


def secret(name: str) -> int:
    return int.from_bytes(keccak(text=name), "big") % N


def point(factor: int, base: Point = curve.G) -> Point:
    return curve.multiply(base, factor % N)


def packed(value: Point) -> bytes:
    return bytes([2 + value[1] % 2]) + value[0].to_bytes(32, "big")


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def challenge(purpose: bytes, member: int, *points: bytes) -> int:
    bound = keccak(purpose) + ID + word(CHAIN_ID) + word(member)
    return int.from_bytes(keccak(bound + b"".join(points)), "big") % N


DECRYPTION_KEYS = {1: secret("decryption 0"), 2: secret("decryption 1")}
COEFFICIENTS = {j: [secret(f"coefficient 10 {j} {k}") for k in range(2)] for j in (1, 2)}
# Chosen so that odd and even y stand beside each other, of keys and of summed commitments.
ENCRYPTION_KEYS = {j: packed(point(key)) for j, key in DECRYPTION_KEYS.items()}
COMMITMENTS = {j: b"".join(packed(point(a)) for a in row) for j, row in COEFFICIENTS.items()}
SHARED = packed(point(DECRYPTION_KEYS[1] * DECRYPTION_KEYS[2]))


def value_at(j: int, x: int) -> int:
    return (COEFFICIENTS[j][0] + COEFFICIENTS[j][1] * x) % N


def possession(j: int) -> bytes:
    nonce = secret(f"possession {j}")
    key = COMMITMENTS[j][:33]
    c = challenge(b"PARS-COMMITTEE-POSSESSION-V1", j, key, packed(point(nonce)))
    return word(c) + word((nonce + c * COEFFICIENTS[j][0]) % N)


def shares(j: int, error: int = 0) -> bytes:
    other = 3 - j
    mask = challenge(b"PARS-COMMITTEE-MASK-V1", j, word(other), SHARED)
    dealt = {j: 0, other: (value_at(j, other) + mask + error) % N}
    return word(dealt[1]) + word(dealt[2])


def same_secret(purpose: bytes, j: int, own: int, base: Point) -> tuple[bytes, bytes]:
    """The product and its proof."""
    nonce = secret(f"same {purpose.decode()} {j}")
    product = packed(point(own, base))
    parts = (packed(point(own)), packed(base), product)
    c = challenge(purpose, j, *parts, packed(point(nonce)), packed(point(nonce, base)))
    return product, word(c) + word((nonce + c * own) % N)


KEY_SHARES = {j: (value_at(1, j) + value_at(2, j)) % N for j in (1, 2)}
GROUP_SECRET = (COEFFICIENTS[1][0] + COEFFICIENTS[2][0]) % N
GROUP_KEY = packed(point(GROUP_SECRET))
EPHEMERAL = packed(point(secret("ephemeral")))
REQUEST = keccak(EPHEMERAL)
PARTIALS = {
    j: same_secret(b"PARS-COMMITTEE-PARTIAL-V1", j, share, point(secret("ephemeral")))
    for j, share in KEY_SHARES.items()
}


def step(data: bytes, caller: bytes = CALLER) -> Case:
    return {"input": hexed(data), "caller": hexed(caller)}


def commit(j: int, proof: bytes | None = None) -> bytes:
    made = possession(j) if proof is None else proof
    return call(COMMIT, ID, j, ENCRYPTION_KEYS[j], COMMITMENTS[j], made)


def partial(j: int) -> bytes:
    return call(PARTIAL, ID, j, EPHEMERAL, *PARTIALS[j])


REGISTERED = [step(call(REGISTER, MEMBERS, 2, *SPANS))]
COMMITTED = [*REGISTERED, *(step(commit(j), ACCOUNTS[j - 1]) for j in (1, 2))]
DEALT = [*COMMITTED, *(step(call(DEAL, ID, j, shares(j)), ACCOUNTS[j - 1]) for j in (1, 2))]
CHEATED = [
    *COMMITTED,
    step(call(DEAL, ID, 1, shares(1))),
    step(call(DEAL, ID, 2, shares(2, error=1)), OTHER),
]
APPROVED = [*DEALT, *(step(call(APPROVE, ID, j), ACCOUNTS[j - 1]) for j in (1, 2))]
READY = [*APPROVED, step(call(FINALIZE, ID, COMMITMENTS[1] + COMMITMENTS[2]))]
DECRYPTED = [*READY, *(step(partial(j), ACCOUNTS[j - 1]) for j in (1, 2))]


def log(event: str, indexed: list[bytes], types: list[str], *values: Any) -> Case:
    return {
        "topics": [hexed(each) for each in (keccak(text=event), ID, *indexed)],
        "data": hexed(encode(types, values)),
    }


def cases() -> Iterator[Case]:
    for each in (*making(), *cheating(), *decrypting(), *registering()):
        yield {"source": SOURCE if "output" in each else RULE, **each}


def making() -> Iterator[Case]:
    register = call(REGISTER, MEMBERS, 2, *SPANS)
    registered = log(
        "CommitteeRegistered(bytes32,address,uint16,uint16)",
        [bytes(12) + CALLER],
        ["uint16", "uint16"],
        *(2, 2),
    )
    yield case("register", register, ["bytes32"], ID, logs=[registered], **AT_A_BLOCK)
    committed = log(
        "CommitmentSubmitted(bytes32,uint16,bytes,bytes)",
        [word(2)],
        ["bytes", "bytes"],
        *(ENCRYPTION_KEYS[2], COMMITMENTS[2]),
    )
    by_other = {"caller": hexed(OTHER)}
    before = COMMITTED[:2]
    yield case("commit", commit(2), [], before=before, logs=[committed], **by_other)
    dealt = log("SharesSubmitted(bytes32,uint16,bytes)", [word(2)], ["bytes"], shares(2))
    deal = call(DEAL, ID, 2, shares(2))
    yield case("deal", deal, [], before=DEALT[:4], logs=[dealt], **by_other)
    approved = log("SharesApproved(bytes32,uint16)", [word(1)], [])
    yield case("approve", call(APPROVE, ID, 1), [], before=DEALT, logs=[approved])
    both = COMMITMENTS[1] + COMMITMENTS[2]
    finalized = log(
        "CommitteeFinalized(bytes32,uint256,bytes)", [], ["uint256", "bytes"], 6, GROUP_KEY
    )
    finalize = call(FINALIZE, ID, both)
    yield case("finalize", finalize, ["bool"], True, before=APPROVED, logs=[finalized])
    for name, before, values in (
        ("committing", REGISTERED, (0, 2, 2, 0, 0, 0)),
        ("half-committed", COMMITTED[:2], (0, 2, 2, 2, 0, 0)),
        ("dealing", COMMITTED, (1, 2, 2, 6, 0, 0)),
        ("complaining", DEALT, (2, 2, 2, 6, 6, 6)),
        ("approved", APPROVED, (3, 2, 2, 6, 6, 6)),
        ("ready", READY, (4, 2, 2, 6, 6, 6)),
    ):
        yield case(f"status-{name}", call(STATUS, ID), STATUS_TYPES, *values, before=before)
    for j in (1, 2):
        data = call(ENCRYPTION_KEY, ID, j)
        yield case(f"encryption-key-{j}", data, ["bytes"], ENCRYPTION_KEYS[j], before=COMMITTED)
        data = call(VERIFICATION_KEY, ID, j)
        public = packed(point(KEY_SHARES[j]))
        yield case(f"verification-key-{j}", data, ["bytes"], public, before=READY)
    yield case("public-key", call(PUBLIC_KEY, ID), ["bytes"], GROUP_KEY, before=READY)

    unknown = keccak(text="unknown")
    for name, data in (
        ("status", call(STATUS, unknown)),
        ("public-key", call(PUBLIC_KEY, unknown)),
        ("approve", call(APPROVE, unknown, 1)),
        ("finalize", call(FINALIZE, unknown, b"")),
    ):
        yield refused(f"{name}-unknown", data, "UnknownCommittee(bytes32)", unknown)
    for name, data in (
        ("public-key", call(PUBLIC_KEY, ID)),
        ("verification-key", call(VERIFICATION_KEY, ID, 1)),
        ("combine", call(COMBINE, ID, EPHEMERAL, [1, 2], [b"", b""])),
        ("verify", call(VERIFY, ID, 1, EPHEMERAL, *PARTIALS[1])),
    ):
        yield refused(f"{name}-too-early", data, "NoKey()", before=DEALT)
    for j in (0, 3):
        data = call(ENCRYPTION_KEY, ID, j)
        error, nobody = "NotMember(uint256,address)", "0x" + "00" * 20
        yield refused(f"encryption-key-{j}", data, error, j, nobody, before=COMMITTED)
        data = call(VERIFICATION_KEY, ID, j)
        yield refused(f"verification-key-{j}", data, error, j, nobody, before=READY)


def cheating() -> Iterator[Case]:
    before = {"before": REGISTERED}
    member = "NotMember(uint256,address)"
    yield refused("commit-for-another", commit(2), member, 2, MEMBERS[0], **before)
    yield refused("commit-as-0", changed(commit(1), 32, 0), member, 0, MEMBERS[0], **before)
    yield refused("commit-as-3", changed(commit(1), 32, 3), member, 3, MEMBERS[0], **before)
    stranger = {"caller": hexed(STRANGER)}
    yield refused("commit-by-stranger", commit(1), member, 1, hexed(STRANGER), **before, **stranger)
    done = {"before": COMMITTED[:2]}
    yield refused("commit-twice", commit(1), "AlreadyDone(uint256)", 1, **done)
    yield refused("commit-late", commit(1), "WrongPhase(uint8)", 1, before=COMMITTED)
    proof = possession(1)
    for name, bad in (
        ("of-another", possession(2)),
        ("challenge-changed", bytes([proof[0] ^ 1]) + proof[1:]),
        ("response-changed", proof[:63] + bytes([proof[63] ^ 1])),
        ("response-beyond", proof[:32] + word(N)),
        ("challenge-beyond", word(N) + proof[32:]),
        ("short", proof[:63]),
        ("long", proof + b"\0"),
        ("empty", b""),
        ("zero", bytes(64)),
        ("zero-between", proof[:32] + b"\0" + proof[32:]),
    ):
        yield refused(f"possession-{name}", commit(1, bad), "InvalidProof()", **before)
    key, row = ENCRYPTION_KEYS[1], COMMITMENTS[1]
    for name, *arguments in (
        ("one-too-few", key, row[:33], INVALID_LENGTH, 66, 33),
        ("one-too-many", key, row + key, INVALID_LENGTH, 66, 99),
        ("none", key, b"", INVALID_LENGTH, 66, 0),
        ("key-of-32-bytes", key[:32], row, INVALID_LENGTH, 33, 32),
        ("key-of-65-bytes", key + key[:32], row, INVALID_LENGTH, 33, 65),
        ("key-off-curve", b"\2" + word(5), row, "InvalidPoint(uint256)", 0),
        ("key-infinity", bytes(33), row, "InvalidPoint(uint256)", 0),
        ("second-infinity", key, row[:33] + bytes(33), "InvalidPoint(uint256)", 1),
        ("second-off-curve", key, row[:33] + b"\3" + word(5), "InvalidPoint(uint256)", 1),
    ):
        sent, points, error, *values = arguments
        data = call(COMMIT, ID, 1, sent, points, proof)
        yield refused(f"commit-{name}", data, error, *values, **before)

    before = {"before": COMMITTED}
    for name, data, error, *values in (
        ("short", shares(1)[:63], INVALID_LENGTH, 64, 63),
        ("long", shares(1) + bytes(32), INVALID_LENGTH, 64, 96),
        ("to-oneself", word(1) + shares(1)[32:], "InvalidShare(uint256)", 1),
        ("beyond", word(0) + word(N), "InvalidShare(uint256)", 2),
    ):
        yield refused(f"deal-{name}", call(DEAL, ID, 1, data), error, *values, **before)
    yield refused(
        "deal-early", call(DEAL, ID, 1, shares(1)), "WrongPhase(uint8)", 0, before=REGISTERED
    )
    yield refused(
        "deal-twice", call(DEAL, ID, 1, shares(1)), "AlreadyDone(uint256)", 1, before=DEALT[:4]
    )
    yield from complaining()


def complaining() -> Iterator[Case]:
    shared, proof = same_secret(
        b"PARS-COMMITTEE-SHARED-POINT-V1", 1, DECRYPTION_KEYS[1], point(DECRYPTION_KEYS[2])
    )
    row, wrong = COMMITMENTS[2], shares(2, error=1)
    before = {"before": CHEATED}
    complain = call(COMPLAIN, ID, 1, 2, row, wrong, shared, proof)
    out = log("DealerDisqualified(bytes32,uint16,uint16)", [word(2)], ["uint16"], 1)
    yield case("complain", complain, [], logs=[out], **before)
    again = [*CHEATED, step(complain)]
    yield refused("complain-again", complain, "NotDealt(uint256)", 2, before=again)
    data = call(STATUS, ID)
    yield case("status-disqualified", data, STATUS_TYPES, 2, 2, 2, 6, 6, 2, before=again)
    approved = [*again, *(step(call(APPROVE, ID, j), ACCOUNTS[j - 1]) for j in (1, 2))]
    failed = log("CommitteeFailed(bytes32,uint256)", [], ["uint256"], 2)
    data = call(FINALIZE, ID, b"")
    yield case("finalize-too-few", data, ["bool"], False, before=approved, logs=[failed])
    lost = [*approved, step(data)]
    yield case("status-failed", call(STATUS, ID), STATUS_TYPES, 5, 2, 2, 6, 6, 2, before=lost)
    yield refused("finalize-failed", data, "WrongPhase(uint8)", 5, before=lost)
    yield from the_other_cheats()
    yield from cancelling()
    honest = call(COMPLAIN, ID, 1, 2, row, shares(2), shared, proof)
    yield refused("complain-unfounded", honest, "UnfoundedComplaint(uint256)", 2, before=DEALT)
    for name, *arguments in (
        ("other-shares", row, shares(2), shared, proof, "NotWhatWasSent(uint256)", 2),
        ("other-row", COMMITMENTS[1], wrong, shared, proof, "NotWhatWasSent(uint256)", 2),
        ("other-point", row, wrong, EPHEMERAL, proof, "InvalidProof()"),
        ("no-point", row, wrong, bytes(33), proof, "InvalidProof()"),
        ("short-point", row, wrong, shared[:32], proof, "InvalidProof()"),
        ("other-proof", row, wrong, shared, possession(1), "InvalidProof()"),
        ("short-proof", row, wrong, shared, proof[:63], "InvalidProof()"),
        ("proof-beyond", row, wrong, shared, proof[:32] + word(N), "InvalidProof()"),
    ):
        *given, error = arguments if isinstance(arguments[-1], str) else arguments[:-1]
        values = [] if isinstance(arguments[-1], str) else [arguments[-1]]
        data = call(COMPLAIN, ID, 1, 2, *given)
        yield refused(f"complain-{name}", data, error, *values, **before)
    for dealer in (0, 3):
        data = changed(complain, 64, dealer)
        yield refused(f"complain-about-{dealer}", data, "NotDealt(uint256)", dealer, **before)
    yield refused("complain-early", complain, "WrongPhase(uint8)", 1, before=COMMITTED)
    yield refused("approve-early", call(APPROVE, ID, 1), "WrongPhase(uint8)", 0, before=REGISTERED)
    twice = [*DEALT, step(call(APPROVE, ID, 1))]
    yield refused("approve-twice", call(APPROVE, ID, 1), "AlreadyDone(uint256)", 1, before=twice)
    both = COMMITMENTS[1] + COMMITMENTS[2]
    yield refused("finalize-early", call(FINALIZE, ID, both), "WrongPhase(uint8)", 2, before=DEALT)
    yield refused(
        "finalize-other-order",
        call(FINALIZE, ID, COMMITMENTS[2] + COMMITMENTS[1]),
        "NotWhatWasSent(uint256)",
        1,
        before=APPROVED,
    )
    data = call(FINALIZE, ID, COMMITMENTS[1])
    yield refused("finalize-short", data, INVALID_LENGTH, 132, 66, before=APPROVED)
    yield refused("finalize-twice", call(FINALIZE, ID, both), "WrongPhase(uint8)", 4, before=READY)


def the_other_cheats() -> Iterator[Case]:
    """The same with members exchanged, so that no set is a number that means something else."""
    shared, proof = same_secret(
        b"PARS-COMMITTEE-SHARED-POINT-V1", 2, DECRYPTION_KEYS[2], point(DECRYPTION_KEYS[1])
    )
    wrong = shares(1, error=1)
    complain = call(COMPLAIN, ID, 2, 1, COMMITMENTS[1], wrong, shared, proof)
    before = [
        *COMMITTED,
        step(call(DEAL, ID, 1, wrong)),
        step(call(DEAL, ID, 2, shares(2)), OTHER),
        step(complain, OTHER),
        *(step(call(APPROVE, ID, j), ACCOUNTS[j - 1]) for j in (1, 2)),
    ]
    failed = log("CommitteeFailed(bytes32,uint256)", [], ["uint256"], 4)
    data = call(FINALIZE, ID, b"")
    yield case("finalize-without-the-first", data, ["bool"], False, before=before, logs=[failed])
    lost = [*before, step(data)]
    values = (5, 2, 2, 6, 6, 4)
    yield case("status-without-the-first", call(STATUS, ID), STATUS_TYPES, *values, before=lost)


def cancelling() -> Iterator[Case]:
    """Two dealers whose second commitments cancel, which needs no proof, make no key."""
    first = COMMITMENTS[1]
    row = COMMITMENTS[2][:33] + bytes([first[33] ^ 1]) + first[34:]
    before = [
        *COMMITTED[:2],
        step(call(COMMIT, ID, 2, ENCRYPTION_KEYS[2], row, possession(2)), OTHER),
        *(step(call(DEAL, ID, j, shares(j)), ACCOUNTS[j - 1]) for j in (1, 2)),
        *(step(call(APPROVE, ID, j), ACCOUNTS[j - 1]) for j in (1, 2)),
    ]
    data = call(FINALIZE, ID, first + row)
    yield refused("finalize-cancelling", data, "NoKey()", before=before)


def decrypting() -> Iterator[Case]:
    before = {"before": READY}
    point_log = log(
        "PartialDecryptionSubmitted(bytes32,bytes32,uint16,bytes)",
        [REQUEST, word(1)],
        ["bytes"],
        PARTIALS[1][0],
    )
    yield case("partial", partial(1), ["bytes32"], REQUEST, logs=[point_log], **before)
    yield refused("partial-twice", partial(1), "AlreadyDone(uint256)", 1, before=DECRYPTED)
    yield refused("partial-early", partial(1), "WrongPhase(uint8)", 2, before=DEALT)
    product, proof = PARTIALS[1]

    def verdict(name: str, valid: bool, j: int, *arguments: bytes) -> Case:
        return case(name, call(VERIFY, ID, j, *arguments), ["bool"], valid, **before)

    yield verdict("verify-1", True, 1, EPHEMERAL, *PARTIALS[1])
    yield verdict("verify-2", True, 2, EPHEMERAL, *PARTIALS[2])
    for name, j, *arguments in (
        ("of-another", 2, EPHEMERAL, *PARTIALS[1]),
        ("member-0", 0, EPHEMERAL, *PARTIALS[1]),
        ("member-3", 3, EPHEMERAL, *PARTIALS[1]),
        ("other-ephemeral", 1, GROUP_KEY, *PARTIALS[1]),
        ("other-product", 1, EPHEMERAL, PARTIALS[2][0], proof),
        ("negated", 1, EPHEMERAL, bytes([product[0] ^ 1]) + product[1:], proof),
        ("infinity", 1, EPHEMERAL, bytes(33), proof),
        ("ephemeral-off-curve", 1, b"\2" + word(5), product, proof),
        ("short-proof", 1, EPHEMERAL, product, proof[:63]),
        ("long-proof", 1, EPHEMERAL, product, proof + b"\0"),
        ("response-beyond", 1, EPHEMERAL, product, proof[:32] + word(N)),
        ("proof-changed", 1, EPHEMERAL, product, proof[:63] + bytes([proof[63] ^ 1])),
        ("zero-proof", 1, EPHEMERAL, product, bytes(64)),
        ("zero-between", 1, EPHEMERAL, product, proof[:32] + b"\0" + proof[32:]),
    ):
        yield verdict(f"verify-{name}", False, j, *arguments)
    bad = call(PARTIAL, ID, 1, EPHEMERAL, PARTIALS[2][0], proof)
    yield refused("partial-wrong", bad, "InvalidProof()", **before)

    before = {"before": DECRYPTED}
    products = [PARTIALS[1][0], PARTIALS[2][0]]
    shared = packed(point(GROUP_SECRET, point(secret("ephemeral"))))
    data = call(COMBINE, ID, EPHEMERAL, [1, 2], products)
    yield case("combine", data, ["bytes"], shared, **before)
    data = call(COMBINE, ID, EPHEMERAL, [2, 1], products[::-1])
    yield case("combine-in-other-order", data, ["bytes"], shared, **before)
    for name, members, given, error, *values in (
        ("one", [1], products[:1], "TooFewPartials(uint256,uint256)", 2, 1),
        ("three", [1, 2, 3], [*products, b""], "TooFewPartials(uint256,uint256)", 2, 3),
        ("twice", [1, 1], [products[0]] * 2, "InvalidMembers()"),
        ("uneven", [1, 2], products[:1], INVALID_LENGTH, 2, 1),
        ("swapped", [1, 2], products[::-1], "NotWhatWasSent(uint256)", 1),
        ("stranger", [1, 3], products, "NotWhatWasSent(uint256)", 3),
    ):
        data = call(COMBINE, ID, EPHEMERAL, members, given)
        yield refused(f"combine-{name}", data, error, *values, **before)
    data = call(COMBINE, ID, GROUP_KEY, [1, 2], products)
    yield refused("combine-other-request", data, "NotWhatWasSent(uint256)", 1, **before)


def registering() -> Iterator[Case]:
    zero = "0x" + "00" * 20
    for name, members, threshold, blocks, error, *values in (
        ("no-threshold", MEMBERS, 0, (5, 5, 5), "InvalidThreshold(uint256,uint256)", 0, 2),
        ("threshold-3-of-2", MEMBERS, 3, (5, 5, 5), "InvalidThreshold(uint256,uint256)", 3, 2),
        ("nobody", [], 1, (5, 5, 5), "InvalidThreshold(uint256,uint256)", 1, 0),
        ("twice", [MEMBERS[0]] * 2, 1, (5, 5, 5), "InvalidMembers()"),
        ("zero", [MEMBERS[0], zero], 1, (5, 5, 5), "InvalidMembers()"),
        ("no-commit-blocks", MEMBERS, 1, (0, 5, 5), "InvalidDeadlines()"),
        ("no-deal-blocks", MEMBERS, 1, (5, 0, 5), "InvalidDeadlines()"),
        ("no-complain-blocks", MEMBERS, 1, (5, 5, 0), "InvalidDeadlines()"),
        ("too-many-blocks", MEMBERS, 1, (2**40 + 1, 5, 5), "InvalidDeadlines()"),
    ):
        data = call(REGISTER, members, threshold, *blocks)
        yield refused(f"register-{name}", data, error, *values)
    many = [hexed(word(j)[12:]) for j in range(1, 152)]
    data = call(REGISTER, many[:150], 28, 5, 5, 5)
    yield refused("register-28-of-150", data, "InvalidThreshold(uint256,uint256)", 28, 150)
    yield refused("register-151", call(REGISTER, many, 1, 5, 5, 5), INVALID_LENGTH, 150, 151)
    for name, members, threshold in (("1-of-2", MEMBERS, 1), ("32-of-128", many[:128], 32)):
        log_of = log(
            "CommitteeRegistered(bytes32,address,uint16,uint16)",
            [bytes(12) + CALLER],
            ["uint16", "uint16"],
            *(threshold, len(members)),
        )
        data = call(REGISTER, members, threshold, 1, 2, 3)
        yield case(f"register-{name}", data, ["bytes32"], ID, logs=[log_of], **AT_A_BLOCK)
    alone = [step(call(REGISTER, MEMBERS[:1], 1, *SPANS))]
    yield case("status-1-of-1", call(STATUS, ID), STATUS_TYPES, 0, 1, 1, 0, 0, 0, before=alone)
    second = keccak(CHAIN_ID.to_bytes(32, "big") + CALLER + word(1))
    registered = {
        "topics": [
            hexed(each)
            for each in (
                keccak(text="CommitteeRegistered(bytes32,address,uint16,uint16)"),
                second,
                bytes(12) + CALLER,
            )
        ],
        "data": hexed(encode(["uint16", "uint16"], [1, 1])),
    }
    data = call(REGISTER, MEMBERS[:1], 1, 1, 1, 2**40)
    known = {"before": REGISTERED, "logs": [registered], **AT_A_BLOCK}
    yield case("register-second", data, ["bytes32"], second, **known)
