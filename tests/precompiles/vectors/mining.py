"""Vectors of AI mining, worked out from the description; its model and answers are those of the
vectors of model verification, its device that of the vectors of attestation.

ML-DSA signatures are made by the entry at 0x0602, whose own vectors are published ones; the tests
hold each against cryptography. BLAKE3 is its authors' library, and their test vectors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import attestation
import verification
from blake3 import blake3
from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak
from families import family_cases

from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER

SOURCE = "worked out from the description in precompiles/ai/mining"
BLAKE3_SOURCE = "the test vectors of BLAKE3: bytes 0 to 250 over and over"
ENTRY = "0x0000000000000000000000000000000000000300"
CHAIN = 6133
NOW = verification.NOW
EPOCH, JOB_TIME, DUE = 3_600, 1_800, 600
BASE, TARGET, POOL = 10**6, 1_000, 10**12
ADMIN, BRIDGE, STRANGER = b"\xad" * 20, b"\xbb" * 20, b"\x57" * 20
ONE = 10**18

OPEN = "openJob(bytes32,bytes32,bytes32,bytes32)"
SUBMIT, CLAIM, REVOKE = (
    "submitWorkProof(bytes,bytes)",
    "claim(bytes32[],address,bytes,bytes)",
    "revoke(bytes32)",
)
RECORD = "recordTeleport(bytes32,bytes32,address,uint256)"
TAKE, TAKE_ALL, BACK = (
    "claimTeleport(bytes32)",
    "batchClaimTeleports(bytes32[])",
    "returnTeleport(bytes32)",
)

MODEL, INPUT, OUTPUT = verification.MODEL, verification.INPUT, verification.ANSWER
INPUT_HASH, OUTPUT_HASH = (blake3(data).digest() for data in (INPUT, OUTPUT))
UNITS = 2 * (5 * 3 + 4 * 5 + 2 * 4)
NONCE = keccak(text="nonce")
KEYS = {n: ml_dsa.keygen(BY_NUMBER[n], bytes([n]) * 32) for n in (2, 3, 5)}
OTHER_KEY = ml_dsa.keygen(BY_NUMBER[2], b"\x77" * 32)


def sign(secret: bytes, message: bytes) -> bytes:
    return bytes(ml_dsa.sign(secret, b"\0\0" + message, bytes(32), 814, 0)[0])


def padded(*words: bytes) -> bytes:
    return b"".join(each.rjust(32, b"\0") for each in words)


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def address_of(key: bytes) -> bytes:
    return blake3(key).digest()[:20]


MINER = address_of(KEYS[2][0])
SCENE = attestation.Scene(chain=attestation.plans())
DEVICE = SCENE.report[:32]


def log(signature: str, indexed: list[bytes], types: str, *values: Any) -> Case:
    topics = [keccak(text=signature), *(each.rjust(32, b"\0") for each in indexed)]
    data = call(f"x({types})", *values)[4:]
    return {"topics": [hexed(each) for each in topics], "data": hexed(data)}


@dataclass(frozen=True, kw_only=True)
class Stage(verification.Stage):
    """What happened so far, and when it is now, around the mining entry."""

    around: bool = False
    """Whether the entries at 0x0304 and 0x0305 have their settings."""
    pool: int = POOL
    epoch: tuple[int, int, int] = (NOW // EPOCH, 0, ONE)

    @property
    def more(self) -> dict[str, Any]:
        epoch, units, difficulty = self.epoch
        slots = {
            0: int.from_bytes(ADMIN, "big"), 1: int.from_bytes(BRIDGE, "big"), 2: BASE, 3: TARGET,
            4: EPOCH << 128 | JOB_TIME << 64 | DUE, 5: epoch << 128 | units, 6: difficulty,
        }  # fmt: skip
        storage = {f"0x{k:064x}": f"0x{v:064x}" for k, v in slots.items()}
        accounts = {
            ENTRY: {"balance": self.pool, "storage": storage},
            hexed(BRIDGE): {"balance": 10**24},
        }
        above = verification.Stage.more.fget(self)  # type: ignore[attr-defined]
        if self.around:
            accounts |= {**above["accounts"], **attestation.trusting(SCENE.parts[-1], 80)}
        return {**above, "accounts": accounts}


UPLOADED = Stage(steps=verification.UPLOADED.steps)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A job, and what a miner sends about it; each test changes one thing."""

    opened: int = NOW
    opener: bytes = CALLER
    device: bytes = DEVICE
    nonce: bytes = NONCE
    output: bytes = OUTPUT_HASH
    units: int = UNITS
    claim: bytes = bytes(32)
    data: bytes = INPUT
    level: int = 2
    model: bytes = MODEL
    input_hash: bytes = INPUT_HASH
    chain: int = CHAIN
    signer: bytes = b""
    changes: tuple[tuple[int, Any], ...] = ()

    @property
    def identity(self) -> bytes:
        return blake3(self.device + self.nonce + CHAIN.to_bytes(8, "big")).digest()

    @property
    def context(self) -> bytes:
        return keccak(padded(
            b"PARS/mining/context", number(CHAIN), self.model, self.input_hash, self.device,
            self.nonce, self.opener, number(self.opened),
        ))  # fmt: skip

    @property
    def message(self) -> bytes:
        return keccak(padded(
            b"PARS/mining/work", number(self.chain), self.context, self.output,
            number(self.units),
        ))  # fmt: skip

    @property
    def key(self) -> bytes:
        return bytes(KEYS[self.level][0])

    def proof(self) -> bytes:
        signature = sign(self.signer or KEYS[self.level][1], self.message)
        types = [*5 * ["bytes32"], "uint64", "bytes32", *3 * ["bytes"]]
        values = [
            self.model, self.input_hash, self.device, self.nonce, self.output, self.units,
            self.claim, self.data, self.key, signature,
        ]  # fmt: skip
        for place, value in self.changes:
            values[place] = value
        return encode(types, values)

    def opening(self) -> bytes:
        return call(OPEN, self.model, self.input_hash, self.device, self.nonce)

    def submission(self, witness: bytes = b"") -> bytes:
        return call(SUBMIT, self.proof(), witness)

    def accepted(self, amount: int) -> list[Case]:
        return [
            log("MLDSAVerified(bytes32,bytes32,bool)", [keccak(self.key), self.message], "bool",
                True),
            log("WorkAccepted(bytes32,address,uint256,uint256)",
                [self.identity, address_of(self.key)], "uint256,uint256", self.units, amount),
        ]  # fmt: skip


PLAIN = Work()
UNSIGNED = ((8, b""), (9, b""))
OPENED = UPLOADED.then(PLAIN.opening())
READY = OPENED.later(10)
REWARD = BASE * UNITS * 60 // 100


def cases() -> Iterator[Case]:
    yield from family_cases("ai", "Verifiable inference, model registry and AI mining")
    yield from keys()
    yield from opening()
    yield from rewards()
    yield from attested()
    yield from by_claim()
    yield from paid()
    yield from refused_proofs()
    yield from refused_rewards()
    yield from teleports()
    yield from refused_teleports()


CHECKED = (("good", b"message", True), ("other", b"massage", False))


def keys() -> Iterator[Case]:
    for level, (public, secret) in KEYS.items():
        data = call("getSecurityLevel(bytes)", public)
        yield case(f"level-{level}", data, ["uint8"], level)
        for name, message, valid in CHECKED[: 2 if level == 2 else 1]:
            given = call(
                "verifyMLDSA(bytes,bytes,bytes)", public, message, sign(secret, b"message")
            )
            yield case(f"verify-{level}-{name}", given, ["bool"], valid)
    for size in (0, 1_311, 1_313, 4_627):
        data = call("getSecurityLevel(bytes)", bytes(size))
        yield refused(f"level-of-{size}", data, "InvalidPublicKeySize()")
    for size, digest in BLAKE3.items():
        data = call("deriveAddress(bytes)", bytes(n % 251 for n in range(size)))
        address = "0x" + digest[:40]
        yield case(f"address-{size}", data, ["address"], address, source=BLAKE3_SOURCE)
    data = call("deriveAddress(bytes)", KEYS[2][0])
    yield case("address-of-key", data, ["address"], hexed(MINER))


BLAKE3 = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    64: "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
    1_024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1_025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
}


def opening() -> Iterator[Case]:
    made = log("WorkOpened(bytes32,address,bytes32)", [PLAIN.identity, CALLER], "bytes32",
               PLAIN.context)  # fmt: skip
    types = ["bytes32", "bytes32"]
    both = (PLAIN.identity, PLAIN.context)
    yield UPLOADED.good("open", PLAIN.opening(), types, *both, logs=[made])
    late = OPENED.later(JOB_TIME + 1)
    again = replace(PLAIN, opened=NOW + JOB_TIME + 1, opener=STRANGER)
    remade = log("WorkOpened(bytes32,address,bytes32)", [again.identity, STRANGER], "bytes32",
                 again.context)  # fmt: skip
    both = (again.identity, again.context)
    by = {"caller": hexed(STRANGER)}
    yield late.good("open-expired", again.opening(), types, *both, logs=[remade], **by)
    kept = OPENED.later(JOB_TIME)
    error = "WorkExists(bytes32,uint8)"
    yield kept.bad("open-unexpired", PLAIN.opening(), error, PLAIN.identity, 1, **by)
    done = READY.then(PLAIN.submission()).later(JOB_TIME + 1)
    yield done.bad("open-spent", PLAIN.opening(), error, PLAIN.identity, 2)
    yield Stage().bad("open-no-model", PLAIN.opening(), "UnknownModel(bytes32)", MODEL)
    unsealed = replace(UPLOADED, steps=UPLOADED.steps[:1])
    yield unsealed.bad("open-not-sealed", PLAIN.opening(), "NotSealed(uint8)", 1)
    work_of = call("workOf(bytes32)", PLAIN.identity)
    types = ["address", "uint8", "uint64", "bytes32", "address", "uint64", "uint256"]
    fields = (hexed(CALLER), 1, NOW, PLAIN.context, hexed(bytes(20)), 0, 0)
    yield OPENED.good("work-open", work_of, types, *fields)
    fields = (hexed(CALLER), 2, NOW, bytes(32), hexed(MINER), NOW + 10 + DUE, REWARD)
    yield READY.then(PLAIN.submission()).good("work-accepted", work_of, types, *fields)
    yield UPLOADED.bad("work-unknown", work_of, "UnknownWork(bytes32)", PLAIN.identity)
    data = call("workIdOf(bytes32,bytes32)", DEVICE, NONCE)
    yield case("work-id", data, ["bytes32"], PLAIN.identity)
    data = call("workMessage(bytes32,bytes32,uint64)", PLAIN.context, OUTPUT_HASH, UNITS)
    yield case("work-message", data, ["bytes32"], PLAIN.message)


def rewards() -> Iterator[Case]:
    for level in KEYS:
        work = replace(PLAIN, level=level)
        data = work.submission()
        yield READY.good(
            f"submit-level-{level}", data, ["uint256"], REWARD, logs=work.accepted(REWARD)
        )
    data = PLAIN.submission()
    now = (NOW + 10) // EPOCH
    # Difficulty: halved after twice the target, a quarter at most, four times after no work; and
    # at most four however long nothing was done.
    for name, epoch, parts in (
        ("same-epoch", (now, 1_000, ONE), (1, 1)), ("after-target", (now - 1, 1_000, ONE), (1, 1)),
        ("after-double", (now - 1, 2_000, ONE), (1, 2)),
        ("after-much", (now - 1, 4_000, ONE // 2), (1, 8)),
        ("after-half", (now - 1, 500, ONE), (2, 1)), ("after-none", (now - 1, 0, ONE // 8), (1, 2)),
        ("after-two-epochs", (now - 2, 2_000, ONE), (2, 1)), ("after-years", (1, 0, ONE), (4, 1)),
        ("first-of-all", (0, 0, ONE // 2), (1, 2)),
    ):  # fmt: skip
        amount = BASE * UNITS * 60 * parts[0] // (100 * parts[1])
        stage = replace(READY, epoch=epoch)
        if name in ("after-double", "after-half", "first-of-all"):
            logs = PLAIN.accepted(amount)
            yield stage.good(f"submit-{name}", data, ["uint256"], amount, logs=logs)
        difficulty = ONE * parts[0] // parts[1]
        units = epoch[1] if name == "same-epoch" else 0
        types = 4 * ["uint256"]
        yield stage.good(f"epoch-{name}", call("epoch()"), types, now, units, difficulty, TARGET)
    done = READY.then(data)
    balance = call("miningBalance(address)", hexed(MINER))
    yield done.good("balance", balance, ["uint256"], REWARD)
    yield READY.good("balance-before", balance, ["uint256"], 0)
    yield done.good("pool", call("pool()"), 3 * ["uint256"], POOL - REWARD, REWARD, 0)
    exact = replace(READY, pool=REWARD)
    yield exact.good("submit-last", data, ["uint256"], REWARD, logs=PLAIN.accepted(REWARD))


def attested() -> Iterator[Case]:
    """The device's report has the first 8 bytes of the context as its nonce."""
    ready = replace(READY, around=True)
    data, receipt, signature = witnessed(PLAIN)
    amount = BASE * UNITS * 80 // 100
    yield ready.good("submit-attested", data, ["uint256"], amount, logs=PLAIN.accepted(amount))
    wrong = encode(["bytes", "bytes"], [receipt, signature[:-1] + b"\0"])
    yield ready.bad("attested-badly", PLAIN.submission(wrong), "Untrusted(uint8)", 15)
    other = replace(PLAIN, device=keccak(text="another device"))
    opened = UPLOADED.then(other.opening()).later(10)
    witness = encode(["bytes", "bytes"], [receipt[:48], b""])
    yield opened.bad("attested-device", other.submission(witness), "WrongDevice()")
    old = replace(PLAIN, nonce=keccak(text="another nonce"))
    opened = UPLOADED.then(old.opening()).later(10)
    yield opened.bad("attested-context", old.submission(witness), "WrongDevice()")
    short = call("Truncated(uint256)", 5)
    yield READY.bad("attested-short", PLAIN.submission(b"12345"), "InvalidProof(bytes)", short)
    cut = encode(["bytes", "bytes"], [receipt[:48], signature])
    reason = ("Malformed(uint256,string)", 48, "truncated")
    yield READY.bad("attested-without-chain", PLAIN.submission(cut), *reason)


def witnessed(work: Work) -> tuple[bytes, bytes, bytes]:
    report = DEVICE + (NOW + 5).to_bytes(8, "big") + work.context[:8]
    receipt = report + b"".join(SCENE.parts)
    signature = attestation.signed("P-256", 1, report)
    return work.submission(encode(["bytes", "bytes"], [receipt, signature])), receipt, signature


def claimed(root: bytes = verification.ROOT, output: bytes = OUTPUT) -> Stage:
    """A claim at 0x0304 of the same opener, and a job for its answer."""
    stage = replace(UPLOADED, around=True).then(
        call(verification.JOB, MODEL, INPUT), to=verification.ENTRY
    )
    committing = verification.committing(root, output)
    stage = stage.then(committing, to=verification.ENTRY, value=verification.BOND)
    return stage.then(PLAIN.opening()).later(10)


BY_CLAIM = replace(PLAIN, claim=verification.CLAIM, data=b"")


def by_claim() -> Iterator[Case]:
    data = BY_CLAIM.submission()
    stage = claimed()
    yield stage.good("submit-claimed", data, ["uint256"], REWARD, logs=BY_CLAIM.accepted(REWARD))
    done = stage.then(data)
    open_still = done.later(DUE)
    error = "ClaimNotFinal(bytes32)"
    pay = paying([PLAIN.identity])
    yield open_still.bad("pay-claim-open", pay, error, verification.CLAIM)
    final = done.later(verification.WINDOW + 1)
    final = final.then(call(verification.FINALIZE, verification.CLAIM), to=verification.ENTRY)
    yield final.good("pay-claim-final", pay, ["uint256"], REWARD, logs=[payment(REWARD)])
    second = replace(BY_CLAIM, nonce=keccak(text="second"), opened=NOW + 10)
    again = done.then(second.opening())
    error = "ClaimUsed(bytes32)"
    yield again.bad("submit-claim-twice", second.submission(), error, verification.CLAIM)
    error = "WrongClaim(bytes32)"
    yield stage.bad("revoke-claim-open", call(REVOKE, PLAIN.identity), "UnknownWork(bytes32)",
                    PLAIN.identity)  # fmt: skip
    yield done.bad("revoke-honest", call(REVOKE, PLAIN.identity), error, verification.CLAIM)
    broken = claimed(output=b"another")
    lied = replace(BY_CLAIM, output=blake3(b"another").digest())
    fraud = call(verification.OUTPUT, verification.CLAIM,
                 verification.written(verification.HONEST[2]), verification.PATHS[2])  # fmt: skip
    caught = broken.then(lied.submission()).then(fraud, to=verification.ENTRY)
    taken = log("WorkRevoked(bytes32,uint256)", [PLAIN.identity], "uint256", REWARD)
    yield caught.good("revoke", call(REVOKE, PLAIN.identity), ["uint256"], REWARD, logs=[taken])
    gone = caught.then(call(REVOKE, PLAIN.identity))
    yield gone.good("pool-after-revoke", call("pool()"), 3 * ["uint256"], POOL, 0, 0)
    yield gone.bad("revoke-twice", call(REVOKE, PLAIN.identity), "AlreadySpent(bytes32)",
                   PLAIN.identity)  # fmt: skip
    yield caught.later(DUE).bad("pay-claim-rejected", pay, "ClaimNotFinal(bytes32)",
                                verification.CLAIM)  # fmt: skip
    known = broken.then(fraud, to=verification.ENTRY)
    yield known.bad("submit-rejected-claim", lied.submission(), error, verification.CLAIM)
    other = replace(BY_CLAIM, output=blake3(b"x").digest())
    yield stage.bad("submit-other-output", other.submission(), error, verification.CLAIM)
    unknown = replace(BY_CLAIM, claim=NONCE)
    yield stage.bad("submit-no-claim", unknown.submission(), "UnknownClaim(bytes32)", NONCE)
    both = replace(BY_CLAIM, data=INPUT)
    yield stage.bad("submit-claim-and-input", both.submission(), "WrongInput()")
    theirs = replace(BY_CLAIM, opener=STRANGER, nonce=keccak(text="theirs"), opened=NOW + 10)
    by = {"caller": hexed(STRANGER)}
    stolen = stage.then(theirs.opening(), **by)
    yield stolen.bad(
        "submit-claim-of-another", theirs.submission(), error, verification.CLAIM, **by
    )


def paying(work_ids: list[bytes], key: tuple[bytes, bytes] = KEYS[2], signed: Any = None) -> bytes:
    to = STRANGER
    message = keccak(padded(
        b"PARS/mining/claim", number(CHAIN), keccak(b"".join(signed or work_ids)), to
    ))  # fmt: skip
    return call(CLAIM, work_ids, hexed(to), key[0], sign(key[1], message))


def payment(amount: int) -> Case:
    return log("RewardClaimed(address,address,uint256)", [MINER, STRANGER], "uint256", amount)


def paid() -> Iterator[Case]:
    done = READY.then(PLAIN.submission())
    due = done.later(DUE)
    pay = paying([PLAIN.identity])
    yield due.good("pay", pay, ["uint256"], REWARD, logs=[payment(REWARD)])
    yield due.good("pay-by-anybody", pay, ["uint256"], REWARD, logs=[payment(REWARD)],
                   caller=hexed(STRANGER))  # fmt: skip
    after = due.then(pay)
    yield after.good("pool-paid", call("pool()"), 3 * ["uint256"], POOL - REWARD, 0, 0)
    balance = call("miningBalance(address)", hexed(MINER))
    yield after.good("balance-paid", balance, ["uint256"], 0)
    yield done.later(DUE - 1).bad("pay-early", pay, "NotDue(uint64)", NOW + 10 + DUE)
    yield after.bad("pay-twice", pay, "AlreadySpent(bytes32)", PLAIN.identity)
    double = paying([PLAIN.identity] * 2)
    yield due.bad("pay-listed-twice", double, "AlreadySpent(bytes32)", PLAIN.identity)
    yield due.bad("pay-another-key", paying([PLAIN.identity], OTHER_KEY), "NotMiner(address)",
                  hexed(MINER))  # fmt: skip
    forged = paying([PLAIN.identity], signed=[NONCE])
    yield due.bad("pay-forged", forged, "InvalidSignature()")
    short = call(CLAIM, [PLAIN.identity], hexed(STRANGER), b"key", b"signature")
    yield due.bad("pay-no-key", short, "InvalidPublicKeySize()")
    yield OPENED.bad("pay-open", pay, "UnknownWork(bytes32)", PLAIN.identity)
    second = replace(PLAIN, nonce=keccak(text="second"), opened=NOW + 10)
    two = done.then(second.opening()).then(second.submission()).later(DUE)
    total = 2 * REWARD
    pay = paying([PLAIN.identity, second.identity])
    yield two.good("pay-two", pay, ["uint256"], total, logs=[payment(total)])


def refused_proofs() -> Iterator[Case]:
    data = PLAIN.submission()
    done = READY.then(data)
    yield done.bad("submit-replayed", data, "AlreadySpent(bytes32)", PLAIN.identity)
    # What is refused before the signature is looked at comes without one.
    data = replace(PLAIN, changes=UNSIGNED).submission()
    yield UPLOADED.bad("submit-unopened", data, "UnknownWork(bytes32)", PLAIN.identity)
    by = {"caller": hexed(STRANGER)}
    yield READY.bad("submit-by-another", data, "NotOpener(address)", hexed(CALLER), **by)
    deadline = NOW + JOB_TIME
    yield OPENED.later(JOB_TIME + 1).bad("submit-late", data, "JobExpired(uint64)", deadline)
    error = "WrongContext(bytes32)"
    for name, place in (("model", 0), ("input", 1)):
        other = replace(PLAIN, changes=((place, NONCE), *UNSIGNED))
        yield READY.bad(f"submit-context-{name}", other.submission(), error, PLAIN.context)
    for name, work in (
        ("wrong-chain", replace(PLAIN, chain=6134)),
        ("another-signer", replace(PLAIN, signer=OTHER_KEY[1])),
        ("changed-output", replace(PLAIN, changes=((4, NONCE),))),
        ("changed-units", replace(PLAIN, changes=((5, UNITS + 1),))),
        ("cut-signature", replace(PLAIN, changes=((9, bytes(2_419)),))),
        ("empty-signature", replace(PLAIN, changes=((9, b""),))),
    ):
        yield READY.bad(f"submit-{name}", work.submission(), "InvalidSignature()")
    for size in (0, 1_311, 1_313):
        work = replace(PLAIN, changes=((8, bytes(size)),))
        yield READY.bad(f"submit-key-of-{size}", work.submission(), "InvalidPublicKeySize()")
    more = replace(PLAIN, units=UNITS + 1)
    yield READY.bad("submit-more-units", more.submission(), "WrongUnits(uint64)", UNITS)
    for name, content in (("no", b""), ("short", INPUT[:-1]), ("other", bytes(6))):
        work = replace(PLAIN, data=content)
        yield READY.bad(f"submit-{name}-input", work.submission(), "WrongInput()")
    lie = replace(PLAIN, output=NONCE)
    yield READY.bad("submit-wrong-output", lie.submission(), "WrongOutput()")
    for name, proof, reason in (
        ("empty", b"", call("Truncated(uint256)", 0)),
        ("longer", PLAIN.proof() + bytes(32), call("TrailingBytes(uint256)", len(PLAIN.proof()))),
    ):
        yield READY.bad(f"submit-{name}", call(SUBMIT, proof, b""), "InvalidProof(bytes)", reason)
    yield trees()


def trees() -> Case:
    """An ensemble has no multiply-accumulates: one tree, which is one leaf."""
    header = bytes.fromhex("5041525301020001000100010000000008")
    weights = bytes.fromhex("0000000100000007")
    root = keccak(b"\0" + bytes(4) + weights)
    model = keccak(header + root)
    work = replace(PLAIN, model=model, input_hash=blake3(bytes(4)).digest(), data=bytes(4))
    stage = Stage()
    for data in (
        call("beginModel(bytes,bytes32,uint256)", header, root, 0),
        call("putChunk(bytes32,uint256,bytes,bytes32[])", model, 0, weights, []),
        call("sealModel(bytes32)", model),
    ):
        stage = stage.then(data, to=verification.REGISTRY)
    stage = stage.then(work.opening()).later(10)
    return stage.bad("submit-trees", work.submission(), "UnsupportedModel(uint8)", 2)


def refused_rewards() -> Iterator[Case]:
    data = PLAIN.submission()
    short = replace(READY, pool=REWARD - 1)
    yield short.bad("submit-pool-short", data, "PoolExhausted(uint256)", REWARD - 1)
    now = (NOW + 10) // EPOCH
    for left in (0, UNITS - 1):
        full = replace(READY, epoch=(now, 4 * TARGET - left, ONE))
        yield full.bad(f"submit-epoch-with-{left}", data, "EpochFull(uint256)", left)
    exact = replace(READY, epoch=(now, 4 * TARGET - UNITS, ONE))
    yield exact.good("submit-epoch-filled", data, ["uint256"], REWARD, logs=PLAIN.accepted(REWARD))


# --- Teleports ------------------------------------------------------------------------------

TELEPORTS = [keccak(text=f"teleport {n}") for n in range(3)]
SENDER, HANZO, DAY = keccak(text="sender"), 36_963, 86_400


def recording(identity: bytes, recipient: bytes = CALLER) -> bytes:
    return call(RECORD, identity, SENDER, hexed(recipient), HANZO)


def arrived(count: int = 1) -> Stage:
    stage = Stage()
    for n in range(count):
        stage = stage.then(recording(TELEPORTS[n]), caller=hexed(BRIDGE), value=100 + n)
    return stage


def teleports() -> Iterator[Case]:
    first = TELEPORTS[0]
    made = log("TeleportRecorded(bytes32,address,uint256)", [first, CALLER], "uint256", 100)
    by = {"caller": hexed(BRIDGE)}
    yield Stage().good("record", recording(first), [], value=100, logs=[made], **by)
    pending = call("pendingTeleports(address)", hexed(CALLER))
    yield arrived(3).good("pending", pending, ["bytes32[]"], TELEPORTS)
    yield arrived(3).later(DAY).good("pending-last-second", pending, ["bytes32[]"], TELEPORTS)
    yield arrived(3).later(DAY + 1).good("pending-expired", pending, ["bytes32[]"], [])
    yield Stage().good("pending-none", pending, ["bytes32[]"], [])
    taken = log("TeleportClaimed(bytes32,address,uint256)", [first, CALLER], "uint256", 100)
    take = call(TAKE, first)
    yield arrived(3).good("take", take, ["uint256"], 100, logs=[taken])
    yield arrived(3).later(DAY).good("take-last-second", take, ["uint256"], 100, logs=[taken])
    moved = [TELEPORTS[2], TELEPORTS[1]]
    yield arrived(3).then(take).good("pending-after-first", pending, ["bytes32[]"], moved)
    last = arrived(3).then(call(TAKE, TELEPORTS[2]))
    yield last.good("pending-after-last", pending, ["bytes32[]"], TELEPORTS[:2])
    both = call(TAKE_ALL, [first, TELEPORTS[2]])
    other = log("TeleportClaimed(bytes32,address,uint256)", [TELEPORTS[2], CALLER], "uint256", 102)
    yield arrived(3).good("take-two", both, ["uint256"], 202, logs=[taken, other])
    yield arrived(1).good("take-none", call(TAKE_ALL, []), ["uint256"], 0)
    one = arrived(3).then(both)
    yield one.good("pending-after-two", pending, ["bytes32[]"], [TELEPORTS[1]])
    yield arrived(2).good("pool-held", call("pool()"), 3 * ["uint256"], POOL, 0, 201)
    back = log("TeleportReturned(bytes32,uint256)", [first], "uint256", 100)
    late = arrived(2).later(DAY + 1)
    yield late.good("return", call(BACK, first), ["uint256"], 100, logs=[back])
    details = call("getTeleportDetails(bytes32)", first)
    types = ["bytes32", "address", "uint256", "uint256", "uint8"]
    for name, stage, status in (
        ("pending", arrived(), 0), ("claimed", arrived().then(take), 1),
        ("claimed-long-ago", arrived().then(take).later(DAY + 1), 1), ("expired", late, 2),
        ("returned", late.then(call(BACK, first)), 2),
    ):  # fmt: skip
        fields = (SENDER, hexed(CALLER), 100, HANZO, status)
        yield stage.good(f"details-{name}", details, types, *fields)
    changed = log("BridgeChanged(address)", [STRANGER], "")
    setting = call("setBridge(address)", hexed(STRANGER))
    admin = {"caller": hexed(ADMIN)}
    yield Stage().good("set-bridge", setting, [], logs=[changed], **admin)
    types = ["address", "address"]
    yield Stage().good("admin", call("admin()"), types, hexed(ADMIN), hexed(BRIDGE))
    after = Stage().then(setting, **admin)
    yield after.good("admin-after", call("admin()"), types, hexed(ADMIN), hexed(STRANGER))


def refused_teleports() -> Iterator[Case]:
    first, take, back = TELEPORTS[0], call(TAKE, TELEPORTS[0]), call(BACK, TELEPORTS[0])
    by, other = {"caller": hexed(BRIDGE)}, {"caller": hexed(STRANGER)}
    given = recording(first)
    error = "NotBridge(address)"
    yield Stage().bad("record-by-another", given, error, hexed(BRIDGE), value=1, **other)
    yield Stage().bad("record-nothing", given, "InvalidTeleport()", **by)
    nobody = recording(first, bytes(20))
    yield Stage().bad("record-for-nobody", nobody, "InvalidTeleport()", value=1, **by)
    yield arrived().bad("record-twice", given, "TeleportExists(bytes32)", first, value=1, **by)
    taken = arrived().then(take)
    yield taken.bad("record-claimed", given, "TeleportExists(bytes32)", first, value=1, **by)
    many = Stage()
    for n in range(64):
        many = many.then(recording(number(n)), value=1, **by)
    yield many.bad("record-65", given, "TooManyPending(uint256)", 64, value=1, **by)
    for name, data in (
        ("take", take), ("return", back), ("details", call("getTeleportDetails(bytes32)", first)),
    ):  # fmt: skip
        yield Stage().bad(f"{name}-unknown", data, "TeleportNotFound()")
    yield taken.bad("take-twice", take, "TeleportAlreadyClaimed()")
    yield taken.later(DAY + 1).bad("return-claimed", back, "TeleportAlreadyClaimed()")
    late = arrived().later(DAY + 1)
    yield late.bad("take-late", take, "TeleportExpired()")
    yield arrived().later(DAY).bad("return-early", back, "TeleportPending(uint64)", NOW + DAY)
    gone = late.then(back)
    yield gone.bad("take-returned", take, "TeleportExpired()")
    yield gone.bad("return-twice", back, "TeleportExpired()")
    yield arrived().bad("take-by-another", take, "NotTeleportRecipient()", **other)
    twice = call(TAKE_ALL, [first, first])
    yield arrived().bad("take-listed-twice", twice, "TeleportAlreadyClaimed()")
    setting = call("setBridge(address)", hexed(bytes(20)))
    yield Stage().bad("set-bridge-by-another", setting, "NotAdmin(address)", hexed(ADMIN), **by)
    unbridged = late.then(setting, caller=hexed(ADMIN))
    yield unbridged.bad("return-to-nobody", back, error, hexed(bytes(20)))
