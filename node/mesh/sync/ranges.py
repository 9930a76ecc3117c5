"""Range-based reconciliation: fingerprints of ranges that are cut until the difference shows.

A message lists ranges in their order. A range that both have alike is passed over; one that differs
is answered by fingerprints of its sixteen parts, or, where it is small, by what lies in it. Who
sees such a list knows what the other lacks, and answers with what he lacks himself. So each side
learns what it has to send, and no id travels in full.

In lists an id is eight bytes of a hash under a seed that is drawn for the exchange: nobody can mint
two vertices that look alike.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from ...codec import Reader, Refused, u8, u16
from ...crypto import sha256
from .items import END, FINGERPRINT, ROW, START, Items, digest, id_of, shared

PARTS = 16
LIST_MAX = 32
SHORT = 8
SEED = 16
MESSAGE_MAX = 229_376
"""Bytes of ranges in a message; with its envelope it fits the link's bucket of 256 KiB."""
LACKING_ROWS_MAX = 8 * LIST_MAX  # of one's own, where a list may have grown since it was sent

_END = 0xFF  # stands where the length of a bound's beginning would
_HEAD = 2 + ROW + 1
_ANSWER_MAX = _HEAD + PARTS * (_HEAD + FINGERPRINT)  # to one range


class Kind(IntEnum):
    """What is said of a range."""

    SKIP = 0
    FINGERPRINT = 1
    IDS = 2  # all there are in it
    LACKING = 3  # those of a list that was sent which its reader does not have


@dataclass(frozen=True, slots=True)
class Range:
    """A range; it begins where the one before it ends."""

    upper: bytes
    kind: Kind
    fingerprint: bytes = b""
    shorts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say to ranges, and what of one's own the other side lacks."""

    ranges: list[Range]
    missing_there: list[bytes]

    @property
    def is_open(self) -> bool:
        """Return whether it asks for an answer."""
        return is_open(self.ranges)


def is_open(ranges: Sequence[Range]) -> bool:
    """Return whether ranges ask for an answer."""
    return any(one.kind in (Kind.FINGERPRINT, Kind.IDS) for one in ranges)


def short_of(seed: bytes, identity: bytes) -> bytes:
    """Return what an id is in the lists of an exchange."""
    return sha256(seed, identity)[:SHORT]


# --- Answering ------------------------------------------------------------------------------


def opening(items: Items, seed: bytes) -> list[Range]:
    """Return the ranges that begin a comparison of everything, of many two cuts at once."""
    if len(items) <= PARTS**3:
        return _cut(items, seed, START, END)
    return _fingerprints(items.split(START, END, PARTS**2))


def respond(items: Items, seed: bytes, ranges: Sequence[Range]) -> Answer:
    """Answer ranges of the other side; when that is long enough, one range has all that is left."""
    said: list[Range] = []
    missing_there: list[bytes] = []
    lower, size = START, 0
    for one in ranges:
        if size > MESSAGE_MAX - _ANSWER_MAX:
            rest = items.fingerprint(lower, ranges[-1].upper)
            said.append(Range(ranges[-1].upper, Kind.FINGERPRINT, rest))
            break
        for part in _answer(items, seed, lower, one, missing_there):
            size += _size(lower, part)
            said.append(part)
            lower = part.upper
    return Answer(_tidy(said), missing_there)


def _answer(
    items: Items, seed: bytes, lower: bytes, one: Range, missing_there: list[bytes]
) -> list[Range]:
    match one.kind:
        case Kind.FINGERPRINT:
            if digest(items.total(lower, one.upper)) != one.fingerprint:
                return _cut(items, seed, lower, one.upper)
        case Kind.IDS:
            if lacking := _compare(items, seed, lower, one, missing_there):
                return [Range(one.upper, Kind.LACKING, shorts=lacking)]
        case Kind.LACKING:
            if items.count(lower, one.upper) <= LACKING_ROWS_MAX:
                wanted = set(one.shorts)
                ids = map(id_of, items.rows(lower, one.upper))
                missing_there += [each for each in ids if short_of(seed, each) in wanted]
    return [Range(one.upper, Kind.SKIP)]


def _size(lower: bytes, one: Range) -> int:
    """Return how many bytes a range is behind a bound, or a few more."""
    bound = len(one.upper) - shared(lower, one.upper)
    return 4 + bound + len(one.fingerprint) + SHORT * len(one.shorts)


def _compare(
    items: Items, seed: bytes, lower: bytes, one: Range, missing_there: list[bytes]
) -> tuple[bytes, ...]:
    """Note what of ours is not in a list; return what of the list is not ours."""
    ids = map(id_of, items.rows(lower, one.upper))
    if not one.shorts:
        missing_there += ids
        return ()
    theirs, both = set(one.shorts), set()
    for each in ids:
        short = short_of(seed, each)
        if short in theirs:
            both.add(short)
        else:
            missing_there.append(each)
    return tuple(short for short in one.shorts if short not in both)


def _cut(items: Items, seed: bytes, lower: bytes, upper: bytes) -> list[Range]:
    if items.count(lower, upper) <= LIST_MAX:
        shorts = sorted({short_of(seed, id_of(row)) for row in items.rows(lower, upper)})
        return [Range(upper, Kind.IDS, shorts=tuple(shorts))]
    return _fingerprints(items.split(lower, upper, PARTS))


def _fingerprints(parts: Iterable[tuple[bytes, int]]) -> list[Range]:
    return [Range(end, Kind.FINGERPRINT, fingerprint=digest(total)) for end, total in parts]


def _tidy(ranges: list[Range]) -> list[Range]:
    """Make one skip of neighbours, and leave out the last."""
    kept: list[Range] = []
    for one in ranges:
        if kept and kept[-1].kind == one.kind == Kind.SKIP:
            kept.pop()
        kept.append(one)
    if kept and kept[-1].kind == Kind.SKIP:
        kept.pop()
    return kept


def promised(said: Sequence[Range], seed: bytes, rows: Sequence[bytes]) -> list[bytes]:
    """Return which of these rows, where the other side has them, it sends upon what was said."""
    found = []
    lower = START
    for one in said:
        if one.kind in (Kind.IDS, Kind.LACKING):
            within = [row for row in rows if lower <= row < one.upper]
            shorts = [(row, short_of(seed, id_of(row))) for row in within]
            wants = one.kind == Kind.LACKING
            found += [row for row, short in shorts if (short in one.shorts) == wants]
        lower = one.upper
    return found


# --- Bytes ----------------------------------------------------------------------------------


def encode_ranges(ranges: Sequence[Range]) -> bytes:
    """Return ranges, each bound by where it departs from the one before."""
    parts = [u16(len(ranges))]
    before = START
    for one in ranges:
        if one.upper == END:
            parts.append(u8(_END))
        else:
            alike = shared(before, one.upper)
            parts += [u8(alike), u8(len(one.upper) - alike), one.upper[alike:]]
        parts += [u8(one.kind), one.fingerprint]
        if one.kind in (Kind.IDS, Kind.LACKING):
            parts += [u8(len(one.shorts)), *one.shorts]
        before = one.upper
    return b"".join(parts)


def read_ranges(reader: Reader) -> list[Range]:
    """Take all that is left off a reader, as ranges."""
    ranges: list[Range] = []
    before, kind = START, None
    for _ in range(reader.u16()):
        if before == END:
            raise Refused("sync: range behind the end")
        upper = _read_bound(reader, before)
        previous, kind = kind, _kind(reader.u8())
        if previous == kind == Kind.SKIP:
            raise Refused("sync: two skips in a row")
        fingerprint = reader.take(FINGERPRINT) if kind == Kind.FINGERPRINT else b""
        shorts = tuple(_read_shorts(reader, kind)) if kind in (Kind.IDS, Kind.LACKING) else ()
        ranges.append(Range(upper, kind, fingerprint, shorts))
        before = upper
    if kind == Kind.SKIP:
        raise Refused("sync: ends with a skip")
    reader.end()
    return ranges


def _read_bound(reader: Reader, before: bytes) -> bytes:
    alike = reader.u8()
    if alike == _END:
        return END
    size = reader.u8()
    if alike > len(before) or not 0 < size <= ROW - alike:
        raise Refused("sync: wrong length of a bound")
    upper = before[:alike] + reader.take(size)
    if upper <= before or shared(before, upper) != alike:
        raise Refused("sync: bounds out of order")
    return upper


def _read_shorts(reader: Reader, kind: Kind) -> Iterator[bytes]:
    count = reader.u8()
    if count > LIST_MAX or (kind == Kind.LACKING and not count):
        raise Refused("sync: wrong length of a list")
    shorts = [reader.take(SHORT) for _ in range(count)]
    if any(first >= second for first, second in pairwise(shorts)):
        raise Refused("sync: list out of order")
    yield from shorts


def _kind(number: int) -> Kind:
    if number > max(Kind):
        raise Refused("sync: unknown kind of range")
    return Kind(number)
