"""Signed transactions on their way: kept until a block is proved to hold them, or another to.

A transaction is signed elsewhere (the wallet's key never comes here), durable before anything is
said of it, and handed to at least two validators. Nothing is dropped silently: what can never be
mined any more stays here with its reason until the user has seen it.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from ..codec import Reader, Refused, sized, u8, u64
from ..core import Store
from . import reads
from .blocks import TRANSACTION_MAX, Transaction, read_transaction
from .client import LightClient, NotFound, Outcome, Question
from .questions import Kind

VERSION = 1
PREFIX = b"light/q/"
QUEUE_MAX = 256
COPIES = 2
REASON_MAX = 256
LOOK_MS = 4_000


class State(IntEnum):
    """How far a transaction is."""

    WAITING = 0  # nobody has taken it yet
    SUBMITTED = 1  # a validator took it
    MINED = 2  # proved: a certified block holds it, and it succeeded
    FAILED = 3  # proved: a certified block holds it, and it failed
    CONFLICT = 4  # proved: another one with its nonce was mined


SETTLED = (State.MINED, State.FAILED, State.CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A transaction in the queue."""

    tx: Transaction
    state: State
    number: int = 0
    """The block that holds it, or that showed the conflict."""
    reason: str = ""

    def encode(self) -> bytes:
        """Return the entry as it is kept."""
        head = u8(VERSION) + u8(self.state) + u64(self.number)
        return head + sized(self.reason.encode()) + self.tx.raw


def read_entry(data: bytes) -> Entry:
    """Read an entry."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("transactions: unknown version")
    state, number = State(reader.u8()), reader.u64()
    reason = reader.sized(4 * REASON_MAX).decode()
    return Entry(tx=read_transaction(reader.rest()), state=state, number=number, reason=reason)


class Queue:
    """Transactions of this node's user. Call `poll` now and then; `changed` says what moved."""

    def __init__(
        self, client: LightClient, store: Store, validators: Callable[[], list[bytes]]
    ) -> None:
        self._client = client
        self._store = store
        self._validators = validators
        self._entries = {key[len(PREFIX) :]: read_entry(raw) for key, raw in store.scan(PREFIX)}
        self._due: dict[bytes, int] = dict.fromkeys(self._entries, 0)
        self._busy: set[bytes] = set()
        self._changed: list[Entry] = []

    def add(self, raw: bytes, now: int) -> bytes:
        """Take a signed transaction; it is durable when this returns its hash."""
        if len(raw) > TRANSACTION_MAX:
            raise Refused("transactions: too long")
        tx = read_transaction(raw)
        if tx.chain_id != self._client.trust.checkpoint.chain_id:
            raise Refused("transactions: for another chain")
        if tx.hash in self._entries:
            return tx.hash
        if len(self._entries) >= QUEUE_MAX:
            raise Refused("transactions: too many wait")
        self._set(Entry(tx=tx, state=State.WAITING))
        self._due[tx.hash] = now
        self.poll(now)
        return tx.hash

    def entries(self) -> list[Entry]:
        """Return all that is here, by sender and nonce."""
        return sorted(self._entries.values(), key=lambda each: (each.tx.sender, each.tx.nonce))

    def forget(self, tx_hash: bytes) -> None:
        """Let a settled transaction go: its user has seen what came of it."""
        entry = self._entries.get(tx_hash)
        if entry is None or entry.state not in SETTLED:
            raise Refused("transactions: not settled")
        self._store.commit({PREFIX + tx_hash: None})
        del self._entries[tx_hash]
        self._due.pop(tx_hash, None)

    def next_nonce(self, sender: bytes, proved: int) -> int:
        """Return the nonce after those that wait, where the chain's is `proved`."""
        waiting = {
            each.tx.nonce
            for each in self._entries.values()
            if each.tx.sender == sender and each.state not in SETTLED
        }
        while proved in waiting:
            proved += 1
        return proved

    def find(self, tx_hash: bytes) -> Entry | None:
        """Return a transaction."""
        return self._entries.get(tx_hash)

    def changed(self) -> list[Entry]:
        """Return the entries that moved on, once."""
        changed, self._changed = self._changed, []
        return changed

    @property
    def next_at(self) -> int | None:
        """When `poll` has something to do."""
        return min((at for each, at in self._due.items() if each not in self._busy), default=None)

    def poll(self, now: int) -> None:
        """Hand in what waits, and look for what was handed in."""
        for tx_hash, due in list(self._due.items()):
            if due > now or tx_hash in self._busy:
                continue
            entry = self._entries[tx_hash]
            if entry.state in SETTLED:
                del self._due[tx_hash]
                continue
            self._busy.add(tx_hash)
            self._due[tx_hash] = now + LOOK_MS
            self._client.start(self._attend(entry), self._attended(tx_hash), now)

    def _attended(self, tx_hash: bytes) -> Callable[[Outcome], None]:
        def done(outcome: Outcome) -> None:
            self._busy.discard(tx_hash)
            entry = self._entries.get(tx_hash)
            if entry is not None and outcome.error is None and outcome.value != entry:
                self._set(outcome.value)

        return done

    def _set(self, entry: Entry) -> None:
        self._store.commit({PREFIX + entry.tx.hash: entry.encode()})
        self._entries[entry.tx.hash] = entry
        self._changed.append(entry)

    def _attend(self, entry: Entry) -> Generator[Question, Any, Entry]:
        """Do what is next for a transaction; return what it has come to."""
        settled = yield from _look(self._client, entry)
        if settled is not None:
            return settled
        taken, reason = yield from self._submit(entry)
        if taken:
            return replace(entry, state=State.SUBMITTED, reason="")
        if entry.state == State.SUBMITTED:
            return entry  # perhaps it is mined, and not certified yet: only a proof settles it
        return replace(entry, reason=reason[:REASON_MAX])

    def _submit(self, entry: Entry) -> Generator[Question, Any, tuple[bool, str]]:
        """Hand a transaction to at least two validators, where there are two."""

        def check(body: bytes) -> tuple[bool, str]:
            if body != entry.tx.hash:
                raise Refused("transactions: another hash")
            return True, ""

        answers = yield Question(
            kind=Kind.SUBMIT,
            body=entry.tx.raw,
            check=check,
            refusal=_refusal,
            wanted=COPIES,
            servers=tuple(self._validators()),
        )
        found: list[tuple[bool, str]] = [value for _, value in answers]
        return max(found)


def _refusal(body: bytes) -> tuple[bool, str]:
    """Read why a validator does not take a transaction; one that it has already, it has taken."""
    text = body[:REASON_MAX].decode("utf-8", "replace")
    return "already known" in text, text


def _look(client: LightClient, entry: Entry) -> Generator[Question, Any, Entry | None]:
    """Return the entry settled, where a certified block settles it."""
    tx = entry.tx
    header = reads.head(client)
    account = yield from reads.account_at(client, header, tx.sender)
    if account.nonce <= tx.nonce:
        return None
    try:
        found, index, _ = yield from reads.transaction(client, tx.hash)
    except NotFound:
        # Servers may hide it; the nonce is proved to be used all the same.
        reason = f"another transaction with nonce {tx.nonce} was mined"
        return replace(entry, state=State.CONFLICT, number=header.number, reason=reason)
    receipts = yield from reads.receipts_of(client, found)
    state = State.MINED if receipts[index].status else State.FAILED
    return replace(entry, state=state, number=found.number, reason="")
