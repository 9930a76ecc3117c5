"""Vectors of the aggregation of feeds, worked out by hand from its description.

Feeds and reports are made by feeds.py; the pool manager's storage is laid out as v4's.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import feeds
from cases import CALLER, Case, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak
from feeds import DECIMALS, NOW, ROUND, call, topic

HERE = bytes.fromhex("0511").rjust(20, b"\0")
MANAGER = bytes.fromhex("0400").rjust(20, b"\0")
SOURCE = "worked out by hand from the description in precompiles/graph/aggregation"
STRANGER = b"\x77" * 20
UNKNOWN = bytes(31) + b"\1"

LENGTH = "InvalidLength(uint256,uint256)"
AGGREGATE = "aggregate(bytes32[],uint32[],uint32,uint8,uint32)"
CREATE = "createComposite(string,bytes32[],uint32[],uint32,uint8,uint32,uint16)"


def cases() -> Iterator[Case]:
    for each in every():
        # What is before is signed for one chain.
        yield {**each, "chainId": feeds.CHAIN_ID} if "before" in each else each


def every() -> Iterator[Case]:
    yield from medians()
    yield from outliers()
    yield from aggregates()
    yield from composites()
    for each in (*refreshed(), *read(), *over_time(), *pools()):
        # What is fresh, and what is kept of a time, depends on the block.
        yield {**each, "contextual": True}


# --- Given values ---------------------------------------------------------------------------


def medians() -> Iterator[Case]:
    least, most = -(2**255), 2**255 - 1
    for name, values, middle in (
        ("one", [7], 7),
        ("two", [9, 4], 4),
        ("three", [9, -4, 1], 1),
        ("four", [4, 3, 2, 1], 2),
        ("extremes", [most, least, 0, most], 0),
        ("256", list(range(256)), 127),
    ):
        yield case(f"median-of-{name}", call("median(int256[])", values), ["int256"], middle)
    yield refused("median-of-none", call("median(int256[])", []), "NoValues()")
    weighted = "weightedMedian(int256[],uint256[])"
    for name, values, weights, middle in (
        ("one", [7], [1], 7),
        ("equal", [4, 3, 2, 1], [5, 5, 5, 5], 2),
        ("heavy-end", [1, 2, 3], [1, 1, 2], 2),
        ("heavier-end", [1, 2, 3], [1, 1, 3], 3),
        ("half-at-the-first", [1, 2], [1, 1], 1),
        ("weightless-first", [-9, 2, 3], [0, 1, 1], 2),
        ("weightless-last", [1, 2, 99], [1, 1, 0], 1),
        ("unsorted", [30, 10, 20], [1, 5, 1], 10),
        ("extremes", [most, least], [2**256 - 1, 2**256 - 2], most),
    ):
        data = call(weighted, values, weights)
        yield case(f"weighted-{name}", data, ["int256"], middle)
    yield refused("weighted-none", call(weighted, [], []), "NoWeight()")
    yield refused("weighted-without-weight", call(weighted, [1, 2], [0, 0]), "NoWeight()")
    yield refused("weighted-shorter", call(weighted, [1, 2], [1]), LENGTH, 2, 1)
    yield refused("weighted-longer", call(weighted, [1], [1, 1]), LENGTH, 1, 2)


def outliers() -> Iterator[Case]:
    without = "withoutOutliers(int256[],uint32)"
    for name, values, share, kept in (
        # The median is 3 and distances are 2 1 0 1 97: their median is 1.
        ("far", [1, 2, 3, 4, 100], 20_000, [1, 2, 3, 4]),
        ("at-the-limit", [1, 2, 3, 4, 100], 970_000, [1, 2, 3, 4, 100]),
        ("beyond-the-limit", [1, 2, 3, 4, 100], 969_999, [1, 2, 3, 4]),
        ("in-order", [100, 4, 1, 3, 2], 10_000, [4, 3, 2]),
        ("all-equal", [5, 5, 5], 0, [5, 5, 5]),
        ("most-equal", [5, 5, 5, 6], 2**32 - 1, [5, 5, 5]),
        ("one", [7], 0, [7]),
        ("two", [1, 9], 0, [1]),
        ("negative", [-3, -2, -1, -1_000], 30_000, [-3, -2, -1]),
    ):
        data = call(without, values, share)
        yield case(f"outliers-{name}", data, ["int256[]"], kept)
    yield refused("outliers-of-none", call(without, [], 1), "NoValues()")
    jumps = "jumps(int256,int256,uint16)"
    for name, last, value, share, found in (
        ("20-percent-up", 100, 120, 2_000, False),
        ("21-percent-up", 100, 121, 2_000, True),
        ("20-percent-down", 100, 80, 2_000, False),
        ("21-percent-down", 100, 79, 2_000, True),
        ("below-zero", -100, -120, 2_000, False),
        ("through-zero", -100, 21, 12_000, True),
        ("from-zero", 0, 1, 2**16 - 1, True),
        ("stays-zero", 0, 0, 0, False),
        ("extremes", -(2**255), 2**255 - 1, 20_000, False),
        ("beyond-extremes", -(2**255), 2**255 - 1, 19_999, True),
    ):
        yield case(f"jumps-{name}", call(jumps, last, value, share), ["bool"], found)


# --- Several feeds --------------------------------------------------------------------------

Answers = list[tuple[int, int]]
"""Of one feed: each answer and how long ago it was observed."""


def made(name: str, answers: Answers, decimals: int = DECIMALS) -> list[Case]:
    """A feed of one member, and its reports."""
    config = feeds.config(members=1, faulty=0, least=-(2**191), most=2**191 - 1)
    create = call(feeds.CREATE, name, decimals, *config)
    types = ["uint256", "address", "bytes32", "uint32", "string", "uint8", *feeds.CONFIG]
    identifier = feeds.feed_id(name)
    binding = (feeds.CHAIN_ID, feeds.FEEDS, identifier, 1, name, decimals)
    digest = keccak(encode(types, (*binding, *config)))
    reports = [
        feeds.transmit(
            [answer], [0], digest=digest, feed=identifier, epoch_round=n, observed_at=NOW - age
        )
        for n, (answer, age) in enumerate(answers, start=1)
    ]
    return [
        {"input": hexed(data), "to": hexed(feeds.FEEDS), "caller": hexed(CALLER)}
        for data in (create, *reports)
    ]


def several(**answers: Answers) -> list[Case]:
    return [step for name, each in answers.items() for step in made(name, each)]


def ids(names: str) -> list[bytes]:
    return [feeds.feed_id(name) for name in names]


def aggregates() -> Iterator[Case]:
    types = ["int256", "uint256", "uint256"]
    three = several(a=[(100, 50)], b=[(104, 40)], c=[(190, 30)])
    rest = several(d=[], e=[(5, 60)])
    for name, state, arguments, found in (
        ("equal", three, (ids("abc"), [1, 1, 1], 60, 3, 0), (104, NOW - 50, 3)),
        ("by-weight", three, (ids("abc"), [5, 1, 1], 60, 3, 0), (100, NOW - 50, 3)),
        ("lower-of-two", three, (ids("bc"), [1, 1], 60, 2, 0), (104, NOW - 40, 2)),
        ("fresh-only", three, (ids("abc"), [1, 1, 1], 40, 2, 0), (104, NOW - 40, 2)),
        ("at-the-age", three, (ids("abc"), [9, 1, 1], 50, 3, 0), (100, NOW - 50, 3)),
        # Distances from 104 are 4 0 86: their median is 4.
        ("without-outlier", three, (ids("abc"), [1, 1, 9], 60, 2, 30_000), (100, NOW - 50, 2)),
        ("outlier-at-limit", three, (ids("abc"), [1, 1, 9], 60, 3, 215_000), (190, NOW - 50, 3)),
        ("one", three, (ids("c"), [2**32 - 1], 60, 1, 1), (190, NOW - 30, 1)),
        (
            "empty-feed-at-any-age",
            [*three, *rest],
            (ids("abd"), [1, 1, 9], 2**32 - 1, 2, 0),
            (100, NOW - 50, 2),
        ),
        ("empty-feed", [*three, *rest], (ids("abd"), [1, 1, 1], 60, 2, 0), (100, NOW - 50, 2)),
    ):
        data = call(AGGREGATE, *arguments)
        yield case(f"aggregate-{name}", data, types, *found, before=state)
    few, wrong = "TooFewSources(uint256,uint256)", "InvalidSources(uint256)"
    other = [*three, *made("f", [(1, 1)], decimals=9)]
    for name, arguments, error, *values in (
        ("one-stale", (ids("abc"), [1] * 3, 49, 3, 0), few, 3, 2),
        ("all-stale", (ids("abc"), [1] * 3, 29, 1, 0), few, 1, 0),
        ("all-stale-with-outliers", (ids("abc"), [1] * 3, 29, 1, 1), few, 1, 0),
        ("too-few-without-outliers", (ids("abc"), [1] * 3, 60, 3, 30_000), few, 3, 2),
        ("least-0", (ids("abc"), [1] * 3, 60, 0, 0), few, 0, 3),
        ("least-4", (ids("abc"), [1] * 3, 60, 4, 0), few, 4, 3),
        ("no-sources", ([], [], 60, 1, 0), few, 1, 0),
        ("same-twice", (ids("aba"), [1] * 3, 60, 1, 0), wrong, 2),
        ("weight-0", (ids("abc"), [1, 0, 1], 60, 1, 0), wrong, 1),
        ("other-decimals", (ids("af"), [1, 1], 60, 1, 0), wrong, 1),
        ("weight-missing", (ids("abc"), [1, 1], 60, 1, 0), LENGTH, 3, 2),
        ("unknown", ([*ids("a"), UNKNOWN], [1, 1], 60, 1, 0), "UnknownFeed(bytes32)", UNKNOWN),
    ):
        data = call(AGGREGATE, *arguments)
        yield refused(f"aggregate-{name}", data, error, *values, before=other)


# --- Composites -----------------------------------------------------------------------------


def composite_id(name: str = "abc") -> bytes:
    return keccak(b"composite" + CALLER + name.encode())


def create(names: str = "abc", **changes: Any) -> bytes:
    values = {
        "description": names, "feeds": ids(names), "weights": [1] * len(names), "max_age": 60,
        "least": 2, "outlier": 0, "breaker": 2_000,
    }  # fmt: skip
    return call(CREATE, *{**values, **changes}.values())


def then(state: list[Case], *inputs: bytes, **more: Any) -> list[Case]:
    return [*state, *({"input": hexed(data), "caller": hexed(CALLER), **more} for data in inputs)]


def composites() -> Iterator[Case]:
    three = several(a=[(100, 50)], b=[(104, 40)], c=[(110, 30)])
    name = keccak(text="CompositeCreated(bytes32,address,string)")
    identifier = composite_id()
    log = {
        "topics": [topic(each) for each in (name, identifier, CALLER)],
        "data": hexed(encode(["string"], ["abc"])),
    }
    more: Case = {"before": three, "logs": [log]}
    yield case("create", create(), ["bytes32"], identifier, **more)
    yield case("create-with-default", create(breaker=0), ["bytes32"], identifier, **more)
    data = call("compositeIdOf(address,string)", CALLER, "abc")
    yield case("composite-id", data, ["bytes32"], identifier)
    types = ["address", "uint8", "uint32", "uint8", "uint32", "uint16", "uint48", "bool"]
    ask = call("compositeOf(bytes32)", identifier)
    for title, data, values in (
        ("composite", create(outlier=44_478), (60, 2, 44_478, 2_000)),
        ("composite-with-default", create(breaker=0), (60, 2, 0, 2_000)),
        ("composite-of-largest", create(max_age=2**32 - 1, outlier=2**32 - 1, breaker=2**16 - 1),
         (2**32 - 1, 2, 2**32 - 1, 2**16 - 1)),
        ("composite-of-all", create(least=3), (60, 3, 0, 2_000)),
    ):  # fmt: skip
        state = then(three, data)
        yield case(title, ask, types, CALLER, DECIMALS, *values, 0, False, before=state)
    state = then(three, create(weights=[7, 2**32 - 1, 1]))
    types = ["bytes32[]", "uint32[]"]
    data = call("sourcesOf(bytes32)", identifier)
    yield case("sources", data, types, ids("abc"), [7, 2**32 - 1, 1], before=state)
    many = "abcdefghijklmnop"
    sixteen = [step for each in many for step in made(each, [])]
    weights = list(range(1, 17))
    log = {
        "topics": [topic(each) for each in (name, composite_id(many), CALLER)],
        "data": hexed(encode(["string"], [many])),
    }
    made_many: Case = {"before": sixteen, "logs": [log]}
    data = create(many, weights=weights)
    yield case("create-of-sixteen", data, ["bytes32"], composite_id(many), **made_many)
    state = then(sixteen, create(many, weights=weights))
    data = call("sourcesOf(bytes32)", composite_id(many))
    yield case("sixteen-sources", data, types, ids(many), weights, before=state)
    again = then(three, create())
    yield refused("create-again", create(), "CompositeExists(bytes32)", identifier, before=again)
    few, wrong = "TooFewSources(uint256,uint256)", "InvalidSources(uint256)"
    for title, data, error, *values in (
        ("empty-description", create(description=""), "InvalidDescription()"),
        ("description-of-32", create(description="x" * 32), "InvalidDescription()"),
        ("least-0", create(least=0), few, 0, 3),
        ("least-4", create(least=4), few, 4, 3),
        ("weight-0", create(weights=[1, 1, 0]), wrong, 2),
        ("same-source", create("aba"), wrong, 2),
        ("unknown-source", create(feeds=[*ids("ab"), UNKNOWN]), "UnknownFeed(bytes32)", UNKNOWN),
        ("a-weight-more", create(weights=[1] * 4), LENGTH, 3, 4),
    ):
        yield refused(f"create-{title}", data, error, *values, before=three)
    data = create("abcdefghijklmnopq")
    yield refused("create-of-17", data, LENGTH, 16, 17, before=three)


def updated_log(answer: int, number: int, now: int = NOW, name: str = "abc") -> Case:
    event = keccak(text="AnswerUpdated(bytes32,int256,uint256,uint256)")
    return {
        "topics": [topic(each) for each in (event, composite_id(name), answer, number)],
        "data": topic(now),
    }


def refreshed() -> Iterator[Case]:
    """The sources say 104; later a fourth report moves them."""
    three = several(a=[(100, 50)], b=[(104, 40)], c=[(110, 30)])
    start = then(three, create())
    refresh = call("refresh(bytes32)", composite_id())
    yield case("refresh", refresh, ["uint80"], 1, before=start, logs=[updated_log(104, 1)])
    once = then(start, refresh)
    yield case("refresh-unmoved", refresh, ["uint80"], 1, before=once)
    more: Case = {"before": once, "caller": hexed(STRANGER)}
    yield case("refresh-unmoved-by-stranger", refresh, ["uint80"], 1, **more)

    def moved(answer: int, *further: bytes) -> list[Case]:
        """All three say another thing ten seconds ago, after the first round."""
        steps = several(a=[(100, 50), (answer, 10)], b=[(104, 40), (answer, 10)], c=[(110, 30)])
        firsts = [*steps[:2], *steps[3:5], *steps[6:]]
        seconds = [steps[2], steps[5]]
        return then([*then(firsts, create(), refresh), *seconds], *further)

    up = moved(120)
    yield case("refresh-moved", refresh, ["uint80"], 2, before=up, logs=[updated_log(120, 2)])
    for name, answer in (("at-the-breaker", 125), ("zero", 0), ("below", 83)):
        state = moved(answer)
        tripped = (answer - 104) * 10_000 > 2_000 * 104 or (104 - answer) * 10_000 > 2_000 * 104
        middle = sorted([answer, answer, 110])[1]
        assert tripped
        error = "BreakerTripped(int256,int256)"
        yield refused(f"refresh-{name}", refresh, error, 104, middle, before=state)
    reset = call("resetBreaker(bytes32)", composite_id())
    event = keccak(text="BreakerReset(bytes32)")
    logs = [{"topics": [topic(event), topic(composite_id())], "data": "0x"}]
    yield case("reset", reset, [], before=start, logs=logs)
    owner = "0x" + CALLER.hex()
    more = {"before": start, "caller": hexed(STRANGER)}
    yield refused("reset-by-stranger", reset, "NotOwner(address)", owner, **more)
    freed = moved(0, reset)
    yield case("refresh-after-reset", refresh, ["uint80"], 2, before=freed,
               logs=[updated_log(0, 2)])  # fmt: skip
    types = ["address", "uint8", "uint32", "uint8", "uint32", "uint16", "uint48", "bool"]
    ask = call("compositeOf(bytes32)", composite_id())
    facts = (owner, DECIMALS, 60, 2, 0, 2_000)
    yield case("composite-reset", ask, types, *facts, 1, True, before=freed)
    spent = then(freed, refresh)
    yield case("composite-after-reset", ask, types, *facts, 2, False, before=spent)
    few = "TooFewSources(uint256,uint256)"
    narrow = then(three, create(max_age=30))
    yield refused("refresh-stale", refresh, few, 2, 1, before=narrow)
    none = "UnknownComposite(bytes32)"
    for name, signature in (("refresh", "refresh(bytes32)"), ("reset", "resetBreaker(bytes32)")):
        yield refused(f"{name}-unknown", call(signature, UNKNOWN), none, UNKNOWN)
    late: Case = {"before": then(three, create(max_age=2**32 - 1)), "time": 2**32}
    yield refused("refresh-after-2106", refresh, few, 2, 0, **late)
    late["time"] = 2**32 - 1
    logs = [updated_log(104, 1, now=2**32 - 1)]
    yield case("refresh-in-2106", refresh, ["uint80"], 1, logs=logs, **late)


def read() -> Iterator[Case]:
    three = several(a=[(100, 50)], b=[(104, 40)], c=[(110, 30)])
    refresh = call("refresh(bytes32)", composite_id())
    made_only = then(three, create())
    state = then(made_only, refresh)
    identifier = composite_id()
    first = (1, 104, NOW - 50, NOW, 1)
    adapter = feeds.adapter_code(identifier).replace(feeds.FEEDS, HERE)
    where = keccak(b"\xff" + HERE + bytes(32) + keccak(feeds.INIT_CODE + adapter))[12:]
    fresh = "requireFresh(bytes32,uint256)"
    for name, data, types, values in (
        ("latest-round", call("latestRoundData(bytes32)", identifier), ROUND, first),
        ("round", call("getRoundData(bytes32,uint80)", identifier, 1), ROUND, first),
        ("latest-answer", call("latestAnswer(bytes32)", identifier), ["int256"], (104,)),
        ("decimals", call("decimals(bytes32)", identifier), ["uint8"], (DECIMALS,)),
        ("description", call("description(bytes32)", identifier), ["string"], ("abc",)),
        ("version", call("version(bytes32)", identifier), ["uint256"], (1,)),
        ("latest", call("latest(bytes32)", identifier), ["int256", "uint256"], (104, NOW - 50)),
        ("fresh", call(fresh, identifier, 50), ["int256", "uint256"], (104, NOW - 50)),
        ("forward", call("forward(bytes32,bytes)", identifier, call("latestRoundData()")),
         ["bytes"], (encode(ROUND, first),)),
        ("adapter", call("adapterOf(bytes32)", identifier), ["address"], (where,)),
    ):  # fmt: skip
        yield case(name, data, types, *values, before=state)
    event = keccak(text="AdapterCreated(bytes32,address)")
    logs = [{"topics": [topic(each) for each in (event, identifier, where)], "data": "0x"}]
    data = call("createAdapter(bytes32)", identifier)
    yield case("create-adapter", data, ["address"], where, before=state, logs=logs)
    stale = "StaleAnswer(uint256,uint256)"
    data = call(fresh, identifier, 49)
    yield refused("not-fresh", data, stale, NOW - 50, 49, before=state)
    later: Case = {"before": state, "time": NOW + 11}
    data = call("latest(bytes32)", identifier)
    yield refused("latest-stale", data, stale, NOW - 50, 60, **later)
    for number in (0, 2):
        data = call("getRoundData(bytes32,uint80)", identifier, number)
        yield refused(f"round-{number}", data, "UnknownRound(uint256)", number, before=state)
    data = call("forward(bytes32,bytes)", identifier, b"\1\2\3\4")
    yield refused("forward-other", data, "UnknownSelector(bytes4)", b"\1\2\3\4", before=state)
    for signature in (
        "latestRoundData(bytes32)", "latestAnswer(bytes32)", "decimals(bytes32)",
        "description(bytes32)", "version(bytes32)", "latest(bytes32)", "compositeOf(bytes32)",
        "sourcesOf(bytes32)", "createAdapter(bytes32)",
    ):  # fmt: skip
        name = signature[: signature.index("(")].lower()
        error = "UnknownComposite(bytes32)"
        yield refused(f"{name}-unknown", call(signature, UNKNOWN), error, UNKNOWN)
    for signature in ("latestRoundData(bytes32)", "latestAnswer(bytes32)", "latest(bytes32)"):
        name = signature[: signature.index("(")].lower()
        data = call(signature, identifier)
        yield refused(f"{name}-before-any", data, "UnknownRound(uint256)", 0, before=made_only)


# --- Over time ------------------------------------------------------------------------------


def floor_mean(parts: list[tuple[int, int]]) -> int:
    """The mean of answers by the seconds that each held."""
    whole = sum(seconds for _, seconds in parts)
    return Fraction(sum(answer * seconds for answer, seconds in parts), whole).__floor__()


def over_time() -> Iterator[Case]:
    twap = "twap(bytes32,uint32)"
    state = several(a=[(10, 100), (20, 60), (-7, 60), (-31, 20)], b=[(2**191 - 1, 9)], c=[])
    (feed, large, empty) = ids("abc")
    for window, parts in (
        (1, [(-31, 1)]),
        (20, [(-31, 20)]),
        (21, [(-31, 20), (-7, 1)]),
        (60, [(-31, 20), (-7, 40)]),
        (61, [(-31, 20), (-7, 40), (10, 1)]),
        (100, [(-31, 20), (-7, 40), (10, 40)]),
    ):
        if window < 20:
            later = (-31 * 20, NOW - 20, NOW - window)
            error = "NoObservation(uint256,uint256)"
            data = call(twap, feed, window)
            yield refused(f"twap-{window}", data, error, *later[1:], before=state)
            continue
        data = call(twap, feed, window)
        yield case(f"twap-{window}", data, ["int256"], floor_mean(parts), before=state)
    data = call(twap, large, 9)
    yield case("twap-of-largest", data, ["int256"], 2**191 - 1, before=state)
    history = "NoHistory(uint256,uint256)"
    data = call(twap, feed, 101)
    yield refused("twap-too-long", data, history, NOW - 100, NOW - 101, before=state)
    for window in (0, NOW + 1):
        data = call(twap, feed, window)
        error = "InvalidWindow(uint256)"
        name = "0" if window == 0 else "beyond-1970"
        yield refused(f"twap-{name}", data, error, window, before=state)
    data = call(twap, feed, NOW)
    yield refused("twap-since-1970", data, history, NOW - 100, 0, before=state)
    data = call(twap, empty, 10)
    yield refused("twap-of-none", data, "UnknownRound(uint256)", 0, before=state)
    data = call(twap, UNKNOWN, 10)
    yield refused("twap-unknown", data, "UnknownFeed(bytes32)", UNKNOWN, before=state)

    three = several(a=[(100, 50), (110, 40)], b=[(104, 40)])
    first, second = three[:2] + three[3:], three[2:3]
    refresh = call("refresh(bytes32)", composite_id("ab"))
    made_one = then(first, create("ab", least=1, max_age=600))
    once = then(made_one, refresh, time=NOW)
    twice = then([*once, *second], refresh, time=NOW + 30)
    more: Case = {"before": twice, "time": NOW + 40}
    data = call(twap, composite_id("ab"), 40)
    # Thirty seconds of 100, ten of 104.
    yield case("twap-of-composite", data, ["int256"], 101, **more)
    data = call(twap, composite_id("ab"), 9)
    error = "NoObservation(uint256,uint256)"
    yield refused("twap-of-quiet-composite", data, error, NOW + 30, NOW + 31, **more)
    data = call(twap, composite_id("ab"), 41)
    yield refused("twap-of-composite-too-long", data, history, NOW, NOW - 1, **more)
    data = call(twap, composite_id("ab"), 10)
    yield refused("twap-of-composite-of-none", data, "UnknownRound(uint256)", 0, before=made_one)


POOL = keccak(text="pool")


def pool_storage(tick: int, price: int = 1 << 96) -> dict[str, str]:
    """The first word of a pool's state as v4 packs it: price (160 bits), tick, fees."""
    slot = keccak(POOL + (6).to_bytes(32, "big"))
    fees = 3_000 << 208 | 1 << 184 if price else 0
    return {hexed(slot): topic(fees | (tick % 2**24) << 160 | price)}


def ring_storage(observations: dict[int, tuple[int, int, int]]) -> dict[str, str]:
    """Observations by number: sum, tick and time of each; the highest number is the last."""
    base = int.from_bytes(keccak(b"pool" + POOL), "big")
    words = {topic(base): topic(max(observations))}
    for number, (total, tick, time) in observations.items():
        word = (total % 2**128) << 88 | (tick % 2**24) << 64 | time
        words[topic((base + 2**16 + number % 65_535) % 2**256)] = topic(word)
    return words


def pools() -> Iterator[Case]:
    observe, types = call("observe(bytes32)", POOL), ["int24", "int128"]
    ask = call("latestObservation(bytes32)", POOL)
    facts = ["uint256", "int24", "int128", "uint256"]

    def accounts(tick: int, *observations: tuple[int, int, int]) -> Case:
        return numbered(tick, dict(enumerate(observations, start=1)))

    def numbered(tick: int, observations: dict[int, tuple[int, int, int]]) -> Case:
        held: Case = {hexed(MANAGER): {"storage": pool_storage(tick)}}
        if observations:
            held[hexed(HERE)] = {"storage": ring_storage(observations)}
        return {"accounts": held}

    for name, tick, before, found in (
        ("first", -887_272, [], (-887_272, 0)),
        ("next", 7, [(0, 5, NOW - 10)], (7, 50)),
        ("next-negative", -7, [(-100, -5, NOW - 10)], (-7, -150)),
        ("as-far-as-may-be", 9_121, [(0, 5, NOW - 1)], (9_121, 5)),
        ("too-far", 9_122, [(0, 5, NOW - 1)], (9_121, 5)),
        ("too-far-down", -887_272, [(0, 5, NOW - 1)], (-9_111, 5)),
        ("same-second", 50, [(70, 5, NOW)], (50, 70)),
        ("same-second-too-far", 9_999, [(0, 5, NOW - 1), (5, -100, NOW)], (9_121, 5)),
        ("same-second-back", 6, [(0, 5, NOW - 1), (5, 9_121, NOW)], (6, 5)),
    ):
        yield case(f"observe-{name}", observe, types, *found, **accounts(tick, *before))
    for name, price in (("1", 1), ("largest", 2**160 - 1)):
        held: Case = {"accounts": {hexed(MANAGER): {"storage": pool_storage(-3, price)}}}
        yield case(f"observe-at-price-{name}", observe, types, -3, 0, **held)
    held = {"accounts": {hexed(MANAGER): {"storage": pool_storage(-3, 0)}}}
    error = "UnknownPool(bytes32)"
    yield refused("observe-without-price", observe, error, POOL, **held)
    unknown = call("observe(bytes32)", UNKNOWN)
    yield refused("observe-unknown", unknown, "UnknownPool(bytes32)", UNKNOWN)
    yield refused("observe-static", observe, "WriteProtection()", static=True)
    step: Case = {"before": [{"input": hexed(observe)}], **accounts(42)}
    yield case("observation", ask, facts, 1, 42, 0, NOW, **step)
    held = accounts(0, (0, 10, NOW - 100), (400, -20, NOW - 60), (-400, 31, NOW - 20))
    yield case("observation-of-three", ask, facts, 3, 31, -400, NOW - 20, **held)
    none = "NoObservation(uint256,uint256)"
    yield refused("observation-of-none", ask, none, 0, 0)
    consult = "consult(bytes32,uint32)"
    for window, parts in (
        (20, [(31, 20)]), (21, [(31, 20), (-20, 1)]), (60, [(31, 20), (-20, 40)]),
        (61, [(31, 20), (-20, 40), (10, 1)]), (99, [(31, 20), (-20, 40), (10, 39)]),
        (100, [(31, 20), (-20, 40), (10, 40)]),
    ):  # fmt: skip
        data = call(consult, POOL, window)
        yield case(f"consult-{window}", data, ["int24"], floor_mean(parts), **held)
    for name, window, error, *values in (
        ("quiet", 19, none, NOW - 20, NOW - 19),
        ("too-long", 101, "NoHistory(uint256,uint256)", NOW - 100, NOW - 101),
        ("0", 0, "InvalidWindow(uint256)", 0),
        ("beyond-1970", NOW + 1, "InvalidWindow(uint256)", NOW + 1),
    ):
        data = call(consult, POOL, window)
        yield refused(f"consult-{name}", data, error, *values, **held)
    data = call(consult, POOL, 10)
    yield refused("consult-of-none", data, none, 0, NOW - 10)

    # Seven observations, one each second but for gaps, so that halving turns either way.
    seconds, ticks = (20, 19, 17, 14, 13, 9, 4), (3, -8, 11, 5, -2, 7, 1)
    total, listed = -1, []
    for place, (age, tick) in enumerate(zip(seconds, ticks, strict=True)):
        if place:
            total += ticks[place - 1] * (seconds[place - 1] - age)
        listed.append((total, tick, NOW - age))
    held = accounts(0, *listed)
    for window in range(4, 21):
        ends = (*seconds[1:], 0)
        parts = [
            (tick, min(age, window) - end)
            for tick, age, end in zip(ticks, seconds, ends, strict=True)
            if window > end
        ]
        data = call(consult, POOL, window)
        yield case(f"consult-of-seven-{window}", data, ["int24"], floor_mean(parts), **held)

    # A ring that has begun anew: number 65,536 lies where the first was, 2 is the oldest.
    old = {2: (0, 4, NOW - 90), 65_535: (40, 6, NOW - 30), 65_536: (100, 9, NOW - 20)}
    held = numbered(12, old)
    yield case("observe-in-a-full-ring", observe, types, 12, 280, **held)
    yield case("observation-in-a-full-ring", ask, facts, 65_536, 9, 100, NOW - 20, **held)
    data = call(consult, POOL, 30)
    yield case("consult-a-full-ring", data, ["int24"], 8, **held)
    data = call(consult, POOL, 91)
    error = "NoHistory(uint256,uint256)"
    yield refused("consult-beyond-a-full-ring", data, error, NOW - 90, NOW - 91, **held)
