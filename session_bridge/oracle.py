"""Answers contracts that ask for the outcome of a session, as soon as an anchored epoch has it.

A fee is never less than what its answer may cost, unless the operator pays for others.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from node.session.states import SessionState

from .chain_client import ChainClient
from .contracts import Contracts
from .epochs import BuiltEpoch, Epochs, leaf_fields
from .errors import SourceError
from .outbox import Action, View

PENDING, ANSWERED, FAILED_CALLBACK, EXPIRED = 1, 2, 3, 4
"""States of a request, as the contract counts them."""
OVER = (SessionState.FINALIZED, SessionState.FAILED)

SCAN = 256
"""Requests that are looked at in one pass."""
OPEN_MAX = 16_384
"""Requests that are kept in mind; of more, those with the smallest fees are left to others."""
INDEX_MAX = 200_000
"""Sessions whose last epoch is kept in mind."""
INDEX_EPOCHS = 8
"""Epochs that are read into the index in one pass."""
COLLECT_GAS = 60_000
COLLECT_FROM = 20
"""Fees are collected when they are so many times what that costs."""
CURSOR = "requests"


@dataclass(frozen=True, slots=True)
class Request:
    """A question."""

    session_id: bytes
    max_age: int
    deadline: int
    fee: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session stands."""

    epoch: int
    index: int
    over: bool


class Answering:
    """Compares what is asked with what is anchored."""

    name = "oracle"
    kinds = frozenset(("answer", "retry-callback", "expire", "collect"))

    def __init__(
        self,
        client: ChainClient,
        contracts: Contracts,
        epochs: Epochs,
        account: bytes,
        cursor: int,
        *,
        at_a_loss: bool,
    ) -> None:
        """Look at requests after number `cursor`.

        `at_a_loss` says whether to answer whatever it costs, to make failed callbacks again and
        to end requests that are overdue, which nobody pays for.
        """
        self._client = client
        self._contracts = contracts
        self._epochs = epochs
        self._account = account
        self._at_a_loss = at_a_loss
        self._scanned = cursor
        self._open: OrderedDict[int, Request] = OrderedDict()
        self._states: dict[int, str] = {}
        self._index: OrderedDict[bytes, Place] = OrderedDict()
        self._indexed: tuple[int, int] | None = None
        """From and up to which epoch sessions are in the index."""

    def plan(self, view: View) -> tuple[list[list[Action]], dict[str, Any]]:
        """Return a row for each answer that can be given, and how requests stand."""
        block = view.head.number
        self._read_epochs(block)
        count = self._client.call(block, self._contracts.oracle, "requestCount")
        self._read_requests(view, count)
        rows = self._look(view)
        rows += self._collect(view)
        states: dict[str, int] = {}
        for state in self._states.values():
            states[state] = states.get(state, 0) + 1
        return rows, {
            "requests": count,
            "open": len(self._open),
            "states": states,
            "indexedEpochs": self._indexed,
        }

    def cursor(self) -> tuple[str, int]:
        """Return up to which request all are done with."""
        return CURSOR, min(self._open, default=self._scanned + 1) - 1

    def forget(self) -> None:
        """Drop what was read: the chain has been another one for a while."""
        self._scanned = self.cursor()[1]
        self._open.clear()
        self._states.clear()
        self._index.clear()
        self._indexed = None

    def state_of(self, request_id: int) -> str | None:
        """Return how an open request stands, in a word."""
        return self._states.get(request_id)

    # --- What is anchored -------------------------------------------------------------------

    def _read_epochs(self, block: int) -> None:
        """Put sessions of anchored epochs into the index: new ones, then older and older ones."""
        last = self._client.call(block, self._contracts.anchor, "lastEpoch")
        start, end = self._indexed or (last + 1, last)
        budget = INDEX_EPOCHS
        while end < last and budget and self._put(end + 1, newest=True):
            end, budget = end + 1, budget - 1
        while start > 1 and budget and len(self._index) < INDEX_MAX:
            if not self._put(start - 1, newest=False):
                break
            start, budget = start - 1, budget - 1
        self._indexed = (start, end)

    def _put(self, number: int, *, newest: bool) -> bool:
        epoch = self._epoch(number)
        if epoch is None:
            return False
        for index, leaf in enumerate(epoch.leaves):
            place = Place(number, index, leaf.state in OVER)
            known = self._index.get(leaf.session_id)
            # The newest epoch in which it is over; the outcome is the same in all of them.
            if known is None or (place.over >= known.over and newest) or place.over > known.over:
                self._index[leaf.session_id] = place
                self._index.move_to_end(leaf.session_id, last=newest)
        while len(self._index) > INDEX_MAX:
            self._index.popitem(last=False)
        return True

    def _epoch(self, number: int) -> BuiltEpoch | None:
        """Return an epoch, if the source still has it."""
        try:
            return self._epochs.get(number)
        except SourceError:
            return None

    # --- What is asked ----------------------------------------------------------------------

    def _read_requests(self, view: View, count: int) -> None:
        """Take in new requests, but for those that are done with for good."""
        oracle = self._contracts.oracle
        fresh = range(self._scanned + 1, min(count, self._scanned + SCAN) + 1)
        asked = [[each] for each in fresh]
        finals = self._client.call_each(view.final, oracle, "statusOf", asked)
        waiting = [
            each
            for each, final in zip(asked, finals, strict=True)
            if final not in (ANSWERED, EXPIRED)
        ]
        found = self._client.call_each(view.head.number, oracle, "requestOf", waiting)
        for (number,), (session_id, _, _, _, max_age, deadline, fee) in zip(
            waiting, found, strict=True
        ):
            self._open[number] = Request(session_id, max_age, deadline, fee)
        self._scanned = max(self._scanned, fresh.stop - 1)
        while len(self._open) > OPEN_MAX:
            self._drop(min(self._open, key=lambda each: self._open[each].fee))

    def _look(self, view: View) -> list[list[Action]]:
        """Return rows for some of the open requests, and let others have their turn next."""
        turn = list(self._open)[:SCAN]
        asked = [[each] for each in turn]
        states = self._client.call_each(view.head.number, self._contracts.oracle, "statusOf", asked)
        finals = self._client.call_each(view.final, self._contracts.oracle, "statusOf", asked)
        rows: list[list[Action]] = []
        for number, state, final in zip(turn, states, finals, strict=True):
            self._open.move_to_end(number)
            if final in (ANSWERED, EXPIRED) or (final == FAILED_CALLBACK and not self._at_a_loss):
                self._drop(number)
                continue
            word, action = self._judge(view, number, self._open[number], state)
            self._states[number] = word
            rows.append([action] if action is not None else [])
        return rows

    def _drop(self, number: int) -> None:
        del self._open[number]
        self._states.pop(number, None)

    def _judge(
        self, view: View, number: int, request: Request, state: int
    ) -> tuple[str, Action | None]:
        """Return how a request stands, and what to do about it."""
        oracle = self._contracts.oracle
        if state in (ANSWERED, EXPIRED):
            return "answered" if state == ANSWERED else "expired", None
        if state == FAILED_CALLBACK:
            return "failed callback", self._retry(view, number, request)
        if view.head.time >= request.deadline:
            data = oracle.data("expire", number)
            action = Action(purpose=f"expire/{number}", to=oracle.address, data=data)
            return "overdue", action if self._at_a_loss else None
        place = self._index.get(request.session_id)
        if place is None:
            return "unknown", None
        if not place.over:
            return "pending", None
        anchored = self._client.call(
            view.head.number, self._contracts.anchor, "anchoredAt", place.epoch
        )
        if anchored + request.max_age < view.head.time:
            return "stale", None
        epoch = self._epoch(place.epoch)
        if epoch is None:
            return "unknown", None
        data = oracle.data("answer", number, place.epoch, *proven(epoch, place.index))
        earns = None if self._at_a_loss else request.fee
        return "ready", Action(
            purpose=f"answer/{number}",
            to=oracle.address,
            data=data,
            earns=earns,
            calls_out=True,
        )

    def _retry(self, view: View, number: int, request: Request) -> Action | None:
        """Return the callback made again, with the answer that was given."""
        if not self._at_a_loss:
            return None
        oracle = self._contracts.oracle
        answered, _, _ = self._client.call(view.head.number, oracle, "answerOf", number)
        epoch = self._epoch(answered)
        if epoch is None:
            return None
        index, there = epoch.find(request.session_id)
        if not there:
            return None
        data = oracle.data("retry", number, *proven(epoch, index))
        purpose = f"retry-callback/{number}"
        return Action(purpose=purpose, to=oracle.address, data=data, calls_out=True)

    def _collect(self, view: View) -> list[list[Action]]:
        oracle = self._contracts.oracle
        owed = self._client.call(view.head.number, oracle, "owed", self._account)
        if owed < COLLECT_FROM * COLLECT_GAS * max(view.head.base_fee, 1):
            return []
        data = oracle.data("collect", self._account)
        return [[Action(purpose="collect", to=oracle.address, data=data, earns=owed)]]


def proven(
    epoch: BuiltEpoch, index: int
) -> tuple[tuple[bytes, int, bytes, bytes, bytes], int, list[bytes]]:
    """Return leaf, index and proof of a session, as contracts take them."""
    return leaf_fields(epoch.leaves[index]), index, epoch.session_proof(index)
