"""The ids of a history in their order, kept small, with fingerprints of any range of them.

A row is a lamport and an id: 40 bytes, and the order of bytes is the order of the history. Rows lie
in blocks; a Fenwick tree over the blocks has their counts and the sums of their ids, so that a
range costs two blocks and a few sums, whatever its length.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from ...codec import u64
from ...crypto import sha256

ID = 32
LAMPORT = 8
ROW = LAMPORT + ID
START = b""
END = b"\xff" * (ROW + 1)  # behind every row
FINGERPRINT = 16

BLOCK_MAX = 256  # rows: a block is split beyond, and a range counts two parts of one by hand
_FILL = BLOCK_MAX * 3 // 4  # of blocks made at once, so that the next rows split none of them

# A total is a count above the sum of as many ids, which 2^64 of them do not outgrow.
_COUNT_SHIFT = 8 * ID + 64
_SUM_MASK = (1 << _COUNT_SHIFT) - 1
_ROW_BITS = 8 * ROW
_IDS_MASK = sum(((1 << 8 * ID) - 1) << _ROW_BITS * index for index in range(BLOCK_MAX))


def row(lamport: int, identity: bytes) -> bytes:
    """Return the row of a vertex."""
    if len(identity) != ID:
        raise ValueError(f"an id has {ID} bytes")
    return u64(lamport) + identity


def id_of(place: bytes) -> bytes:
    """Return the id in a row."""
    return place[LAMPORT:]


class Items:
    """An ordered set of rows. Bounds are beginnings of rows: a range holds lower <= row < upper."""

    __slots__ = ("_blocks", "_firsts", "_found", "_totals", "_tree")

    def __init__(self, rows: Iterable[bytes] = ()) -> None:
        data = b"".join(sorted(set(rows)))
        step = _FILL * ROW
        self._blocks = [bytearray(data[at : at + step]) for at in range(0, len(data), step)]
        if not self._blocks:
            self._blocks.append(bytearray())
        self._firsts = [bytes(block[:ROW]) for block in self._blocks]
        self._totals = [_total(bytes(block)) for block in self._blocks]
        self._tree: list[int] = []
        # The bound that was looked for last: the next range mostly begins where one has ended.
        self._found = (START, 0, 0)
        self._plant()

    def __len__(self) -> int:
        return self._before(len(self._blocks)) >> _COUNT_SHIFT

    def __contains__(self, place: bytes) -> bool:
        index, at = self._find(place)
        return bytes(self._blocks[index][at : at + ROW]) == place

    def __iter__(self) -> Iterator[bytes]:
        return self.rows()

    def add(self, place: bytes) -> bool:
        """Take a row in; False where it is in already."""
        if len(place) != ROW:
            raise ValueError(f"a row has {ROW} bytes")
        index, at = self._find(place)
        block = self._blocks[index]
        if bytes(block[at : at + ROW]) == place:
            return False
        block[at:at] = place
        if at == 0:
            self._firsts[index] = place
        self._change(index, _total(place))
        if len(block) > BLOCK_MAX * ROW:
            self._split(index)
        return True

    def discard(self, place: bytes) -> bool:
        """Take a row out; False where it is not in."""
        index, at = self._find(place)
        block = self._blocks[index]
        if bytes(block[at : at + ROW]) != place:
            return False
        del block[at : at + ROW]
        if block or len(self._blocks) == 1:
            self._firsts[index] = bytes(block[:ROW])
            self._change(index, -_total(place))
        else:
            del self._blocks[index], self._firsts[index], self._totals[index]
            self._plant()
        return True

    def rows(self, lower: bytes = START, upper: bytes = END) -> Iterator[bytes]:
        """Go over the rows of a range in their order; nothing may be added meanwhile."""
        index, at = self._find(lower)
        for number in range(index, len(self._blocks)):
            block = bytes(self._blocks[number])
            for start in range(at if number == index else 0, len(block), ROW):
                place = block[start : start + ROW]
                if place >= upper:
                    return
                yield place

    def split(self, lower: bytes, upper: bytes, parts: int) -> Iterator[tuple[bytes, int]]:
        """Cut a range in parts of one size; give the bound that each ends at, and its total."""
        first = self._rank(lower)
        count = self._rank(upper) - first
        cuts = [first + count * part // parts for part in range(1, parts)]
        bounds = [_between(self.at(cut - 1), self.at(cut)) for cut in cuts]
        for begin, end in pairwise([lower, *bounds, upper]):
            yield end, self.total(begin, end)

    def _rank(self, bound: bytes) -> int:
        index, at = self._find(bound)
        return (self._before(index) >> _COUNT_SHIFT) + at // ROW

    def count(self, lower: bytes = START, upper: bytes = END) -> int:
        """Return how many rows a range has."""
        return self.total(lower, upper) >> _COUNT_SHIFT

    def fingerprint(self, lower: bytes = START, upper: bytes = END) -> bytes:
        """Return the digest of a range, which is that of negentropy's protocol V1.

        Who mints many ids can find sets with one sum. So equal fingerprints save work, and only
        equal heads prove that two histories are the same.
        """
        return digest(self.total(lower, upper))

    def total(self, lower: bytes = START, upper: bytes = END) -> int:
        """Return count and sum of a range, from which `digest` makes its fingerprint."""
        if lower >= upper:
            return 0
        first, start = self._find(lower)
        last, stop = self._find(upper)
        if first == last:
            return _total(bytes(self._blocks[first][start:stop]))
        return self._prefix(last, stop) - self._prefix(first, start)

    def _prefix(self, index: int, at: int) -> int:
        block = self._blocks[index]
        # The shorter part of the block is the one to add up.
        if 2 * at <= len(block):
            return self._before(index) + _total(bytes(block[:at]))
        return self._before(index + 1) - _total(bytes(block[at:]))

    def at(self, position: int) -> bytes:
        """Return the row that so many rows precede."""
        if not 0 <= position < len(self):
            raise IndexError(position)
        index, step = 0, 1 << (len(self._blocks).bit_length() - 1)
        while step:
            above = index + step
            if above <= len(self._blocks) and self._tree[above] >> _COUNT_SHIFT <= position:
                position -= self._tree[above] >> _COUNT_SHIFT
                index = above
            step >>= 1
        return bytes(self._blocks[index][position * ROW : (position + 1) * ROW])

    def _find(self, bound: bytes) -> tuple[int, int]:
        """Return the block where a bound belongs, and the offset of the first row not before it."""
        last, index, at = self._found
        if bound == last:
            return index, at
        index = max(0, bisect_right(self._firsts, bound) - 1)
        block = self._blocks[index]
        low, high = 0, len(block) // ROW
        while low < high:
            middle = (low + high) // 2
            if block[middle * ROW : (middle + 1) * ROW] < bound:
                low = middle + 1
            else:
                high = middle
        self._found = (bound, index, low * ROW)
        return index, low * ROW

    def _split(self, index: int) -> None:
        block = self._blocks[index]
        # Rows come at the end mostly: then the full block stays full.
        last = index == len(self._blocks) - 1
        at = (_FILL if last else BLOCK_MAX // 2) * ROW
        upper = block[at:]
        self._blocks[index] = block[:at]
        self._blocks.insert(index + 1, upper)
        self._firsts.insert(index + 1, bytes(upper[:ROW]))
        self._totals[index] -= (moved := _total(bytes(upper)))
        self._totals.insert(index + 1, moved)
        self._plant()

    # The Fenwick tree: node n, from 1, has the total of the n & -n blocks that end with block n.

    def _plant(self) -> None:
        self._found = (START, 0, 0)
        self._tree = [0, *self._totals]
        for node in range(1, len(self._tree)):
            above = node + (node & -node)
            if above < len(self._tree):
                self._tree[above] += self._tree[node]

    def _change(self, index: int, difference: int) -> None:
        self._found = (START, 0, 0)
        self._totals[index] += difference
        node = index + 1
        while node < len(self._tree):
            self._tree[node] += difference
            node += node & -node

    def _before(self, index: int) -> int:
        total, node = 0, index
        while node:
            total += self._tree[node]
            node &= node - 1
        return total


def digest(total: int) -> bytes:
    """Return the fingerprint of a range from its total."""
    ids = (total & ((1 << 8 * ID) - 1)).to_bytes(ID, "little")
    return sha256(ids, _varint(total >> _COUNT_SHIFT))[:FINGERPRINT]


def count_of(total: int) -> int:
    """Return the number of rows in a total."""
    return total >> _COUNT_SHIFT


def shared(first: bytes, second: bytes) -> int:
    """Return how many bytes two bounds begin with alike."""
    size = min(len(first), len(second))
    unlike = int.from_bytes(first[:size], "big") ^ int.from_bytes(second[:size], "big")
    return size - (unlike.bit_length() + 7) // 8


def _between(before: bytes, behind: bytes) -> bytes:
    """Return the shortest bound that parts two rows."""
    return behind[: shared(before, behind) + 1]


def _total(rows: bytes) -> int:
    """Return count and sum of at most a block of rows.

    Read as one number, rows are digits of 320 bits, of which the lamport's 64 take the carries when
    its halves are added, and theirs: a few long additions, instead of one for each row.
    """
    count = left = len(rows) // ROW
    ids = (int.from_bytes(rows, "little") >> 8 * LAMPORT) & _IDS_MASK
    while left > 1:
        half = left // 2
        ids = (ids >> half * _ROW_BITS) + (ids & ((1 << half * _ROW_BITS) - 1))
        left -= half
    return count << _COUNT_SHIFT | ids


def _varint(number: int) -> bytes:
    """Return a number in base 128, its highest digit first, a bit on all digits but the last."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))
