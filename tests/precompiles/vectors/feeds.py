"""Vectors of the oracle feeds, worked out from the published formats of OCR2 and AggregatorV3.

Digests, reports and hashes are encoded by eth-abi here; accounts sign by eth-keys, BIP 340's keys
by coincurve, Ed25519's by cryptography; ML-DSA's signatures stand in feeds_ml_dsa.json.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import CALLER, Case, case, hexed, refused
from coincurve import PrivateKey as SchnorrKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi import encode
from eth_keys import keys
from eth_utils import keccak

FEEDS = bytes.fromhex("0510").rjust(20, b"\0")
CHAIN_ID = 6133
NOW = 1_700_000_000
DESCRIPTION = "ETH / USD"
DECIMALS = 8
ACCOUNTS, ML_DSA, SECP256K1, BIP340, ED25519 = 1, 2, 17, 18, 19
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
STRANGER = b"\x77" * 20

SOURCE = (
    "OCR2's and AggregatorV3's published formats, encoded by eth-abi and signed by eth-keys,"
    " coincurve, cryptography and dilithium-py"
)

PUBLISHED = json.loads((Path(__file__).parent / "feeds_ml_dsa.json").read_text())

CONFIG = ["uint8", "bytes[]", "uint8", "uint8", "int192", "int192", "uint32", "uint16"]
CREATE = f"createFeed(string,uint8,{','.join(CONFIG)})"
SET = f"setConfig(bytes32,{','.join(CONFIG)})"
TRANSMIT = "transmit(bytes32[3],bytes,bytes32[],bytes32[],bytes32)"
TRANSMIT_PQ = "transmitPQ(bytes32[3],bytes,bytes[],bytes[])"
TRANSMIT_FROST = "transmitFrost(bytes32[3],bytes,bytes)"
REPORT = ["bytes32", "bytes32", "uint40", "uint32", "bytes32", "int192[]"]
SIGNED = ["bytes32[3]", "bytes", "bytes[]", "bytes[]"]
ROUND = ["uint80", "int256", "uint256", "uint256", "uint80"]


def call(signature: str, *arguments: Any) -> bytes:
    """As in cases.py, for lists of types with brackets that hold no comma."""
    inner = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + encode(inner.split(",") if inner else [], arguments)


def before(*inputs: bytes) -> list[Case]:
    return [{"input": hexed(data), "caller": hexed(CALLER)} for data in inputs]


def feed_id(description: str = DESCRIPTION) -> bytes:
    return keccak(CALLER + description.encode())


FEED = feed_id()
KEYS = [keys.PrivateKey(keccak(text=f"reporter {n}")) for n in range(31)]
ADDRESSES = [key.public_key.to_canonical_address() for key in KEYS]
GROUP = SchnorrKey(keccak(text="group"))
GROUP_KEY = GROUP.public_key.format()[1:]
WHOLE_KEY = GROUP.public_key.format()
EDWARDS = Ed25519PrivateKey.from_private_bytes(keccak(text="edwards"))


def config(
    scheme: int = ACCOUNTS,
    signers: list[bytes] | None = None,
    members: int = 4,
    faulty: int = 1,
    least: int = -1_000,
    most: int = 10**12,
    heartbeat: int = 3_600,
    deviation: int = 50,
) -> tuple[Any, ...]:
    listed = ADDRESSES[:members] if signers is None else signers
    return scheme, listed, members, faulty, least, most, heartbeat, deviation


def digest_of(
    values: tuple[Any, ...],
    description: str = DESCRIPTION,
    count: int = 1,
    decimals: int = DECIMALS,
) -> bytes:
    types = ["uint256", "address", "bytes32", "uint32", "string", "uint8", *CONFIG]
    binding = (CHAIN_ID, FEEDS, feed_id(description), count, description, decimals)
    return keccak(encode(types, (*binding, *values)))


CONFIGURATION = config()
DIGEST = digest_of(CONFIGURATION)
CREATED = call(CREATE, DESCRIPTION, DECIMALS, *CONFIGURATION)


def report(
    observations: list[int],
    epoch_round: int = 0x101,
    observed_at: int = NOW - 10,
    digest: bytes = DIGEST,
    feed: bytes = FEED,
    observers: bytes | None = None,
) -> tuple[list[bytes], bytes]:
    """The context and the bytes of a report."""
    who = bytes(range(len(observations))) if observers is None else observers
    values = (digest, feed, epoch_round, observed_at, who.ljust(32, b"\0"), observations)
    return [digest, epoch_round.to_bytes(32, "big"), bytes(32)], encode(REPORT, values)


def hash_of(context: list[bytes], data: bytes) -> bytes:
    return keccak(keccak(data) + b"".join(context))


def signatures(context: list[bytes], data: bytes, who: list[int]) -> list[bytes]:
    made = [KEYS[n].sign_msg_hash(hash_of(context, data)) for n in who]
    return [each.to_bytes() for each in made]


def transmission(context: list[bytes], data: bytes, made: list[bytes]) -> bytes:
    rs, ss = [each[:32] for each in made], [each[32:64] for each in made]
    return call(TRANSMIT, context, data, rs, ss, bytes(each[64] for each in made).ljust(32, b"\0"))


def transmit(observations: list[int], who: list[int] | None = None, **options: Any) -> bytes:
    context, data = report(observations, **options)
    return transmission(context, data, signatures(context, data, [0, 1] if who is None else who))


def signed_report(observations: list[int], who: list[int] | None = None, **options: Any) -> bytes:
    """The encoding that updateFeeds and verifyReport take."""
    context, data = report(observations, **options)
    made = signatures(context, data, [0, 1] if who is None else who)
    listed = [each[:64] + bytes([each[64] + 27]) for each in made]
    return encode(SIGNED, (context, data, [], listed))


def topic(value: bytes | int) -> str:
    number = value if isinstance(value, int) else int.from_bytes(value, "big")
    return f"0x{number % 2**256:064x}"


def round_logs(
    answer: int, number: int = 1, observed_at: int = NOW - 10, feed: bytes = FEED
) -> list[Case]:
    started = keccak(text="NewRound(bytes32,uint256,address,uint256)")
    updated = keccak(text="AnswerUpdated(bytes32,int256,uint256,uint256)")
    return [
        {
            "topics": [topic(each) for each in (started, feed, number, CALLER)],
            "data": topic(observed_at),
        },
        {"topics": [topic(each) for each in (updated, feed, answer, number)], "data": topic(NOW)},
    ]


def config_log(values: tuple[Any, ...], digest: bytes, count: int, feed: bytes = FEED) -> Case:
    types = ["bytes32", "uint32", *CONFIG]
    name = keccak(text=f"ConfigSet(bytes32,{','.join(types)})")
    return {
        "topics": [topic(name), topic(feed)],
        "data": hexed(encode(types, (digest, count, *values))),
    }


def created_log(description: str = DESCRIPTION, decimals: int = DECIMALS) -> Case:
    name = keccak(text="FeedCreated(bytes32,address,string,uint8)")
    return {
        "topics": [topic(name), topic(feed_id(description)), topic(CALLER)],
        "data": hexed(encode(["string", "uint8"], [description, decimals])),
    }


def cases() -> Iterator[Case]:
    for each in every():
        # What is before is signed for one chain.
        yield {**each, "chainId": CHAIN_ID} if "before" in each else each


def every() -> Iterator[Case]:
    yield from created()
    yield from configured()
    yield from owned()
    yield from transmitted()
    yield from refused_reports()
    yield from refused_signatures()
    yield from other_schemes()
    yield from pulled()
    yield from read()
    yield from adapted()


# --- Feeds ----------------------------------------------------------------------------------


def created() -> Iterator[Case]:
    yield case("feed-id", call("feedIdOf(address,string)", CALLER, DESCRIPTION), ["bytes32"], FEED)
    logs = [created_log(), config_log(CONFIGURATION, DIGEST, 1)]
    yield case("create", CREATED, ["bytes32"], FEED, logs=logs)
    for name, description, values in (
        ("of-one", "x", config(members=1, faulty=0)),
        ("of-31", "x" * 31, config(members=31, faulty=10)),
        ("of-bip340", "bip340", config(BIP340, [GROUP_KEY], 31, 10)),
        ("of-ed25519", "ed25519", config(ED25519, [edwards_key()], 4, 1)),
        ("of-secp256k1", "secp256k1", config(SECP256K1, [WHOLE_KEY], 4, 1)),
        ("of-ml-dsa", "ml-dsa", config(ML_DSA, ml_dsa_hashes(), 4, 1)),
        ("of-one-answer", "one", config(least=7, most=7, heartbeat=2**32 - 1, deviation=10_000)),
    ):
        digest = digest_of(values, description)
        logs = [created_log(description), config_log(values, digest, 1, feed_id(description))]
        data = call(CREATE, description, DECIMALS, *values)
        yield case(f"create-{name}", data, ["bytes32"], feed_id(description), logs=logs)
    digest = digest_of(CONFIGURATION, decimals=36)
    logs = [created_log(decimals=36), config_log(CONFIGURATION, digest, 1)]
    data = call(CREATE, DESCRIPTION, 36, *CONFIGURATION)
    yield case("create-with-36-decimals", data, ["bytes32"], FEED, logs=logs)
    yield refused("create-again", CREATED, "FeedExists(bytes32)", FEED, before=before(CREATED))
    yield refused("create-static", CREATED, "WriteProtection()", static=True)
    for name, description, decimals, error, *arguments in (
        ("empty-description", "", 8, "InvalidDescription()"),
        ("description-of-32", "x" * 32, 8, "InvalidDescription()"),
        ("description-of-16-umlauts", "ä" * 16, 8, "InvalidDescription()"),
        ("decimals-37", "x", 37, "InvalidDecimals(uint8)", 37),
        ("decimals-255", "x", 255, "InvalidDecimals(uint8)", 255),
    ):
        data = call(CREATE, description, decimals, *CONFIGURATION)
        yield refused(f"create-{name}", data, error, *arguments)


def bad_configs() -> Iterator[tuple[Any, ...]]:
    count = "InvalidMembers(uint256,uint256)"
    signer = "InvalidSigner(uint256)"
    length = "InvalidLength(uint256,uint256)"
    yield "scheme-0", config(0), "WrongScheme(uint8)", 0
    yield "scheme-3", config(3), "WrongScheme(uint8)", 3
    yield "scheme-16", config(16), "WrongScheme(uint8)", 16
    yield "scheme-22", config(22), "WrongScheme(uint8)", 22
    yield "no-members", config(members=0, faulty=0), count, 0, 0
    yield "three-of-which-one-faulty", config(members=3), count, 3, 1
    yield "30-of-which-10-faulty", config(members=30, faulty=10), count, 30, 10
    yield "32-members", config(members=32, signers=ADDRESSES), count, 32, 1
    yield "255-faulty", config(faulty=255), count, 4, 255
    hashes = [bytes([n]) * 32 for n in range(1, 9)]
    yield "8-ml-dsa-keys", config(ML_DSA, hashes, 8, 2), count, 8, 2
    yield "signer-missing", config(signers=ADDRESSES[:3]), length, 4, 3
    yield "signer-too-many", config(signers=ADDRESSES[:5]), length, 4, 5
    yield "two-group-keys", config(BIP340, [GROUP_KEY] * 2), length, 1, 2
    yield "no-group-key", config(BIP340, []), length, 1, 0
    yield "same-signer", config(signers=[*ADDRESSES[:3], ADDRESSES[1]]), signer, 3
    yield "zero-address", config(signers=[bytes(20), *ADDRESSES[:3]]), signer, 0
    yield "address-of-19", config(signers=[ADDRESSES[0], b"\1" * 19, *ADDRESSES[2:4]]), signer, 1
    yield "address-of-32", config(signers=[*ADDRESSES[:3], b"\1" * 32]), signer, 3
    yield "hash-of-20", config(ML_DSA, ADDRESSES[:4]), signer, 0
    yield "key-of-31", config(BIP340, [GROUP_KEY[:31]]), signer, 0
    yield "key-of-33", config(BIP340, [b"\2" + GROUP_KEY]), signer, 0
    yield "key-off-the-curve", config(BIP340, [b"\0" * 31 + b"\5"]), signer, 0
    yield "edwards-identity", config(ED25519, [b"\1" + bytes(31)]), signer, 0
    settings = "InvalidSettings()"
    yield "bounds-crossed", config(least=8, most=7), settings
    yield "no-heartbeat", config(heartbeat=0), settings
    yield "deviation-above-all", config(deviation=10_001), settings


def configured() -> Iterator[Case]:
    for name, values, error, *arguments in bad_configs():
        data = call(CREATE, DESCRIPTION, DECIMALS, *values)
        yield refused(f"create-{name}", data, error, *arguments)
        if name in ("scheme-0", "three-of-which-one-faulty", "same-signer", "no-heartbeat"):
            data = call(SET, FEED, *values)
            yield refused(f"set-{name}", data, error, *arguments, before=before(CREATED))
    unknown = keccak(text="unknown")
    yield refused(
        "set-unknown", call(SET, unknown, *CONFIGURATION), "UnknownFeed(bytes32)", unknown
    )
    changed = config(members=7, faulty=2, least=0, most=99, heartbeat=60, deviation=1)
    digest = digest_of(changed, count=2)
    set_it = call(SET, FEED, *changed)
    logs = [config_log(changed, digest, 2)]
    yield case("set", set_it, ["bytes32"], digest, before=before(CREATED), logs=logs)
    same = call(SET, FEED, *CONFIGURATION)
    digest = digest_of(CONFIGURATION, count=2)
    logs = [config_log(CONFIGURATION, digest, 2)]
    yield case("set-the-same", same, ["bytes32"], digest, before=before(CREATED), logs=logs)
    yield refused(
        "set-by-stranger",
        same,
        "NotOwner(address)",
        "0x" + CALLER.hex(),
        before=before(CREATED),
        caller=hexed(STRANGER),
    )
    taken = before(CREATED, transmit([1, 2, 3]), same)
    old = transmit([4, 5, 6], epoch_round=0x102)
    yield refused(
        "report-under-the-old-config",
        old,
        "WrongConfigDigest(bytes32,bytes32)",
        digest,
        DIGEST,
        before=taken,
    )
    new = transmit([4, 5, 6], digest=digest)
    logs = round_logs(5, number=2)
    yield case("report-under-the-new-config", new, [], before=taken, logs=logs)
    types = ["bytes32", "uint32", CONFIG[0], *CONFIG[2:]]
    ask, who = call("configOf(bytes32)", FEED), call("signersOf(bytes32)", FEED)
    rest = (CONFIGURATION[0], *CONFIGURATION[2:])
    yield case("config", ask, types, DIGEST, 1, *rest, before=before(CREATED))
    yield case("config-set", ask, types, digest, 2, *rest, before=taken)
    yield case("signers", who, ["bytes[]"], ADDRESSES[:4], before=before(CREATED))
    for name, values in (
        ("bip340", config(BIP340, [GROUP_KEY], 31, 10)),
        ("ml-dsa", config(ML_DSA, ml_dsa_hashes(), 4, 1)),
        ("secp256k1", config(SECP256K1, [WHOLE_KEY], 4, 1)),
        ("deviation-1", config(deviation=1)),
    ):
        made = before(call(CREATE, name, DECIMALS, *values))
        ask, who = (
            call("configOf(bytes32)", feed_id(name)),
            call("signersOf(bytes32)", feed_id(name)),
        )
        rest = (digest_of(values, name), 1, values[0], *values[2:])
        yield case(f"config-of-{name}", ask, types, *rest, before=made)
        yield case(f"signers-of-{name}", who, ["bytes[]"], values[1], before=made)


def owned() -> Iterator[Case]:
    offer = call("transferOwnership(bytes32,address)", FEED, STRANGER)
    accept = call("acceptOwnership(bytes32)", FEED)
    requested = keccak(text="OwnershipTransferRequested(bytes32,address,address)")
    transferred = keccak(text="OwnershipTransferred(bytes32,address,address)")
    made = before(CREATED)
    offered = before(CREATED, offer)
    logs = [{"topics": [topic(x) for x in (requested, FEED, CALLER, STRANGER)], "data": "0x"}]
    yield case("offer", offer, [], before=made, logs=logs)
    logs = [{"topics": [topic(x) for x in (transferred, FEED, CALLER, STRANGER)], "data": "0x"}]
    stranger = hexed(STRANGER)
    yield case("accept", accept, [], before=offered, caller=stranger, logs=logs)
    types = ["address", "address", "string", "uint8", "uint48", "uint40", "uint64"]
    ask = call("feedOf(bytes32)", FEED)
    zero = "0x" + "00" * 20
    facts = (DESCRIPTION, DECIMALS, 0, 0, 0)
    yield case("feed", ask, types, CALLER, zero, *facts, before=made)
    yield case("feed-offered", ask, types, CALLER, STRANGER, *facts, before=offered)
    moved = [*offered, {"input": hexed(accept), "caller": stranger}]
    odd = before(call(CREATE, DESCRIPTION, DECIMALS, *config(deviation=1)))
    yield case("feed-of-odd-deviation", ask, types, CALLER, zero, *facts, before=odd)
    yield case("feed-moved", ask, types, STRANGER, zero, *facts, before=moved)
    owner = "0x" + STRANGER.hex()
    set_it = call(SET, FEED, *CONFIGURATION)
    yield refused("set-by-old-owner", set_it, "NotOwner(address)", owner, before=moved)
    digest = digest_of(CONFIGURATION, count=2)
    logs = [config_log(CONFIGURATION, digest, 2)]
    more: Case = {"before": moved, "caller": stranger, "logs": logs}
    yield case("set-by-new-owner", set_it, ["bytes32"], digest, **more)
    pending = "NotPendingOwner(address)"
    yield refused("accept-by-owner", accept, pending, owner, before=offered)
    yield refused("accept-what-none-offered", accept, pending, zero, before=made)
    nobody = {"before": made, "caller": zero}
    yield refused("accept-by-nobody", accept, pending, zero, **nobody)
    again = {"before": moved, "caller": stranger}
    yield refused("accept-twice", accept, pending, zero, **again)
    back = before(CREATED, offer, call("transferOwnership(bytes32,address)", FEED, zero))
    yield refused("accept-withdrawn", accept, pending, zero, before=back, caller=stranger)
    yield refused(
        "offer-by-stranger",
        offer,
        "NotOwner(address)",
        "0x" + CALLER.hex(),
        before=made,
        caller=stranger,
    )
    unknown = call("acceptOwnership(bytes32)", bytes(32))
    yield refused("accept-unknown", unknown, "UnknownFeed(bytes32)", bytes(32))


# --- Reports --------------------------------------------------------------------------------


def transmitted() -> Iterator[Case]:
    made = before(CREATED)
    data = transmit([180_000_000_000, 180_100_000_000, 190_000_000_000])
    selector = {"source": "OCR2's selector b1dc65a4 and its hash; signed by eth-keys"}
    assert data[:4].hex() == "b1dc65a4"
    yield case("transmit", data, [], before=made, logs=round_logs(180_100_000_000), **selector)
    stranger = {"before": made, "caller": hexed(STRANGER)}
    logs = round_logs(2)
    logs[0]["topics"][3] = topic(STRANGER)
    yield case("transmit-by-stranger", transmit([1, 2, 3]), [], logs=logs, **stranger)
    for name, observations, answer in (
        ("four", [1, 2, 3, 4], 3),
        ("equal", [5, 5, 5], 5),
        ("least", [-1_000, -1_000, 7], -1_000),
        ("most", [-1, 10**12, 10**12], 10**12),
        ("liars-at-the-ends", [-(2**191), 0, 2**191 - 1], 0),
        ("negative", [-3, -2, -1], -2),
    ):
        logs = round_logs(answer)
        yield case(f"transmit-{name}", transmit(observations), [], before=made, logs=logs)
    for name, who in (("2-and-0", [2, 0]), ("3-and-2", [3, 2])):
        data = transmit([1, 2, 3], who=who)
        yield case(f"signed-by-{name}", data, [], before=made, logs=round_logs(2))
    third = report([1, 2, 3])
    context = [*third[0][:2], keccak(text="extra")]
    data = transmission(context, third[1], signatures(context, third[1], [0, 1]))
    yield case("third-word-is-signed-only", data, [], before=made, logs=round_logs(2))
    observers = bytes([3, 0, 2])
    data = transmit([1, 2, 3], observers=observers)
    yield case("observers-in-any-order", data, [], before=made, logs=round_logs(2))
    first = transmit([1, 2, 3])
    for name, options in (
        ("same-time", {"epoch_round": 0x102}),
        ("next-epoch", {"epoch_round": 0x200}),
        ("last-epoch", {"epoch_round": 2**40 - 1, "observed_at": NOW}),
    ):
        logs = round_logs(5, number=2, observed_at=options.get("observed_at", NOW - 10))
        data = transmit([4, 5, 6], **options)
        yield case(f"second-{name}", data, [], before=before(CREATED, first), logs=logs)
    ancient = transmit([1, 2, 3], observed_at=0)
    yield case("of-1970", ancient, [], before=made, logs=round_logs(2, observed_at=0))
    alone = config(members=1, faulty=0)
    digest = digest_of(alone)
    data = transmit([9], who=[0], digest=digest)
    created_alone = before(call(CREATE, DESCRIPTION, DECIMALS, *alone))
    yield case("one-member", data, [], before=created_alone, logs=round_logs(9))
    many = config(members=31, faulty=10)
    data = transmit(list(range(31)), who=list(range(20, 31)), digest=digest_of(many))
    made = before(call(CREATE, DESCRIPTION, DECIMALS, *many))
    yield case("31-members", data, [], before=made, logs=round_logs(15))


def refused_reports() -> Iterator[Case]:
    made = before(CREATED)
    first = before(CREATED, transmit([1, 2, 3]))
    context, good = report([1, 2, 3])
    pair = signatures(context, good, [0, 1])
    unknown = keccak(text="unknown")
    other = keccak(text="digest")
    wrong = "WrongConfigDigest(bytes32,bytes32)"
    count = "ObservationCount(uint256,uint256,uint256)"
    observer = "InvalidObserver(uint256)"
    time = "InvalidTimestamp(uint256,uint256,uint256)"
    bounds = "AnswerOutOfBounds(int192,int192,int192)"
    stale = "StaleReport(uint40,uint40)"
    unsorted = "UnsortedObservations(uint256)"
    for name, state, data, error, *arguments in (
        ("unknown-feed", made, transmit([1, 2, 3], feed=unknown), "UnknownFeed(bytes32)", unknown),
        ("wrong-digest", made, transmit([1, 2, 3], digest=other), wrong, DIGEST, other),
        ("wrong-digest-in-context", made,
         transmission([other, *context[1:]], good, pair), wrong, DIGEST, other),
        ("other-round-in-context", made,
         transmission([context[0], b"\0" * 31 + b"\1", context[2]], good, pair), "WrongContext()"),
        ("round-beyond-40-bits-in-context", made,
         transmission([context[0], bytes([1]) + context[1][1:], context[2]], good, pair),
         "WrongContext()"),
        ("no-observations", made, transmit([]), count, 3, 4, 0),
        ("two-observations", made, transmit([1, 2]), count, 3, 4, 2),
        ("five-observations", made, transmit([1, 2, 3, 4, 5]), count, 3, 4, 5),
        ("unsorted", made, transmit([1, 3, 2]), unsorted, 2),
        ("unsorted-at-once", made, transmit([2, 1, 3]), unsorted, 1),
        ("falling", made, transmit([1, 0, -1]), unsorted, 1),
        ("observer-twice", made, transmit([1, 2, 3], observers=b"\0\1\1"), observer, 2),
        ("observer-4", made, transmit([1, 2, 3], observers=b"\0\4\1"), observer, 1),
        ("observer-too-many", made, transmit([1, 2, 3], observers=b"\0\1\2\3"), observer, 3),
        ("observer-at-the-end", made,
         transmit([1, 2, 3], observers=b"\0\1\2" + bytes(28) + b"\1"), observer, 31),
        ("too-low", made, transmit([-1_001, -1_001, 0]), bounds, -1_000, 10**12, -1_001),
        ("too-high", made, transmit([0, 10**12 + 1, 10**12 + 1]), bounds, -1_000, 10**12,
         10**12 + 1),
        ("in-the-future", made, transmit([1, 2, 3], observed_at=NOW + 1), time, 0, NOW, NOW + 1),
        ("in-the-far-future", made, transmit([1, 2, 3], observed_at=2**32 - 1), time, 0, NOW,
         2**32 - 1),
        ("older-than-the-last", first, transmit([1, 2, 3], epoch_round=0x102, observed_at=NOW - 11),
         time, NOW - 10, NOW, NOW - 11),
        ("replayed", first, transmit([1, 2, 3]), stale, 0x101, 0x101),
        ("round-before", first, transmit([1, 2, 3], epoch_round=0x100), stale, 0x101, 0x100),
        ("round-zero", made, transmit([1, 2, 3], epoch_round=0), stale, 0, 0),
    ):  # fmt: skip
        yield refused(f"report-{name}", data, error, *arguments, before=state)
    for name, data, reason in (
        ("empty", b"", call("Truncated(uint256)", 0)),
        ("cut", good[:-1], call("Truncated(uint256)", len(good) - 1)),
        ("longer", good + bytes(32), call("TrailingBytes(uint256)", len(good))),
        ("dirty-round", good[:64] + b"\1" + good[65:], call("ValueOutOfRange(uint256)", 64)),
        (
            "of-32",
            good[:223] + b"\x20" + good[224:],
            call("InvalidLength(uint256,uint256)", 31, 32),
        ),
        ("offset", good[:191] + b"\xa0" + good[192:], call("NonCanonicalOffset(uint256)", 160)),
    ):
        payload = transmission(context, data, pair)
        yield refused(f"report-{name}", payload, "InvalidReport(bytes)", reason, before=made)
    yield refused("transmit-static", transmit([1, 2, 3]), "WriteProtection()", static=True)


def refused_signatures() -> Iterator[Case]:
    made = before(CREATED)
    context, data = report([1, 2, 3])
    first, second, third = signatures(context, data, [0, 1, 2])
    both = [first, second]
    assert 0 in (first[64], second[64])
    foreign = signatures(context, data, [7])[0]
    high = (ORDER - int.from_bytes(second[32:64], "big")).to_bytes(32, "big")
    malleable = second[:32] + high + bytes([1 - second[64]])
    other = signatures(*report([1, 2, 4]), [1])[0]
    invalid = "InvalidSignature(uint256)"
    length = "SignatureCount(uint256,uint256)"
    for name, listed, error, *arguments in (
        ("none", [], length, 2, 0),
        ("one", [first], length, 2, 1),
        ("three", [first, second, third], length, 2, 3),
        ("32", [first] * 32, length, 2, 32),
        ("twice-the-same", [first, first], "DuplicateSigner(uint256)", 1),
        ("foreign", [first, foreign], "UnknownSigner(uint256)", 1),
        ("foreign-first", [foreign, first], "UnknownSigner(uint256)", 0),
        ("of-another-report", [first, other], "UnknownSigner(uint256)", 1),
        ("malleable", [first, malleable], invalid, 1),
        ("r-zero", [first, bytes(32) + second[32:]], invalid, 1),
        ("s-zero", [first, second[:32] + bytes(32) + second[64:]], invalid, 1),
        ("r-beyond-the-order", [b"\xff" * 32 + first[32:], second], invalid, 0),
        ("v-2", [first[:64] + b"\2", second], invalid, 0),
        ("v-27", [first[:64] + bytes([27 + first[64]]), second], invalid, 0),
        *(
            (f"v-{v}-of-{n}", [*both[:n], both[n][:64] + bytes([v]), *both[n + 1 :]], invalid, n)
            for n in (0, 1)
            for v in (228, 229, 255)
        ),
    ):
        payload = transmission(context, data, listed)
        yield refused(f"signatures-{name}", payload, error, *arguments, before=made)
    rs, ss = [first[:32], second[:32]], [first[32:64], second[32:64]]
    vs = bytes([first[64], second[64]])
    for name, number, last in (("third-v", 2, b"\1" + bytes(29)), ("last-v", 2, bytes(29) + b"\1")):
        payload = call(TRANSMIT, context, data, rs, ss, vs + last)
        yield refused(f"signatures-{name}", payload, invalid, number, before=made)
    payload = call(TRANSMIT, context, data, rs, ss[:1], vs + bytes(30))
    yield refused(
        "signatures-s-missing", payload, "InvalidLength(uint256,uint256)", 2, 1, before=made
    )


# --- ML-DSA and FROST -----------------------------------------------------------------------


def ml_dsa_keys() -> list[bytes]:
    return [bytes.fromhex(each["publicKey"]) for each in PUBLISHED["keys"]]


def ml_dsa_hashes() -> list[bytes]:
    return [keccak(key) for key in ml_dsa_keys()]


def edwards_key() -> bytes:
    return EDWARDS.public_key().public_bytes_raw()


def ml_dsa_report() -> tuple[list[bytes], bytes]:
    """The report whose hash dilithium-py signed."""
    values = config(ML_DSA, ml_dsa_hashes(), 4, 1)
    return report([1, 2, 3], digest=digest_of(values, "ml-dsa"), feed=feed_id("ml-dsa"))


def other_schemes() -> Iterator[Case]:
    yield from ml_dsa()
    for name, scheme, key in (
        ("bip340", BIP340, GROUP_KEY),
        ("ed25519", ED25519, edwards_key()),
    ):
        values = config(scheme, [key], 4, 1)
        digest = digest_of(values, name)
        made = before(call(CREATE, name, DECIMALS, *values))
        context, data = report([1, 2, 3], digest=digest, feed=feed_id(name))
        message = hash_of(context, data)
        good = GROUP.sign_schnorr(message, bytes(32)) if scheme == BIP340 else EDWARDS.sign(message)
        logs = round_logs(2, feed=feed_id(name))
        payload = call(TRANSMIT_FROST, context, data, good)
        yield case(f"{name}-transmit", payload, [], before=made, logs=logs)
        update = encode(SIGNED, (context, data, [], [good]))
        payload = call("updateFeeds(bytes[])", [update])
        yield case(f"{name}-update", payload, ["uint256"], 1, before=made, logs=logs)
        for title, bad in (
            ("other", good[:-1] + bytes([good[-1] ^ 1])),
            ("short", good[:-1]),
            ("long", good + b"\0"),
            ("empty", b""),
        ):
            payload = call(TRANSMIT_FROST, context, data, bad)
            error = "InvalidSignature(uint256)"
            yield refused(f"{name}-signature-{title}", payload, error, 0, before=made)
        pair = signatures(context, data, [0, 1])
        payload = transmission(context, data, pair)
        yield refused(f"{name}-wrong-method", payload, "WrongScheme(uint8)", scheme, before=made)
        update = encode(SIGNED, (context, data, [key], [good]))
        payload = call("verifyReport(bytes)", update)
        error = "InvalidLength(uint256,uint256)"
        yield refused(f"{name}-with-a-key", payload, error, 0, 1, before=made)
    context, data = report([1, 2, 3])
    made = before(CREATED)
    payload = call(TRANSMIT_FROST, context, data, bytes(64))
    yield refused("accounts-by-transmit-frost", payload, "WrongScheme(uint8)", 1, before=made)
    payload = call(TRANSMIT_PQ, context, data, [], [])
    yield refused("accounts-by-transmit-pq", payload, "WrongScheme(uint8)", 1, before=made)


def ml_dsa() -> Iterator[Case]:
    listed = ml_dsa_keys()
    values = config(ML_DSA, ml_dsa_hashes(), 4, 1)
    feed = feed_id("ml-dsa")
    made = before(call(CREATE, "ml-dsa", DECIMALS, *values))
    context, data = ml_dsa_report()
    assert hash_of(context, data).hex() == PUBLISHED["message"]
    signed = [bytes.fromhex(each["signature"]) for each in PUBLISHED["keys"]]
    logs = round_logs(2, feed=feed)
    for name, who in (("44-and-65", [0, 1]), ("87-and-44", [2, 0])):
        keys_, made_by = [listed[n] for n in who], [signed[n] for n in who]
        payload = call(TRANSMIT_PQ, context, data, keys_, made_by)
        yield case(f"ml-dsa-{name}", payload, [], before=made, logs=logs)
    # Both of the smallest set, to keep the file small.
    pair, both = [listed[0], listed[3]], [signed[0], signed[3]]
    update = encode(SIGNED, (context, data, pair, both))
    payload = call("updateFeeds(bytes[])", [update])
    yield case("ml-dsa-update", payload, ["uint256"], 1, before=made, logs=logs)
    invalid, unknown = "InvalidSignature(uint256)", "UnknownSigner(uint256)"
    length = "InvalidLength(uint256,uint256)"
    flipped = bytes([both[0][0] ^ 1]) + both[0][1:]
    for name, keys_, made_by, error, *arguments in (
        ("one", pair[:1], both[:1], "SignatureCount(uint256,uint256)", 2, 1),
        ("three", [*pair, pair[0]], [*both, both[0]], "SignatureCount(uint256,uint256)", 2, 3),
        ("twice-the-same", [pair[0]] * 2, [both[0]] * 2, "DuplicateSigner(uint256)", 1),
        ("swapped", pair, both[::-1], invalid, 0),
        ("flipped", pair, [flipped, both[1]], invalid, 0),
        ("cut", pair, [both[0], both[1][:-1]], invalid, 1),
        ("longer", pair, [both[0] + b"\0", both[1]], invalid, 0),
        ("of-another-key", [pair[0], pair[1][:-1] + b"\0"], both, unknown, 1),
        ("without-keys", [], both, length, 2, 0),
        ("with-a-key-more", [*pair, b""], both, length, 2, 3),
    ):
        payload = call(TRANSMIT_PQ, context, data, keys_, made_by)
        yield refused(f"ml-dsa-{name}", payload, error, *arguments, before=made)


# --- Pull -----------------------------------------------------------------------------------

UPDATE = "updateFeeds(bytes[])"
VERIFY = "verifyReport(bytes)"


def pulled() -> Iterator[Case]:
    made = before(CREATED)
    first = signed_report([1, 2, 3])
    second = signed_report([4, 5, 6], epoch_round=0x102)
    logs = round_logs(2)
    yield case("update", call(UPDATE, [first]), ["uint256"], 1, before=made, logs=logs)
    yield case("update-none", call(UPDATE, []), ["uint256"], 0, before=made)
    both = [*logs, *round_logs(5, number=2)]
    payload = call(UPDATE, [first, second])
    yield case("update-two", payload, ["uint256"], 2, before=made, logs=both)
    logs = round_logs(5)
    payload = call(UPDATE, [second, first, second])
    yield case("update-passes-over", payload, ["uint256"], 1, before=made, logs=logs)
    held = before(CREATED, call(UPDATE, [second]))
    yield case("update-old", call(UPDATE, [first]), ["uint256"], 0, before=held)
    yield case("update-replayed", call(UPDATE, [second]), ["uint256"], 0, before=held)
    unsigned = signed_report([7, 8, 9], who=[0, 9], epoch_round=0x103)
    error = "UnknownSigner(uint256)"
    yield refused("update-unsigned", call(UPDATE, [first, unsigned]), error, 1, before=made)
    older = signed_report([7, 8, 9], epoch_round=0x103, observed_at=NOW - 11)
    error = "InvalidTimestamp(uint256,uint256,uint256)"
    payload = call(UPDATE, [older])
    yield refused("update-back", payload, error, NOW - 10, NOW, NOW - 11, before=held)
    types = ["bytes32", "int192", "uint64", "uint32", "uint40"]
    for name, data, state in (
        ("verify", first, made),
        ("verify-older-than-the-last", first, held),
    ):
        found = (FEED, 2, 1, NOW - 10, 0x101)
        yield case(name, call(VERIFY, data), types, *found, before=state, static=True)
    for name, data, error, *arguments in (
        ("unsigned", unsigned, "UnknownSigner(uint256)", 1),
        ("one-signature", signed_report([1, 2, 3], who=[3]), "SignatureCount(uint256,uint256)",
         2, 1),
        ("future", signed_report([1, 2, 3], observed_at=NOW + 1),
         "InvalidTimestamp(uint256,uint256,uint256)", 0, NOW, NOW + 1),
        ("unsorted", signed_report([2, 1, 3]), "UnsortedObservations(uint256)", 1),
        ("unknown", signed_report([1, 2, 3], feed=bytes(32)), "UnknownFeed(bytes32)", bytes(32)),
        ("empty", b"", "InvalidReport(bytes)", call("Truncated(uint256)", 0)),
        ("cut", first[:-1], "InvalidReport(bytes)", call("Truncated(uint256)", len(first) - 1)),
        ("longer", first + bytes(32), "InvalidReport(bytes)",
         call("TrailingBytes(uint256)", len(first))),
    ):  # fmt: skip
        payload = call(VERIFY, data)
        yield refused(f"verify-{name}", payload, error, *arguments, before=made)
    context, data = report([1, 2, 3])
    bare = [each[:64] for each in signatures(context, data, [0, 1])]
    payload = call(VERIFY, encode(SIGNED, (context, data, [], bare)))
    yield refused("verify-without-v", payload, "InvalidSignature(uint256)", 0, before=made)
    types = ["int64", "uint64", "int32", "uint256"]
    price = "getPriceNoOlderThan(bytes32,uint256)"
    for name, observations, answer, spread in (
        ("three", [1, 2, 3], 2, 1),
        ("four", [10, 20, 21, 22], 21, 1),
        ("lower-quartile", [0, 40, 41, 42], 41, 1),
        ("upper-quartile", [1, 2, 9], 2, 7),
        ("equal", [5, 5, 5], 5, 0),
        ("negative", [-9, -2, -1], -2, 7),
    ):
        state = before(CREATED, transmit(observations))
        found = (answer, spread, -DECIMALS, NOW - 10)
        yield case(f"price-of-{name}", call(price, FEED, 10), types, *found, before=state)
    seven = config(members=7, faulty=2)
    observations = [0, 9, 9, 10, 11, 30, 99]
    data = transmit(observations, [0, 1, 2], digest=digest_of(seven), observed_at=NOW - 9)
    state = before(call(CREATE, DESCRIPTION, DECIMALS, *seven), data)
    found = (10, 20, -DECIMALS, NOW - 9)
    yield case("price-of-seven", call(price, FEED, 9), types, *found, before=state)
    wide = config(least=-(2**191), most=2**191 - 1)
    digest = digest_of(wide)
    created_wide = call(CREATE, DESCRIPTION, DECIMALS, *wide)
    for name, observations, answer, spread in (
        ("of-2-63", [2**63] * 3, 2**63, 0),
        ("of-minus-2-63-minus-1", [-(2**63) - 1] * 3, -(2**63) - 1, 0),
        ("confidence-2-64-minus-1", [0, 0, 2**64 - 1], 0, 2**64 - 1),
        ("confidence-2-191", [-(2**191), 0, 2**191 - 1], 0, 2**64 - 1),
    ):
        state = before(created_wide, transmit(observations, digest=digest))
        error = "PriceTooLarge(int192,uint64)"
        yield refused(f"price-{name}", call(price, FEED, 10), error, answer, spread, before=state)
    for name, observations, answer, spread in (
        ("of-2-63-minus-1", [2**63 - 1] * 3, 2**63 - 1, 0),
        ("of-minus-2-63", [-(2**63)] * 3, -(2**63), 0),
        ("confidence-2-64-minus-2", [0, 0, 2**64 - 2], 0, 2**64 - 2),
    ):
        state = before(created_wide, transmit(observations, digest=digest))
        found = (answer, spread, -DECIMALS, NOW - 10)
        yield case(f"price-{name}", call(price, FEED, 10), types, *found, before=state)
    state = before(CREATED, transmit([1, 2, 3]))
    stale = "StaleAnswer(uint256,uint256)"
    yield refused("price-too-old", call(price, FEED, 9), stale, NOW - 10, 9, before=state)


# --- Reads ----------------------------------------------------------------------------------


def read() -> Iterator[Case]:
    made = before(CREATED)
    two = before(
        CREATED,
        transmit([1, 2, 3], observed_at=NOW - 3_601),
        transmit([-9, -5, -1], epoch_round=0x102, observed_at=NOW - 3_600),
    )
    old = two[:2]
    second = (2, -5, NOW - 3_600, NOW, 2)
    yield case("latest-round", call("latestRoundData(bytes32)", FEED), ROUND, *second, before=two)
    ask = "getRoundData(bytes32,uint80)"
    first = (1, 2, NOW - 3_601, NOW, 1)
    yield case("round-1", call(ask, FEED, 1), ROUND, *first, before=two)
    yield case("round-2", call(ask, FEED, 2), ROUND, *second, before=two)
    for number in (0, 3, 65_536, 2**80 - 1):
        for name, signature in (("round", ask), ("answer-at", "answerAt(bytes32,uint80)")):
            data = call(signature, FEED, number)
            label = number if number < 2**80 - 1 else "max"
            error = "UnknownRound(uint256)"
            yield refused(f"{name}-{label}-of-none", data, error, number, before=two)
    data = call("answerAt(bytes32,uint80)", FEED, 1)
    times = ["int256", "uint256", "uint256"]
    yield case("answer-at-1", data, times, 2, NOW - 3_601, NOW, before=two)
    data = call("latestAnswer(bytes32)", FEED)
    yield case("latest-answer", data, ["int256"], -5, before=two)
    yield case("decimals", call("decimals(bytes32)", FEED), ["uint8"], DECIMALS, before=made)
    data = call("description(bytes32)", FEED)
    yield case("description", data, ["string"], DESCRIPTION, before=made)
    yield case("version", call("version(bytes32)", FEED), ["uint256"], 1, before=made)
    types = ["int256", "uint256"]
    latest, fresh = call("latest(bytes32)", FEED), "requireFresh(bytes32,uint256)"
    yield case("latest-at-heartbeat", latest, types, -5, NOW - 3_600, before=two)
    stale = "StaleAnswer(uint256,uint256)"
    yield refused("latest-beyond", latest, stale, NOW - 3_601, 3_600, before=old)
    data = call(fresh, FEED, 3_601)
    yield case("fresh-enough", data, types, 2, NOW - 3_601, before=old)
    data = call(fresh, FEED, 2**256 - 1)
    yield case("fresh-for-ever", data, types, 2, NOW - 3_601, before=old)
    for age in (0, 3_600):
        data = call(fresh, FEED, age)
        yield refused(f"not-fresh-in-{age}", data, stale, NOW - 3_601, age, before=old)
    error = "UnknownFeed(bytes32)"
    unknown = bytes(31) + b"\1"
    for signature in (
        "latestRoundData(bytes32)", "latestAnswer(bytes32)", "decimals(bytes32)",
        "description(bytes32)", "version(bytes32)", "latest(bytes32)", "configOf(bytes32)",
        "feedOf(bytes32)", "signersOf(bytes32)",
    ):  # fmt: skip
        name = signature[: signature.index("(")].lower()
        yield refused(f"{name}-unknown", call(signature, unknown), error, unknown)
    for signature in (
        ask,
        "answerAt(bytes32,uint80)",
        fresh,
        "getPriceNoOlderThan(bytes32,uint256)",
    ):
        name = signature[: signature.index("(")].lower()
        yield refused(f"{name}-unknown", call(signature, unknown, 1), error, unknown)
    for name, data in (
        ("latest-round", call("latestRoundData(bytes32)", FEED)),
        ("latest-answer", call("latestAnswer(bytes32)", FEED)),
        ("latest", latest),
        ("price", call("getPriceNoOlderThan(bytes32,uint256)", FEED, 1)),
    ):
        yield refused(f"{name}-before-any", data, "UnknownRound(uint256)", 0, before=made)


# --- Adapters -------------------------------------------------------------------------------

INIT_CODE = bytes.fromhex("600b5981380380925939f3")


def adapter_code(feed: bytes) -> bytes:
    """The adapter, assembled by hand: forward(feed, all call data), then what it returns."""
    forward = keccak(text="forward(bytes32,bytes)")[:4].hex()
    return bytes.fromhex(
        f"63{forward}60e01b5f527f{feed.hex()}600452604060245236604452365f606437"
        f"5f5f36601f0160051c60051b6064015f73{FEEDS.hex()}5afa3d5f5f3e606d573d5ffd5b6020516040f3"
    )


def adapter_address(feed: bytes) -> bytes:
    """As EIP-1014 says."""
    code = INIT_CODE + adapter_code(feed)
    return keccak(b"\xff" + FEEDS + bytes(32) + keccak(code))[12:]


def adapted() -> Iterator[Case]:
    made = before(CREATED)
    filled = before(CREATED, transmit([1, 2, 3]))
    create, where = "createAdapter(bytes32)", adapter_address(FEED)
    name = keccak(text="AdapterCreated(bytes32,address)")
    logs = [{"topics": [topic(each) for each in (name, FEED, where)], "data": "0x"}]
    yield case("create-adapter", call(create, FEED), ["address"], where, before=made, logs=logs)
    again = before(CREATED, call(create, FEED))
    yield case("create-adapter-again", call(create, FEED), ["address"], where, before=again)
    yield case("adapter-of", call("adapterOf(bytes32)", FEED), ["address"], where)
    unknown = bytes(31) + b"\1"
    error = "UnknownFeed(bytes32)"
    yield refused("create-adapter-of-none", call(create, unknown), error, unknown)
    forward = "forward(bytes32,bytes)"
    for title, asked, types, values in (
        ("latest-round", call("latestRoundData()"), ROUND, (1, 2, NOW - 10, NOW, 1)),
        ("round", call("getRoundData(uint80)", 1), ROUND, (1, 2, NOW - 10, NOW, 1)),
        ("answer", call("latestAnswer()"), ["int256"], (2,)),
        ("decimals", call("decimals()"), ["uint8"], (DECIMALS,)),
        ("description", call("description()"), ["string"], (DESCRIPTION,)),
        ("version", call("version()"), ["uint256"], (1,)),
    ):
        data, output = call(forward, FEED, asked), encode(types, values)
        yield case(f"forward-{title}", data, ["bytes"], output, before=filled)
    for title, asked, error, *arguments in (
        ("no-selector", b"", "UnknownSelector(bytes4)", bytes(4)),
        ("other-selector", b"\1\2\3\4", "UnknownSelector(bytes4)", b"\1\2\3\4"),
        ("without-argument", call("getRoundData(uint80)", 1)[:4], "Truncated(uint256)", 4),
        ("with-argument", call("decimals()") + bytes(32), "TrailingBytes(uint256)", 4),
        ("round-2", call("getRoundData(uint80)", 2), "UnknownRound(uint256)", 2),
    ):
        data = call(forward, FEED, asked)
        yield refused(f"forward-{title}", data, error, *arguments, before=filled)
    data = call(forward, unknown, call("decimals()"))
    yield refused("forward-unknown", data, "UnknownFeed(bytes32)", unknown)
