"""Runs as bytes: as long as they can be, so that how they were cut does not show."""

from collections.abc import Callable, Sequence

from ..codec import Reader, Refused, sized, u8, u32
from .bodies import is_text
from .operations import ID, INDEX_END
from .sequence import Run
from .values import Value, encode_value, read_value, text

Place = tuple[bytes, int]
Values = str | tuple[Value, ...]

_TEXT, _VALUES, _DEAD = range(3)


def write_rows(
    runs: Sequence[Run], head: Callable[[Run], bytes], *, linked: bool
) -> tuple[int, bytes]:
    """Return how many rows there are, and their bytes: start, what `head` says, length, content.

    Runs that follow each other are one row; where `linked`, only if each hangs on the one before.
    """
    rows = []
    at = 0
    while at < len(runs):
        first = last = runs[at]
        pieces = [first.values]
        at += 1
        while at < len(runs) and _follows(last, runs[at], linked=linked):
            last = runs[at]
            pieces.append(last.values)
            at += 1
        length = last.start + last.length - first.start
        content = _content(pieces, dead=first.dead)
        rows.append(u32(first.start) + head(first) + u32(length) + content)
    return len(rows), b"".join(rows)


def _follows(last: Run, run: Run, *, linked: bool) -> bool:
    end = last.start + last.length
    joins = run.vertex == last.vertex and run.start == end and run.dead == last.dead
    return joins and (not linked or run.left == (run.vertex, end - 1))


def _content(pieces: list[Values], *, dead: bool) -> bytes:
    if dead:
        return u8(_DEAD)
    values = [value for piece in pieces for value in piece]
    if is_text(values):
        return u8(_TEXT) + sized("".join(map(str, values)).encode())
    return u8(_VALUES) + b"".join(encode_value(value) for value in values)


def read_content(reader: Reader, start: int) -> tuple[int, Values, bool]:
    """Take length and content off a reader: elements, and whether they are deleted."""
    length, form = reader.u32(), reader.u8()
    values: Values = ()
    if form == _TEXT:
        values = text(reader.sized(len(reader)))
    elif form == _VALUES:
        values = tuple(read_value(reader) for _ in range(length))
    elif form != _DEAD:
        raise Refused("crdt: malformed run")
    if not 0 < length <= INDEX_END - start or (form != _DEAD and len(values) != length):
        raise Refused("crdt: malformed run")
    return length, values, form == _DEAD


def write_left(run: Run) -> bytes:
    """Return what a run hangs on."""
    return u8(0) if run.left is None else u8(1) + run.left[0] + u32(run.left[1])


def read_left(reader: Reader) -> Place | None:
    """Take what a run hangs on off a reader."""
    return (reader.take(ID), reader.u32()) if reader.u8() else None
