"""One comparison of a history with another node: heads, then a filter, then ranges.

A history is closed: who has a vertex has all that it follows. So equal heads prove equal histories,
and heads that one side knows tell all that the other has. Where heads do not settle it, each side
sends a filter of what it has beyond what both have; where there is too much of that, ranges.

The outcome is what each side has to send. What a filter hides comes as the parents of what is sent;
a head that nobody will send is named, to be asked for.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from ...codec import Reader, Refused, u8, u32
from ...crypto import Random
from . import bloom, ranges
from .bloom import Bloom, make_bloom, read_bloom
from .items import FINGERPRINT, ROW, Items, id_of
from .ranges import Range

VERSION = 1
HEADS_MAX = 32
COMMON_MAX = 64
FIRST_FILTER_MAX = 1000
"""Entries of a filter where nothing is common: beyond, most of it may be what both have."""
MESSAGES_MAX = 40  # that one side hears; the rest of a larger difference is for the next time

Fresh = Callable[[Collection[bytes]], Sequence[bytes] | None]
"""Gives the ids that are neither among these rows nor in their past; None where there are many."""


class Kind(IntEnum):
    """What a message is."""

    HEADS = 1  # begins
    FILTER = 2
    RANGES = 3
    END = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What follows from a message: `missing_there` is ours to send, `missing_here` to ask for."""

    reply: bytes | None
    missing_there: list[bytes] = field(default_factory=list)
    missing_here: list[bytes] = field(default_factory=list)
    done: bool = True


@dataclass(frozen=True, slots=True)
class Heads:
    """What a node tells of its heads: rows, the highest ones where there are too many."""

    count: int
    rows: tuple[bytes, ...]

    @property
    def is_all(self) -> bool:
        """Return whether none was left out."""
        return self.count == len(self.rows)


class Exchange:
    """One side of a comparison. Heads and what is common are rows, as in `items`.

    `common` are heads that both had the last time. The set may grow meanwhile: each message speaks
    of it as it is.
    """

    __slots__ = (
        *("_agreed", "_common", "_filter", "_fresh", "_heads", "_heard", "_initiator", "_items"),
        *("_promised", "_random", "_seed", "_theirs", "_turns"),
    )

    def __init__(
        self,
        items: Items,
        heads: Collection[bytes],
        common: Collection[bytes],
        random: Random,
        initiator: bool,
        fresh: Fresh,
    ) -> None:
        self._items = items
        self._heads = Heads(len(heads), tuple(sorted(heads)[-HEADS_MAX:]))
        self._common = tuple(sorted(common)[-HEADS_MAX:])
        self._random = random
        self._fresh = fresh
        self._theirs = Heads(0, ())
        self._agreed: tuple[bytes, ...] = ()
        self._filter: Bloom | None = None  # that we sent
        self._seed = b""  # of the ranges, once there are any
        self._promised: set[bytes] = set()  # heads of theirs which the ranges make them send
        self._heard = 0
        self._initiator = initiator
        self._turns = {Kind.FILTER, Kind.RANGES, Kind.END} if initiator else {Kind.HEADS}

    def start(self) -> bytes:
        """Return the first message; for the side that begins."""
        return self._message(Kind.HEADS, self._items.fingerprint() + _encode_rows(self._common))

    def common(self) -> list[bytes]:
        """Return rows that both have, for the next time: more of them once what was sent is here.

        The other side may lie about its heads; then it is sent less than it lacks.
        """
        return self._held((*self._agreed, *self._theirs.rows))[-HEADS_MAX:]

    def receive(self, payload: bytes) -> Step:
        """Take the next message of the other side."""
        reader = Reader(payload)
        if reader.u8() != VERSION:
            raise Refused("sync: unknown version")
        kind = reader.u8()
        if kind not in self._turns:
            raise Refused("sync: out of turn")
        self._heard += 1
        self._theirs = _read_heads(reader)
        match kind:
            case Kind.HEADS:
                return self._hear_heads(reader)
            case Kind.FILTER if self._initiator:
                return self._hear_filter(reader)
            case Kind.FILTER:
                return self._hear_second_filter(reader)
            case Kind.RANGES:
                return self._hear_ranges(reader)
            case _:
                reader.end()
                return Step(reply=None, missing_here=self._unpromised())

    # --- What was heard ---------------------------------------------------------------------

    def _hear_heads(self, reader: Reader) -> Step:
        fingerprint = reader.take(FINGERPRINT)
        told = _read_rows(reader, HEADS_MAX)
        reader.end()
        agreed = self._held((*told, *self._common, *self._theirs.rows))
        self._agreed = tuple(agreed[-COMMON_MAX:])
        if self._is_equal(fingerprint):
            return self._end()
        if self._knows_theirs and (ours := self._fresh(self._theirs.rows)) is not None:
            return self._end(ours)
        # A filter could hide a head that is not told.
        told_all = self._theirs.is_all and self._heads.is_all
        ours = self._fresh(self._agreed) if told_all else None
        if ours is None or len(ours) > (bloom.ENTRIES_MAX if self._agreed else FIRST_FILTER_MAX):
            return self._open_ranges()
        self._turns = {Kind.FILTER, Kind.RANGES, Kind.END}
        return Step(reply=self._send_filter(ours), done=False)

    def _hear_filter(self, reader: Reader) -> Step:
        """Take the answer to our heads: what the other side has beyond what both have."""
        agreed, theirs = _read_filter(reader)
        if len(self._held(agreed)) < len(agreed):
            return self._open_ranges()
        self._agreed = agreed
        lacking = self._lacking(theirs)
        if lacking is None:
            return self._open_ranges()
        if self._knows_theirs:
            return self._end(lacking)
        ours = self._fresh(agreed)
        if ours is None or len(ours) > bloom.ENTRIES_MAX:
            return self._open_ranges()
        return Step(
            reply=self._send_filter(ours), missing_there=lacking, missing_here=self._hidden()
        )

    def _hear_second_filter(self, reader: Reader) -> Step:
        agreed, theirs = _read_filter(reader)
        if agreed != self._agreed:
            raise Refused("sync: filter of something else")
        return Step(
            reply=None, missing_there=self._lacking(theirs) or [], missing_here=self._hidden()
        )

    def _hear_ranges(self, reader: Reader) -> Step:
        seed = reader.take(ranges.SEED)
        if self._seed not in (b"", seed):
            raise Refused("sync: ranges of something else")
        self._seed = seed
        heard = ranges.read_ranges(reader)
        answer = ranges.respond(self._items, seed, heard)
        if answer.is_open and self._heard < MESSAGES_MAX:
            reply = self._send_ranges(answer.ranges)
            return Step(reply=reply, missing_there=answer.missing_there, done=False)
        if answer.ranges and not answer.is_open:
            reply = self._send_ranges(answer.ranges)
            return Step(
                reply=reply,
                missing_there=answer.missing_there,
                missing_here=self._unpromised(),
            )
        if ranges.is_open(heard):
            return self._end(answer.missing_there, self._unpromised())
        return Step(reply=None, missing_there=answer.missing_there, missing_here=self._unpromised())

    # --- What is sent -----------------------------------------------------------------------

    def _message(self, kind: Kind, body: bytes = b"") -> bytes:
        heads = u32(self._heads.count) + _encode_rows(self._heads.rows)
        return u8(VERSION) + u8(kind) + heads + body

    def _end(self, missing_there: Sequence[bytes] = (), missing_here: Sequence[bytes] = ()) -> Step:
        return Step(
            reply=self._message(Kind.END),
            missing_there=list(missing_there),
            missing_here=list(missing_here),
        )

    def _send_filter(self, ours: Sequence[bytes]) -> bytes:
        self._filter = make_bloom(ours, self._random) if ours else None
        encoded = u8(1) + self._filter.encode() if self._filter else u8(0)
        return self._message(Kind.FILTER, _encode_rows(self._agreed) + encoded)

    def _open_ranges(self) -> Step:
        self._seed = self._random(ranges.SEED)
        return Step(
            reply=self._send_ranges(ranges.opening(self._items, self._seed)),
            done=False,
        )

    def _send_ranges(self, said: Sequence[Range]) -> bytes:
        self._turns = {Kind.RANGES, Kind.END}
        self._promised.update(ranges.promised(said, self._seed, self._unheld()))
        return self._message(Kind.RANGES, self._seed + ranges.encode_ranges(said))

    # --- What follows -----------------------------------------------------------------------

    @property
    def _knows_theirs(self) -> bool:
        """Whether the other side can have nothing that is not here."""
        return self._theirs.is_all and not self._unheld()

    def _is_equal(self, fingerprint: bytes) -> bool:
        if self._theirs.is_all and self._heads.is_all:
            return self._theirs == self._heads
        return (self._theirs.count, fingerprint) == (self._heads.count, self._items.fingerprint())

    def _lacking(self, theirs: Bloom | None) -> list[bytes] | None:
        """Return what the other side lacks, by its heads and its filter."""
        ours = self._fresh((*self._agreed, *self._held(self._theirs.rows)))
        if ours is None:
            return None
        if self._knows_theirs or theirs is None:
            return list(ours)
        return [each for each in ours if each not in theirs]

    def _held(self, rows: Iterable[bytes]) -> list[bytes]:
        return sorted(row for row in set(rows) if row in self._items)

    def _unheld(self) -> list[bytes]:
        return [row for row in self._theirs.rows if row not in self._items]

    def _hidden(self) -> list[bytes]:
        """Return heads which the other side will not send, as our filter claims them."""
        unheld = map(id_of, self._unheld()) if self._filter else ()
        return [each for each in unheld if self._filter and each in self._filter]

    def _unpromised(self) -> list[bytes]:
        """Return heads which ranges that are alike have hidden; somebody minted them so."""
        if not self._seed:
            return []
        return [id_of(row) for row in self._unheld() if row not in self._promised]


def _encode_rows(rows: Sequence[bytes]) -> bytes:
    return u8(len(rows)) + b"".join(rows)


def _read_rows(reader: Reader, limit: int) -> tuple[bytes, ...]:
    count = reader.u8()
    if count > limit:
        raise Refused("sync: too many heads")
    rows = tuple(reader.take(ROW) for _ in range(count))
    if any(first >= second for first, second in pairwise(rows)):
        raise Refused("sync: heads out of order")
    return rows


def _read_heads(reader: Reader) -> Heads:
    heads = Heads(reader.u32(), _read_rows(reader, HEADS_MAX))
    if len(heads.rows) != min(heads.count, HEADS_MAX):
        raise Refused("sync: wrong number of heads")
    return heads


def _read_filter(reader: Reader) -> tuple[tuple[bytes, ...], Bloom | None]:
    agreed = _read_rows(reader, COMMON_MAX)
    given = reader.u8()
    if given > 1:
        raise Refused("sync: unknown mark of a filter")
    theirs = read_bloom(reader) if given else None
    reader.end()
    return agreed, theirs
