"""Vectors of inference by several nodes, worked out by hand from the description."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak

SOURCE = "worked out by hand from the description in precompiles/ai/compute"
ENTRY = "0x0000000000000000000000000000000000000310"
REGISTRY = "0x0000000000000000000000000000000000000302"
NOW, COMMITTING, REVEALING = 1_700_000_000, 300, 200
REWARD, BOND = 1_000, 50

OPEN = "openJob(bytes32,bytes32,address[],uint256,uint64,uint64)"
COMMIT, REVEAL = "commit(bytes32,bytes32)", "reveal(bytes32,bytes32,bytes32)"
SETTLE, WITHDRAW = "settle(bytes32)", "withdraw()"

# A linear model of one feature and one output, all zeros.
HEADER = bytes.fromhex("50415253010400000001000000010000")
WEIGHTS = bytes(12)
WEIGHTS_ROOT = keccak(b"\0" + bytes(4) + WEIGHTS)
MODEL = keccak(HEADER + WEIGHTS_ROOT)
INPUT_HASH = keccak(text="input")

REPORTERS = [bytes([0x40 + n]) * 20 for n in range(5)]
TRUTH, LIE, OTHER = (keccak(text=text) for text in ("truth", "lie", "other"))
SALTS = [keccak(b"salt" + each) for each in REPORTERS]


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def job_id(opener: bytes, count: int) -> bytes:
    return keccak(b"PARS/compute/job".rjust(32, b"\0") + opener.rjust(32, b"\0") + word(count))


JOB = job_id(CALLER, 0)


def commitment(place: int, answer: bytes, job: bytes = JOB) -> bytes:
    return keccak(encode(
        ["bytes32", "address", "bytes32", "bytes32"],
        [job, hexed(REPORTERS[place]), answer, SALTS[place]],
    ))  # fmt: skip


def log(signature: str, indexed: list[bytes], types: str, *values: Any) -> Case:
    topics = [keccak(text=signature), *(each.rjust(32, b"\0") for each in indexed)]
    data = call(f"x({types})", *values)[4:]
    return {"topics": [hexed(each) for each in topics], "data": hexed(data)}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What happened so far, and when it is now."""

    steps: tuple[Case, ...] = ()
    time: int = NOW

    def then(self, data: bytes, **more: Any) -> "Stage":
        given = {"caller": hexed(CALLER), "time": self.time, **more}
        return replace(self, steps=(*self.steps, {"input": hexed(data), **given}))

    def at(self, seconds: int) -> "Stage":
        return replace(self, time=NOW + seconds)

    def by(self, place: int, data: bytes, **more: Any) -> "Stage":
        return self.then(data, caller=hexed(REPORTERS[place]), **more)

    @property
    def more(self) -> dict[str, Any]:
        accounts = {hexed(each): {"balance": 10**24} for each in REPORTERS}
        return {"accounts": accounts, "before": list(self.steps), "time": self.time}

    def good(self, name: str, data: bytes, types: list[str], *values: Any, **more: Any) -> Case:
        return case(name, data, types, *values, **{**self.more, **more})

    def bad(self, name: str, data: bytes, error: str, *values: Any, **more: Any) -> Case:
        return refused(name, data, error, *values, **{**self.more, **more})


def uploaded() -> Stage:
    stage = Stage()
    for data in (
        call("beginModel(bytes,bytes32,uint256)", HEADER, WEIGHTS_ROOT, 0),
        call("putChunk(bytes32,uint256,bytes,bytes32[])", MODEL, 0, WEIGHTS, []),
        call("sealModel(bytes32)", MODEL),
    ):
        stage = stage.then(data, to=REGISTRY)
    return stage


def opening(
    reporters: list[bytes] = REPORTERS, first: int = COMMITTING, last: int = REVEALING
) -> bytes:
    given = [hexed(each) for each in reporters]
    return call(OPEN, MODEL, INPUT_HASH, given, BOND, first, last)


UPLOADED = uploaded()
OPENED = UPLOADED.then(opening(), value=REWARD)


def committed(answers: list[bytes | None], stage: Stage = OPENED) -> Stage:
    for place, answer in enumerate(answers):
        if answer is not None:
            stage = stage.by(place, call(COMMIT, JOB, commitment(place, answer)), value=BOND)
    return stage


def revealing(place: int, answer: bytes) -> bytes:
    return call(REVEAL, JOB, answer, SALTS[place])


def revealed(answers: list[bytes | None], silent: tuple[int, ...] = ()) -> Stage:
    """All that a job's reporters do; who is silent commits and does not reveal."""
    stage = committed(answers).at(COMMITTING + 1)
    for place, answer in enumerate(answers):
        if answer is not None and place not in silent:
            stage = stage.by(place, revealing(place, answer))
    return stage


def blamed(place: int, verdict: int) -> Case:
    return log("Blamed(bytes32,address,uint8)", [JOB, REPORTERS[place]], "uint8", verdict)


def settled(status: int, result: bytes, agreeing: int) -> Case:
    types = "uint8,bytes32,uint256"
    return log("Settled(bytes32,uint8,bytes32,uint256)", [JOB], types, status, result, agreeing)


def cases() -> Iterator[Case]:
    made = log(
        "JobOpened(bytes32,bytes32,bytes32,address)", [JOB, MODEL], "bytes32,address",
        INPUT_HASH, hexed(CALLER),
    )  # fmt: skip
    yield UPLOADED.good("open", opening(), ["bytes32"], JOB, value=REWARD, logs=[made])
    second = job_id(CALLER, 1)
    again = log(
        "JobOpened(bytes32,bytes32,bytes32,address)", [second, MODEL], "bytes32,address",
        INPUT_HASH, hexed(CALLER),
    )  # fmt: skip
    yield OPENED.good("open-again", opening(), ["bytes32"], second, logs=[again])
    types = ["bytes32", "bytes32", "address", "uint8", "uint64", "uint64", "uint256", "uint256"]
    ends = (NOW + COMMITTING, NOW + COMMITTING + REVEALING)
    fields = (MODEL, INPUT_HASH, hexed(CALLER), 1, *ends, REWARD, BOND)
    yield OPENED.good("job", call("jobOf(bytes32)", JOB), types, *fields)
    first = hexed(REPORTERS[0])
    data = call(COMMIT, JOB, commitment(0, TRUTH))
    logs = [log("Committed(bytes32,address)", [JOB, REPORTERS[0]], "")]
    yield OPENED.good("commit", data, [], caller=first, value=BOND, logs=logs)
    inner = "commitmentOf(bytes32,address,bytes32,bytes32)"
    given = call(inner, JOB, first, TRUTH, SALTS[0])
    yield case("commitment", given, ["bytes32"], commitment(0, TRUTH))
    everybody = committed([TRUTH] * 5)
    logs = [log("Revealed(bytes32,address,bytes32)", [JOB, REPORTERS[0]], "bytes32", TRUTH)]
    data = revealing(0, TRUTH)
    yield everybody.good("reveal-once-all-committed", data, [], caller=first, logs=logs)
    after = committed([TRUTH, None, TRUTH, None, None]).at(COMMITTING + 1)
    yield after.good("reveal-after-the-time", data, [], caller=first, logs=logs)
    yield from outcomes()
    yield from refusals()


def outcomes() -> Iterator[Case]:
    late = COMMITTING + REVEALING + 1
    types, settle = ["uint8", "bytes32"], call(SETTLE, JOB)
    nothing = bytes(32)
    for name, stage, status, result, agreeing, logs in (
        ("all-agree", revealed([TRUTH] * 5), 2, TRUTH, 5, []),
        ("one-of-five-lies", revealed([TRUTH, TRUTH, LIE, TRUTH, TRUTH]), 2, TRUTH, 4,
         [blamed(2, 4)]),
        ("two-of-five-lie", revealed([LIE, TRUTH, LIE, TRUTH, TRUTH]), 2, TRUTH, 3,
         [blamed(0, 4), blamed(2, 4)]),
        ("three-lie-alike", revealed([LIE, LIE, LIE, TRUTH, TRUTH]), 2, LIE, 3,
         [blamed(3, 4), blamed(4, 4)]),
        ("two-two-one", revealed([LIE, LIE, OTHER, TRUTH, TRUTH]), 3, nothing, 0, []),
        ("one-is-silent", revealed([TRUTH] * 5, silent=(4,)).at(late), 2, TRUTH, 4,
         [blamed(4, 5)]),
        ("lie-and-silence", revealed([LIE, *[TRUTH] * 4], silent=(4,)).at(late), 2, TRUTH, 3,
         [blamed(0, 4), blamed(4, 5)]),
        ("two-answer-of-five", revealed([TRUTH, TRUTH, None, None, None]), 3, nothing, 0, []),
        ("three-answer-of-five", revealed([TRUTH, TRUTH, TRUTH, None, None]), 2, TRUTH, 3, []),
        ("all-are-silent", committed([TRUTH] * 5).at(late), 3, nothing, 0,
         [blamed(place, 5) for place in range(5)]),
        ("nobody-came", OPENED.at(COMMITTING + 1), 3, nothing, 0, []),
    ):  # fmt: skip
        logs = [*logs, settled(status, result, agreeing)]
        yield stage.good(f"settle-{name}", settle, types, status, result, logs=logs)
    quick = committed([TRUTH] * 5)
    for place in range(5):
        quick = quick.by(place, revealing(place, TRUTH))
    logs = [settled(2, TRUTH, 5)]
    yield quick.good("settle-before-the-time", settle, types, 2, TRUTH, logs=logs)
    yield from halves(settle)
    four = revealed([TRUTH, TRUTH, LIE, TRUTH, TRUTH]).then(settle)
    result = call("resultOf(bytes32)", JOB)
    yield four.good("result", result, ["uint8", "bytes32", "uint256", "uint256"], 2, TRUTH, 4, 5)
    verdicts = call("verdictsOf(bytes32)", JOB)
    types = ["address[]", "uint8[]", "bytes32[]"]
    listed = [hexed(each) for each in REPORTERS]
    answers = [TRUTH, TRUTH, LIE, TRUTH, TRUTH]
    yield four.good("verdicts", verdicts, types, listed, [3, 3, 4, 3, 3], answers)
    hidden = [commitment(0, TRUTH), *[bytes(32)] * 4]
    started = committed([TRUTH, None, None, None, None])
    yield started.good("verdicts-so-far", verdicts, types, listed, [1, 0, 0, 0, 0], hidden)
    # The reward and one lost bond among four: 262 each, and 2 wei for the opener.
    for name, account, amount in (
        ("agreeing", REPORTERS[0], BOND + (REWARD + BOND) // 4), ("liar", REPORTERS[2], 0),
        ("opener", CALLER, (REWARD + BOND) % 4),
    ):  # fmt: skip
        data = call("owed(address)", hexed(account))
        yield four.good(f"owed-{name}", data, ["uint256"], amount)
        if amount:
            data = call(WITHDRAW)
            yield four.good(f"withdraw-{name}", data, ["uint256"], amount, caller=hexed(account))
    tie = revealed([LIE, LIE, OTHER, TRUTH, TRUTH]).then(settle)
    for name, account, amount in (("reporter", REPORTERS[2], BOND), ("opener", CALLER, REWARD)):
        data = call("owed(address)", hexed(account))
        yield tie.good(f"owed-without-result-{name}", data, ["uint256"], amount)


def halves(settle: bytes) -> Iterator[Case]:
    """Two of four are no majority; and what one is owed of two jobs is added up."""
    stage = UPLOADED.then(opening(REPORTERS[:4]), value=REWARD)
    answers: list[bytes | None] = [TRUTH, TRUTH, LIE, LIE]
    stage = committed(answers, stage)
    for place, answer in enumerate((TRUTH, TRUTH, LIE, LIE)):
        stage = stage.by(place, revealing(place, answer))
    logs = [settled(3, bytes(32), 0)]
    yield stage.good("settle-two-of-four", settle, ["uint8", "bytes32"], 3, bytes(32), logs=logs)
    second = job_id(CALLER, 1)
    more = stage.then(settle).then(opening(REPORTERS[:1]), value=REWARD)
    sealed = call(COMMIT, second, commitment(0, TRUTH, second))
    more = more.by(0, sealed, value=BOND).by(0, call(REVEAL, second, TRUTH, SALTS[0]))
    more = more.then(call(SETTLE, second))
    data = call("owed(address)", hexed(REPORTERS[0]))
    yield more.good("owed-of-two-jobs", data, ["uint256"], BOND + BOND + REWARD)
    data = call("owed(address)", hexed(CALLER))
    yield more.good("owed-of-one-job", data, ["uint256"], REWARD)


def refusals() -> Iterator[Case]:
    first = hexed(REPORTERS[0])
    zero = bytes(32)
    unsealed = replace(UPLOADED, steps=UPLOADED.steps[:1])
    yield unsealed.bad("open-not-sealed", opening(), "NotSealed(uint8)", 1)
    unknown = call(OPEN, zero, zero, [first], 0, 1, 1)
    yield UPLOADED.bad("open-no-model", unknown, "UnknownModel(bytes32)", zero)
    for name, reporters, place in (
        ("nobody", [], 0), ("zero", [REPORTERS[0], bytes(20)], 1),
        ("twice", [*REPORTERS, REPORTERS[2]], 5),
    ):  # fmt: skip
        data = opening(reporters)
        yield UPLOADED.bad(f"open-{name}", data, "InvalidReporters(uint256)", place)
    week = 7 * 86_400
    for name, times in (
        ("no-commit", (0, 1)), ("no-reveal", (1, 0)), ("long-commit", (week + 1, 1)),
        ("long-reveal", (1, week + 1)),
    ):  # fmt: skip
        data = opening(REPORTERS, *times)
        yield UPLOADED.bad(f"open-{name}", data, "InvalidTimes(uint64)", week)
    commit, reveal, settle = (
        call(COMMIT, JOB, commitment(0, TRUTH)),
        revealing(0, TRUTH),
        call(SETTLE, JOB),
    )
    for name, data, value in (
        ("commit", commit, BOND), ("reveal", reveal, 0), ("settle", settle, 0),
        ("job", call("jobOf(bytes32)", JOB), 0), ("result", call("resultOf(bytes32)", JOB), 0),
        ("verdicts", call("verdictsOf(bytes32)", JOB), 0),
    ):  # fmt: skip
        yield UPLOADED.bad(f"{name}-no-job", data, "UnknownJob(bytes32)", JOB, value=value)
    stranger = hexed(CALLER)
    yield OPENED.bad("commit-stranger", commit, "NotAReporter(address)", stranger, value=BOND)
    yield OPENED.bad("reveal-stranger", reveal, "NotAReporter(address)", stranger)
    for value in (0, BOND - 1, BOND + 1):
        yield OPENED.bad(
            f"commit-{value}", commit, "WrongBond(uint256)", BOND, value=value, caller=first
        )
    late = OPENED.at(COMMITTING + 1)
    deadline = NOW + COMMITTING
    yield late.bad("commit-late", commit, "TooLate(uint64)", deadline, value=BOND, caller=first)
    one = committed([TRUTH, None, None, None, None])
    yield one.bad("commit-twice", commit, "WrongStatus(uint8)", 1, value=BOND, caller=first)
    yield one.bad("reveal-early", reveal, "TooEarly(uint64)", deadline + 1, caller=first)
    yield OPENED.bad("reveal-uncommitted", reveal, "WrongStatus(uint8)", 0, caller=first)
    after = one.at(COMMITTING + 1)
    other = call(REVEAL, JOB, LIE, SALTS[0])
    yield after.bad("reveal-another", other, "WrongReveal()", caller=first)
    salted = call(REVEAL, JOB, TRUTH, SALTS[1])
    yield after.bad("reveal-other-salt", salted, "WrongReveal()", caller=first)
    copied = OPENED.by(1, call(COMMIT, JOB, commitment(0, TRUTH)), value=BOND).at(COMMITTING + 1)
    yield copied.bad("reveal-copied", reveal, "WrongReveal()", caller=hexed(REPORTERS[1]))
    end = deadline + REVEALING
    over = one.at(COMMITTING + REVEALING + 1)
    yield over.bad("reveal-late", reveal, "TooLate(uint64)", end, caller=first)
    yield one.bad("settle-early", settle, "TooEarly(uint64)", end + 1)
    yield after.bad("settle-before-reveals", settle, "TooEarly(uint64)", end + 1)
    last = one.at(COMMITTING + REVEALING)
    yield last.bad("settle-last-second", settle, "TooEarly(uint64)", end + 1)
    yield OPENED.at(COMMITTING).bad("settle-nobody-yet", settle, "TooEarly(uint64)", end + 1)
    logs = [log("Revealed(bytes32,address,bytes32)", [JOB, REPORTERS[0]], "bytes32", TRUTH)]
    yield last.good("reveal-last-second", reveal, [], caller=first, logs=logs)
    logs = [log("Committed(bytes32,address)", [JOB, REPORTERS[0]], "")]
    stage = OPENED.at(COMMITTING)
    yield stage.good("commit-last-second", commit, [], caller=first, value=BOND, logs=logs)
    done = revealed([TRUTH] * 5).then(settle)
    for name, data, value in (
        ("settle", settle, 0),
        ("commit", commit, BOND),
        ("reveal", reveal, 0),
    ):
        yield done.bad(f"{name}-settled", data, "WrongStatus(uint8)", 2, value=value, caller=first)
    yield OPENED.bad("withdraw-nothing", call(WITHDRAW), "NothingOwed()")
    paid = done.then(call(WITHDRAW), caller=first)
    yield paid.bad("withdraw-twice", call(WITHDRAW), "NothingOwed()", caller=first)
