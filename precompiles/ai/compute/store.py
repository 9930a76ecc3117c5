"""How 0x0310 keeps jobs, reporters and what it owes. Knows no methods and moves no money.

Layout. A job's slots are counted from the hash of its id (see `ids`).

    job + 0         model
    job + 1         hash of the input
    job + 2         opener (160) at 96 | status (8) at 88 | reporters (8) at 80
                    | committed (8) at 72
                    | revealed (8) at 64 | agreeing (8) at 56
    job + 3         end of committing (64) at 64 | end of revealing (64)
    job + 4         reward
    job + 5         bond
    job + 6         hash of the output, once there is a majority
    job + 16 + i    reporter i (160) at 96 | what became of it (8)
    job + 64 + i    its commitment, then the hash that it revealed

    hash(job, reporter)     the place of a reporter, from 1
    hash("owed", account)   what an account may withdraw
    0                       how many jobs there are
"""

from dataclasses import dataclass

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...precompile import Host

ADDRESS = (0x0310).to_bytes(20, "big")

COUNT = 0
INPUT, STATE, ENDS, REWARD, BOND, RESULT, REPORTERS, ANSWERS = 1, 2, 3, 4, 5, 6, 16, 64

NO_JOB, RUNNING, AGREED, UNDECIDED = 0, 1, 2, 3
ABSENT, COMMITTED, REVEALED, AGREEING, LIAR, SILENT = 0, 1, 2, 3, 4, 5

WORD_MASK = (1 << 256) - 1
MASK_64 = (1 << 64) - 1

UNKNOWN_JOB = abi.error("UnknownJob(bytes32 jobId)")
NOT_A_REPORTER = abi.error("NotAReporter(address account)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Where a job stands."""

    job_id: bytes
    opener: bytes
    status: int
    reporters: int
    committed: int
    revealed: int
    agreeing: int
    commit_end: int
    reveal_end: int


def slot_of(job_id: bytes, part: int = 0) -> int:
    """Return a slot of a job."""
    return slot_of_id(job_id, part)


def hashed(*words: bytes) -> bytes:
    """Return the hash of words."""
    return keccak256(b"".join(each.rjust(abi.WORD, b"\0") for each in words))


def word(number: int) -> bytes:
    """Return a number as a word."""
    return number.to_bytes(abi.WORD, "big")


def place_slot(job_id: bytes, reporter: bytes) -> int:
    """Return where the place of a reporter is kept."""
    return int.from_bytes(hashed(job_id, reporter), "big")


def owed_slot(account: bytes) -> int:
    """Return where it is kept what an account may withdraw."""
    return int.from_bytes(hashed(b"owed", account), "big")


def new_id(host: Host, opener: bytes) -> bytes:
    """Return an id that no job has."""
    count = host.load(COUNT)
    host.store(COUNT, count + 1)
    return hashed(b"PARS/compute/job", opener, word(count))


def write_state(host: Host, job: Job) -> None:
    """Write where a job stands."""
    counts = job.reporters << 80 | job.committed << 72 | job.revealed << 64 | job.agreeing << 56
    opener = int.from_bytes(job.opener, "big") << 96
    host.store(slot_of(job.job_id, STATE), opener | job.status << 88 | counts)


def write_ends(host: Host, job: Job) -> None:
    """Write when a job's phases end."""
    host.store(slot_of(job.job_id, ENDS), job.commit_end << 64 | job.reveal_end)


def read_job(host: Host, job_id: bytes) -> Job:
    """Return a job that exists."""
    state = host.load(slot_of(job_id, STATE))
    if not state:
        raise UNKNOWN_JOB(job_id)
    ends = host.load(slot_of(job_id, ENDS))
    return Job(
        job_id=job_id,
        opener=(state >> 96).to_bytes(20, "big"),
        status=state >> 88 & 0xFF,
        reporters=state >> 80 & 0xFF,
        committed=state >> 72 & 0xFF,
        revealed=state >> 64 & 0xFF,
        agreeing=state >> 56 & 0xFF,
        commit_end=ends >> 64,
        reveal_end=ends & MASK_64,
    )


def place_of(host: Host, job_id: bytes, reporter: bytes) -> int:
    """Return the place of a reporter, from 0."""
    place = host.load(place_slot(job_id, reporter))
    if not place:
        raise NOT_A_REPORTER(reporter)
    return place - 1


def write_reporter(host: Host, job_id: bytes, place: int, reporter: bytes, status: int) -> None:
    """Write who stands at a place, and what became of it."""
    packed = int.from_bytes(reporter, "big") << 96 | status
    host.store(slot_of(job_id, REPORTERS + place), packed)


def read_reporter(host: Host, job_id: bytes, place: int) -> tuple[bytes, int]:
    """Return who stands at a place, and what became of it."""
    packed = host.load(slot_of(job_id, REPORTERS + place))
    return (packed >> 96).to_bytes(20, "big"), packed & 0xFF


def read_answer(host: Host, job_id: bytes, place: int) -> bytes:
    """Return the commitment, or the revealed hash, of a place."""
    return word(host.load(slot_of(job_id, ANSWERS + place)))


def write_answer(host: Host, job_id: bytes, place: int, answer: bytes) -> None:
    """Write the commitment, or the revealed hash, of a place."""
    host.store(slot_of(job_id, ANSWERS + place), int.from_bytes(answer, "big"))


def owe(host: Host, account: bytes, amount: int) -> None:
    """Let an account withdraw so much more."""
    if amount:
        slot = owed_slot(account)
        host.store(slot, host.load(slot) + amount)
