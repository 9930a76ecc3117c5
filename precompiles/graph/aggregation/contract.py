"""0x0511: what many sources say together, and what one said over time.

Robust statistics over given values or over the feeds of 0x0510; composites, which are feeds made of
feeds and read like them; means over time of a feed's answers and of a pool's tick. A composite
moves when anybody refreshes it. Its breaker refuses an answer too far from the last one, so that
readers find it stale rather than wrong; its owner may reset it.
"""

from dataclasses import replace

from ... import abi
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from .. import adapter, rounds, short_text
from ..feeds import store as feeds
from ..rounds import Round
from . import composites, pools, sources, statistics
from .composites import Composite, Head
from .sources import Rule

ADDRESS = (0x0511).to_bytes(20, "big")
VERSION = 1

VALUES_MAX = 256
DESCRIPTION_SIZE_MAX = 64  # Above short_text.SIZE_MAX, so that a long one is refused by name.
SOURCES_BOUND = sources.SOURCES_MAX
BREAKER_DEFAULT = 2_000

NO_VALUES = abi.error("NoValues()")
NO_WEIGHT = abi.error("NoWeight()")
INVALID_WINDOW = abi.error("InvalidWindow(uint256 window)")
STALE_ANSWER = abi.error("StaleAnswer(uint256 observedAt, uint256 maxAge)")
COMPOSITE_EXISTS = abi.error("CompositeExists(bytes32 compositeId)")
INVALID_DESCRIPTION = abi.error("InvalidDescription()")
NOT_OWNER = abi.error("NotOwner(address owner)")
BREAKER_TRIPPED = abi.error("BreakerTripped(int256 last, int256 answer)")

COMPOSITE_CREATED = abi.event(
    "CompositeCreated(bytes32 indexed compositeId, address indexed owner, string description)",
    {"description": short_text.SIZE_MAX},
)
ANSWER_UPDATED = abi.event(
    "AnswerUpdated(bytes32 indexed compositeId, int256 indexed current, uint256 indexed roundId,"
    " uint256 updatedAt)"
)
BREAKER_RESET = abi.event("BreakerReset(bytes32 indexed compositeId)")


# --- Given values ---------------------------------------------------------------------------


def median(_: Call, values: list[int]) -> int:
    """Return the lower median."""
    if not values:
        raise NO_VALUES()
    return statistics.median(values)


def weighted_median(_: Call, values: list[int], weights: list[int]) -> int:
    """Return the lower weighted median."""
    if len(weights) != len(values):
        raise abi.INVALID_LENGTH(len(values), len(weights))
    if not any(weights):
        raise NO_WEIGHT()
    return statistics.weighted_median(values, weights)


def without_outliers(_: Call, values: list[int], share: int) -> list[int]:
    """Return the values near the median, in their order."""
    if not values:
        raise NO_VALUES()
    return [values[place] for place in statistics.kept(values, share)]


def jumps(_: Call, last: int, value: int, share: int) -> bool:
    """Return whether a breaker would trip."""
    return statistics.jumps(last, value, share)


# --- Several feeds --------------------------------------------------------------------------


def aggregate(
    call: Call,
    identifiers: list[bytes],
    weights: list[int],
    max_age: int,
    least: int,
    outlier: int,
) -> tuple[int, int, int]:
    """Return what feeds say together now."""
    sources.check(call.host, identifiers, weights, least)
    rule = Rule(max_age=max_age, least=least, outlier=outlier)
    found = sources.together(call.host, call.context.timestamp, identifiers, weights, rule)
    return found.answer, found.observed_at, found.count


def create_composite(
    call: Call,
    description: str,
    identifiers: list[bytes],
    weights: list[int],
    max_age: int,
    least: int,
    outlier: int,
    breaker: int,
) -> bytes:
    """Make a composite of the caller's. Its sources and rules stay as they are."""
    packed = short_text.pack(description)
    if packed is None:
        raise INVALID_DESCRIPTION()
    identifier = composites.composite_id(call.caller, description)
    if composites.find(call.host, identifier) is not None:
        raise COMPOSITE_EXISTS(identifier)
    decimals = sources.check(call.host, identifiers, weights, least)
    made = Composite(
        slot=composites.slot_of(identifier),
        owner=call.caller,
        decimals=decimals,
        sources=len(identifiers),
        breaker=breaker or BREAKER_DEFAULT,
        rule=Rule(max_age=max_age, least=least, outlier=outlier),
    )
    composites.store(call.host, made, packed, identifiers, weights)
    call.host.emit(*COMPOSITE_CREATED.log(identifier, call.caller, description))
    return identifier


def refresh(call: Call, identifier: bytes) -> int:
    """Write the next round of a composite, if its sources have moved; return the last round."""
    host, now = call.host, call.context.timestamp
    composite = composites.load(host, identifier)
    listed = composites.load_sources(host, composite)
    host.charge(SOURCE_GAS * composite.sources, "sources")
    found = sources.together(host, now, *listed, composite.rule)
    head = composites.load_head(host, composite)
    if head.last:
        before = composites.load_round(host, composite, head.last)
        if (before.answer, before.observed_at) == (found.answer, found.observed_at):
            return head.last
        if not head.reset and statistics.jumps(before.answer, found.answer, composite.breaker):
            raise BREAKER_TRIPPED(before.answer, found.answer)
    number = head.last + 1
    entry = Round(number=number, answer=found.answer, observed_at=found.observed_at, updated_at=now)
    rounds.store(host, composites.ring_of(composite), entry)
    composites.store_head(host, composite, Head(last=number, reset=False))
    host.emit(*ANSWER_UPDATED.log(identifier, found.answer, number, now))
    return number


def reset_breaker(call: Call, identifier: bytes) -> None:
    """Let the next answer of the caller's composite be any."""
    composite = composites.load(call.host, identifier)
    if composite.owner != call.caller:
        raise NOT_OWNER(composite.owner)
    head = composites.load_head(call.host, composite)
    composites.store_head(call.host, composite, replace(head, reset=True))
    call.host.emit(*BREAKER_RESET.log(identifier))


# --- Reading a composite --------------------------------------------------------------------


def latest_round_data(call: Call, identifier: bytes) -> tuple[int, int, int, int, int]:
    """Return the last round, however old."""
    return rounds.data(composites.load_last(call.host, composites.load(call.host, identifier)))


def get_round_data(call: Call, identifier: bytes, number: int) -> tuple[int, int, int, int, int]:
    """Return a round that is kept."""
    composite = composites.load(call.host, identifier)
    return rounds.data(composites.load_round(call.host, composite, number))


def latest_answer(call: Call, identifier: bytes) -> int:
    """Return the last answer, however old."""
    return composites.load_last(call.host, composites.load(call.host, identifier)).answer


def decimals_of(call: Call, identifier: bytes) -> int:
    """Return how many decimals answers have."""
    return composites.load(call.host, identifier).decimals


def description_of(call: Call, identifier: bytes) -> str:
    """Return the description."""
    return composites.load_description(call.host, composites.load(call.host, identifier))


def version_of(call: Call, identifier: bytes) -> int:
    """Return the version of the kind of feed that this is."""
    composites.load(call.host, identifier)
    return VERSION


def latest(call: Call, identifier: bytes) -> tuple[int, int]:
    """Return the last answer, if it rests on nothing older than the composite's sources may be."""
    composite = composites.load(call.host, identifier)
    return fresh(call, composite, composite.rule.max_age)


def require_fresh(call: Call, identifier: bytes, max_age: int) -> tuple[int, int]:
    """Return the last answer, if it rests on nothing older than so many seconds."""
    return fresh(call, composites.load(call.host, identifier), max_age)


def fresh(call: Call, composite: Composite, max_age: int) -> tuple[int, int]:
    """Return the last answer and when its oldest source was observed, or refuse an old one."""
    entry = composites.load_last(call.host, composite)
    if call.context.timestamp - entry.observed_at > max_age:
        raise STALE_ANSWER(entry.observed_at, max_age)
    return entry.answer, entry.observed_at


def composite_of(call: Call, identifier: bytes) -> tuple[object, ...]:
    """Return what a composite was made as, and how far it is."""
    composite = composites.load(call.host, identifier)
    head = composites.load_head(call.host, composite)
    rule = composite.rule
    rules = rule.max_age, rule.least, rule.outlier, composite.breaker
    return composite.owner, composite.decimals, *rules, head.last, head.reset


def sources_of(call: Call, identifier: bytes) -> tuple[list[bytes], list[int]]:
    """Return the feeds of a composite and their weights."""
    return composites.load_sources(call.host, composites.load(call.host, identifier))


def composite_id_of(_: Call, creator: bytes, description: str) -> bytes:
    """Return the id that a composite has or would have."""
    return composites.composite_id(creator, description)


def create_adapter(call: Call, identifier: bytes) -> bytes:
    """Put a contract that answers as AggregatorV3 for this composite at an address of its own."""
    composites.load(call.host, identifier)
    return adapter.create(call, ADDRESS, identifier)


def adapter_of(_: Call, identifier: bytes) -> bytes:
    """Return where the adapter of a composite is, or would be."""
    return adapter.address_of(ADDRESS, identifier)


def forward(call: Call, identifier: bytes, data: bytes) -> bytes:
    """Answer what an adapter was asked."""
    return adapter.answer(VIEWS, call, identifier, data)


VIEWS = adapter.views(
    {
        f"latestRoundData() returns {adapter.ROUND_OUTPUTS}": latest_round_data,
        f"getRoundData(uint80 round) returns {adapter.ROUND_OUTPUTS}": get_round_data,
        "latestAnswer() returns (int256 answer)": latest_answer,
        "decimals() returns (uint8 count)": decimals_of,
        "description() returns (string text)": description_of,
        "version() returns (uint256 number)": version_of,
    }
)


# --- Over time ------------------------------------------------------------------------------


def twap(call: Call, identifier: bytes, window: int) -> int:
    """Return the mean of a feed's or a composite's answers over the last seconds.

    A feed's answer holds from when it was observed, a composite's from when it was written: what
    it rests on may be older than what the one before it rested on.
    """
    host, now = call.host, call.context.timestamp
    start = window_start(call, window)
    composite = composites.find(host, identifier)
    if composite is not None:
        entry = composites.load_last(host, composite)
        require_since(entry.updated_at, start)
        ring = composites.ring_of(composite)
        return rounds.mean(host, ring, entry.number, start, now, lambda each: each.updated_at)
    reader = sources.feeds_of(host)
    feed = feeds.load(reader, identifier)
    entry = feeds.load_last(reader, feed)
    require_since(entry.observed_at, start)
    ring = feeds.ring_of(feed)
    return rounds.mean(reader, ring, entry.number, start, now, lambda each: each.observed_at)


def window_start(call: Call, window: int) -> int:
    """Return when a window that ends now began."""
    start = call.context.timestamp - window
    if window == 0 or start < 0:
        raise INVALID_WINDOW(window)
    return start


def require_since(time: int, start: int) -> None:
    """Refuse a window in which nothing happened: its mean would be one old answer."""
    if time < start:
        raise pools.NO_OBSERVATION(time, start)


def observe(call: Call, pool: bytes) -> tuple[int, int]:
    """Write the tick that a pool shows now."""
    tick = pools.current_tick(call.host, pool)
    made = pools.observe(call.host, pool, tick, call.context.timestamp)
    return made.tick, made.total


def consult(call: Call, pool: bytes, seconds_ago: int) -> int:
    """Return the mean tick of a pool over the last seconds."""
    start = window_start(call, seconds_ago)
    return pools.mean(call.host, pool, start, call.context.timestamp)


def latest_observation(call: Call, pool: bytes) -> tuple[int, int, int, int]:
    """Return the last observation of a pool."""
    number, found = pools.load_last(call.host, pool)
    return number, found.tick, found.total, found.time


# --- The declaration ------------------------------------------------------------------------

SOURCE_GAS = 300
READ_GAS = (Constant(amount=500),)
STATISTICS_GAS = (Constant(amount=600), PerItem(argument="values", amount=60))
SOURCES_GAS = (Constant(amount=1_000), PerItem(argument="feedIds", amount=SOURCE_GAS))
SOURCE_BOUNDS: dict[str, abi.Bound] = {"feedIds": SOURCES_BOUND, "weights": SOURCES_BOUND}
DESCRIPTION_BOUNDS: dict[str, abi.Bound] = {"description": DESCRIPTION_SIZE_MAX}

PRECOMPILE = Precompile(
    address=ADDRESS,
    family="graph",
    name="aggregation",
    interface="IOracleAggregation",
    version=VERSION,
    summary="Robust statistics, feeds made of feeds, and means over time of feeds and pools",
    methods=(
        method(
            "median(int256[] values) returns (int256 middle)",
            mutability="pure",
            gas=STATISTICS_GAS,
            handler=median,
            summary="Return the middle value, of an even number the lower.",
            bounds={"values": VALUES_MAX},
        ),
        method(
            "weightedMedian(int256[] values, uint256[] weights) returns (int256 middle)",
            mutability="pure",
            gas=STATISTICS_GAS,
            handler=weighted_median,
            summary="Return the smallest value up to which lies half of the weight.",
            bounds={"values": VALUES_MAX, "weights": VALUES_MAX},
        ),
        method(
            "withoutOutliers(int256[] values, uint32 share) returns (int256[] kept)",
            mutability="pure",
            gas=STATISTICS_GAS,
            handler=without_outliers,
            summary="Return the values no further from the median than a share, in basis points, of"
            " the median of these distances; 44,478 is three standard deviations.",
            bounds={"values": VALUES_MAX, "kept": VALUES_MAX},
        ),
        method(
            "jumps(int256 last, int256 answer, uint16 share) returns (bool tripped)",
            mutability="pure",
            gas=(Constant(amount=200),),
            handler=jumps,
            summary="Return whether an answer is further from the last than a share of it, in basis"
            " points.",
        ),
        method(
            "aggregate(bytes32[] feedIds, uint32[] weights, uint32 maxAge, uint8 least,"
            " uint32 outlier) returns (int256 answer, uint256 observedAt, uint256 count)",
            mutability="view",
            gas=SOURCES_GAS,
            handler=aggregate,
            summary="Return the weighted median of at most 16 feeds that are no older than maxAge"
            " and, where outlier is not 0, no outliers; at least so many must be left.",
            bounds=SOURCE_BOUNDS,
        ),
        method(
            "createComposite(string description, bytes32[] feedIds, uint32[] weights,"
            " uint32 maxAge, uint8 least, uint32 outlier, uint16 breaker)"
            " returns (bytes32 compositeId)",
            mutability="nonpayable",
            gas=SOURCES_GAS,
            handler=create_composite,
            summary="Make a feed of such an aggregate, with a breaker in basis points; 0 is 2,000.",
            bounds={**SOURCE_BOUNDS, **DESCRIPTION_BOUNDS},
        ),
        method(
            "refresh(bytes32 compositeId) returns (uint80 roundId)",
            mutability="nonpayable",
            gas=(Constant(amount=1_500),),
            handler=refresh,
            summary="Write a composite's next round, if its sources have moved; costs 300 more for"
            " each.",
        ),
        method(
            "resetBreaker(bytes32 compositeId)",
            mutability="nonpayable",
            gas=READ_GAS,
            handler=reset_breaker,
            summary="Let the next answer of the caller's composite be any.",
        ),
        method(
            f"latestRoundData(bytes32 compositeId) returns {adapter.ROUND_OUTPUTS}",
            mutability="view",
            gas=READ_GAS,
            handler=latest_round_data,
            summary="Return the last round, however old: startedAt is when its oldest source was"
            " observed.",
        ),
        method(
            f"getRoundData(bytes32 compositeId, uint80 round) returns {adapter.ROUND_OUTPUTS}",
            mutability="view",
            gas=READ_GAS,
            handler=get_round_data,
            summary="Return one of the last 65,535 rounds.",
        ),
        method(
            "latestAnswer(bytes32 compositeId) returns (int256 answer)",
            mutability="view",
            gas=READ_GAS,
            handler=latest_answer,
            summary="Return the last answer, however old.",
        ),
        method(
            "decimals(bytes32 compositeId) returns (uint8 count)",
            mutability="view",
            gas=READ_GAS,
            handler=decimals_of,
            summary="Return how many decimals the answers have.",
        ),
        method(
            "description(bytes32 compositeId) returns (string text)",
            mutability="view",
            gas=READ_GAS,
            handler=description_of,
            summary="Return the description.",
            bounds={"text": short_text.SIZE_MAX},
        ),
        method(
            "version(bytes32 compositeId) returns (uint256 number)",
            mutability="view",
            gas=READ_GAS,
            handler=version_of,
            summary="Return the version of this kind of feed.",
        ),
        method(
            "latest(bytes32 compositeId) returns (int256 answer, uint256 observedAt)",
            mutability="view",
            gas=READ_GAS,
            handler=latest,
            summary="Return the last answer; one older than sources may be is refused.",
        ),
        method(
            "requireFresh(bytes32 compositeId, uint256 maxAge)"
            " returns (int256 answer, uint256 observedAt)",
            mutability="view",
            gas=READ_GAS,
            handler=require_fresh,
            summary="Return the last answer; one older than so many seconds is refused.",
        ),
        method(
            "compositeOf(bytes32 compositeId) returns (address owner, uint8 decimals,"
            " uint32 maxAge, uint8 least, uint32 outlier, uint16 breaker, uint48 round,"
            " bool breakerReset)",
            mutability="view",
            gas=(Constant(amount=700),),
            handler=composite_of,
            summary="Return what a composite was made as, and how far it is.",
        ),
        method(
            "sourcesOf(bytes32 compositeId) returns (bytes32[] feedIds, uint32[] weights)",
            mutability="view",
            gas=(Constant(amount=1_500),),
            handler=sources_of,
            summary="Return the feeds of a composite and their weights.",
            bounds=SOURCE_BOUNDS,
        ),
        method(
            "compositeIdOf(address creator, string description) returns (bytes32 compositeId)",
            mutability="pure",
            gas=(Constant(amount=300),),
            handler=composite_id_of,
            summary="Return the id that a composite of this creator and description has.",
            bounds=DESCRIPTION_BOUNDS,
        ),
        *adapter.methods("compositeId", create_adapter, adapter_of, forward),
        method(
            "twap(bytes32 id, uint32 window) returns (int256 mean)",
            mutability="view",
            gas=(Constant(amount=700),),
            handler=twap,
            summary="Return the mean of a feed's or a composite's answers over so many seconds,"
            " each weighted by how long it held, rounded down.",
        ),
        method(
            "observe(bytes32 poolId) returns (int24 tick, int128 total)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000),),
            handler=observe,
            summary="Write the tick that a pool shows now; it counts until the next observation.",
        ),
        method(
            "consult(bytes32 poolId, uint32 secondsAgo) returns (int24 tick)",
            mutability="view",
            gas=(Constant(amount=1_000),),
            handler=consult,
            summary="Return the mean tick of a pool over so many seconds, rounded down.",
        ),
        method(
            "latestObservation(bytes32 poolId)"
            " returns (uint256 number, int24 tick, int128 total, uint256 time)",
            mutability="view",
            gas=READ_GAS,
            handler=latest_observation,
            summary="Return the last observation of a pool.",
        ),
    ),
    errors=(
        rounds.UNKNOWN_ROUND,
        rounds.NO_HISTORY,
        composites.UNKNOWN_COMPOSITE,
        *sources.ERRORS,
        *pools.ERRORS,
        NO_VALUES,
        NO_WEIGHT,
        INVALID_WINDOW,
        STALE_ANSWER,
        COMPOSITE_EXISTS,
        INVALID_DESCRIPTION,
        NOT_OWNER,
        BREAKER_TRIPPED,
    ),
    events=(COMPOSITE_CREATED, ANSWER_UPDATED, BREAKER_RESET, adapter.CREATED),
    references=(
        "Chainlink: AggregatorV3Interface",
        "Uniswap v3: observations of ticks and their mean; v4 periphery: the truncated oracle",
    ),
)
