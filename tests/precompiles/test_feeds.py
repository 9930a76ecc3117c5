"""Feeds against a plain model, and what vectors cannot show: the ring's end, clocks, two owners."""

import statistics
from dataclasses import dataclass, field
from typing import Any

import eth_abi
import pytest
from coincurve import PrivateKey
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from precompiles.abi import Revert
from precompiles.conformance.embedded import (
    CONTEXT,
    Frame,
    Meter,
    Outcome,
    World,
    call_precompile,
)
from precompiles.conformance.vectors import load, path_of
from precompiles.graph import rounds, short_text
from precompiles.graph.feeds import report, reporting, store
from precompiles.graph.feeds.contract import PRECOMPILE
from precompiles.precompile import COMMON_ERRORS

FEEDS = PRECOMPILE.address
OWNER, OTHER = bytes(19) + b"\1", bytes(19) + b"\2"
NOW = CONTEXT.timestamp

KEYS = [PrivateKey(keccak(text=f"key {n}")) for n in range(7)]
ADDRESSES = [keccak(key.public_key.format(compressed=False)[1:])[-20:] for key in KEYS]

CONFIG = "uint8,bytes[],uint8,uint8,int192,int192,uint32,uint16"
CREATE = f"createFeed(string,uint8,{CONFIG})"
TRANSMIT = "transmit(bytes32[3],bytes,bytes32[],bytes32[],bytes32)"
LEAST, MOST = -(10**20), 10**20


def call(world: World, signature: str, *arguments: object, **options: Any) -> Outcome:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = keccak(text=signature)[:4] + eth_abi.encode(types, arguments)
    return call_precompile(world, FEEDS, data, **{"caller": OWNER, **options})


def answer(
    world: World, signature: str, returned: list[str], *arguments: object, **options: Any
) -> tuple[Any, ...]:
    outcome = call(world, signature, *arguments, **options)
    assert outcome.status == "success", error_of(outcome)
    decoded: tuple[Any, ...] = eth_abi.decode(returned, outcome.data)
    return decoded


def error_of(outcome: Outcome) -> str:
    assert outcome.status == "reverted", outcome.status
    known = (*PRECOMPILE.errors, *COMMON_ERRORS)
    return next(e.signature.name for e in known if e.signature.selector == outcome.data[:4])


def made(members: int = 4, faulty: int = 1) -> tuple[World, bytes]:
    world = World()
    listed = ADDRESSES[:members]
    values = (1, listed, members, faulty, LEAST, MOST, 60, 100)
    (feed,) = answer(world, CREATE, ["bytes32"], "feed", 8, *values)
    return world, feed


def digest_of(world: World, feed: bytes) -> bytes:
    outcome = call(world, "configOf(bytes32)", feed)
    return outcome.data[:32]


def transmit(
    world: World,
    feed: bytes,
    observations: list[int],
    epoch_round: int,
    observed_at: int = NOW,
    signers: tuple[int, ...] = (0, 1),
    **options: Any,
) -> Outcome:
    told = report.Report(
        config_digest=digest_of(world, feed),
        feed_id=feed,
        epoch_round=epoch_round,
        observed_at=observed_at,
        observers=bytes(range(len(observations))).ljust(32, b"\0"),
        observations=tuple(observations),
    )
    data, context = reporting.encoded(told), reporting.context_of(told)
    digest = report.signed_hash(data, context)
    made = [KEYS[n].sign_recoverable(digest, hasher=None) for n in signers]
    rs, ss = [each[:32] for each in made], [each[32:64] for each in made]
    vs = bytes(each[64] for each in made).ljust(32, b"\0")
    return call(world, TRANSMIT, context, data, rs, ss, vs, **options)


# --- Pure parts -----------------------------------------------------------------------------

observed = st.lists(st.integers(-(2**191), 2**191 - 1), min_size=1, max_size=31).map(sorted)


@given(observed)
def test_median_and_confidence_as_their_definitions_say(observations: list[int]) -> None:
    count = len(observations)
    low = sorted(observations)[count // 4]
    high = sorted(observations, reverse=True)[count // 4]
    middle = statistics.median_high(observations)

    assert report.median(observations) == middle
    assert report.confidence(observations) == min(max(middle - low, high - middle), 2**64 - 1)
    # With fewer than half of them wrong, wherever they are, the median is between right ones.
    for faulty in range((count - 1) // 2 + 1):
        assert observations[faulty] <= middle <= observations[count - 1 - faulty]


@given(observed, st.integers(0, 2**40 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=32))
def test_reports_are_what_eth_abi_encodes(
    observations: list[int], epoch_round: int, observed_at: int, who: bytes
) -> None:
    told = report.Report(
        config_digest=b"\1" * 32,
        feed_id=b"\2" * 32,
        epoch_round=epoch_round,
        observed_at=observed_at,
        observers=who.ljust(32, b"\0"),
        observations=tuple(observations),
    )
    types = ["bytes32", "bytes32", "uint40", "uint32", "bytes32", "int192[]"]
    values = (b"\1" * 32, b"\2" * 32, epoch_round, observed_at, told.observers, observations)
    data = eth_abi.encode(types, values)

    assert reporting.encoded(told) == data
    assert report.decode(data) == told
    assert len(data) <= report.REPORT_SIZE_MAX
    expected = keccak(
        eth_abi.encode(["bytes32", "bytes32[3]"], [keccak(data), reporting.context_of(told)])
    )
    assert report.signed_hash(data, reporting.context_of(told)) == expected


@given(st.text())
def test_short_texts_return(text: str) -> None:
    packed = short_text.pack(text)
    if not 1 <= len(text.encode()) <= 31:
        assert packed is None
    else:
        assert packed is not None
        assert packed < 2**256
        assert short_text.unpack(packed) == text


# --- A model --------------------------------------------------------------------------------

few = st.sampled_from


@dataclass
class Model:
    """What one feed must look like from outside."""

    members: int = 4
    faulty: int = 1
    count: int = 1
    epoch_round: int = 0
    observed_at: int = 0
    rounds: list[tuple[int, int, int]] = field(default_factory=list)


class FeedMachine(RuleBasedStateMachine):
    """Reports right and wrong, new configurations, and time that goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.feed = made()
        self.model = Model()
        self.now = NOW

    def at(self) -> dict[str, Any]:
        return {"context": {"timestamp": self.now}}

    @rule(seconds=few([0, 1, 59, 61]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        observations=st.lists(few([LEAST - 1, LEAST, -5, 0, 7, MOST, MOST + 1]), max_size=8),
        ordered=st.booleans(),
        step=few([-1, 0, 1, 1, 1, 256]),
        delay=few([-1, 0, 0, 1, 60]),
        signers=st.lists(st.integers(0, 6), max_size=4).map(tuple),
    )
    def report(
        self,
        observations: list[int],
        ordered: bool,
        step: int,
        delay: int,
        signers: tuple[int, ...],
    ) -> None:
        observations = sorted(observations) if ordered else observations
        self.send(observations, self.model.epoch_round + step, self.now - delay, signers)

    @rule(
        observations=st.lists(few([-5, 0, 7]), min_size=5, max_size=7),
        signers=few([(0, 1), (2, 0), (0, 1, 2)]),
    )
    def good_report(self, observations: list[int], signers: tuple[int, ...]) -> None:
        some = sorted(observations)[: self.model.members]
        self.send(some, self.model.epoch_round + 1, self.now, signers)

    def send(
        self, observations: list[int], epoch_round: int, observed_at: int, signers: tuple[int, ...]
    ) -> None:
        model = self.model
        outcome = transmit(
            self.world,
            self.feed,
            observations,
            max(epoch_round, 0),
            observed_at,
            signers,
            **self.at(),
        )
        good = (
            2 * model.faulty < len(observations) <= model.members
            and observations == sorted(observations)
            and LEAST <= observations[len(observations) // 2] <= MOST
            and epoch_round > model.epoch_round
            and model.observed_at <= observed_at <= self.now
            and len(signers) == model.faulty + 1
            and len(set(signers)) == len(signers)
            and all(signer < model.members for signer in signers)
        )
        assert (outcome.status == "success") is good, (outcome.status, outcome.data[:4].hex())
        if good:
            middle = observations[len(observations) // 2]
            model.rounds.append((middle, observed_at, self.now))
            model.epoch_round, model.observed_at = epoch_round, observed_at

    @rule(faulty=few([0, 1, 2]), more=few([1, 2]))
    def configure(self, faulty: int, more: int) -> None:
        members = min(3 * faulty + more, 7)
        values = (1, ADDRESSES[:members], members, faulty, LEAST, MOST, 60, 100)
        outcome = call(self.world, f"setConfig(bytes32,{CONFIG})", self.feed, *values)
        assert outcome.status == "success"
        self.model.members, self.model.faulty = members, faulty
        self.model.count += 1
        self.model.epoch_round = 0

    @precondition(lambda self: self.model.rounds)
    @rule(age=few([0, 1, 60, 61, 2**256 - 1]))
    def read_fresh(self, age: int) -> None:
        outcome = call(self.world, "requireFresh(bytes32,uint256)", self.feed, age, **self.at())
        middle, observed_at, _ = self.model.rounds[-1]
        if self.now - observed_at > age:
            assert error_of(outcome) == "StaleAnswer"
        else:
            assert eth_abi.decode(["int256", "uint256"], outcome.data) == (middle, observed_at)

    @invariant()
    def rounds_agree(self) -> None:
        types = ["uint80", "int256", "uint256", "uint256", "uint80"]
        for number, (middle, observed_at, updated_at) in enumerate(self.model.rounds, start=1):
            signature = "getRoundData(bytes32,uint80)"
            found = answer(self.world, signature, types, self.feed, number)
            assert found == (number, middle, observed_at, updated_at, number)
        beyond = len(self.model.rounds) + 1
        outcome = call(self.world, "getRoundData(bytes32,uint80)", self.feed, beyond)
        assert error_of(outcome) == "UnknownRound"
        types = ["bytes32", "uint32", "uint8", "uint8", "uint8"]
        model = self.model
        found = answer(self.world, "configOf(bytes32)", types, self.feed)
        assert found[1:] == (model.count, 1, model.members, model.faulty)
        (listed,) = answer(self.world, "signersOf(bytes32)", ["bytes[]"], self.feed)
        assert listed == tuple(ADDRESSES[: model.members])


FeedMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestFeed = FeedMachine.TestCase


# --- Edges ----------------------------------------------------------------------------------


@dataclass
class Slots:
    """The feeds' storage of a world."""

    world: World

    def load(self, slot: int) -> int:
        return self.world.storage.get((FEEDS, slot), 0)

    def store(self, slot: int, value: int) -> None:
        self.world.storage[FEEDS, slot] = value


def test_the_ring_keeps_the_last_65535_rounds() -> None:
    world, feed = made()
    for number in range(1, 4):
        assert transmit(world, feed, [number] * 3, number).status == "success"
    slots = Slots(world)
    found = store.load(slots, feed)
    head = store.load_head(slots, found)
    moved = store.Head(
        round=65_535 + 1,
        epoch_round=head.epoch_round,
        observed_at=head.observed_at,
        confidence=head.confidence,
    )
    store.store_head(slots, found, moved)

    assert transmit(world, feed, [9] * 3, 4).status == "success"

    types = ["uint80", "int256", "uint256", "uint256", "uint80"]
    signature = "getRoundData(bytes32,uint80)"
    # Round 65,537 lies where round 2 was; round 3 is the oldest that is kept.
    for number, expected in ((65_537, 9), (3, 3)):
        assert answer(world, signature, types, feed, number)[1] == expected
    for number in (0, 1, 2, 65_538):
        assert error_of(call(world, signature, feed, number)) == "UnknownRound"


@pytest.mark.parametrize("now", [2**32, 2**40, 2**63])
def test_a_clock_beyond_32_bits_takes_no_reports(now: int) -> None:
    world, feed = made()
    context = {"timestamp": now}
    outcome = transmit(world, feed, [1, 2, 3], 1, 2**32 - 1, context=context)
    assert error_of(outcome) == "InvalidTimestamp"


def test_the_last_second_of_32_bits_is_kept() -> None:
    world, feed = made()
    last = 2**32 - 1
    assert (
        transmit(world, feed, [1, 2, 3], 1, last, context={"timestamp": last}).status == "success"
    )
    types = ["uint80", "int256", "uint256", "uint256", "uint80"]
    assert answer(world, "latestRoundData(bytes32)", types, feed) == (1, 2, last, last, 1)


def test_a_call_at_an_earlier_time_is_fresh() -> None:
    """As an eth_call that overrides the block's time may ask."""
    world, feed = made()
    transmit(world, feed, [1, 2, 3], 1)
    types = ["int256", "uint256"]
    context = {"timestamp": 5}
    found = answer(world, "requireFresh(bytes32,uint256)", types, feed, 0, context=context)
    assert found == (2, NOW)


def test_a_digest_binds_everything() -> None:
    """Every parameter, the chain, the feed and the count of configurations change it."""
    base = {
        "description": "d", "decimals": 8, "scheme": 1, "signers": ADDRESSES[:4], "members": 4,
        "faulty": 1, "least": 0, "most": 9, "heartbeat": 60, "deviation": 1,
    }  # fmt: skip
    changes: list[dict[str, Any]] = [
        {}, {"description": "e"}, {"decimals": 7}, {"signers": ADDRESSES[1:5]}, {"least": 1},
        {"signers": ADDRESSES[:5], "members": 5}, {"faulty": 0}, {"most": 10},
        {"heartbeat": 61}, {"deviation": 2},
    ]  # fmt: skip
    digests = set()
    for change in changes:
        world = World()
        (feed,) = answer(world, CREATE, ["bytes32"], *{**base, **change}.values())
        digests.add(digest_of(world, feed))
    for options in ({"caller": OTHER}, {"context": {"chain_id": 6134}}):
        world = World()
        (feed,) = answer(world, CREATE, ["bytes32"], *base.values(), **options)
        digests.add(digest_of(world, feed))
    values = list(base.values())[2:]
    call(world, f"setConfig(bytes32,{CONFIG})", feed, *values)
    digests.add(digest_of(world, feed))

    assert len(digests) == len(changes) + 3


def test_feeds_of_two_creators_are_apart() -> None:
    world, feed = made()
    values = (1, ADDRESSES[:4], 4, 1, LEAST, MOST, 60, 100)
    (other,) = answer(world, CREATE, ["bytes32"], "feed", 8, *values, caller=OTHER)
    assert other != feed
    assert transmit(world, feed, [1, 2, 3], 1).status == "success"
    assert error_of(call(world, "latestAnswer(bytes32)", other)) == "UnknownRound"
    # Their sets are the same, but a report says which feed it is for.
    assert transmit(world, other, [1, 2, 3], 1).status == "success"


def test_a_reader_without_a_host_finds_what_calls_tell() -> None:
    """What other entries read a feed by."""
    world, feed = made()
    transmit(world, feed, [1, 2, 3], 1)
    slots = Slots(world)
    assert store.find(slots, bytes(32)) is None
    found = store.find(slots, feed)
    assert found is not None
    assert found.owner == OWNER
    assert store.load_last(slots, found) == rounds.Round(
        number=1, answer=2, observed_at=NOW, updated_at=NOW
    )
    assert store.load_signers(slots, found) == ADDRESSES[:4]
    assert store.load_settings(slots, found) == store.Settings(
        answer_min=LEAST, answer_max=MOST, heartbeat=60, deviation=100
    )
    with pytest.raises(Revert):
        store.load_round(slots, found, 2)


@pytest.mark.parametrize("gas_left", range(0, 120_000, 3_001))
def test_a_report_that_runs_out_of_gas_changes_nothing(gas_left: int) -> None:
    world, feed = made()
    before = dict(world.storage)
    outcome = transmit(world, feed, [1, 2, 3], 1, gas=gas_left)
    if outcome.status == "success":
        assert gas_left > 50_000
    else:
        assert outcome.status == "out of gas"
        assert {slot: word for slot, word in world.storage.items() if word} == before


DECLARED = {each.signature.selector for each in (*PRECOMPILE.errors, *COMMON_ERRORS)}
GOOD = [
    vector
    for vector in load(path_of(PRECOMPILE))
    if vector.expected.output is not None and len(vector.input) < 4_000
]


@settings(max_examples=150)
@given(st.data())
def test_any_bytes_get_one_of_the_declared_outcomes(data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from(GOOD))
    world = World()
    for step in vector.before:
        call_precompile(world, FEEDS, step.input, caller=step.caller)
    changed = bytearray(vector.input)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(4, len(changed) - 1))
        changed[position] = data.draw(st.integers(0, 255))
    outcome = call_precompile(world, FEEDS, bytes(changed))
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"


# --- Adapters -------------------------------------------------------------------------------


def asked(world: World, adapter: str, data: bytes) -> tuple[bool, bytes]:
    """What a contract that calls an adapter gets."""
    host = Frame(world=world, address=OTHER, meter=Meter(10**6), static=False, depth=0)
    return host.call(bytes.fromhex(adapter[2:]), data)


def test_an_adapter_answers_for_its_feed() -> None:
    world, feed = made()
    (adapter,) = answer(world, "createAdapter(bytes32)", ["address"], feed)
    assert asked(world, adapter, keccak(text="decimals()")[:4]) == (True, (8).to_bytes(32, "big"))
    ok, data = asked(world, adapter, keccak(text="latestRoundData()")[:4])
    assert (ok, data[:4]) == (False, keccak(text="UnknownRound(uint256)")[:4])
    transmit(world, feed, [-3, -2, -1], 1)
    types = ["uint80", "int256", "uint256", "uint256", "uint80"]
    expected = (1, -2, NOW, NOW, 1)
    for data in (
        keccak(text="latestRoundData()")[:4],
        keccak(text="getRoundData(uint80)")[:4] + (1).to_bytes(32, "big"),
    ):
        ok, data = asked(world, adapter, data)
        assert ok
        assert eth_abi.decode(types, data) == expected
    ok, data = asked(world, adapter, keccak(text="description()")[:4])
    assert (ok, data) == (True, eth_abi.encode(["string"], ["feed"]))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "UnknownSelector"),
        (b"\1\2", "UnknownSelector"),
        (keccak(text="transmit(bytes)")[:4], "UnknownSelector"),
        (keccak(text="decimals()")[:4] + b"\1", "TrailingBytes"),
        (keccak(text="getRoundData(uint80)")[:4], "Truncated"),
        (keccak(text="getRoundData(uint80)")[:4] + bytes([255]) * 32, "ValueOutOfRange"),
        (bytes(69), "InvalidLength"),
        (bytes(5_000), "InvalidLength"),
    ],
)
def test_an_adapter_refuses_what_the_interface_has_not(data: bytes, error: str) -> None:
    world, feed = made()
    (adapter,) = answer(world, "createAdapter(bytes32)", ["address"], feed)
    ok, payload = asked(world, adapter, data)
    assert not ok
    known = {e.signature.selector: e.signature.name for e in COMMON_ERRORS}
    assert known[payload[:4]] == error


def test_an_adapter_without_gas_fails() -> None:
    world, feed = made()
    (adapter,) = answer(world, "createAdapter(bytes32)", ["address"], feed)
    host = Frame(world=world, address=OTHER, meter=Meter(10**6), static=True, depth=0)
    data = keccak(text="decimals()")[:4]
    assert host.call(bytes.fromhex(adapter[2:]), data, gas=500) == (False, b"")
    assert host.call(bytes.fromhex(adapter[2:]), data, gas=20_000)[0]
