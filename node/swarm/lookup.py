"""Looking up an account's published keys: asks the closest nodes, and believes none of them.

A value counts if the caller's judge finds it genuine; of several the one it ranks highest, so that
a node that hands out an old one is outdone by any honest one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ..codec import Refused
from ..crypto import sha256
from .deposit import SWARM, TIMEOUT_MS, Closest, Send
from .mailboxes import Record, unwrap, week
from .requests import PAGE_MAX, VALUES_MAX, Page, decode_reply, encode_request
from .requests import Lookup as LookupRequest

AGREED = 3  # nodes with a genuine value after which no more are waited for
PAGES_MAX = 8  # of one node

Judge = Callable[[bytes], int | None]  # a value -> its rank, or None if it is not genuine


@dataclass(slots=True)
class _Line:
    node_id: bytes
    after: int = 0
    pages: int = 0
    open: bool = True
    genuine: bool = False
    tag: int | None = None
    deadline: int = 0


class Lookup:
    """One question for the published keys of an account: under this week's name, then the last."""

    def __init__(self, account: bytes, judge: Judge, now: int, *, width: int = SWARM) -> None:
        self.best: bytes | None = None
        self.junk = 0  # values that were not genuine, or not sealed for this account
        self._account = account
        self._judge = judge
        self._width = width
        self._weeks = [week(now), week(now) - 1]
        self._record: Record | None = None
        self._lines: list[_Line] = []
        self._judged: dict[bytes, int | None] = {}
        self._best_rank = -1
        self._next_tag = 0

    @property
    def done(self) -> bool:
        """Whether no more is to be learned; `best` holds the answer, or None."""
        return self._is_week_done() and (self.best is not None or not self._weeks)

    def poll(self, now: int, closest: Closest) -> list[Send]:
        """Return what to send."""
        for line in self._lines:
            if line.tag is not None and now >= line.deadline:
                line.tag, line.open = None, False
        if self._is_week_done() and self.best is None and self._weeks:
            self._record = Record(self._account, self._weeks.pop(0))
            nodes = closest(self._record.place(self._record.week), self._width)
            self._lines = [_Line(node_id) for node_id in nodes]
            self._judged.clear()
        if self._record is None or self._is_week_done():
            return []
        return [
            self._ask(line, self._record, now)
            for line in self._lines
            if line.open and line.tag is None
        ]

    def next_at(self, now: int) -> int | None:
        """Return when to poll next, if nothing is received before."""
        if self.done:
            return None
        if self._is_week_done() or any(line.open and line.tag is None for line in self._lines):
            return now
        return min((line.deadline for line in self._lines if line.tag is not None), default=now)

    def receive(self, tag: int, reply: bytes, _now: int) -> None:
        """Take a reply."""
        for line in self._lines:
            if line.tag == tag:
                line.tag = None
                self._take(line, reply)

    def lost(self, tag: int, _now: int) -> None:
        """Learn that a request will have no reply."""
        for line in self._lines:
            if line.tag == tag:
                line.tag, line.open = None, False

    def _ask(self, line: _Line, record: Record, now: int) -> Send:
        line.tag, line.deadline = self._next_tag, now + TIMEOUT_MS
        self._next_tag += 1
        request = LookupRequest(record.name(record.week, line.node_id), line.after, PAGE_MAX)
        return Send(node_id=line.node_id, request=encode_request(request), tag=line.tag)

    def _take(self, line: _Line, reply: bytes) -> None:
        line.open = False
        try:
            page = decode_reply(reply)
        except Refused:
            return
        if not isinstance(page, Page) or self._record is None:
            return
        for cursor, blob in page.entries:
            if cursor <= line.after or cursor > VALUES_MAX:
                return
            line.after = cursor
            line.genuine = self._weigh(blob, self._record) or line.genuine
        line.pages += 1
        line.open = page.more and line.pages < PAGES_MAX

    def _weigh(self, blob: bytes, record: Record) -> bool:
        """Judge a value, once however many nodes have it; return whether it is genuine."""
        blob_id = sha256(blob)
        if blob_id in self._judged:
            return self._judged[blob_id] is not None
        try:
            value = unwrap(record.blob_key(record.week, b""), blob)
            rank = self._judge(value)
        except Refused:
            rank = None
        self._judged[blob_id] = rank
        if rank is None:
            self.junk += 1
            return False
        if rank > self._best_rank:
            self._best_rank, self.best = rank, value
        return True

    def _is_week_done(self) -> bool:
        agreed = sum(line.genuine for line in self._lines)
        return agreed >= AGREED or not any(
            line.open or line.tag is not None for line in self._lines
        )
