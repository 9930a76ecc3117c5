"""What a bundle holds: what its exporter has and wants, then vertices, then snapshots.

What an exporter has is kept when its bundle is taken in, so that the bundle that goes back to him
holds what he lacks and nothing else. Taking in goes by batches, and where it was broken off it goes
on; to take a bundle in again changes nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from ..codec import Reader, Refused, sized, u8, u16, u64
from ..core import Store
from ..crypto import HybridKey, Random, SigningKey, sha3_256
from .bundle import (
    Bundle,
    Recipients,
    Source,
    capacity,
    open_bundle,
    size_class,
    write_bundle,
)
from .sync.exchange import Fresh
from .sync.items import ID, ROW, Items, id_of
from .sync.sketch import SYMBOL, difference, make_sketch

VERSION = 1
RECORD_MAX = 8 << 20  # a snapshot's; what is longer is several
HEADS_MAX = 1024
WANTS_MAX = 16_384
SKETCH_MAX = 16_384 * SYMBOL + 20
BATCH_BYTES = 1 << 20
BATCH_RECORDS = 512
TOLD_MAX = 64  # exporters of a space that are remembered
PROGRESS_MAX = 16  # bundles that were begun

_HEAD = 1 + 4
_TOLD = b"bundle/told/"
_PROGRESS = b"bundle/progress/"


class Kind(IntEnum):
    """What a record is."""

    PADDING = 0  # from here to the end, zeros
    ABOUT = 1  # first, and once
    VERTEX = 2
    SNAPSHOT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a bundle says of itself and of its exporter. Heads are rows, wants are ids."""

    topic: bytes
    series: bytes = bytes(16)  # drawn; the same in all parts of one export
    part: int = 0
    heads: tuple[bytes, ...] = ()
    wants: tuple[bytes, ...] = ()
    sketch: bytes = b""  # of all that the exporter has, where heads may not be understood

    def encode(self) -> bytes:
        """Return it."""
        return b"".join(
            [
                *(u8(VERSION), self.topic, self.series, u16(self.part)),
                *(u16(len(self.heads)), *self.heads, u16(len(self.wants)), *self.wants),
                sized(self.sketch),
            ]
        )


@dataclass(slots=True)
class Batch:
    """Records of a bundle, and the position behind them."""

    position: int
    vertices: list[bytes] = field(default_factory=list)
    snapshots: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.vertices) + len(self.snapshots)


def read_about(data: bytes) -> About:
    """Read what a bundle says of itself."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("bundle: unknown version")
    about = About(
        topic=reader.take(ID),
        series=reader.take(16),
        part=reader.u16(),
        heads=_read_rising(reader, ROW, HEADS_MAX),
        wants=_read_rising(reader, ID, WANTS_MAX),
        sketch=reader.sized(SKETCH_MAX),
    )
    reader.end()
    return about


def _read_rising(reader: Reader, size: int, limit: int) -> tuple[bytes, ...]:
    count = reader.u16()
    if count > limit:
        raise Refused("bundle: list too long")
    values = tuple(reader.take(size) for _ in range(count))
    if list(values) != sorted(set(values)):
        raise Refused("bundle: list out of order")
    return values


def tell(
    topic: bytes,
    items: Items,
    heads: Collection[bytes],
    wants: Collection[bytes],
    random: Random,
    symbols: int = 256,
) -> About:
    """Return what an exporter says: of more heads than there is room for, the highest."""
    return About(
        topic=topic,
        series=random(16),
        heads=tuple(sorted(heads)[-HEADS_MAX:]),
        wants=tuple(sorted(wants)[:WANTS_MAX]),
        sketch=make_sketch(map(id_of, items), symbols, random) if symbols else b"",
    )


# --- Taking out -----------------------------------------------------------------------------


def owed(items: Items, told: About | None, fresh: Fresh) -> list[bytes]:
    """Return the rows that somebody lacks by what he told last, in an order to take them in by.

    Where all his heads are known, they say it exactly; else his sketch does, if it is long enough;
    else all goes that his known heads do not have.
    """
    if told is None:
        return list(items)
    known = [row for row in told.heads if row in items]
    lacked: Collection[bytes] | None = fresh(known)
    if len(known) < len(told.heads) and told.sketch:
        found = difference(told.sketch, map(id_of, items))
        if found is not None:
            lacked = found.missing_there
    if lacked is None:
        return list(items)
    names = {*lacked, *told.wants}
    return [row for row in items if id_of(row) in names]


def export(
    about: About,
    vertices: Iterable[bytes],
    snapshots: Iterable[bytes],
    recipients: Recipients,
    signer: SigningKey,
    random: Random,
    size_max: int | None = None,
) -> Iterator[Iterator[bytes]]:
    """Give bundles, each as its pieces, no larger than a size; one where that is None.

    Each part stands alone, and is to be written before the next is asked for. Parts are taken in
    in their order, as vertices follow each other.
    """
    room = None if size_max is None else capacity(_class_below(size_max))
    records = _Records(vertices, snapshots)
    part = 0
    while part == 0 or records.next is not None:
        this = _record(Kind.ABOUT, replace(about, part=part).encode())
        if room is not None and len(this) + len(records.next or b"") > room:
            raise ValueError("a part is too small for a record")
        pieces = write_bundle(records.upto(this, room), recipients, signer, random)
        yield pieces
        if next(pieces, None) is not None:
            raise RuntimeError("a part is to be written before the next is asked for")
        part += 1


class _Records:
    """Records that are given out until a part is full."""

    __slots__ = ("_left", "next")

    def __init__(self, vertices: Iterable[bytes], snapshots: Iterable[bytes]) -> None:
        self._left = _all_records(vertices, snapshots)
        self.next = next(self._left, None)

    def upto(self, first: bytes, room: int | None) -> Iterator[bytes]:
        size = len(first)
        yield first
        while self.next is not None and (room is None or size + len(self.next) <= room):
            size += len(self.next)
            given, self.next = self.next, next(self._left, None)
            yield given


def _all_records(vertices: Iterable[bytes], snapshots: Iterable[bytes]) -> Iterator[bytes]:
    yield from (_record(Kind.VERTEX, vertex) for vertex in vertices)
    yield from (_record(Kind.SNAPSHOT, snapshot) for snapshot in snapshots)


def _record(kind: Kind, body: bytes) -> bytes:
    if len(body) > RECORD_MAX:
        raise ValueError(f"a record has at most {RECORD_MAX} bytes")
    return u8(kind) + sized(body)


def _class_below(size: int) -> int:
    """Return the largest size of a bundle that is no larger."""
    found = size_class(0)
    if size < found:
        raise ValueError(f"a bundle has at least {found} bytes")
    while 2 * found <= size:
        found *= 2
    return found


# --- Taking in ------------------------------------------------------------------------------


class Import:
    """A bundle that was found whole, and is being taken in."""

    __slots__ = ("_begin", "_bundle", "_store", "about")

    def __init__(self, bundle: Bundle, store: Store) -> None:
        self._bundle = bundle
        self._store = store
        self._begin, _, body = next(_records(bundle.read(0), 0))
        self.about = read_about(body)

    @property
    def exporter(self) -> bytes:
        """The name of who signed it; no author of the space, where no member did."""
        return sha3_256(self._bundle.exporter)

    def batches(self) -> Iterator[Batch]:
        """Give what is left from where it was broken off; what is durable then goes to `keep`."""
        saved = self._store.get(self._key)
        position = self._begin if saved is None else Reader(saved).u64()
        batch, size = Batch(position), 0
        for end, kind, body in _records(self._bundle.read(position), position):
            if size and (size + len(body) > BATCH_BYTES or len(batch) == BATCH_RECORDS):
                yield batch
                batch, size = Batch(batch.position), 0
            (batch.vertices if kind == Kind.VERTEX else batch.snapshots).append(body)
            batch.position = end
            size += len(body)
        if size:
            yield batch

    def keep(self, batch: Batch) -> None:
        """Note that a batch is durable where it belongs: it is not read again."""
        others = [key for key, _ in self._store.scan(_PROGRESS) if key != self._key]
        self._store.commit({**_beyond(others, PROGRESS_MAX), self._key: u64(batch.position)})

    def forget(self) -> None:
        """Note that it is to be read from its beginning the next time."""
        self._store.commit({self._key: None})

    def finish(self) -> None:
        """Note what the exporter told, and that the bundle is done with."""
        told = _TOLD + self.about.topic
        others = [key for key, _ in self._store.scan(told) if key != told + self.exporter]
        changes = _beyond(others, TOLD_MAX) | {told + self.exporter: self.about.encode()}
        self._store.commit({**changes, self._key: None})

    @property
    def _key(self) -> bytes:
        return _PROGRESS + self._bundle.root


def take_in(
    source: Source,
    store: Store,
    topics: Mapping[bytes, bytes],
    hybrids: Iterable[HybridKey] = (),
) -> Import:
    """Read all of a bundle, and return it ready to be taken in where nothing in it is wrong.

    `topics` are those of the spaces that the keys are of: a member of one space speaks for no
    other. What was sealed to a secret key may be of any.
    """
    bundle = open_bundle(source, topics, hybrids)
    kinds = (kind for _, kind, _ in _records(bundle.read(0), 0))
    if next(kinds, None) != Kind.ABOUT:
        raise Refused("bundle: does not say what it is")
    if any(kind == Kind.ABOUT for kind in kinds):
        raise Refused("bundle: says twice what it is")
    found = Import(bundle, store)
    if bundle.space_key is not None and topics[bundle.space_key] != found.about.topic:
        raise Refused("bundle: of another space than its key")
    return found


def told(store: Store, topic: bytes) -> dict[bytes, About]:
    """Return what exporters of a space told last, by their names."""
    prefix = _TOLD + topic
    return {key[len(prefix) :]: read_about(value) for key, value in store.scan(prefix)}


def _beyond(keys: Sequence[bytes], limit: int) -> dict[bytes, bytes | None]:
    """Return the changes that make room for one more key."""
    return dict.fromkeys(keys[: max(0, len(keys) + 1 - limit)])


def _records(chunks: Iterator[bytes], position: int) -> Iterator[tuple[int, Kind, bytes]]:
    """Give records with the position behind each, and hold no more than one and a chunk."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        at = 0
        while len(waiting) - at >= _HEAD:
            kind, size = waiting[at], int.from_bytes(waiting[at + 1 : at + _HEAD], "big")
            if kind == Kind.PADDING:
                _check_padding(waiting[at:], chunks)
                return
            if kind > max(Kind) or size > RECORD_MAX:
                raise Refused("bundle: no record")
            end = at + _HEAD + size
            if end > len(waiting):
                break
            yield position + end, Kind(kind), bytes(waiting[at + _HEAD : end])
            at = end
        del waiting[:at]
        position += at
    _check_padding(waiting, chunks)


def _check_padding(rest: bytearray, chunks: Iterator[bytes]) -> None:
    """Refuse what says something behind the last record, or a record that is cut off."""
    for piece in (rest, *chunks):
        if piece.count(0) != len(piece):
            raise Refused("bundle: a record is cut off, or padding is not zeros")
