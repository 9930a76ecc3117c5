"""Feeds in storage, and what anybody who can read that storage may know of them. Knows no methods.

A feed's id is the hash of its creator and description. Its slots are counted from the hash of the
id, so that no id can be chosen whose slots are another feed's.

    0             owner (160 bits) at 96 | decimals (8) at 88 | scheme (8) at 80 | members (8) at 72
                  | f (8) at 64 | count of configurations (32) at 32 | heartbeat in seconds (32)
    1             deviation in basis points (16) at 160 | who may take the ownership (160)
    2             digest of the configuration
    3, 4          smallest and largest answer
    5             description
    6             last round (48) at 136 | its epoch and round (40) at 96 | when it was observed
                  (32) at 64 | confidence (64)
    16 + i        signer i; of a FROST group its key, the 33rd byte in the next slot's lowest
    2**16 + k     the ring of rounds

The slot hash(digest, signer) holds the signer's number, from 1, under that configuration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...storage import Words
from .. import rounds, short_text
from ..rounds import Round, Writer
from .signers import ACCOUNTS, ADDRESS_SIZE, FROST_SUITES, HASH_SIZE

PENDING, DIGEST, ANSWER_MIN, ANSWER_MAX, DESCRIPTION, HEAD = 1, 2, 3, 4, 5, 6
SIGNERS = 16
RING = 1 << 16

WORD_MASK = (1 << 256) - 1
MASK_160 = (1 << 160) - 1
MASK_64 = (1 << 64) - 1
MASK_40 = (1 << 40) - 1
MASK_32 = (1 << 32) - 1
MASK_8 = (1 << 8) - 1

UNKNOWN_FEED = abi.error("UnknownFeed(bytes32 feedId)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the first slot of a feed says, and where the feed is."""

    slot: int
    owner: bytes
    decimals: int
    scheme: int
    members: int
    faulty: int
    config_count: int
    heartbeat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a configuration sets besides its signers."""

    answer_min: int
    answer_max: int
    heartbeat: int
    deviation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last round. Before the first all is zero."""

    round: int
    epoch_round: int
    observed_at: int
    confidence: int


# --- Feeds ----------------------------------------------------------------------------------


def feed_id(creator: bytes, description: str) -> bytes:
    """Return the id that a feed of this creator has or would have."""
    return keccak256(creator + description.encode("utf-8"))


def slot_of(identifier: bytes) -> int:
    """Return where the slots of a feed begin."""
    return slot_of_id(identifier)


def find(reader: Words, identifier: bytes) -> Feed | None:
    """Return a feed, or None."""
    slot = slot_of(identifier)
    word = reader.load(slot)
    if not word:
        return None
    return Feed(
        slot=slot,
        owner=(word >> 96).to_bytes(ADDRESS_SIZE, "big"),
        decimals=word >> 88 & MASK_8,
        scheme=word >> 80 & MASK_8,
        members=word >> 72 & MASK_8,
        faulty=word >> 64 & MASK_8,
        config_count=word >> 32 & MASK_32,
        heartbeat=word & MASK_32,
    )


def load(reader: Words, identifier: bytes) -> Feed:
    """Return a feed that exists."""
    feed = find(reader, identifier)
    if feed is None:
        raise UNKNOWN_FEED(identifier)
    return feed


def store(writer: Writer, feed: Feed) -> None:
    """Write the first slot of a feed."""
    writer.store(
        feed.slot,
        int.from_bytes(feed.owner, "big") << 96
        | feed.decimals << 88
        | feed.scheme << 80
        | feed.members << 72
        | feed.faulty << 64
        | feed.config_count << 32
        | feed.heartbeat,
    )


def load_description(reader: Words, feed: Feed) -> str:
    """Return the description."""
    return short_text.unpack(reader.load(at(feed, DESCRIPTION)))


def store_description(writer: Writer, feed: Feed, packed: int) -> None:
    """Write the description."""
    writer.store(at(feed, DESCRIPTION), packed)


def load_pending(reader: Words, feed: Feed) -> bytes:
    """Return who may take the ownership; zeros when nobody."""
    return (reader.load(at(feed, PENDING)) & MASK_160).to_bytes(ADDRESS_SIZE, "big")


def store_pending(writer: Writer, feed: Feed, account: bytes) -> None:
    """Write who may take the ownership."""
    word = writer.load(at(feed, PENDING)) & ~MASK_160
    writer.store(at(feed, PENDING), word | int.from_bytes(account, "big"))


# --- Configurations -------------------------------------------------------------------------


def load_digest(reader: Words, feed: Feed) -> bytes:
    """Return the digest of the configuration."""
    return reader.load(at(feed, DIGEST)).to_bytes(32, "big")


def load_bounds(reader: Words, feed: Feed) -> tuple[int, int]:
    """Return the smallest and the largest answer."""
    return signed(reader.load(at(feed, ANSWER_MIN))), signed(reader.load(at(feed, ANSWER_MAX)))


def load_settings(reader: Words, feed: Feed) -> Settings:
    """Return what the configuration sets besides its signers."""
    answer_min, answer_max = load_bounds(reader, feed)
    return Settings(
        answer_min=answer_min,
        answer_max=answer_max,
        heartbeat=feed.heartbeat,
        deviation=reader.load(at(feed, PENDING)) >> 160,
    )


def load_signers(reader: Words, feed: Feed) -> list[bytes]:
    """Return the signers in order."""
    suite = FROST_SUITES.get(feed.scheme)
    if suite is not None:
        return [load_group_key(reader, feed)]
    size = ADDRESS_SIZE if feed.scheme == ACCOUNTS else HASH_SIZE
    words = [reader.load(at(feed, SIGNERS + place)) for place in range(feed.members)]
    return [word.to_bytes(size, "big") for word in words]


def load_group_key(reader: Words, feed: Feed) -> bytes:
    """Return the key of a FROST group."""
    key = reader.load(at(feed, SIGNERS)).to_bytes(HASH_SIZE, "big")
    size = FROST_SUITES[feed.scheme].key_size
    if size == HASH_SIZE:
        return key
    return key + reader.load(at(feed, SIGNERS + 1)).to_bytes(size - HASH_SIZE, "big")


def store_configuration(
    writer: Writer, feed: Feed, digest: bytes, signers: Sequence[bytes], settings: Settings
) -> None:
    """Write a checked configuration: all but the first slot."""
    deviation = settings.deviation << 160
    pending = writer.load(at(feed, PENDING)) & MASK_160
    writer.store(at(feed, PENDING), deviation | pending)
    writer.store(at(feed, DIGEST), int.from_bytes(digest, "big"))
    writer.store(at(feed, ANSWER_MIN), settings.answer_min & WORD_MASK)
    writer.store(at(feed, ANSWER_MAX), settings.answer_max & WORD_MASK)
    if feed.scheme in FROST_SUITES:
        key = signers[0]
        writer.store(at(feed, SIGNERS), int.from_bytes(key[:HASH_SIZE], "big"))
        if len(key) > HASH_SIZE:
            writer.store(at(feed, SIGNERS + 1), int.from_bytes(key[HASH_SIZE:], "big"))
        return
    for place, signer in enumerate(signers):
        writer.store(at(feed, SIGNERS + place), int.from_bytes(signer, "big"))
        writer.store(member_slot(digest, signer), place + 1)


def member_of(reader: Words, digest: bytes, signer: bytes) -> int:
    """Return which member, from 1, a signer is under a configuration; 0 is none."""
    return reader.load(member_slot(digest, signer))


def member_slot(digest: bytes, signer: bytes) -> int:
    """Return the slot that says which member a signer is."""
    return int.from_bytes(keccak256(digest + signer.rjust(HASH_SIZE, b"\0")), "big")


# --- Rounds ---------------------------------------------------------------------------------


def load_head(reader: Words, feed: Feed) -> Head:
    """Return the last round's numbers."""
    word = reader.load(at(feed, HEAD))
    return Head(
        round=word >> 136,
        epoch_round=word >> 96 & MASK_40,
        observed_at=word >> 64 & MASK_32,
        confidence=word & MASK_64,
    )


def store_head(writer: Writer, feed: Feed, head: Head) -> None:
    """Write the last round's numbers."""
    word = head.round << 136 | head.epoch_round << 96 | head.observed_at << 64 | head.confidence
    writer.store(at(feed, HEAD), word)


def load_round(reader: Words, feed: Feed, number: int) -> Round:
    """Return a round, or refuse one that is not kept."""
    return rounds.load(reader, ring_of(feed), load_head(reader, feed).round, number)


def load_last(reader: Words, feed: Feed) -> Round:
    """Return the last round, or refuse a feed that has none."""
    last = load_head(reader, feed).round
    return rounds.load(reader, ring_of(feed), last, last)


def store_round(writer: Writer, feed: Feed, entry: Round) -> None:
    """Write the next round."""
    rounds.store(writer, ring_of(feed), entry)


def ring_of(feed: Feed) -> int:
    """Return where the ring of a feed's rounds begins."""
    return at(feed, RING)


def at(feed: Feed, offset: int) -> int:
    """Return a slot of a feed."""
    return (feed.slot + offset) & WORD_MASK


def signed(word: int) -> int:
    """Return the int256 that a word holds."""
    return word - (word >> 255 << 256)
