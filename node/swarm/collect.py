"""Reading a mailbox: asks the nodes closest to its place, day by day, and erases what was kept.

Every holder may have what the others lost, so all are asked, and what several of them have is
handed out once. Nothing is erased before the messenger says that it is durable on this side.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ..codec import Refused
from ..crypto import SigningKey, sha256
from .deposit import SWARM, TIMEOUT_MS, Closest, Send
from .mailboxes import (
    DAYS_BACK_MAX,
    OPENING_CONTEXT,
    Channel,
    Inbox,
    inbox_address,
    opening,
    unwrap,
)
from .requests import (
    ERASED_MAX,
    PAGE_MAX,
    Code,
    Done,
    Erase,
    Fetch,
    Open,
    Page,
    Refusal,
    Reply,
    Request,
    Token,
    decode_reply,
    encode_request,
)

FLIGHTS_MAX = 8  # requests under way at once
LOSSES_MAX = 2  # requests to one node that may be lost before it is given up
OPENINGS_MAX = 2  # of an inbox at one node: with an old token, then anew
PAGES_MAX = 256  # from one node for one day
ITEMS_MAX = 256  # handed out and not durable yet; then no more are fetched
ITEM_BYTES_MAX = 16 << 20
TOKENS_MAX = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that lay in the mailbox, once, however many nodes had it."""

    item_id: bytes
    data: bytes = field(repr=False)


class ChannelDoor:
    """Opens a channel's mailbox: the tokens follow from the secret."""

    def __init__(self, secret: bytes) -> None:
        self.mailbox = Channel(secret)

    def token(self, epoch: int, node_id: bytes) -> bytes:
        """Return what opens the mailbox at a node."""
        return self.mailbox.token(epoch, node_id)


class InboxDoor:
    """Opens an account's inbox: each node gives a token to who has the inbox's key."""

    def __init__(self, key: SigningKey) -> None:
        self.mailbox = Inbox(inbox_address(key.public))
        self._key = key
        self._tokens: dict[tuple[int, bytes], bytes] = {}

    def token(self, epoch: int, node_id: bytes) -> bytes | None:
        """Return what opens the inbox at a node, if it has been asked for."""
        return self._tokens.get((epoch, node_id))

    def opening(self, epoch: int, node_id: bytes) -> Request:
        """Return what asks for a token."""
        signature = self._key.sign(opening(node_id, epoch), OPENING_CONTEXT)
        return Open(epoch, self._key.public, signature)

    def learn(self, epoch: int, node_id: bytes, token: bytes) -> None:
        """Remember a token."""
        self._tokens[(epoch, node_id)] = token
        while len(self._tokens) > TOKENS_MAX:
            del self._tokens[next(iter(self._tokens))]

    def forget(self, epoch: int, node_id: bytes) -> None:
        """Forget a token that holds no longer."""
        self._tokens.pop((epoch, node_id), None)


Door = ChannelDoor | InboxDoor


@dataclass(slots=True)
class _Line:
    """What goes on with one node for one day."""

    epoch: int
    node_id: bytes
    after: int = 0
    pages: int = 0
    losses: int = 0
    openings: int = 0
    reading: bool = True
    to_erase: set[bytes] = field(default_factory=set)
    asked: Request | None = None
    deadline: int = 0
    tag: int = -1


@dataclass(frozen=True, slots=True)
class _Copy:
    """One blob at one node."""

    line: _Line
    cursor: int
    blob_id: bytes


@dataclass(slots=True)
class _Held:
    """An item that was handed out, and where its copies lie."""

    size: int
    copies: list[_Copy] = field(default_factory=list)


class Collect:
    """One visit to a mailbox, for some days."""

    def __init__(
        self,
        door: Door,
        epochs: Iterable[int],
        *,
        width: int = SWARM,
        cursors: Mapping[tuple[int, bytes], int] = MappingProxyType({}),
    ) -> None:
        self.junk = 0  # blobs that were sealed for somebody else, or broken
        self._door = door
        self._epochs = list(epochs)
        self._days = frozenset(self._epochs)
        self._width = width
        self._cursors = cursors
        self._lines: list[_Line] = []
        self._held: dict[bytes, _Held] = {}  # what is not durable yet
        self._durable: dict[bytes, bool] = {}  # and whether its copies are to be erased
        self._next_tag = 0

    @property
    def done(self) -> bool:
        """Whether nothing is under way, and nothing can be asked before more is durable."""
        full = self._is_full()
        return not self._epochs and not any(
            line.asked is not None or self._has_request(line, full) for line in self._lines
        )

    @property
    def complete(self) -> bool:
        """Whether for each day somebody was asked, everybody told all, and all of it is durable.

        Only then may the next visit begin where this one did.
        """
        failed = any(line.reading or line.losses > LOSSES_MAX for line in self._lines)
        asked = {line.epoch for line in self._lines}
        return self.done and not failed and not self._held and asked == self._days

    def poll(self, now: int, closest: Closest) -> list[Send]:
        """Return what to send."""
        for epoch in self._epochs:
            nodes: Sequence[bytes] = closest(self._door.mailbox.place(epoch), self._width)
            self._lines += [
                _Line(epoch, node_id, self._cursors.get((epoch, node_id), 0)) for node_id in nodes
            ]
        self._epochs.clear()
        for line in self._lines:
            if line.asked is not None and now >= line.deadline:
                self._lose(line)
        return list(self._sends(now))

    def next_at(self, now: int) -> int | None:
        """Return when to poll next, if nothing is received before; None, if never."""
        waiting = [line.deadline for line in self._lines if line.asked is not None]
        full = self._is_full()
        asks = any(line.asked is None and self._has_request(line, full) for line in self._lines)
        if self._epochs or (asks and len(waiting) < FLIGHTS_MAX):
            return now
        return min(waiting, default=None)

    def receive(self, tag: int, reply: bytes, _now: int) -> list[Item]:
        """Take a reply, and return what has not been seen before."""
        line = self._line_of(tag)
        if line is None:
            return []
        asked, line.asked = line.asked, None
        try:
            answer = decode_reply(reply)
        except Refused:
            self._lose(line)
            return []
        match asked, answer:
            case Fetch(), Page():
                return self._take_page(line, answer)
            case Erase(), Done():
                line.to_erase.difference_update(asked.blob_ids)
            case Open(), Token(token) if isinstance(self._door, InboxDoor):
                self._door.learn(line.epoch, line.node_id, token)
            case _:
                self._take_refusal(line, answer)
        return []

    def lost(self, tag: int, _now: int) -> None:
        """Learn that a request will have no reply."""
        line = self._line_of(tag)
        if line is not None:
            self._lose(line)

    def durable(self, item_ids: Iterable[bytes], *, erase: bool = True) -> None:
        """Learn that these items are kept on this side, so that every holder may forget them.

        Mail that others have to read as well is not erased; the next visit begins at `cursors`.
        """
        for item_id in item_ids:
            self._durable[item_id] = erase
            held = self._held.pop(item_id, None)
            for copy in held.copies if held and erase else ():
                self._mark(copy.line, copy.blob_id)

    def cursors(self) -> dict[tuple[int, bytes], int]:
        """Return how far each node was read on each day, and all before is durable."""
        read = {(line.epoch, line.node_id): line.after for line in self._lines}
        for held in self._held.values():
            for copy in held.copies:
                place = copy.line.epoch, copy.line.node_id
                read[place] = min(read[place], copy.cursor - 1)
        oldest = max(self._days, default=0) - DAYS_BACK_MAX
        kept = {place: after for place, after in self._cursors.items() if place[0] >= oldest}
        return {**kept, **read}

    def _sends(self, now: int) -> Iterator[Send]:
        full = self._is_full()
        free = FLIGHTS_MAX - sum(line.asked is not None for line in self._lines)
        for line in self._lines:
            if free <= 0:
                return
            if line.asked is not None or not self._has_request(line, full):
                continue
            line.asked = self._next_request(line)
            line.deadline, line.tag = now + TIMEOUT_MS, self._next_tag
            self._next_tag += 1
            free -= 1
            request = encode_request(line.asked)
            yield Send(node_id=line.node_id, request=request, tag=line.tag)

    def _is_full(self) -> bool:
        """Return whether as much has been handed out as may be, before more of it is durable."""
        held = sum(item.size for item in self._held.values())
        return len(self._held) >= ITEMS_MAX or held >= ITEM_BYTES_MAX

    def _has_request(self, line: _Line, full: bool) -> bool:
        return bool(line.to_erase) or (line.reading and not full)

    def _next_request(self, line: _Line) -> Request:
        token = self._door.token(line.epoch, line.node_id)
        if token is None:
            assert isinstance(self._door, InboxDoor)
            line.openings += 1
            return self._door.opening(line.epoch, line.node_id)
        mailbox = self._door.mailbox.name(line.epoch, line.node_id)
        if line.to_erase:
            return Erase(mailbox, token, tuple(sorted(line.to_erase)[:ERASED_MAX]))
        return Fetch(mailbox, token, line.after, PAGE_MAX)

    def _take_page(self, line: _Line, page: Page) -> list[Item]:
        line.pages += 1
        new: list[Item] = []
        key = self._door.mailbox.blob_key(line.epoch, line.node_id)
        for cursor, blob in page.entries:
            if cursor <= line.after:
                self._give_up(line)
                return new
            line.after = cursor
            try:
                data = unwrap(key, blob)
            except Refused:
                self.junk += 1
                self._mark(line, sha256(blob))
                continue
            item_id = sha256(data)
            if item_id in self._durable:
                if self._durable[item_id]:
                    self._mark(line, sha256(blob))
                continue
            if item_id not in self._held:
                self._held[item_id] = _Held(len(data))
                new.append(Item(item_id=item_id, data=data))
            self._held[item_id].copies.append(_Copy(line, cursor, sha256(blob)))
        line.reading = page.more and line.pages < PAGES_MAX
        return new

    def _take_refusal(self, line: _Line, answer: Reply) -> None:
        """Ask for another token where one has expired; else give the node up."""
        expired = isinstance(answer, Refusal) and answer.code == Code.NO_ACCESS
        if expired and isinstance(self._door, InboxDoor) and line.openings < OPENINGS_MAX:
            self._door.forget(line.epoch, line.node_id)
        else:
            self._give_up(line)

    def _lose(self, line: _Line) -> None:
        line.asked = None
        line.losses += 1
        if line.losses > LOSSES_MAX:
            self._give_up(line)

    def _give_up(self, line: _Line) -> None:
        line.losses = LOSSES_MAX + 1
        line.reading = False
        line.to_erase.clear()

    def _mark(self, line: _Line, blob_id: bytes) -> None:
        """Note that a node may forget a blob, if it is still talked to."""
        if line.losses <= LOSSES_MAX:
            line.to_erase.add(blob_id)

    def _line_of(self, tag: int) -> _Line | None:
        for line in self._lines:
            if line.asked is not None and line.tag == tag:
                return line
        return None
