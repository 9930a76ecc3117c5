"""More than one code holds, shown as many: frames of which any enough give the whole.

The first frames are the blocks themselves, the others sums of blocks that their number chooses, so
a reader that missed some goes on with whatever comes next; one or two frames more than there are
blocks nearly always do. What is shown is not secret from who sees the screen, and only proved to be
what its first frame said: whoever needs more signs or seals what he sends.
"""

from ..codec import Reader, Refused, u8, u32
from ..crypto import sha256

VERSION = 1
ID = 8
HEADER = 1 + ID + 4 + 4
BLOCK_MIN, BLOCK_MAX = 64, 1_024
BLOCK_DEFAULT = 512
BLOCKS_MAX = 256
DATA_MAX = 64 << 10
FRAMES_MAX = 1 << 20
ID_LABEL = b"pars/fountain-id/v1"
CHOICE_LABEL = b"pars/fountain-choice/v1"


def id_of(data: bytes) -> bytes:
    """Return what every frame of these bytes begins with, and what proves them whole."""
    return sha256(ID_LABEL, data)[:ID]


def chosen(transfer: bytes, number: int, count: int) -> int:
    """Return which blocks a frame is the sum of, as bits; block 0 is the lowest."""
    if number < count:
        return 1 << number
    bits = int.from_bytes(sha256(CHOICE_LABEL, transfer, u32(number))) & (1 << count) - 1
    return bits or 1 << number % count


class Sender:
    """The frames of some bytes."""

    def __init__(self, data: bytes, block: int = BLOCK_DEFAULT) -> None:
        count = -(-len(data) // block)
        is_small = 0 < len(data) <= DATA_MAX and BLOCK_MIN <= block <= BLOCK_MAX
        if not is_small or count > BLOCKS_MAX:
            raise ValueError("frames carry up to 64 KiB, in up to 256 blocks of 64 to 1,024 bytes")
        padded = data.ljust(count * block, b"\0")
        self._blocks = [
            int.from_bytes(padded[at : at + block]) for at in range(0, len(padded), block)
        ]
        self._size = block
        self._id = id_of(data)
        self._head = u8(VERSION) + self._id + u32(len(data))

    def __len__(self) -> int:
        """Return how many blocks there are: the fewest frames that can do."""
        return len(self._blocks)

    def frame(self, number: int) -> bytes:
        """Return a frame; show them from 0 on, without end."""
        number %= FRAMES_MAX
        value, bits = 0, chosen(self._id, number, len(self._blocks))
        for at, block in enumerate(self._blocks):
            if bits >> at & 1:
                value ^= block
        return self._head + u32(number) + value.to_bytes(self._size)


class Receiver:
    """Takes the frames of one transfer, in any order."""

    def __init__(self) -> None:
        self._id = b""
        self._size = 0
        self._block = 0
        self._count = 0
        # By the highest block that each is a sum of; no two have the same, so all are independent.
        self._sums: dict[int, tuple[int, int]] = {}

    @property
    def progress(self) -> tuple[int, int]:
        """How many blocks' worth is here, and how many there are; zeros before the first frame."""
        return len(self._sums), self._count

    def take(self, frame: bytes) -> bytes | None:
        """Take a frame; return the whole once it is there."""
        reader = Reader(frame)
        if reader.u8() != VERSION:
            raise Refused("fountain: unknown version")
        transfer, size, number, block = reader.take(ID), reader.u32(), reader.u32(), reader.rest()
        if not self._id:
            self._begin(transfer, size, len(block))
        if (transfer, size, len(block)) != (self._id, self._size, self._block):
            raise Refused("fountain: frame of something else")
        if number >= FRAMES_MAX:
            raise Refused("fountain: no such frame")
        self._add(chosen(transfer, number, self._count), int.from_bytes(block))
        return self._whole() if len(self._sums) == self._count else None

    def _begin(self, transfer: bytes, size: int, block: int) -> None:
        count = -(-size // block) if block else 0
        is_small = 0 < size <= DATA_MAX and BLOCK_MIN <= block <= BLOCK_MAX
        if not is_small or count > BLOCKS_MAX:
            raise Refused("fountain: too much, or nothing")
        self._id, self._size, self._block, self._count = transfer, size, block, count

    def _add(self, bits: int, value: int) -> None:
        """Keep what a sum says beyond those that are here, if anything."""
        while bits:
            highest = bits.bit_length() - 1
            known = self._sums.get(highest)
            if known is None:
                self._sums[highest] = bits, value
                return
            bits, value = bits ^ known[0], value ^ known[1]

    def _whole(self) -> bytes:
        """Return the blocks in a row, each found from those below it."""
        blocks: list[int] = []
        for at in range(self._count):
            bits, value = self._sums[at]
            for below, block in enumerate(blocks):
                if bits >> below & 1:
                    value ^= block
            blocks.append(value)
        padded = b"".join(block.to_bytes(self._block) for block in blocks)
        data, padding = padded[: self._size], padded[self._size :]
        if any(padding) or id_of(data) != self._id:
            # Some frame was not of this transfer: begin again, without any of them.
            self._sums.clear()
            raise Refused("fountain: frames do not fit together")
        return data
