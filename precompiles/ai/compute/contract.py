"""0x0310: what a model answers, by the majority of the nodes that were asked.

Reporters commit to the hash of an output, each in the dark, and reveal it when all have committed
or the time is over. More than half of all who were asked, not of those who came, make a result; who
revealed another hash is named a liar, who committed and did not reveal is named silent, and both
lose their bond to those who agreed. Without such a majority nothing is recorded, who revealed gets
the bond back, and the opener the reward.

Inference is a function of model and input, so honest nodes agree bit for bit: anybody can ask
0x0303 what the output is, and 0x0304 proves who was wrong where the model is too large for that.
"""

from collections import Counter
from dataclasses import replace
from functools import partial

from ... import abi
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from ..model_registry import store as registry
from . import store
from .store import ABSENT, AGREED, AGREEING, COMMITTED, LIAR, REVEALED, RUNNING, SILENT, UNDECIDED

REPORTERS_MAX = 21
"""As many as the network has validators in its first year."""
PHASE_SECONDS_MAX = 7 * 86_400

# Measured: docs/gas.md.
STEP_GAS = 1_000

INVALID_REPORTERS = abi.error("InvalidReporters(uint256 place)")
INVALID_TIMES = abi.error("InvalidTimes(uint64 maximum)")
WRONG_BOND = abi.error("WrongBond(uint256 expected)")
WRONG_STATUS = abi.error("WrongStatus(uint8 status)")
TOO_EARLY = abi.error("TooEarly(uint64 from)")
TOO_LATE = abi.error("TooLate(uint64 deadline)")
WRONG_REVEAL = abi.error("WrongReveal()")
NOTHING_OWED = abi.error("NothingOwed()")

JOB_OPENED = abi.event(
    "JobOpened(bytes32 indexed jobId, bytes32 indexed modelId, bytes32 inputHash, address opener)"
)
COMMITTED_EVENT = abi.event("Committed(bytes32 indexed jobId, address indexed reporter)")
REVEALED_EVENT = abi.event(
    "Revealed(bytes32 indexed jobId, address indexed reporter, bytes32 outputHash)"
)
SETTLED = abi.event(
    "Settled(bytes32 indexed jobId, uint8 status, bytes32 outputHash, uint256 agreeing)"
)
BLAMED = abi.event("Blamed(bytes32 indexed jobId, address indexed reporter, uint8 verdict)")


def open_job(
    call: Call,
    model_id: bytes,
    input_hash: bytes,
    reporters: list[bytes],
    bond: int,
    commit_seconds: int,
    reveal_seconds: int,
) -> bytes:
    """Ask reporters for an answer, with the reward as value."""
    host, now = call.host, call.context.timestamp
    registry.read_sealed(partial(host.storage_of, registry.ADDRESS), model_id)
    if not 1 <= len(reporters) <= REPORTERS_MAX:
        raise INVALID_REPORTERS(len(reporters))
    for place, reporter in enumerate(reporters):
        if reporter in reporters[:place] or not any(reporter):
            raise INVALID_REPORTERS(place)
    if not 0 < commit_seconds <= PHASE_SECONDS_MAX or not 0 < reveal_seconds <= PHASE_SECONDS_MAX:
        raise INVALID_TIMES(PHASE_SECONDS_MAX)
    job = store.Job(
        job_id=store.new_id(host, call.caller),
        opener=call.caller,
        status=RUNNING,
        reporters=len(reporters),
        committed=0,
        revealed=0,
        agreeing=0,
        commit_end=now + commit_seconds,
        reveal_end=now + commit_seconds + reveal_seconds,
    )
    store.write_state(host, job)
    store.write_ends(host, job)
    host.store(store.slot_of(job.job_id), int.from_bytes(model_id, "big"))
    host.store(store.slot_of(job.job_id, store.INPUT), int.from_bytes(input_hash, "big"))
    host.store(store.slot_of(job.job_id, store.REWARD), call.value)
    host.store(store.slot_of(job.job_id, store.BOND), bond)
    for place, reporter in enumerate(reporters):
        store.write_reporter(host, job.job_id, place, reporter, ABSENT)
        host.store(store.place_slot(job.job_id, reporter), place + 1)
    host.emit(*JOB_OPENED.log(job.job_id, model_id, input_hash, call.caller))
    return job.job_id


def commit(call: Call, job_id: bytes, commitment: bytes) -> None:
    """Commit to an output, with the bond as value."""
    job = running(call, job_id)
    place = store.place_of(call.host, job_id, call.caller)
    _, status = store.read_reporter(call.host, job_id, place)
    if status != ABSENT:
        raise WRONG_STATUS(status)
    if call.context.timestamp > job.commit_end:
        raise TOO_LATE(job.commit_end)
    bond = call.host.load(store.slot_of(job_id, store.BOND))
    if call.value != bond:
        raise WRONG_BOND(bond)
    store.write_reporter(call.host, job_id, place, call.caller, COMMITTED)
    store.write_answer(call.host, job_id, place, commitment)
    store.write_state(call.host, replace(job, committed=job.committed + 1))
    call.host.emit(*COMMITTED_EVENT.log(job_id, call.caller))


def reveal(call: Call, job_id: bytes, output_hash: bytes, salt: bytes) -> None:
    """Show what was committed to."""
    job, now = running(call, job_id), call.context.timestamp
    place = store.place_of(call.host, job_id, call.caller)
    _, status = store.read_reporter(call.host, job_id, place)
    if status != COMMITTED:
        raise WRONG_STATUS(status)
    if now <= job.commit_end and job.committed < job.reporters:
        raise TOO_EARLY(job.commit_end + 1)
    if now > job.reveal_end:
        raise TOO_LATE(job.reveal_end)
    committed = store.read_answer(call.host, job_id, place)
    if commitment_of(call, job_id, call.caller, output_hash, salt) != committed:
        raise WRONG_REVEAL()
    store.write_reporter(call.host, job_id, place, call.caller, REVEALED)
    store.write_answer(call.host, job_id, place, output_hash)
    store.write_state(call.host, replace(job, revealed=job.revealed + 1))
    call.host.emit(*REVEALED_EVENT.log(job_id, call.caller, output_hash))


def commitment_of(
    _: Call, job_id: bytes, reporter: bytes, output_hash: bytes, salt: bytes
) -> bytes:
    """Return what a reporter commits to: nobody else's commitment is of use to it."""
    return store.hashed(job_id, reporter, output_hash, salt)


def running(call: Call, job_id: bytes) -> store.Job:
    """Return a job that is not settled."""
    job = store.read_job(call.host, job_id)
    if job.status != RUNNING:
        raise WRONG_STATUS(job.status)
    return job


def settle(call: Call, job_id: bytes) -> tuple[int, bytes]:
    """Count, record, blame, and share out."""
    host, job = call.host, running(call, job_id)
    everybody = job.revealed == job.reporters
    nobody_left = call.context.timestamp > job.commit_end and job.revealed == job.committed
    if call.context.timestamp <= job.reveal_end and not everybody and not nobody_left:
        raise TOO_EARLY(job.reveal_end + 1)
    seats = [store.read_reporter(host, job_id, place) for place in range(job.reporters)]
    answers = [store.read_answer(host, job_id, place) for place in range(job.reporters)]
    votes = Counter(
        answer for (_, status), answer in zip(seats, answers, strict=True) if status == REVEALED
    )
    # With more than half of all there is one such answer at most, so the order is of no account.
    result = next((each for each, count in votes.items() if 2 * count > job.reporters), None)
    verdicts = [
        verdict_of(status, answer, result)
        for (_, status), answer in zip(seats, answers, strict=True)
    ]
    for place, ((reporter, status), verdict) in enumerate(zip(seats, verdicts, strict=True)):
        if verdict != status:
            store.write_reporter(host, job_id, place, reporter, verdict)
        if verdict in (LIAR, SILENT):
            host.emit(*BLAMED.log(job_id, reporter, verdict))
    share_out(call, job, [reporter for reporter, _ in seats], verdicts)
    status = UNDECIDED if result is None else AGREED
    settled = replace(job, status=status, agreeing=verdicts.count(AGREEING))
    store.write_state(host, settled)
    output_hash = result or bytes(abi.WORD)
    host.store(store.slot_of(job_id, store.RESULT), int.from_bytes(output_hash, "big"))
    host.emit(*SETTLED.log(job_id, status, output_hash, settled.agreeing))
    return status, output_hash


def verdict_of(status: int, answer: bytes, result: bytes | None) -> int:
    """Return what becomes of a reporter."""
    if status == COMMITTED:
        return SILENT
    if status == REVEALED and result is not None:
        return AGREEING if answer == result else LIAR
    return status


def share_out(call: Call, job: store.Job, reporters: list[bytes], verdicts: list[int]) -> None:
    """Give reward and lost bonds to those who agreed, or, without any, to the opener."""
    host = call.host
    bond = host.load(store.slot_of(job.job_id, store.BOND))
    lost = sum(1 for verdict in verdicts if verdict in (LIAR, SILENT))
    pot = host.load(store.slot_of(job.job_id, store.REWARD)) + bond * lost
    agreeing = verdicts.count(AGREEING)
    share = pot // agreeing if agreeing else 0
    for reporter, verdict in zip(reporters, verdicts, strict=True):
        if verdict == AGREEING:
            store.owe(host, reporter, bond + share)
        elif verdict == REVEALED:
            store.owe(host, reporter, bond)
    store.owe(host, job.opener, pot - share * agreeing)


def withdraw(call: Call) -> int:
    """Pay out what the caller is owed."""
    slot = store.owed_slot(call.caller)
    amount = call.host.load(slot)
    if not amount:
        raise NOTHING_OWED()
    call.host.store(slot, 0)
    call.host.transfer(call.caller, amount)
    return amount


def owed(call: Call, account: bytes) -> int:
    """Return what an account may withdraw."""
    return call.host.load(store.owed_slot(account))


def job_of(call: Call, job_id: bytes) -> tuple[object, ...]:
    """Return a job."""
    host, job = call.host, store.read_job(call.host, job_id)
    return (
        store.word(host.load(store.slot_of(job_id))),
        store.word(host.load(store.slot_of(job_id, store.INPUT))),
        *(job.opener, job.status, job.commit_end, job.reveal_end),
        host.load(store.slot_of(job_id, store.REWARD)),
        host.load(store.slot_of(job_id, store.BOND)),
    )


def result_of(call: Call, job_id: bytes) -> tuple[int, bytes, int, int]:
    """Return what was recorded."""
    job = store.read_job(call.host, job_id)
    result = store.word(call.host.load(store.slot_of(job_id, store.RESULT)))
    return job.status, result, job.agreeing, job.reporters


def verdicts_of(call: Call, job_id: bytes) -> tuple[list[bytes], list[int], list[bytes]]:
    """Return every reporter, what became of it, and its commitment or answer."""
    job = store.read_job(call.host, job_id)
    places = range(job.reporters)
    seats = [store.read_reporter(call.host, job_id, place) for place in places]
    answers = [store.read_answer(call.host, job_id, place) for place in places]
    return [reporter for reporter, _ in seats], [status for _, status in seats], answers


PRECOMPILE = Precompile(
    address=store.ADDRESS,
    family="ai",
    name="compute",
    interface="ICompute",
    version=1,
    summary="Inference by several nodes: the majority is recorded, liars are named",
    methods=(
        method(
            "openJob(bytes32 modelId, bytes32 inputHash, address[] reporters, uint256 bond,"
            " uint64 commitSeconds, uint64 revealSeconds) returns (bytes32 jobId)",
            mutability="payable",
            gas=(Constant(amount=STEP_GAS), PerItem(argument="reporters", amount=100)),
            handler=open_job,
            summary="Ask 1 to 21 reporters what a sealed model answers. The value is the reward.",
            bounds={"reporters": REPORTERS_MAX},
        ),
        method(
            "commit(bytes32 jobId, bytes32 commitment)",
            mutability="payable",
            gas=(Constant(amount=STEP_GAS),),
            handler=commit,
            summary="As reporter, commit to the hash of an output, with the bond as value.",
        ),
        method(
            "reveal(bytes32 jobId, bytes32 outputHash, bytes32 salt)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS),),
            handler=reveal,
            summary="As reporter, show what was committed to, once all have committed or the time"
            " for it is over.",
        ),
        method(
            "settle(bytes32 jobId) returns (uint8 status, bytes32 outputHash)",
            mutability="nonpayable",
            gas=(Constant(amount=8 * STEP_GAS),),
            handler=settle,
            summary="Record the answer of more than half of all reporters, blame who lied or kept"
            " silent, and share out. Status: 2 agreed, 3 undecided.",
        ),
        method(
            "withdraw() returns (uint256 amount)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS),),
            handler=withdraw,
            summary="Pay out what the caller is owed.",
        ),
        method(
            "owed(address account) returns (uint256 amount)",
            mutability="view",
            gas=(Constant(amount=200),),
            handler=owed,
            summary="Return what an account may withdraw.",
        ),
        method(
            "jobOf(bytes32 jobId) returns (bytes32 modelId, bytes32 inputHash, address opener,"
            " uint8 status, uint64 commitEnd, uint64 revealEnd, uint256 reward, uint256 bond)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=job_of,
            summary="Return a job. Status: 1 running, 2 agreed, 3 undecided.",
        ),
        method(
            "resultOf(bytes32 jobId) returns"
            " (uint8 status, bytes32 outputHash, uint256 agreeing, uint256 reporters)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=result_of,
            summary="Return what was recorded, and how many of how many agreed.",
        ),
        method(
            "verdictsOf(bytes32 jobId) returns"
            " (address[] reporters, uint8[] verdicts, bytes32[] answers)",
            mutability="view",
            gas=(Constant(amount=5 * STEP_GAS),),
            handler=verdicts_of,
            summary="Return every reporter and what became of it: 0 absent, 1 committed,"
            " 2 revealed, 3 agreeing, 4 liar, 5 silent.",
            bounds={
                "reporters": REPORTERS_MAX,
                "verdicts": REPORTERS_MAX,
                "answers": REPORTERS_MAX,
            },
        ),
        method(
            "commitmentOf(bytes32 jobId, address reporter, bytes32 outputHash, bytes32 salt)"
            " returns (bytes32 commitment)",
            mutability="pure",
            gas=(Constant(amount=400),),
            handler=commitment_of,
            summary="Return keccak256(abi.encode(jobId, reporter, outputHash, salt)). Ask your own"
            " node: whoever sees the salt knows the answer.",
        ),
    ),
    errors=(
        store.UNKNOWN_JOB,
        store.NOT_A_REPORTER,
        registry.UNKNOWN_MODEL,
        registry.NOT_SEALED,
        INVALID_REPORTERS,
        INVALID_TIMES,
        WRONG_BOND,
        WRONG_STATUS,
        TOO_EARLY,
        TOO_LATE,
        WRONG_REVEAL,
        NOTHING_OWED,
    ),
    events=(JOB_OPENED, COMMITTED_EVENT, REVEALED_EVENT, SETTLED, BLAMED),
)
