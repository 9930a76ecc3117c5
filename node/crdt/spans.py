"""A set of numbers as ranges: what was deleted of a vertex that is not known yet."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Self

from ..codec import Reader, Refused, u32


class Spans:
    """Ranges that neither touch nor overlap, in their order; each with its first number and end."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Go over the ranges."""
        return iter(self._spans)

    def __len__(self) -> int:
        """Return how many ranges there are."""
        return len(self._spans)

    def add(self, start: int, end: int) -> None:
        """Put the numbers of a range in."""
        first = bisect_left(self._spans, start, key=lambda span: span[1])
        last = first
        while last < len(self._spans) and self._spans[last][0] <= end:
            start, end = min(start, self._spans[last][0]), max(end, self._spans[last][1])
            last += 1
        self._spans[first:last] = [(start, end)]

    def take(self, start: int, end: int) -> list[tuple[int, int]]:
        """Take the numbers of a range out, and return those that were in."""
        taken, kept = [], []
        first = last = bisect_right(self._spans, start, key=lambda span: span[1])
        while last < len(self._spans) and self._spans[last][0] < end:
            a, b = self._spans[last]
            low, high = max(a, start), min(b, end)
            taken.append((low, high))
            kept += [piece for piece in ((a, low), (high, b)) if piece[0] < piece[1]]
            last += 1
        self._spans[first:last] = kept
        return taken

    def encode(self) -> bytes:
        """Return the ranges, each as first and last number."""
        return u32(len(self._spans)) + b"".join(u32(a) + u32(b - 1) for a, b in self._spans)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Take ranges off a reader."""
        spans = cls()
        for _ in range(reader.u32()):
            start, last = reader.u32(), reader.u32()
            if start > last or (spans._spans and start <= spans._spans[-1][1]):
                raise Refused("crdt: ranges out of order")
            spans._spans.append((start, last + 1))
        return spans
