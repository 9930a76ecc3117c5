"""How two neighbours bring their directories together: message 0x41 on their link.

    have     version 1 | 1 | count 2 | (peer id 32 | sequence 8)...   in rising order of ids
    want     version 1 | 2 | count 2 | peer id 32 ...                 in rising order
    records  version 1 | 3 | count 2 | (length 4 | record)...

Each side tells what changed since it told last, asks for what it lacks, and takes nothing that it
did not ask for.
"""

from collections import Counter
from itertools import pairwise

from ..codec import Reader, Refused, sized, u8, u16, u64
from .directory import CAPACITY, RECORD_MAX, Directory, NoRoomError, read_record

VERSION = 1
HAVE, WANT, RECORDS = 1, 2, 3
HAVE_MAX = 1024
WANT_MAX = 64
PATIENCE_MS = 60_000  # after which an answer is no longer waited for
SERVED_MAX = CAPACITY  # records that a neighbour gets at once; one more each second


class Exchange:
    """One side of the exchange on one link."""

    def __init__(self, directory: Directory, neighbour: bytes, now: int) -> None:
        self.refused: Counter[str] = (
            Counter()
        )  # records without a fault, for which there is no room
        self._directory = directory
        self._neighbour = neighbour
        self._told = 0
        self._wanted: dict[bytes, int] = {}  # id -> the sequence that is on offer
        self._asked: set[bytes] = set()
        self._asked_at = 0
        self._served_at = now
        self._budget = SERVED_MAX

    def poll(self, now: int) -> list[bytes]:
        """Return what there is to say: what is new here, and what is still lacked. Now and then."""
        told, self._told = self._directory.changed_since(self._told, HAVE_MAX)
        entries = sorted((record.peer_id, record.sequence) for record in told)
        offer = b"".join(peer_id + u64(sequence) for peer_id, sequence in entries)
        messages = [_message(HAVE, len(entries), offer)] if entries else []
        return messages + self._ask(now)

    def receive(self, data: bytes, now: int) -> list[bytes]:
        """Take a neighbour's message, and return what to answer."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("directory: unknown version")
        kind, count = reader.u8(), reader.u16()
        if kind == HAVE and 0 < count <= HAVE_MAX:
            self._take_offer(reader, count)
            return self._ask(now)
        if kind == WANT and 0 < count <= WANT_MAX:
            return self._serve(reader, count, now)
        if kind == RECORDS and count <= WANT_MAX:
            self._take_records(reader, count, now)
            return self._ask(now)
        raise Refused("directory: unknown message")

    def _take_offer(self, reader: Reader, count: int) -> None:
        offered = [(reader.take(32), reader.u64()) for _ in range(count)]
        reader.end()
        _check_order([peer_id for peer_id, _ in offered])
        for peer_id, sequence in offered:
            if self._lacks(peer_id, sequence) and len(self._wanted) < CAPACITY:
                self._wanted[peer_id] = sequence

    def _lacks(self, peer_id: bytes, sequence: int) -> bool:
        known = self._directory.record(peer_id)
        return known is None or known.sequence < sequence

    def _ask(self, now: int) -> list[bytes]:
        if self._asked and now - self._asked_at < PATIENCE_MS:
            return []
        self._asked = set()
        room = self._directory.room_for(self._neighbour)
        while self._wanted and len(self._asked) < WANT_MAX:
            peer_id = next(iter(self._wanted))
            known = self._directory.record(peer_id) is not None
            if self._lacks(peer_id, self._wanted.pop(peer_id)) and (known or room > 0):
                self._asked.add(peer_id)
                room -= not known
        self._asked_at = now
        if not self._asked:
            return []
        return [_message(WANT, len(self._asked), b"".join(sorted(self._asked)))]

    def _serve(self, reader: Reader, count: int, now: int) -> list[bytes]:
        wanted = [reader.take(32) for _ in range(count)]
        reader.end()
        _check_order(wanted)
        seconds = max(0, now - self._served_at) // 1000
        self._budget = min(SERVED_MAX, self._budget + seconds)
        self._served_at += 1000 * seconds
        if count > self._budget:
            raise Refused("directory: asks too much")
        self._budget -= count
        found = [record for peer_id in wanted if (record := self._directory.record(peer_id))]
        return [_message(RECORDS, len(found), b"".join(sized(record.raw) for record in found))]

    def _take_records(self, reader: Reader, count: int, now: int) -> None:
        records = [reader.sized(RECORD_MAX) for _ in range(count)]
        reader.end()
        self._asked, asked = set(), self._asked
        for data in records:
            peer_id = read_record(data).peer_id
            if peer_id not in asked:
                raise Refused("directory: not asked for")
            asked.remove(peer_id)
            try:
                self._directory.add(data, now, self._neighbour)
            except NoRoomError as refused:
                self.refused[refused.reason] += 1


def _message(kind: int, count: int, body: bytes) -> bytes:
    return u8(VERSION) + u8(kind) + u16(count) + body


def _check_order(peer_ids: list[bytes]) -> None:
    if any(first >= second for first, second in pairwise(peer_ids)):
        raise Refused("directory: ids out of order")
