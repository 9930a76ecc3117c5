"""Work from the opening of its job to the payment of its reward.

A miner is an ML-DSA key; its address is the first 20 bytes of the key's BLAKE3 hash. The context is
fixed before anything is computed: chain, model, input, device, nonce, who opened it and when. That
the output is right is no claim either: it is computed here again, or a claim of the same opener at
0x0304 stands for it and becomes final before anything is paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ... import abi
from ...backends.blake3 import blake3
from ...backends.keccak import keccak256
from ...pq.ml_dsa.contract import MESSAGE_GAS, VERIFY_GAS, verify_in_context
from ...pq.ml_dsa.parameters import BY_PUBLIC_KEY_SIZE, SETS
from ...precompile import Call
from ..attestation.contract import MALFORMED, RECEIPT_SIZE_MAX, judge_for
from ..attestation.contract import SIGNATURE_SIZE_MAX as REPORT_SIGNATURE_SIZE_MAX
from ..inference import contract as inference
from ..model_registry import store as registry
from ..models import header as models
from ..models.header import Dense, Header, Linear
from ..verification import store as claims
from ..verification.source import HEADER_BYTE_GAS, HEADER_BYTES_PAID
from . import rewards, store
from .store import ACCEPTED, NO_WORK, OPEN, PAID, REVOKED, Work

CONTEXT_DOMAIN = b"PARS/mining/context"
WORK_DOMAIN = b"PARS/mining/work"
CLAIM_DOMAIN = b"PARS/mining/claim"

RECEIPT_NONCE = slice(40, 48)
"""Of a receipt's report, which begins with the device: the first 8 bytes of the context's hash."""

INPUT_SIZE_MAX = 16_384
OUTPUT_SIZE_MAX = 65_536
PROOF_SIZE_MAX = 24_576
ATTESTATION_SIZE_MAX = 8_704
WORKS_MAX = 32
BLAKE3_GAS = 60

NO_CLAIM = bytes(32)
SIGNATURE_CONTEXT = b""

WORK_EXISTS = abi.error("WorkExists(bytes32 workId, uint8 status)")
UNKNOWN_WORK = abi.error("UnknownWork(bytes32 workId)")
ALREADY_SPENT = abi.error("AlreadySpent(bytes32 workId)")
NOT_OPENER = abi.error("NotOpener(address opener)")
JOB_EXPIRED = abi.error("JobExpired(uint64 deadline)")
WRONG_CONTEXT = abi.error("WrongContext(bytes32 contextHash)")
INVALID_PROOF = abi.error("InvalidProof(bytes reason)", {"reason": 68})
INVALID_PUBLIC_KEY_SIZE = abi.error("InvalidPublicKeySize()")
INVALID_SIGNATURE = abi.error("InvalidSignature()")
UNSUPPORTED_MODEL = abi.error("UnsupportedModel(uint8 kind)")
WRONG_UNITS = abi.error("WrongUnits(uint64 expected)")
WRONG_INPUT = abi.error("WrongInput()")
WRONG_OUTPUT = abi.error("WrongOutput()")
WRONG_CLAIM = abi.error("WrongClaim(bytes32 claimId)")
CLAIM_USED = abi.error("ClaimUsed(bytes32 claimId)")
CLAIM_NOT_FINAL = abi.error("ClaimNotFinal(bytes32 claimId)")
UNTRUSTED = abi.error("Untrusted(uint8 verdict)")
WRONG_DEVICE = abi.error("WrongDevice()")
EPOCH_FULL = abi.error("EpochFull(uint256 unitsLeft)")
POOL_EXHAUSTED = abi.error("PoolExhausted(uint256 left)")
NOT_DUE = abi.error("NotDue(uint64 due)")
NOT_MINER = abi.error("NotMiner(address miner)")

ERRORS = (
    registry.UNKNOWN_MODEL,
    registry.NOT_SEALED,
    claims.UNKNOWN_CLAIM,
    MALFORMED,
    WORK_EXISTS,
    UNKNOWN_WORK,
    ALREADY_SPENT,
    NOT_OPENER,
    JOB_EXPIRED,
    WRONG_CONTEXT,
    INVALID_PROOF,
    INVALID_PUBLIC_KEY_SIZE,
    INVALID_SIGNATURE,
    UNSUPPORTED_MODEL,
    WRONG_UNITS,
    WRONG_INPUT,
    WRONG_OUTPUT,
    WRONG_CLAIM,
    CLAIM_USED,
    CLAIM_NOT_FINAL,
    UNTRUSTED,
    WRONG_DEVICE,
    EPOCH_FULL,
    POOL_EXHAUSTED,
    NOT_DUE,
    NOT_MINER,
)

WORK_OPENED = abi.event(
    "WorkOpened(bytes32 indexed workId, address indexed opener, bytes32 contextHash)"
)
WORK_ACCEPTED = abi.event(
    "WorkAccepted(bytes32 indexed workId, address indexed miner, uint256 units, uint256 reward)"
)
WORK_REVOKED = abi.event("WorkRevoked(bytes32 indexed workId, uint256 reward)")
REWARD_CLAIMED = abi.event(
    "RewardClaimed(address indexed miner, address indexed to, uint256 amount)"
)
MLDSA_VERIFIED = abi.event(
    "MLDSAVerified(bytes32 indexed publicKeyHash, bytes32 indexed messageHash, bool success)"
)

PROOF_TYPES = tuple(
    abi.parse_type(name, bounds)
    for name, bounds in (
        ("bytes32", ()),
        ("bytes32", ()),
        ("bytes32", ()),
        ("bytes32", ()),
        ("bytes32", ()),
        ("uint64", ()),
        ("bytes32", ()),
        ("bytes", (INPUT_SIZE_MAX,)),
        ("bytes", (SETS[-1].public_key_size,)),
        ("bytes", (SETS[-1].signature_size,)),
    )
)
ATTESTATION_TYPES = tuple(
    abi.parse_type("bytes", (bound,)) for bound in (RECEIPT_SIZE_MAX, REPORT_SIGNATURE_SIZE_MAX)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a miner sends: the context again, the answer, and the signature over both."""

    model_id: bytes
    input_hash: bytes
    device: bytes
    nonce: bytes
    output_hash: bytes
    units: int
    claim_id: bytes
    """The claim that stands for the output; zero where the input is given instead."""
    data: bytes
    """The input, or nothing."""
    public_key: bytes
    signature: bytes


def parsed(types: Sequence[abi.Type], data: bytes) -> list[Any]:
    """Return the values that bytes encode, or refuse them with what is wrong."""
    try:
        values, end = abi.decode_sequence(types, data, 0)
        if end != len(data):
            raise abi.TRAILING_BYTES(end)
    except abi.Revert as reason:
        raise INVALID_PROOF(reason.data) from None
    return values


def parse_proof(data: bytes) -> Proof:
    """Return a proof."""
    values = parsed(PROOF_TYPES, data)
    return Proof(**dict(zip(Proof.__slots__, values, strict=True)))


# --- Jobs -----------------------------------------------------------------------------------


def open_job(
    call: Call, model_id: bytes, input_hash: bytes, device: bytes, nonce: bytes
) -> tuple[bytes, bytes]:
    """Fix what is about to be computed, and by whom."""
    host, now = call.host, call.context.timestamp
    registry.read_sealed(partial(host.storage_of, registry.ADDRESS), model_id)
    work_id = store.work_id(device, nonce, call.context.chain_id)
    known = store.read_work(host.load, work_id)
    expired = known.status == OPEN and now > known.opened + store.read_times(host.load).job
    if known.status != NO_WORK and not expired:
        raise WORK_EXISTS(work_id, known.status)
    work = Work(work_id=work_id, opener=call.caller, status=OPEN, opened=now)
    context_hash = context_of(call, work, model_id, input_hash, device, nonce)
    store.write_work(host, work)
    host.store(store.slot_of(work_id, store.CONTEXT), int.from_bytes(context_hash, "big"))
    host.emit(*WORK_OPENED.log(work_id, call.caller, context_hash))
    return work_id, context_hash


def context_of(
    call: Call, work: Work, model_id: bytes, input_hash: bytes, device: bytes, nonce: bytes
) -> bytes:
    """Return the hash of a work's context."""
    return store.hashed(
        CONTEXT_DOMAIN,
        store.word(call.context.chain_id),
        *(model_id, input_hash, device, nonce),
        *(work.opener, store.word(work.opened)),
    )


def message_of(chain_id: int, context_hash: bytes, output_hash: bytes, units: int) -> bytes:
    """Return what a miner signs."""
    words = (store.word(chain_id), context_hash, output_hash, store.word(units))
    return store.hashed(WORK_DOMAIN, *words)


# --- Proofs ---------------------------------------------------------------------------------


def submit(call: Call, data: bytes, attestation: bytes) -> int:
    """Check work, and promise its reward."""
    host, proof = call.host, parse_proof(data)
    work_id = store.work_id(proof.device, proof.nonce, call.context.chain_id)
    work = store.read_work(host.load, work_id)
    check_open(call, work)
    context_hash = store.word(host.load(store.slot_of(work_id, store.CONTEXT)))
    context = (proof.model_id, proof.input_hash, proof.device, proof.nonce)
    if context_of(call, work, *context) != context_hash:
        raise WRONG_CONTEXT(context_hash)
    message = message_of(call.context.chain_id, context_hash, proof.output_hash, proof.units)
    check_signature(call, proof.public_key, message, proof.signature)
    units = checked_units(call, proof, work.opener)
    if units != proof.units:
        raise WRONG_UNITS(units)
    trust = checked_trust(call, attestation, proof.device, context_hash)
    amount = promise(call, units, trust)
    miner = address_of(proof.public_key)
    due = call.context.timestamp + store.read_times(host.load).due
    store.write_work(host, replace(work, status=ACCEPTED))
    host.store(store.slot_of(work_id, store.CONTEXT), int.from_bytes(proof.claim_id, "big"))
    host.store(store.slot_of(work_id, store.MINER), int.from_bytes(miner, "big") << 96 | due)
    host.store(store.slot_of(work_id, store.REWARD), amount)
    store.credit(host, miner, amount)
    host.emit(*MLDSA_VERIFIED.log(keccak256(proof.public_key), message, True))
    host.emit(*WORK_ACCEPTED.log(work_id, miner, units, amount))
    return amount


def check_open(call: Call, work: Work) -> None:
    """Refuse work that was not opened by the caller, is spent, or came too late."""
    if work.status == NO_WORK:
        raise UNKNOWN_WORK(work.work_id)
    if work.status != OPEN:
        raise ALREADY_SPENT(work.work_id)
    # Who else could send it would sign the same output with a key of its own.
    if call.caller != work.opener:
        raise NOT_OPENER(work.opener)
    deadline = work.opened + store.read_times(call.host.load).job
    if call.context.timestamp > deadline:
        raise JOB_EXPIRED(deadline)


def check_signature(call: Call, public_key: bytes, message: bytes, signature: bytes) -> None:
    """Refuse a signature by ML-DSA that does not hold; a key's size says which set it is of."""
    chosen = BY_PUBLIC_KEY_SIZE.get(len(public_key))
    if chosen is None:
        raise INVALID_PUBLIC_KEY_SIZE()
    call.host.charge(VERIFY_GAS[SETS.index(chosen)] + MESSAGE_GAS * len(message), "ML-DSA")
    if not verify_in_context(call, public_key, message, signature, SIGNATURE_CONTEXT):
        raise INVALID_SIGNATURE()


def checked_units(call: Call, proof: Proof, opener: bytes) -> int:
    """Return the multiply-accumulates of an answer that is right, or stood for at 0x0304."""
    read = partial(call.host.storage_of, registry.ADDRESS)
    encoded = registry.read_header(call.host, read, proof.model_id)
    call.host.charge(HEADER_BYTE_GAS * min(len(encoded), HEADER_BYTES_PAID), "header")
    header = models.parse(encoded)
    if not isinstance(header, Dense | Linear):
        raise UNSUPPORTED_MODEL(models.kind_of(header))
    if proof.claim_id != NO_CLAIM:
        if proof.data:
            raise WRONG_INPUT()
        rows = rows_of_claim(call, proof, opener)
    else:
        rows = rows_computed(call, proof, header)
    return rows * models.multiply_adds(header)


def rows_computed(call: Call, proof: Proof, header: Header) -> int:
    """Compute the answer again, and return how many rows it answers."""
    rows, rest = divmod(len(proof.data), models.input_size(header))
    too_long = rows * models.output_size(header) > OUTPUT_SIZE_MAX
    if rest or not rows or too_long or blake3_of(call, proof.data) != proof.input_hash:
        raise WRONG_INPUT()
    call.host.charge(
        inference.BASE_GAS + inference.BYTE_GAS * len(proof.data), "computing the answer again"
    )
    output = inference.infer(call, proof.model_id, proof.data)
    if blake3_of(call, output) != proof.output_hash:
        raise WRONG_OUTPUT()
    return rows


def rows_of_claim(call: Call, proof: Proof, opener: bytes) -> int:
    """Return how many rows a claim of the opener answers, which it proves this once."""
    read = partial(call.host.storage_of, claims.ADDRESS)
    claim = claims.read_claim(read, proof.claim_id)
    job = claims.read_job(read, claim.job_id)
    question = (claim.committer, job.model_id, job.input_hash, claim.output_hash)
    if question != (opener, proof.model_id, proof.input_hash, proof.output_hash):
        raise WRONG_CLAIM(proof.claim_id)
    if claim.status == claims.REJECTED:
        raise WRONG_CLAIM(proof.claim_id)
    slot = store.claim_slot(proof.claim_id)
    if call.host.load(slot):
        raise CLAIM_USED(proof.claim_id)
    call.host.store(slot, 1)
    return job.rows


def checked_trust(call: Call, attestation: bytes, device: bytes, context_hash: bytes) -> int:
    """Return the trust in percent: 60 without attestation, else what the genesis gives its root."""
    if not attestation:
        return rewards.TRUST_WITHOUT_ATTESTATION
    receipt, signature = parsed(ATTESTATION_TYPES, attestation)
    if receipt[:32] != device or receipt[RECEIPT_NONCE] != context_hash[:8]:
        raise WRONG_DEVICE()
    verdict, trust = judge_for(call, receipt, signature)
    if verdict:
        raise UNTRUSTED(verdict)
    return max(trust, rewards.TRUST_WITHOUT_ATTESTATION)


def promise(call: Call, units: int, trust: int) -> int:
    """Count units into the epoch, and set their reward aside."""
    host = call.host
    target = host.load(store.TARGET)
    number = call.context.timestamp // store.read_times(host.load).epoch
    epoch = rewards.at(store.read_epoch(host.load), number, target)
    left = rewards.EPOCH_UNITS_MAX * target - epoch.units
    if units > left:
        raise EPOCH_FULL(left)
    store.write_epoch(host, replace(epoch, units=epoch.units + units))
    amount = rewards.reward(host.load(store.BASE), units, epoch.difficulty, trust)
    if amount > unpromised(call):
        raise POOL_EXHAUSTED(unpromised(call))
    store.promise(host, work=amount)
    return amount


def unpromised(call: Call) -> int:
    """Return what of the balance is neither promised for work nor held of teleports."""
    return call.host.balance(store.ADDRESS) - sum(store.read_promised(call.host.load))


def blake3_of(call: Call, data: bytes) -> bytes:
    """Return a BLAKE3 hash, charged by length."""
    call.host.charge(BLAKE3_GAS + len(data) // 8, "BLAKE3")
    return blake3(data)


def address_of(public_key: bytes) -> bytes:
    """Return the address of a key: the first 20 bytes of its BLAKE3 hash."""
    return blake3(public_key)[:20]


# --- Payment --------------------------------------------------------------------------------


def claim(call: Call, work_ids: list[bytes], to: bytes, public_key: bytes, signature: bytes) -> int:
    """Pay due rewards of a miner to the account that its key names."""
    host, miner = call.host, address_of(public_key)
    message = claim_message(call, work_ids, to)
    check_signature(call, public_key, message, signature)
    total = 0
    for work_id in work_ids:
        work, amount = owed(call, work_id, miner)
        store.write_work(host, replace(work, status=PAID))
        total += amount
    store.credit(host, miner, -total)
    store.promise(host, work=-total)
    host.transfer(to, total)
    host.emit(*REWARD_CLAIMED.log(miner, to, total))
    return total


def claim_message(call: Call, work_ids: list[bytes], to: bytes) -> bytes:
    """Return what a miner signs to be paid. Work is paid once, so it needs no count of its own."""
    chain = store.word(call.context.chain_id)
    return store.hashed(CLAIM_DOMAIN, chain, keccak256(b"".join(work_ids)), to)


def owed(call: Call, work_id: bytes, miner: bytes) -> tuple[Work, int]:
    """Return work whose reward is due, and the reward."""
    host, work = call.host, accepted(call, work_id)
    packed = host.load(store.slot_of(work_id, store.MINER))
    by, due = (packed >> 96).to_bytes(20, "big"), packed & store.MASK_64
    if by != miner:
        raise NOT_MINER(by)
    if call.context.timestamp < due:
        raise NOT_DUE(due)
    claim_id = store.word(host.load(store.slot_of(work_id, store.CONTEXT)))
    if claim_id != NO_CLAIM and status_of_claim(call, claim_id) != claims.FINAL:
        raise CLAIM_NOT_FINAL(claim_id)
    return work, host.load(store.slot_of(work_id, store.REWARD))


def revoke(call: Call, work_id: bytes) -> int:
    """Take back the reward of work whose claim was rejected."""
    host, work = call.host, accepted(call, work_id)
    claim_id = store.word(host.load(store.slot_of(work_id, store.CONTEXT)))
    if claim_id == NO_CLAIM or status_of_claim(call, claim_id) != claims.REJECTED:
        raise WRONG_CLAIM(claim_id)
    miner = (host.load(store.slot_of(work_id, store.MINER)) >> 96).to_bytes(20, "big")
    amount = host.load(store.slot_of(work_id, store.REWARD))
    store.write_work(host, replace(work, status=REVOKED))
    store.credit(host, miner, -amount)
    store.promise(host, work=-amount)
    host.emit(*WORK_REVOKED.log(work_id, amount))
    return amount


def accepted(call: Call, work_id: bytes) -> Work:
    """Return work that was accepted, and not paid or revoked."""
    work = store.read_work(call.host.load, work_id)
    if work.status in (NO_WORK, OPEN):
        raise UNKNOWN_WORK(work_id)
    if work.status != ACCEPTED:
        raise ALREADY_SPENT(work_id)
    return work


def status_of_claim(call: Call, claim_id: bytes) -> int:
    """Return what became of a claim at 0x0304."""
    return claims.read_claim(partial(call.host.storage_of, claims.ADDRESS), claim_id).status
