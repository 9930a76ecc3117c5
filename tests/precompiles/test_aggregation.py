"""Aggregation against second implementations: by fractions, by NumPy, and by plain models."""

import statistics as standard
from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import eth_abi
import numpy as np
import pytest
from coincurve import PrivateKey
from eth_utils import keccak
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from precompiles.abi import Revert
from precompiles.conformance.embedded import CONTEXT, Outcome, World, call_precompile
from precompiles.conformance.vectors import load, path_of
from precompiles.graph import rounds
from precompiles.graph.aggregation import pools, statistics
from precompiles.graph.aggregation.contract import PRECOMPILE
from precompiles.graph.feeds import report, reporting
from precompiles.graph.feeds.contract import ADDRESS as FEEDS
from precompiles.precompile import COMMON_ERRORS

HERE = PRECOMPILE.address
OWNER = bytes(19) + b"\1"
NOW = CONTEXT.timestamp
INT256 = st.integers(-(2**255), 2**255 - 1)
FEW = st.integers(-5, 5)
ANSWERS = st.lists(st.one_of(INT256, FEW), min_size=1, max_size=40)


# --- Statistics -----------------------------------------------------------------------------


@given(ANSWERS)
def test_the_median_is_the_standard_librarys(values: list[int]) -> None:
    assert statistics.median(values) == standard.median_low(values)


@given(st.lists(st.tuples(FEW, st.integers(0, 6)), min_size=1, max_size=30))
def test_a_weighted_median_is_that_of_repeated_values(pairs: list[tuple[int, int]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    assume(any(weights))
    repeated = np.repeat(np.array(values), np.array(weights))
    expected = int(np.sort(repeated)[(repeated.size - 1) // 2])
    assert statistics.weighted_median(values, weights) == expected


@given(ANSWERS, st.data())
def test_no_more_than_half_of_the_weight_is_on_either_side(
    values: list[int], data: st.DataObject
) -> None:
    weight = st.integers(1, 2**256 - 1)
    weights = data.draw(st.lists(weight, min_size=len(values), max_size=len(values)))
    found = statistics.weighted_median(values, weights)
    pairs = list(zip(values, weights, strict=True))
    whole = sum(weights)
    below = Fraction(sum(w for v, w in pairs if v < found), whole)
    above = Fraction(sum(w for v, w in pairs if v > found), whole)
    assert found in values
    assert below < Fraction(1, 2)
    assert above <= Fraction(1, 2)


@given(ANSWERS, st.integers(0, 2**32 - 1))
def test_outliers_are_those_beyond_a_share_of_the_deviation(values: list[int], share: int) -> None:
    middle = standard.median_low(values)
    deviation = standard.median_low([abs(value - middle) for value in values])
    limit = Fraction(share, 10_000) * deviation
    expected = [place for place, value in enumerate(values) if abs(value - middle) <= limit]
    found = statistics.kept(values, share)
    assert found == expected
    assert values.index(middle) in found
    if share >= 10_000:
        assert 2 * len(found) >= len(values)


@given(st.lists(st.integers(-1_000, 1_000), min_size=1, max_size=20), st.integers(0, 100_000))
def test_outliers_as_numpy_finds_them(values: list[int], share: int) -> None:
    array = np.array(values, dtype=np.int64)
    place = (array.size - 1) // 2
    distances = np.abs(array - np.sort(array)[place])
    expected = distances * 10_000 <= share * np.sort(distances)[place]
    assert statistics.kept(values, share) == list(np.flatnonzero(expected))


@given(INT256, INT256, st.integers(0, 2**16 - 1))
def test_a_jump_is_a_share_of_the_last(last: int, value: int, share: int) -> None:
    expected = abs(value - last) > Fraction(share, 10_000) * abs(last)
    assert statistics.jumps(last, value, share) is expected


# --- Means over time ------------------------------------------------------------------------


@dataclass
class Slots:
    """Storage without a host."""

    words: dict[int, int] = field(default_factory=dict)

    def load(self, slot: int) -> int:
        return self.words.get(slot, 0)

    def store(self, slot: int, value: int) -> None:
        assert 0 <= value < 2**256
        self.words[slot] = value


gaps = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-(2**191), 2**191 - 1)), min_size=1, max_size=30
)


@given(gaps, st.integers(0, 9), st.integers(1, 100), st.sampled_from([0, 65_530, 10**9]))
def test_a_mean_is_the_sum_of_every_second(
    steps: list[tuple[int, int]], quiet: int, window: int, before: int
) -> None:
    """Also where the ring begins anew."""
    slots, time, told = Slots(), 1_000, []
    for number, (gap, answer) in enumerate(steps, start=before + 1):
        time += gap
        told.append((time, answer))
        entry = rounds.Round(number=number, answer=answer, observed_at=time, updated_at=7)
        rounds.store(slots, 99, entry)
    end, last = time + quiet, before + len(steps)
    start = end - window
    if start < told[0][0]:
        # What lies in the ring before the first is of the year 1970, and 0.
        if before == 0:
            with pytest.raises(Revert):
                rounds.mean(slots, 99, last, start, end, lambda each: each.observed_at)
        return
    found = rounds.mean(slots, 99, last, start, end, lambda each: each.observed_at)
    total = 0
    for second in range(start, end):
        total += [answer for time, answer in told if time <= second][-1]
    assert found == Fraction(total, window).__floor__()


def test_a_mean_reads_as_many_rounds_as_are_kept() -> None:
    slots, last = Slots(), 65_535 + 10
    for number in range(1, last + 1):
        entry = rounds.Round(number=number, answer=number, observed_at=1_000 + number, updated_at=0)
        rounds.store(slots, 0, entry)
    start = 1_000 + 11
    end = 1_000 + last + 1
    expected = Fraction(sum(range(11, last + 1)), end - start).__floor__()
    assert rounds.mean(slots, 0, last, start, end, lambda each: each.observed_at) == expected
    with pytest.raises(Revert):
        rounds.mean(slots, 0, last, start - 1, end, lambda each: each.observed_at)


POOL = keccak(text="pool")
TICKS = st.integers(-887_272, 887_272)


class PoolMachine(RuleBasedStateMachine):
    """Observations at any time, against the tick of each second."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots()
        self.now = 1_000
        self.seconds: list[tuple[int, int]] = []
        """Each second that was observed, and the tick that counts from it on."""

    @initialize(skipped=st.sampled_from([0, 65_533, 70_000]))
    def start(self, skipped: int) -> None:
        """As if so many observations had been, all in the first second of all."""
        self.slots.store(pools.slot_of(POOL), skipped)
        self.skipped = skipped
        if skipped:
            made = pools.Observation(total=0, tick=0, time=1_000)
            pools.store(self.slots, pools.slot_of(POOL), skipped, made)
            self.seconds.append((1_000, 0))
            self.now += 1

    @rule(seconds=st.sampled_from([0, 1, 2, 30]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(tick=st.one_of(TICKS, st.integers(-10_000, 10_000)))
    def observe(self, tick: int) -> None:
        made = pools.observe(self.slots, POOL, tick, self.now)
        if self.seconds and self.seconds[-1][0] == self.now:
            self.seconds.pop()
        if self.seconds:
            before = self.seconds[-1][1]
            tick = min(max(tick, before - 9_116), before + 9_116)
        self.seconds.append((self.now, tick))
        assert (made.tick, made.time) == (tick, self.now)

    @rule(window=st.integers(1, 90))
    def consult(self, window: int) -> None:
        start = self.now - window
        times = [time for time, _ in self.seconds]
        if not times or times[-1] < start or (times[0] > start and not self.skipped):
            with pytest.raises(Revert):
                pools.mean(self.slots, POOL, start, self.now)
        elif times[0] <= start:
            total = sum(
                self.seconds[bisect_right(times, second) - 1][1]
                for second in range(start, self.now)
            )
            found = pools.mean(self.slots, POOL, start, self.now)
            assert found == Fraction(total, window).__floor__()

    @invariant()
    def the_last_is_told(self) -> None:
        if self.seconds:
            number, found = pools.load_last(self.slots, POOL)
            assert (found.time, found.tick) == self.seconds[-1]
            assert number >= len(self.seconds)


PoolMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestPool = PoolMachine.TestCase


def test_a_ring_that_is_full_forgets_and_still_finds() -> None:
    slots = Slots()
    count = 65_535 + 5
    for number in range(count):
        pools.observe(slots, POOL, number % 100, 1_000 + number)
    end = 1_000 + count
    ticks = [number % 100 for number in range(count)]
    for window in (1, 2, 99, 50_000, 65_534, 65_535):
        expected = Fraction(sum(ticks[count - window :]), window).__floor__()
        assert pools.mean(slots, POOL, end - window, end) == expected
    with pytest.raises(Revert):
        pools.mean(slots, POOL, end - 65_536, end)


def test_halving_reads_few_observations() -> None:
    """Each read is paid for: 2,100 gas. So even a full ring costs little."""

    @dataclass
    class Counting(Slots):
        reads: int = 0

        def load(self, slot: int) -> int:
            self.reads += 1
            return super().load(slot)

    slots = Counting()
    for number in range(65_535):
        pools.observe(slots, POOL, 1, 1_000 + number)
    slots.reads = 0
    pools.mean(slots, POOL, 1_000 + 40_000, 1_000 + 65_535)
    assert slots.reads <= 20


def test_what_one_transaction_shows_counts_until_the_next_second() -> None:
    """A price pushed to the end and observed, then put right and observed by somebody."""
    slots = Slots()
    pools.observe(slots, POOL, 0, 1_000)
    pools.observe(slots, POOL, 887_272, 1_100)
    # The 100 seconds before are as they were; one second counts 9,116 of 887,272 ticks.
    assert pools.mean(slots, POOL, 1_000, 1_100) == 0
    pools.observe(slots, POOL, 0, 1_101)
    assert pools.mean(slots, POOL, 1_001, 1_201) == 9_116 // 200
    # In the same second nothing of it is left.
    pools.observe(slots, POOL, 887_272, 1_300)
    pools.observe(slots, POOL, 0, 1_300)
    assert pools.mean(slots, POOL, 1_200, 1_300) == 0


# --- Composites -----------------------------------------------------------------------------

KEY = PrivateKey(keccak(text="key"))
SIGNER = keccak(KEY.public_key.format(compressed=False)[1:])[-20:]
CONFIG = "uint8,bytes[],uint8,uint8,int192,int192,uint32,uint16"
TRANSMIT = "transmit(bytes32[3],bytes,bytes32[],bytes32[],bytes32)"
CREATE = "createComposite(string,bytes32[],uint32[],uint32,uint8,uint32,uint16)"


def call(world: World, to: bytes, signature: str, *arguments: object, **options: Any) -> Outcome:
    inner = signature[signature.index("(") + 1 : -1]
    data = keccak(text=signature)[:4] + eth_abi.encode(inner.split(","), arguments)
    return call_precompile(world, to, data, **{"caller": OWNER, **options})


def error_of(outcome: Outcome) -> str:
    assert outcome.status == "reverted", outcome.status
    known = (*PRECOMPILE.errors, *COMMON_ERRORS)
    return next(e.signature.name for e in known if e.signature.selector == outcome.data[:4])


def make_feed(world: World, name: str) -> bytes:
    values = (1, [SIGNER], 1, 0, -(10**9), 10**9, 60, 0)
    outcome = call(world, FEEDS, f"createFeed(string,uint8,{CONFIG})", name, 2, *values)
    assert outcome.status == "success"
    return outcome.data


def transmit(world: World, feed: bytes, answer: int, number: int, now: int) -> None:
    told = report.Report(
        config_digest=call(world, FEEDS, "configOf(bytes32)", feed).data[:32],
        feed_id=feed,
        epoch_round=number,
        observed_at=now,
        observers=bytes(32),
        observations=(answer,),
    )
    data, context = reporting.encoded(told), reporting.context_of(told)
    made = KEY.sign_recoverable(report.signed_hash(data, context), hasher=None)
    vs = made[64:].ljust(32, b"\0")
    at = {"context": {"timestamp": now}}
    outcome = call(world, FEEDS, TRANSMIT, context, data, [made[:32]], [made[32:64]], vs, **at)
    assert outcome.status == "success"


class CompositeMachine(RuleBasedStateMachine):
    """Four feeds that move and grow old, and one composite of them, against a plain model."""

    WEIGHTS = (1, 2, 2, 4)
    MAX_AGE, LEAST, OUTLIER, BREAKER = 60, 2, 30_000, 2_000

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.now = NOW
        self.feeds = [make_feed(self.world, name) for name in "abcd"]
        self.told: dict[int, tuple[int, int, int]] = {}
        values = (self.feeds, self.WEIGHTS, self.MAX_AGE, self.LEAST, self.OUTLIER, self.BREAKER)
        outcome = call(self.world, HERE, CREATE, "all", *values)
        assert outcome.status == "success", error_of(outcome)
        self.composite = outcome.data
        self.rounds: list[tuple[int, int, int]] = []
        self.free = False

    @rule(seconds=st.sampled_from([0, 1, 30, 61]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(which=st.integers(0, 3), answer=st.sampled_from([-100, 0, 100, 105, 110, 119, 121, 500]))
    def report(self, which: int, answer: int) -> None:
        number = self.told[which][2] + 1 if which in self.told else 1
        transmit(self.world, self.feeds[which], answer, number, self.now)
        self.told[which] = (answer, self.now, number)

    @rule()
    def reset(self) -> None:
        assert call(self.world, HERE, "resetBreaker(bytes32)", self.composite).status == "success"
        self.free = True

    def expected(self) -> tuple[int, int, int] | None:
        fresh = [
            (answer, time, self.WEIGHTS[which])
            for which, (answer, time, _) in sorted(self.told.items())
            if self.now - time <= self.MAX_AGE
        ]
        if not fresh:
            return None
        answers = [answer for answer, _, _ in fresh]
        middle = standard.median_low(answers)
        deviation = standard.median_low([abs(answer - middle) for answer in answers])
        fresh = [each for each in fresh if abs(each[0] - middle) <= 3 * deviation]
        if len(fresh) < self.LEAST:
            return None
        repeated = [answer for answer, _, weight in fresh for _ in range(weight)]
        return standard.median_low(repeated), min(time for _, time, _ in fresh), len(fresh)

    @rule()
    def refresh(self) -> None:
        at = {"context": {"timestamp": self.now}}
        outcome = call(self.world, HERE, "refresh(bytes32)", self.composite, **at)
        found = self.expected()
        if found is None:
            assert error_of(outcome) == "TooFewSources"
            return
        answer, observed_at, _ = found
        if self.rounds and self.rounds[-1][:2] == (answer, observed_at):
            assert outcome.status == "success"
        elif (
            self.rounds
            and not self.free
            and abs(answer - self.rounds[-1][0]) > Fraction(1, 5) * abs(self.rounds[-1][0])
        ):
            assert error_of(outcome) == "BreakerTripped"
            return
        else:
            self.rounds.append((answer, observed_at, self.now))
            self.free = False
        assert outcome.status == "success", error_of(outcome)
        assert int.from_bytes(outcome.data, "big") == len(self.rounds)

    @invariant()
    def a_preview_says_the_same(self) -> None:
        at = {"context": {"timestamp": self.now}}
        signature = "aggregate(bytes32[],uint32[],uint32,uint8,uint32)"
        rule_ = (self.MAX_AGE, self.LEAST, self.OUTLIER)
        outcome = call(self.world, HERE, signature, self.feeds, self.WEIGHTS, *rule_, **at)
        found = self.expected()
        if found is None:
            assert error_of(outcome) == "TooFewSources"
        else:
            assert eth_abi.decode(["int256", "uint256", "uint256"], outcome.data) == found

    @invariant()
    def rounds_agree(self) -> None:
        types = ["uint80", "int256", "uint256", "uint256", "uint80"]
        for number, (answer, observed_at, updated_at) in enumerate(self.rounds, start=1):
            signature = "getRoundData(bytes32,uint80)"
            outcome = call(self.world, HERE, signature, self.composite, number)
            expected = (number, answer, observed_at, updated_at, number)
            assert eth_abi.decode(types, outcome.data) == expected


CompositeMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestComposite = CompositeMachine.TestCase


# --- Any bytes ------------------------------------------------------------------------------

DECLARED = {each.signature.selector for each in (*PRECOMPILE.errors, *COMMON_ERRORS)}
VECTORS = [each for each in load(path_of(PRECOMPILE)) if each.expected.output is not None]


@settings(max_examples=150)
@given(st.data())
def test_any_bytes_get_one_of_the_declared_outcomes(data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from(VECTORS))
    world = World()
    for step in vector.before:
        call_precompile(world, step.to, step.input, caller=step.caller)
    changed = bytearray(vector.input)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(4, len(changed) - 1))
        changed[position] = data.draw(st.integers(0, 255))
    outcome = call_precompile(world, HERE, bytes(changed))
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"
