"""Feeds made of feeds, in storage. Knows no methods.

A composite's id is the hash of a tag, its creator and description. Its slots are counted from the
hash of the id.

    0             owner (160 bits) at 96 | decimals (8) at 88 | sources (8) at 80 | least (8) at 72
                  | breaker in basis points (16) at 56
    1             largest age in seconds (32) at 32 | outlier in basis points (32)
    2             whether the breaker was reset (1) at 48 | last round (48)
    3             description
    16 + i        source i, the id of a feed
    32 + i        the weights of sources 8 i to 8 i + 7, 32 bits each, the first lowest
    2**16 + k     the ring of rounds
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...storage import Words
from .. import rounds, short_text
from ..rounds import WORD_MASK, Round, Writer
from .sources import Rule

TAG = b"composite"
MAX_AGE, HEAD, DESCRIPTION, SOURCES, WEIGHTS = 1, 2, 3, 16, 32
RING = 1 << 16
WEIGHTS_IN_WORD = 8
RESET = 1 << 48
LAST_MASK = RESET - 1

ADDRESS_SIZE = 20
MASK_32 = (1 << 32) - 1
MASK_16 = (1 << 16) - 1
MASK_8 = (1 << 8) - 1

UNKNOWN_COMPOSITE = abi.error("UnknownComposite(bytes32 compositeId)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """What a composite was made as, and where it is."""

    slot: int
    owner: bytes
    decimals: int
    sources: int
    breaker: int
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far a composite is, and whether its next answer may be any."""

    last: int
    reset: bool


def composite_id(creator: bytes, description: str) -> bytes:
    """Return the id that a composite of this creator has or would have."""
    return keccak256(TAG + creator + description.encode("utf-8"))


def slot_of(identifier: bytes) -> int:
    """Return where the slots of a composite begin."""
    return slot_of_id(identifier)


def find(reader: Words, identifier: bytes) -> Composite | None:
    """Return a composite, or None."""
    slot = slot_of(identifier)
    word = reader.load(slot)
    if not word:
        return None
    ages = reader.load((slot + MAX_AGE) & WORD_MASK)
    return Composite(
        slot=slot,
        owner=(word >> 96).to_bytes(ADDRESS_SIZE, "big"),
        decimals=word >> 88 & MASK_8,
        sources=word >> 80 & MASK_8,
        breaker=word >> 56 & MASK_16,
        rule=Rule(max_age=ages >> 32, least=word >> 72 & MASK_8, outlier=ages & MASK_32),
    )


def load(reader: Words, identifier: bytes) -> Composite:
    """Return a composite that exists."""
    found = find(reader, identifier)
    if found is None:
        raise UNKNOWN_COMPOSITE(identifier)
    return found


def store(
    writer: Writer,
    composite: Composite,
    description: int,
    identifiers: Sequence[bytes],
    weights: Sequence[int],
) -> None:
    """Write a new composite with its checked sources."""
    rule = composite.rule
    word = int.from_bytes(composite.owner, "big") << 96 | composite.decimals << 88
    word |= composite.sources << 80 | rule.least << 72 | composite.breaker << 56
    writer.store(composite.slot, word)
    writer.store(at(composite, MAX_AGE), rule.max_age << 32 | rule.outlier)
    writer.store(at(composite, DESCRIPTION), description)
    for place, identifier in enumerate(identifiers):
        writer.store(at(composite, SOURCES + place), int.from_bytes(identifier, "big"))
    for start in range(0, len(weights), WEIGHTS_IN_WORD):
        some = weights[start : start + WEIGHTS_IN_WORD]
        packed = sum(weight << 32 * place for place, weight in enumerate(some))
        writer.store(at(composite, WEIGHTS + start // WEIGHTS_IN_WORD), packed)


def load_sources(reader: Words, composite: Composite) -> tuple[list[bytes], list[int]]:
    """Return the sources and their weights."""
    places = range(composite.sources)
    words = [reader.load(at(composite, SOURCES + place)) for place in places]
    packed = [
        reader.load(at(composite, WEIGHTS + place))
        for place in range(-(-composite.sources // WEIGHTS_IN_WORD))
    ]
    weights = [
        packed[place // WEIGHTS_IN_WORD] >> 32 * (place % WEIGHTS_IN_WORD) & MASK_32
        for place in places
    ]
    return [word.to_bytes(32, "big") for word in words], weights


def load_description(reader: Words, composite: Composite) -> str:
    """Return the description."""
    return short_text.unpack(reader.load(at(composite, DESCRIPTION)))


def load_head(reader: Words, composite: Composite) -> Head:
    """Return how far a composite is."""
    word = reader.load(at(composite, HEAD))
    return Head(last=word & LAST_MASK, reset=word & RESET != 0)


def store_head(writer: Writer, composite: Composite, head: Head) -> None:
    """Write how far a composite is."""
    writer.store(at(composite, HEAD), head.last | (RESET if head.reset else 0))


def load_round(reader: Words, composite: Composite, number: int) -> Round:
    """Return a round, or refuse one that is not kept."""
    last = load_head(reader, composite).last
    return rounds.load(reader, ring_of(composite), last, number)


def load_last(reader: Words, composite: Composite) -> Round:
    """Return the last round, or refuse a composite that has none."""
    last = load_head(reader, composite).last
    return rounds.load(reader, ring_of(composite), last, last)


def ring_of(composite: Composite) -> int:
    """Return where the ring of rounds begins."""
    return at(composite, RING)


def at(composite: Composite, offset: int) -> int:
    """Return a slot of a composite."""
    return (composite.slot + offset) & WORD_MASK
