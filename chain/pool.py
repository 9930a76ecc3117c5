"""Transactions that wait for a block: replacement, nonce gaps, limits, order.

Knows nonces only as numbers that it is given. Whether a transaction may be mined at all is
`rules.py`'s question, asked before anything comes here.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from .errors import RejectedTransaction
from .transactions import BLOB, Transaction

TRANSACTIONS_MAX: Final = 20_000
PER_SENDER_MAX: Final = 2_000
BYTES_MAX: Final = 64 * 2**20
PRICE_BUMP_PERCENT: Final = 10
BLOB_PRICE_BUMP_PERCENT: Final = 100

BySender = Mapping[bytes, Mapping[int, Transaction]]


class Pool:
    """Waiting transactions, by hash and by sender and nonce."""

    def __init__(self, next_nonce: Callable[[bytes], int]) -> None:
        self._next_nonce = next_nonce
        self._by_hash: dict[bytes, Transaction] = {}
        self._by_sender: dict[bytes, dict[int, Transaction]] = {}
        self._arrival: dict[bytes, int] = {}
        self._arrived = 0
        self._size = 0
        self.version = 0
        """Counts changes, so that what was derived from the pool can be kept until the next."""
        self.price_min = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, tx_hash: bytes) -> Transaction | None:
        """Return a waiting transaction."""
        return self._by_hash.get(tx_hash)

    def all(self) -> tuple[Transaction, ...]:
        """Return all, in order of arrival."""
        return tuple(sorted(self._by_hash.values(), key=lambda tx: self._arrival[tx.hash]))

    def add(self, tx: Transaction) -> list[Transaction]:
        """Take a transaction in; return those that had to go for it."""
        if tx.hash in self._by_hash:
            raise RejectedTransaction("already known")
        if tx.max_fee_per_gas < self.price_min:
            raise RejectedTransaction(
                f"transaction underpriced: gas fee cap {tx.max_fee_per_gas}, "
                f"minimum needed {self.price_min}"
            )
        mine = self._by_sender.get(tx.sender, {})
        old = mine.get(tx.nonce)
        gone = []
        if old is not None:
            if not _outbids(tx, old):
                raise RejectedTransaction("replacement transaction underpriced")
            self.remove(old)
            gone.append(old)
        elif len(mine) >= PER_SENDER_MAX:
            raise RejectedTransaction(
                f"account limit exceeded: {PER_SENDER_MAX} transactions of this sender wait already"
            )
        else:
            gone = self._make_room(tx)
        self._insert(tx)
        return gone

    def _insert(self, tx: Transaction) -> None:
        self._by_sender.setdefault(tx.sender, {})[tx.nonce] = tx
        self._by_hash[tx.hash] = tx
        self._arrival[tx.hash] = self._arrived
        self._arrived += 1
        self._size += len(tx.raw)
        self.version += 1

    def _make_room(self, tx: Transaction) -> list[Transaction]:
        """Drop the worst bids for a better one; refuse a bid that is no better."""
        gone = []
        while (
            len(self._by_hash) >= TRANSACTIONS_MAX or self._size + len(tx.raw) > BYTES_MAX
        ) and self._by_hash:
            tails = [waiting[max(waiting)] for waiting in self._by_sender.values()]
            worst = min(tails, key=lambda tail: (tail.max_fee_per_gas, -self._arrival[tail.hash]))
            if tx.max_fee_per_gas <= worst.max_fee_per_gas:
                raise RejectedTransaction("txpool is full")
            self.remove(worst)
            gone.append(worst)
        return gone

    def remove(self, tx: Transaction) -> bool:
        """Drop a transaction; say whether it was here."""
        if self._by_hash.pop(tx.hash, None) is None:
            return False
        del self._arrival[tx.hash]
        self._size -= len(tx.raw)
        waiting = self._by_sender[tx.sender]
        del waiting[tx.nonce]
        if not waiting:
            del self._by_sender[tx.sender]
        self.version += 1
        return True

    def settle(self, senders: set[bytes]) -> list[Transaction]:
        """Drop what these senders' new nonces have overtaken; return it."""
        stale = [
            tx
            for sender in senders
            for nonce, tx in self._by_sender.get(sender, {}).items()
            if nonce < self._next_nonce(sender)
        ]
        for tx in stale:
            self.remove(tx)
        return stale

    def replace_all(self, transactions: Sequence[Transaction]) -> None:
        """Hold exactly these: what a snapshot held."""
        for tx in self.all():
            self.remove(tx)
        for tx in transactions:
            self._insert(tx)

    def pending(self) -> BySender:
        """Return what could be mined next, by sender and nonce."""
        return {
            sender: run for sender in self._by_sender if (run := dict(self._executable(sender)))
        }

    def queued(self) -> BySender:
        """Return what waits behind a gap, by sender and nonce."""
        found = {}
        for sender, waiting in self._by_sender.items():
            ready = dict(self._executable(sender))
            behind = {nonce: waiting[nonce] for nonce in sorted(waiting) if nonce not in ready}
            if behind:
                found[sender] = behind
        return found

    def _executable(self, sender: bytes) -> Iterator[tuple[int, Transaction]]:
        waiting = self._by_sender.get(sender, {})
        nonce = self._next_nonce(sender)
        while nonce in waiting:
            yield nonce, waiting[nonce]
            nonce += 1

    def nonce_after(self, sender: bytes) -> int:
        """Return the sender's next free nonce, counting what waits without a gap."""
        nonce = self._next_nonce(sender)
        waiting = self._by_sender.get(sender, {})
        while nonce in waiting:
            nonce += 1
        return nonce

    def best_first(self, base_fee: int) -> Iterator[Transaction]:
        """Return what a block should try: best tip first, each sender's nonces in order."""
        heap: list[tuple[int, int, Transaction, Iterator[tuple[int, Transaction]]]] = []

        def push(run: Iterator[tuple[int, Transaction]]) -> None:
            _, tx = next(run, (0, None))
            if tx is not None and tx.max_fee_per_gas >= base_fee:
                tip = min(tx.max_priority_fee_per_gas, tx.max_fee_per_gas - base_fee)
                heapq.heappush(heap, (-tip, self._arrival[tx.hash], tx, run))

        for sender in list(self._by_sender):
            push(self._executable(sender))
        while heap:
            _, _, tx, run = heapq.heappop(heap)
            yield tx
            push(run)


def _outbids(new: Transaction, old: Transaction) -> bool:
    percent = 100 + (BLOB_PRICE_BUMP_PERCENT if old.type == BLOB else PRICE_BUMP_PERCENT)
    pairs = [
        (new.max_fee_per_gas, old.max_fee_per_gas),
        (new.max_priority_fee_per_gas, old.max_priority_fee_per_gas),
        (new.max_fee_per_blob_gas, old.max_fee_per_blob_gas),
    ]
    return new.max_fee_per_gas > old.max_fee_per_gas and all(
        100 * ours >= percent * theirs for ours, theirs in pairs
    )
