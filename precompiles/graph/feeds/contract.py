"""0x0510: oracle feeds. Anybody makes one; a quorum of its signers says what its answer is.

A report carries the sorted observations of many oracles; its answer is their median. Anybody may
bring it: its signatures are the authority. Contracts read as they read Chainlink's AggregatorV3, by
feed id, or as they read Pyth: bring the newest report, then ask for a price that is no older than
so many seconds. `verifyReport` checks a signed report without storing anything.
"""

from dataclasses import replace

from ... import abi
from ...backends.keccak import keccak256
from ...gas import Constant, PerItem
from ...pq.ml_dsa.parameters import SETS
from ...precompile import Call, Precompile, method
from .. import adapter, rounds, short_text
from ..rounds import Round
from . import report as reports
from . import signers, store
from .report import Report
from .signers import Signatures
from .store import Feed, Head, Settings

ADDRESS = (0x0510).to_bytes(20, "big")
VERSION = 1

DECIMALS_MAX = 36
DEVIATION_MAX = 10_000
INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1

UPDATES_MAX = 8
UPDATE_SIZE_MAX = 24_576
DESCRIPTION_SIZE_MAX = 64  # Above short_text.SIZE_MAX, so that a long one is refused by name.

FEED_EXISTS = abi.error("FeedExists(bytes32 feedId)")
NOT_OWNER = abi.error("NotOwner(address owner)")
NOT_PENDING_OWNER = abi.error("NotPendingOwner(address pendingOwner)")
INVALID_DESCRIPTION = abi.error("InvalidDescription()")
INVALID_DECIMALS = abi.error("InvalidDecimals(uint8 decimals)")
INVALID_SETTINGS = abi.error("InvalidSettings()")
WRONG_CONFIG_DIGEST = abi.error("WrongConfigDigest(bytes32 expected, bytes32 actual)")
WRONG_CONTEXT = abi.error("WrongContext()")
STALE_REPORT = abi.error("StaleReport(uint40 lastEpochRound, uint40 epochRound)")
INVALID_TIMESTAMP = abi.error(
    "InvalidTimestamp(uint256 earliest, uint256 latest, uint256 observedAt)"
)
ANSWER_OUT_OF_BOUNDS = abi.error("AnswerOutOfBounds(int192 least, int192 most, int192 answer)")
STALE_ANSWER = abi.error("StaleAnswer(uint256 observedAt, uint256 maxAge)")
PRICE_TOO_LARGE = abi.error("PriceTooLarge(int192 answer, uint64 confidence)")

ERRORS = (
    FEED_EXISTS,
    NOT_OWNER,
    NOT_PENDING_OWNER,
    INVALID_DESCRIPTION,
    INVALID_DECIMALS,
    INVALID_SETTINGS,
    WRONG_CONFIG_DIGEST,
    WRONG_CONTEXT,
    STALE_REPORT,
    INVALID_TIMESTAMP,
    ANSWER_OUT_OF_BOUNDS,
    STALE_ANSWER,
    PRICE_TOO_LARGE,
)

SIGNER_BOUNDS: dict[str, abi.Bound] = {"signers": (reports.MEMBERS_MAX, signers.SIGNER_SIZE_MAX)}
DESCRIPTION_BOUNDS: dict[str, abi.Bound] = {"description": DESCRIPTION_SIZE_MAX}

FEED_CREATED = abi.event(
    "FeedCreated(bytes32 indexed feedId, address indexed owner, string description,"
    " uint8 decimals)",
    DESCRIPTION_BOUNDS,
)
CONFIG_SET = abi.event(
    "ConfigSet(bytes32 indexed feedId, bytes32 configDigest, uint32 configCount, uint8 scheme,"
    " bytes[] signers, uint8 members, uint8 faulty, int192 answerMin, int192 answerMax,"
    " uint32 heartbeat, uint16 deviation)",
    SIGNER_BOUNDS,
)
OWNERSHIP_TRANSFER_REQUESTED = abi.event(
    "OwnershipTransferRequested(bytes32 indexed feedId, address indexed owner,"
    " address indexed newOwner)"
)
OWNERSHIP_TRANSFERRED = abi.event(
    "OwnershipTransferred(bytes32 indexed feedId, address indexed oldOwner,"
    " address indexed newOwner)"
)
NEW_ROUND = abi.event(
    "NewRound(bytes32 indexed feedId, uint256 indexed roundId, address indexed startedBy,"
    " uint256 startedAt)"
)
ANSWER_UPDATED = abi.event(
    "AnswerUpdated(bytes32 indexed feedId, int256 indexed current, uint256 indexed roundId,"
    " uint256 updatedAt)"
)
EVENTS = (
    FEED_CREATED,
    CONFIG_SET,
    OWNERSHIP_TRANSFER_REQUESTED,
    OWNERSHIP_TRANSFERRED,
    NEW_ROUND,
    ANSWER_UPDATED,
    adapter.CREATED,
)

CONFIGURATION = abi.parse_signature(
    "configuration(uint256 chainId, address feeds, bytes32 feedId, uint32 configCount,"
    " string description, uint8 decimals, uint8 scheme, bytes[] signers, uint8 members,"
    " uint8 faulty, int192 answerMin, int192 answerMax, uint32 heartbeat, uint16 deviation)",
    {**SIGNER_BOUNDS, **DESCRIPTION_BOUNDS},
).inputs

LARGEST = SETS[-1]
SIGNED_REPORT = abi.parse_signature(
    "signedReport(bytes32[3] reportContext, bytes report, bytes[] keys, bytes[] signatures)",
    {
        "report": reports.REPORT_SIZE_MAX,
        "keys": (reports.MEMBERS_MAX, LARGEST.public_key_size),
        "signatures": (reports.MEMBERS_MAX, LARGEST.signature_size),
    },
).inputs


# --- Making and owning a feed ---------------------------------------------------------------


def create_feed(
    call: Call,
    description: str,
    decimals: int,
    scheme: int,
    listed: list[bytes],
    members: int,
    faulty: int,
    answer_min: int,
    answer_max: int,
    heartbeat: int,
    deviation: int,
) -> bytes:
    """Make a feed of the caller's with its first configuration."""
    packed = short_text.pack(description)
    if packed is None:
        raise INVALID_DESCRIPTION()
    if decimals > DECIMALS_MAX:
        raise INVALID_DECIMALS(decimals)
    identifier = store.feed_id(call.caller, description)
    if store.find(call.host, identifier) is not None:
        raise FEED_EXISTS(identifier)
    feed = Feed(
        slot=store.slot_of(identifier),
        owner=call.caller,
        decimals=decimals,
        scheme=scheme,
        members=members,
        faulty=faulty,
        config_count=0,
        heartbeat=heartbeat,
    )
    store.store_description(call.host, feed, packed)
    call.host.emit(*FEED_CREATED.log(identifier, call.caller, description, decimals))
    settings = Settings(
        answer_min=answer_min, answer_max=answer_max, heartbeat=heartbeat, deviation=deviation
    )
    configure(call, identifier, feed, description, listed, settings)
    return identifier


def set_config(
    call: Call,
    identifier: bytes,
    scheme: int,
    listed: list[bytes],
    members: int,
    faulty: int,
    answer_min: int,
    answer_max: int,
    heartbeat: int,
    deviation: int,
) -> bytes:
    """Replace the configuration of the caller's feed. Epochs begin anew, rounds go on."""
    feed = load_own(call, identifier)
    changed = replace(feed, scheme=scheme, members=members, faulty=faulty, heartbeat=heartbeat)
    description = store.load_description(call.host, feed)
    settings = Settings(
        answer_min=answer_min, answer_max=answer_max, heartbeat=heartbeat, deviation=deviation
    )
    digest = configure(call, identifier, changed, description, listed, settings)
    head = store.load_head(call.host, changed)
    store.store_head(call.host, changed, replace(head, epoch_round=0))
    return digest


def configure(
    call: Call,
    identifier: bytes,
    feed: Feed,
    description: str,
    listed: list[bytes],
    settings: Settings,
) -> bytes:
    """Check and write a configuration, and return its digest."""
    call.host.charge(signers.set_price(feed.scheme), "group key")
    signers.check_set(feed.scheme, listed, feed.members, feed.faulty)
    if (
        settings.answer_min > settings.answer_max
        or settings.heartbeat == 0
        or settings.deviation > DEVIATION_MAX
    ):
        raise INVALID_SETTINGS()
    feed = replace(feed, config_count=feed.config_count + 1)
    values = (
        feed.scheme,
        listed,
        feed.members,
        feed.faulty,
        settings.answer_min,
        settings.answer_max,
        settings.heartbeat,
        settings.deviation,
    )
    binding = (call.context.chain_id, ADDRESS, identifier, feed.config_count)
    parts = (*binding, description, feed.decimals, *values)
    digest = keccak256(abi.encode(CONFIGURATION, parts))
    store.store(call.host, feed)
    store.store_configuration(call.host, feed, digest, listed, settings)
    call.host.emit(*CONFIG_SET.log(identifier, digest, feed.config_count, *values))
    return digest


def transfer_ownership(call: Call, identifier: bytes, to: bytes) -> None:
    """Offer the caller's feed to another account; zeros take the offer back."""
    feed = load_own(call, identifier)
    store.store_pending(call.host, feed, to)
    call.host.emit(*OWNERSHIP_TRANSFER_REQUESTED.log(identifier, feed.owner, to))


def accept_ownership(call: Call, identifier: bytes) -> None:
    """Take a feed that was offered to the caller."""
    feed = store.load(call.host, identifier)
    pending = store.load_pending(call.host, feed)
    if call.caller != pending or not any(pending):
        raise NOT_PENDING_OWNER(pending)
    store.store(call.host, replace(feed, owner=pending))
    store.store_pending(call.host, feed, bytes(signers.ADDRESS_SIZE))
    call.host.emit(*OWNERSHIP_TRANSFERRED.log(identifier, feed.owner, pending))


def load_own(call: Call, identifier: bytes) -> Feed:
    """Return a feed that exists and is the caller's."""
    feed = store.load(call.host, identifier)
    if feed.owner != call.caller:
        raise NOT_OWNER(feed.owner)
    return feed


# --- Reports --------------------------------------------------------------------------------


def transmit(
    call: Call,
    context: list[bytes],
    data: bytes,
    rs: list[bytes],
    ss: list[bytes],
    raw_vs: bytes,
) -> None:
    """Take a report that accounts signed."""
    if len(ss) != len(rs):
        raise abi.INVALID_LENGTH(len(rs), len(ss))
    if any(raw_vs[len(rs) :]):
        raise signers.INVALID_SIGNATURE(len(rs))
    # Only of the parities 0 and 1 this makes the 27 and 28 that a signature may end with.
    vs = [(27 + parity) % 256 for parity in raw_vs]
    listed = [r + s + bytes([v]) for r, s, v in zip(rs, ss, vs, strict=False)]
    given = Signatures(keys=[], signatures=listed)
    take(call, context, data, given, [signers.ACCOUNTS])


def transmit_pq(
    call: Call, context: list[bytes], data: bytes, keys: list[bytes], signatures: list[bytes]
) -> None:
    """Take a report that ML-DSA keys signed."""
    take(call, context, data, Signatures(keys=keys, signatures=signatures), [signers.ML_DSA])


def transmit_frost(call: Call, context: list[bytes], data: bytes, signature: bytes) -> None:
    """Take a report that a FROST group signed."""
    given = Signatures(keys=[], signatures=[signature])
    take(call, context, data, given, list(signers.FROST_SUITES))


def take(
    call: Call, context: list[bytes], data: bytes, given: Signatures, schemes: list[int]
) -> None:
    """Take a report under one of these schemes, or refuse it."""
    report = reports.decode(data)
    feed = store.load(call.host, report.feed_id)
    if feed.scheme not in schemes:
        raise signers.WRONG_SCHEME(feed.scheme)
    head = store.load_head(call.host, feed)
    check_report(call, feed, report, context)
    check_order(call, head, report)
    if feed.scheme in signers.FROST_SUITES:
        call.host.charge(signers.signature_price(feed.scheme), "signature")
    check_quorum(call, feed, report, reports.signed_hash(data, context), given)
    record(call, feed, head, report)


def update_feeds(call: Call, updates: list[bytes]) -> int:
    """Take each signed report that is newer than what its feed has; return how many were."""
    taken = 0
    for update in updates:
        context, data, given = decode_signed(update)
        report = reports.decode(data)
        feed = store.load(call.host, report.feed_id)
        head = store.load_head(call.host, feed)
        check_report(call, feed, report, context)
        if report.epoch_round <= head.epoch_round:
            continue
        check_order(call, head, report)
        charge_quorum(call, feed)
        check_quorum(call, feed, report, reports.signed_hash(data, context), given)
        record(call, feed, head, report)
        taken += 1
    return taken


def verify_report(call: Call, update: bytes) -> tuple[bytes, int, int, int, int]:
    """Return what a signed report says, if its feed's signers signed it."""
    context, data, given = decode_signed(update)
    report = reports.decode(data)
    feed = store.load(call.host, report.feed_id)
    check_report(call, feed, report, context)
    check_time(call, 0, report)
    charge_quorum(call, feed)
    check_quorum(call, feed, report, reports.signed_hash(data, context), given)
    answer = reports.median(report.observations)
    confidence = reports.confidence(report.observations)
    return report.feed_id, answer, confidence, report.observed_at, report.epoch_round


def decode_signed(update: bytes) -> tuple[list[bytes], bytes, Signatures]:
    """Return context, report and signatures of a signed report."""
    try:
        context, data, keys, signatures = abi.decode(SIGNED_REPORT, update)
    except abi.Revert as reason:
        raise reports.INVALID_REPORT(reason.data) from None
    return context, data, Signatures(keys=keys, signatures=signatures)


def check_report(call: Call, feed: Feed, report: Report, context: list[bytes]) -> None:
    """Refuse a report that cannot be one of this feed, whoever signed it."""
    digest = store.load_digest(call.host, feed)
    for given in (report.config_digest, context[0]):
        if given != digest:
            raise WRONG_CONFIG_DIGEST(digest, given)
    if int.from_bytes(context[1], "big") != report.epoch_round:
        raise WRONG_CONTEXT()
    reports.check(report, feed.members, feed.faulty)
    least, most = store.load_bounds(call.host, feed)
    answer = reports.median(report.observations)
    if not least <= answer <= most:
        raise ANSWER_OUT_OF_BOUNDS(least, most, answer)


def check_order(call: Call, head: Head, report: Report) -> None:
    """Refuse a report that is not newer than the last."""
    if report.epoch_round <= head.epoch_round:
        raise STALE_REPORT(head.epoch_round, report.epoch_round)
    check_time(call, head.observed_at, report)


def check_time(call: Call, last: int, report: Report) -> None:
    """Refuse a time before the last report's, after the block's, or beyond what a round holds."""
    now = call.context.timestamp
    if not last <= report.observed_at <= now <= rounds.TIME_MAX:
        raise INVALID_TIMESTAMP(last, now, report.observed_at)


def charge_quorum(call: Call, feed: Feed) -> None:
    """Charge the signatures of a report whose feed the call data does not tell."""
    count = signers.signature_count(feed.scheme, feed.faulty)
    call.host.charge(count * signers.signature_price(feed.scheme), "signatures")


def check_quorum(call: Call, feed: Feed, report: Report, digest: bytes, given: Signatures) -> None:
    """Refuse a report that its feed's signers did not sign."""
    signers.check_counts(feed.scheme, feed.faulty, given)
    if feed.scheme in signers.FROST_SUITES:
        key = store.load_group_key(call.host, feed)
        signers.check_group_signature(feed.scheme, key, digest, given.signatures[0])
        return

    def member_of(signer: bytes) -> int:
        return store.member_of(call.host, report.config_digest, signer)

    signers.check_signatures(call, feed.scheme, digest, given, member_of)


def record(call: Call, feed: Feed, head: Head, report: Report) -> None:
    """Write the next round."""
    number, now = head.round + 1, call.context.timestamp
    answer = reports.median(report.observations)
    entry = Round(number=number, answer=answer, observed_at=report.observed_at, updated_at=now)
    store.store_round(call.host, feed, entry)
    changed = Head(
        round=number,
        epoch_round=report.epoch_round,
        observed_at=report.observed_at,
        confidence=reports.confidence(report.observations),
    )
    store.store_head(call.host, feed, changed)
    call.host.emit(*NEW_ROUND.log(report.feed_id, number, call.caller, report.observed_at))
    call.host.emit(*ANSWER_UPDATED.log(report.feed_id, answer, number, now))


# --- Reads ----------------------------------------------------------------------------------


def latest_round_data(call: Call, identifier: bytes) -> tuple[int, int, int, int, int]:
    """Return the last round, however old."""
    return rounds.data(store.load_last(call.host, store.load(call.host, identifier)))


def get_round_data(call: Call, identifier: bytes, number: int) -> tuple[int, int, int, int, int]:
    """Return a round that is kept."""
    return rounds.data(store.load_round(call.host, store.load(call.host, identifier), number))


def latest_answer(call: Call, identifier: bytes) -> int:
    """Return the last answer, however old."""
    return store.load_last(call.host, store.load(call.host, identifier)).answer


def decimals_of(call: Call, identifier: bytes) -> int:
    """Return how many decimals answers have."""
    return store.load(call.host, identifier).decimals


def description_of(call: Call, identifier: bytes) -> str:
    """Return the description."""
    return store.load_description(call.host, store.load(call.host, identifier))


def version_of(call: Call, identifier: bytes) -> int:
    """Return the version of the kind of feed that this is."""
    store.load(call.host, identifier)
    return VERSION


def answer_at(call: Call, identifier: bytes, number: int) -> tuple[int, int, int]:
    """Return answer and times of a round that is kept."""
    entry = store.load_round(call.host, store.load(call.host, identifier), number)
    return entry.answer, entry.observed_at, entry.updated_at


def latest(call: Call, identifier: bytes) -> tuple[int, int]:
    """Return the last answer, if it is no older than the feed's heartbeat."""
    feed = store.load(call.host, identifier)
    return fresh(call, feed, feed.heartbeat)


def require_fresh(call: Call, identifier: bytes, max_age: int) -> tuple[int, int]:
    """Return the last answer, if it is no older than so many seconds."""
    return fresh(call, store.load(call.host, identifier), max_age)


def fresh(call: Call, feed: Feed, max_age: int) -> tuple[int, int]:
    """Return the last answer and when it was observed, or refuse an old one.

    Age counts from the observation: a report that was held back is as old as what it tells.
    """
    entry = store.load_last(call.host, feed)
    if call.context.timestamp - entry.observed_at > max_age:
        raise STALE_ANSWER(entry.observed_at, max_age)
    return entry.answer, entry.observed_at


def get_price_no_older_than(call: Call, identifier: bytes, age: int) -> tuple[int, int, int, int]:
    """Return price, confidence, exponent and time as Pyth does."""
    feed = store.load(call.host, identifier)
    price, observed_at = fresh(call, feed, age)
    confidence = store.load_head(call.host, feed).confidence
    if not INT64_MIN <= price <= INT64_MAX or confidence == reports.UNSIGNED_64_MAX:
        raise PRICE_TOO_LARGE(price, confidence)
    return price, confidence, -feed.decimals, observed_at


def config_of(call: Call, identifier: bytes) -> tuple[object, ...]:
    """Return the configuration in force."""
    feed = store.load(call.host, identifier)
    settings = store.load_settings(call.host, feed)
    return (
        store.load_digest(call.host, feed),
        feed.config_count,
        feed.scheme,
        feed.members,
        feed.faulty,
        settings.answer_min,
        settings.answer_max,
        settings.heartbeat,
        settings.deviation,
    )


def signers_of(call: Call, identifier: bytes) -> list[bytes]:
    """Return the signers in order: accounts, hashes of ML-DSA keys, or one group key."""
    return store.load_signers(call.host, store.load(call.host, identifier))


def feed_of(call: Call, identifier: bytes) -> tuple[object, ...]:
    """Return what a feed is, and how far it is."""
    feed = store.load(call.host, identifier)
    head = store.load_head(call.host, feed)
    return (
        feed.owner,
        store.load_pending(call.host, feed),
        store.load_description(call.host, feed),
        feed.decimals,
        head.round,
        head.epoch_round,
        head.confidence,
    )


def feed_id_of(_: Call, creator: bytes, description: str) -> bytes:
    """Return the id that a feed has or would have."""
    return store.feed_id(creator, description)


# --- Adapters -------------------------------------------------------------------------------


def create_adapter(call: Call, identifier: bytes) -> bytes:
    """Put a contract that answers as AggregatorV3 for this feed at an address of its own."""
    store.load(call.host, identifier)
    return adapter.create(call, ADDRESS, identifier)


def adapter_of(_: Call, identifier: bytes) -> bytes:
    """Return where the adapter of a feed is, or would be."""
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

# --- The declaration ------------------------------------------------------------------------

CONFIGURATION_GAS = (Constant(amount=3_000), PerItem(argument="signers", amount=300))
REPORT_GAS = Constant(amount=2_500)
READ_GAS = (Constant(amount=500),)
REPORT_BOUNDS: dict[str, abi.Bound] = {"report": reports.REPORT_SIZE_MAX}
SPARE = 32  # Bytes and items above the largest, so that too many are refused by name.

CONFIGURATION_INPUTS = (
    "uint8 scheme, bytes[] signers, uint8 members, uint8 faulty, int192 answerMin,"
    " int192 answerMax, uint32 heartbeat, uint16 deviation"
)

PRECOMPILE = Precompile(
    address=ADDRESS,
    family="graph",
    name="feeds",
    interface="IOracleFeeds",
    version=VERSION,
    summary="Oracle feeds: reports signed by a quorum, read as AggregatorV3 or on demand",
    methods=(
        method(
            f"createFeed(string description, uint8 decimals, {CONFIGURATION_INPUTS})"
            " returns (bytes32 feedId)",
            mutability="nonpayable",
            gas=CONFIGURATION_GAS,
            handler=create_feed,
            summary="Make a feed of the caller's. Schemes: 1 accounts, 2 ML-DSA keys by hash,"
            " 16 + n a group key of FROST's suite n. Members are more than 3 × faulty; faulty + 1"
            " sign.",
            bounds={**SIGNER_BOUNDS, **DESCRIPTION_BOUNDS},
        ),
        method(
            f"setConfig(bytes32 feedId, {CONFIGURATION_INPUTS}) returns (bytes32 configDigest)",
            mutability="nonpayable",
            gas=CONFIGURATION_GAS,
            handler=set_config,
            summary="Replace the configuration of the caller's feed. Older reports are void.",
            bounds=SIGNER_BOUNDS,
        ),
        method(
            "transferOwnership(bytes32 feedId, address newOwner)",
            mutability="nonpayable",
            gas=READ_GAS,
            handler=transfer_ownership,
            summary="Offer the caller's feed to another account, which must accept it.",
        ),
        method(
            "acceptOwnership(bytes32 feedId)",
            mutability="nonpayable",
            gas=READ_GAS,
            handler=accept_ownership,
            summary="Take a feed that was offered to the caller.",
        ),
        method(
            "transmit(bytes32[3] reportContext, bytes report, bytes32[] rs, bytes32[] ss,"
            " bytes32 rawVs)",
            mutability="nonpayable",
            gas=(REPORT_GAS, PerItem(argument="rs", amount=signers.RECOVERY_GAS)),
            handler=transmit,
            summary="Take a report that faulty + 1 accounts signed, as OCR2 does.",
            bounds={**REPORT_BOUNDS, "rs": SPARE, "ss": SPARE},
        ),
        method(
            "transmitPQ(bytes32[3] reportContext, bytes report, bytes[] publicKeys,"
            " bytes[] signatures)",
            mutability="nonpayable",
            gas=(REPORT_GAS, PerItem(argument="signatures", amount=signers.ML_DSA_GAS)),
            handler=transmit_pq,
            summary="Take a report that faulty + 1 ML-DSA keys signed.",
            bounds={
                **REPORT_BOUNDS,
                "publicKeys": (signers.ML_DSA_MEMBERS_MAX, LARGEST.public_key_size + SPARE),
                "signatures": (signers.ML_DSA_MEMBERS_MAX, LARGEST.signature_size + SPARE),
            },
        ),
        method(
            "transmitFrost(bytes32[3] reportContext, bytes report, bytes signature)",
            mutability="nonpayable",
            gas=(REPORT_GAS,),
            handler=transmit_frost,
            summary="Take a report that a FROST group signed; costs the suite's verification more.",
            bounds={**REPORT_BOUNDS, "signature": signers.FROST_SIGNATURE_MAX},
        ),
        method(
            "updateFeeds(bytes[] updates) returns (uint256 taken)",
            mutability="nonpayable",
            gas=(Constant(amount=500), PerItem(argument="updates", amount=2_500)),
            handler=update_feeds,
            summary="Take up to 8 signed reports, the ABI encodings of (bytes32[3] reportContext,"
            " bytes report, bytes[] keys, bytes[] signatures); those not newer are passed over."
            " Costs the signatures more.",
            bounds={"updates": (UPDATES_MAX, UPDATE_SIZE_MAX)},
        ),
        method(
            "verifyReport(bytes signedReport) returns (bytes32 feedId, int192 answer,"
            " uint64 confidence, uint32 observedAt, uint40 epochRound)",
            mutability="view",
            gas=(REPORT_GAS,),
            handler=verify_report,
            summary="Check a signed report and tell what it says, storing nothing. The reader must"
            " look at its age. Costs the signatures more.",
            bounds={"signedReport": UPDATE_SIZE_MAX},
        ),
        method(
            f"latestRoundData(bytes32 feedId) returns {adapter.ROUND_OUTPUTS}",
            mutability="view",
            gas=READ_GAS,
            handler=latest_round_data,
            summary="Return the last round, however old: startedAt is when it was observed.",
        ),
        method(
            f"getRoundData(bytes32 feedId, uint80 round) returns {adapter.ROUND_OUTPUTS}",
            mutability="view",
            gas=READ_GAS,
            handler=get_round_data,
            summary="Return one of the last 65,535 rounds.",
        ),
        method(
            "latestAnswer(bytes32 feedId) returns (int256 answer)",
            mutability="view",
            gas=READ_GAS,
            handler=latest_answer,
            summary="Return the last answer, however old.",
        ),
        method(
            "decimals(bytes32 feedId) returns (uint8 count)",
            mutability="view",
            gas=READ_GAS,
            handler=decimals_of,
            summary="Return how many decimals the answers have.",
        ),
        method(
            "description(bytes32 feedId) returns (string text)",
            mutability="view",
            gas=READ_GAS,
            handler=description_of,
            summary="Return the description.",
            bounds={"text": short_text.SIZE_MAX},
        ),
        method(
            "version(bytes32 feedId) returns (uint256 number)",
            mutability="view",
            gas=READ_GAS,
            handler=version_of,
            summary="Return the version of this kind of feed.",
        ),
        method(
            "latest(bytes32 feedId) returns (int256 answer, uint256 observedAt)",
            mutability="view",
            gas=READ_GAS,
            handler=latest,
            summary="Return the last answer; one older than the heartbeat is refused.",
        ),
        method(
            "answerAt(bytes32 feedId, uint80 round)"
            " returns (int256 answer, uint256 observedAt, uint256 updatedAt)",
            mutability="view",
            gas=READ_GAS,
            handler=answer_at,
            summary="Return the answer of one of the last 65,535 rounds.",
        ),
        method(
            "requireFresh(bytes32 feedId, uint256 maxAge)"
            " returns (int256 answer, uint256 observedAt)",
            mutability="view",
            gas=READ_GAS,
            handler=require_fresh,
            summary="Return the last answer; one older than so many seconds is refused.",
        ),
        method(
            "getPriceNoOlderThan(bytes32 feedId, uint256 age)"
            " returns (int64 price, uint64 conf, int32 expo, uint256 publishTime)",
            mutability="view",
            gas=READ_GAS,
            handler=get_price_no_older_than,
            summary="Return the last answer with its confidence and exponent, as Pyth does.",
        ),
        method(
            "configOf(bytes32 feedId) returns (bytes32 configDigest, uint32 configCount,"
            " uint8 scheme, uint8 members, uint8 faulty, int192 answerMin, int192 answerMax,"
            " uint32 heartbeat, uint16 deviation)",
            mutability="view",
            gas=(Constant(amount=700),),
            handler=config_of,
            summary="Return the configuration in force, but for its signers.",
        ),
        method(
            "signersOf(bytes32 feedId) returns (bytes[] signers)",
            mutability="view",
            gas=(Constant(amount=1_500),),
            handler=signers_of,
            summary="Return the signers in order: accounts, hashes of ML-DSA keys, or the one group"
            " key.",
            bounds=SIGNER_BOUNDS,
        ),
        method(
            "feedOf(bytes32 feedId) returns (address owner, address pendingOwner,"
            " string description, uint8 decimals, uint48 round, uint40 epochRound,"
            " uint64 confidence)",
            mutability="view",
            gas=(Constant(amount=700),),
            handler=feed_of,
            summary="Return what a feed is, and how far it is.",
            bounds=DESCRIPTION_BOUNDS,
        ),
        method(
            "feedIdOf(address creator, string description) returns (bytes32 feedId)",
            mutability="pure",
            gas=(Constant(amount=300),),
            handler=feed_id_of,
            summary="Return the id that a feed of this creator and description has.",
            bounds=DESCRIPTION_BOUNDS,
        ),
        *adapter.methods("feedId", create_adapter, adapter_of, forward),
    ),
    errors=(store.UNKNOWN_FEED, rounds.UNKNOWN_ROUND, *reports.ERRORS, *signers.ERRORS, *ERRORS),
    events=EVENTS,
    references=(
        "Chainlink OCR2: transmit, its context and its signed hash; AggregatorV3Interface",
        "Pyth: IPyth.getPriceNoOlderThan, and the confidence of an aggregate",
    ),
)
