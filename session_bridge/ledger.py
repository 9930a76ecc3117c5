"""What the bridge remembers: transactions by their nonce, and how far it has read. Pure.

Every change is a record of bytes, and `apply` is the only way to change anything, so replaying the
records of a journal gives the state that was.

A nonce is a slot: of all transactions that were signed for it the chain takes one. A slot is void
when what it was for is done otherwise and its nonce can be used for something else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

VERSION = 1
DATA_MAX = 2**17
ATTEMPTS_MAX = 64
"""Each attempt pays an eighth more, so these are from 1 wei to 1,800 wei for each one at first."""
PURPOSE_MAX = 64

SCOPE, INTENT, ATTEMPT, VOID, CLOSED, CURSOR, TALLY = range(7)

SUCCEEDED, FAILED, FOREIGN = range(3)
"""How a slot ends: by a transaction of the bridge that did or did not do what it was for, or by
another transaction of the same account."""


class DamagedError(Exception):
    """A record that no bridge has written."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose journal it is: a chain, an account, and the contracts that it writes to."""

    chain_id: int
    account: bytes
    contracts: bytes
    """The hash of their addresses."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction."""

    purpose: str
    fee: int
    tip: int
    hash: bytes


@dataclass(slots=True)
class Slot:
    """A nonce, what it is used for now, and all that was signed for it."""

    nonce: int
    purpose: str
    to: bytes
    data: bytes
    value: int
    gas: int
    cap: int
    """The most that is paid for one gas; 0 for no bound but the operator's."""
    void: bool = False
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What became of all slots that are closed."""

    succeeded: int = 0
    failed: int = 0
    foreign: int = 0
    spent: int = 0
    """In wei, for gas."""


@dataclass(slots=True)
class Ledger:
    """All of it."""

    scope: Scope | None = None
    slots: dict[int, Slot] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def apply(self, record: bytes) -> None:
        """Change what a record says; DamagedError where it cannot be one, and nothing changes."""
        reader = _Reader(record)
        kind = reader.number(1)
        if (kind == SCOPE) != (self.scope is None):
            raise DamagedError("a journal begins with its scope, once")
        if kind not in _APPLY:
            raise DamagedError(f"no record has the kind {kind}")
        _APPLY[kind](self, reader)

    def records(self) -> Iterator[bytes]:
        """Return records that make this state from nothing."""
        if self.scope is not None:
            yield scope_record(self.scope)
        tally = self.tally
        counts = (tally.succeeded, tally.failed, tally.foreign)
        yield bytes([TALLY]) + b"".join(_u(each, 8) for each in counts) + _u(tally.spent, 32)
        for name, value in sorted(self.cursors.items()):
            yield cursor_record(name, value)
        for _, slot in sorted(self.slots.items()):
            yield from _slot_records(slot)


# --- Writing --------------------------------------------------------------------------------


def scope_record(scope: Scope) -> bytes:
    """Say whose journal it is."""
    chain = _u(scope.chain_id, 8)
    return bytes([SCOPE, VERSION]) + chain + scope.account + scope.contracts


def intent_record(slot: Slot, attempt: Attempt) -> bytes:
    """Say what a nonce is used for from now on, and the transaction that is about to leave."""
    numbers = _u(slot.nonce, 8) + _u(slot.value, 32) + _u(slot.gas, 8) + _u(slot.cap, 32)
    return bytes([INTENT]) + numbers + slot.to + _sized(slot.data) + _attempt(attempt)


def attempt_record(nonce: int, attempt: Attempt) -> bytes:
    """Say that the same is about to leave with another fee."""
    return bytes([ATTEMPT]) + _u(nonce, 8) + _attempt(attempt)


def void_record(nonce: int) -> bytes:
    """Say that a nonce is free for something else."""
    return bytes([VOID]) + _u(nonce, 8)


def closed_record(nonce: int, outcome: int, spent: int) -> bytes:
    """Say how a nonce was used in the end."""
    return bytes([CLOSED, outcome]) + _u(nonce, 8) + _u(spent, 32)


def cursor_record(name: str, value: int) -> bytes:
    """Say how far something is read."""
    return bytes([CURSOR]) + _sized(name.encode()) + _u(value, 8)


def _slot_records(slot: Slot) -> Iterator[bytes]:
    first, *others = slot.attempts
    yield intent_record(slot, first)
    for attempt in others:
        yield attempt_record(slot.nonce, attempt)
    if slot.void:
        yield void_record(slot.nonce)


def _attempt(attempt: Attempt) -> bytes:
    numbers = _u(attempt.fee, 32) + _u(attempt.tip, 32)
    return _sized(attempt.purpose.encode()) + numbers + attempt.hash


def _u(number: int, size: int) -> bytes:
    return number.to_bytes(size, "big")


def _sized(data: bytes) -> bytes:
    return _u(len(data), 4) + data


# --- Reading --------------------------------------------------------------------------------


class _Reader:
    """Takes a record apart."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise DamagedError("a record is too short")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def sized(self, limit: int) -> bytes:
        size = self.number(4)
        if size > limit:
            raise DamagedError("a field is too long")
        return self.take(size)

    def text(self) -> str:
        try:
            return self.sized(PURPOSE_MAX).decode()
        except UnicodeDecodeError:
            raise DamagedError("a field is no text") from None

    def attempt(self) -> Attempt:
        purpose = self.text()
        return Attempt(purpose, self.number(32), self.number(32), self.take(32))

    def end(self) -> None:
        if self._at != len(self._data):
            raise DamagedError("a record is too long")


def _read_scope(ledger: Ledger, reader: _Reader) -> None:
    version = reader.number(1)
    if version != VERSION:
        raise DamagedError(f"the journal has version {version}, not {VERSION}")
    scope = Scope(reader.number(8), reader.take(20), reader.take(32))
    reader.end()
    ledger.scope = scope


def _read_intent(ledger: Ledger, reader: _Reader) -> None:
    nonce, value, gas, cap = (reader.number(size) for size in (8, 32, 8, 32))
    to, data = reader.take(20), reader.sized(DATA_MAX)
    attempt = reader.attempt()
    reader.end()
    earlier = ledger.slots.get(nonce)
    ledger.slots[nonce] = Slot(
        nonce=nonce,
        purpose=attempt.purpose,
        to=to,
        data=data,
        value=value,
        gas=gas,
        cap=cap,
        attempts=[*(earlier.attempts if earlier else ()), attempt][-ATTEMPTS_MAX:],
    )


def _read_attempt(ledger: Ledger, reader: _Reader) -> None:
    slot = _slot(ledger, reader)
    attempt = reader.attempt()
    reader.end()
    slot.attempts = [*slot.attempts, attempt][-ATTEMPTS_MAX:]


def _read_void(ledger: Ledger, reader: _Reader) -> None:
    slot = _slot(ledger, reader)
    reader.end()
    slot.void = True


def _read_closed(ledger: Ledger, reader: _Reader) -> None:
    outcome = reader.number(1)
    slot = _slot(ledger, reader)
    spent = reader.number(32)
    reader.end()
    if outcome not in (SUCCEEDED, FAILED, FOREIGN):
        raise DamagedError("no slot ends so")
    del ledger.slots[slot.nonce]
    ledger.tally.spent += spent
    ledger.tally.succeeded += outcome == SUCCEEDED
    ledger.tally.failed += outcome == FAILED
    ledger.tally.foreign += outcome == FOREIGN


def _read_cursor(ledger: Ledger, reader: _Reader) -> None:
    name, value = reader.text(), reader.number(8)
    reader.end()
    ledger.cursors[name] = value


def _read_tally(ledger: Ledger, reader: _Reader) -> None:
    succeeded, failed, foreign = (reader.number(8) for _ in range(3))
    spent = reader.number(32)
    reader.end()
    ledger.tally = Tally(succeeded, failed, foreign, spent)


def _slot(ledger: Ledger, reader: _Reader) -> Slot:
    nonce = reader.number(8)
    if nonce not in ledger.slots:
        raise DamagedError("a record is of a nonce that nothing was sent with")
    return ledger.slots[nonce]


_APPLY = {
    SCOPE: _read_scope,
    INTENT: _read_intent,
    ATTEMPT: _read_attempt,
    VOID: _read_void,
    CLOSED: _read_closed,
    CURSOR: _read_cursor,
    TALLY: _read_tally,
}
