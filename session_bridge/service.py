"""The bridge at work: one pass looks at the chain, does what is due, and says how things stand.

A pass that fails changes nothing that matters: the next one begins with the chain as it is then.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from .anchor import Anchoring
from .chain_client import Block, ChainClient, Signer, check_chain
from .contracts import Contracts
from .epochs import Epochs
from .errors import RefusedError, SourceError
from .events import CURSOR as EVENTS
from .events import Relaying
from .journal import Journal
from .ledger import Scope, cursor_record
from .oracle import CURSOR as REQUESTS
from .oracle import Answering
from .outbox import IN_FLIGHT_MAX, Action, Outbox, Told, Unprofitable, View
from .source import Source

HEADS_KEPT = 64
SEEN_MAX = 4_096
SHARE = IN_FLIGHT_MAX // 3


class Part(Protocol):
    """One of the bridge's tasks: compares two layers, and says what is missing on the chain."""

    name: str
    kinds: frozenset[str]
    """What the purposes of its transactions begin with."""

    def plan(self, view: View) -> tuple[list[list[Action]], dict[str, Any]]:
        """Return rows of actions, each row in its order, and how things stand."""

    def forget(self) -> None:
        """Drop what was read of the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the operator wants it."""

    fee_max: int
    """The most wei that is ever paid for one gas."""
    at_a_loss: bool = False
    """Whether oracle requests are answered that do not pay for it."""
    stagger: int = 0
    """Blocks among which relayers spread, each by its address, so that few send the same."""


@dataclass(slots=True)
class Standing:
    """How everything stands after a pass."""

    block: int = 0
    paused: bool = False
    reorganisations: int = 0
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    """Reasons for which nothing was sent, and how often."""


class Bridge:
    """All tasks on one chain, by one account, from one source."""

    def __init__(
        self,
        client: ChainClient,
        contracts: Contracts,
        source: Source,
        journal: Journal,
        signer: Signer,
        manner: Manner,
        clock: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        self.standing = Standing()
        self._client = client
        self._contracts = contracts
        self._journal = journal
        self._account = signer.address
        self._manner = manner
        self._say = say
        self._outbox = Outbox(client, journal, signer, contracts.chain_id, manner.fee_max, clock)
        epochs = Epochs(source, contracts.chain_id)
        cursors = journal.ledger.cursors
        self._relaying = Relaying(client, contracts, source, epochs, cursors.get(EVENTS, 0))
        self._answering = Answering(
            client,
            contracts,
            epochs,
            signer.address,
            cursors.get(REQUESTS, 0),
            at_a_loss=manner.at_a_loss,
        )
        anchoring = Anchoring(client, contracts, source, epochs)
        self._parts: tuple[Part, ...] = (anchoring, self._relaying, self._answering)
        self._heads: list[Block] = []
        self._seen: dict[str, int] = {}

    def once(self) -> int:
        """Make one pass, and return how many transactions were sent in it."""
        check_chain(self._client, self._contracts.chain_id, ())
        head = self._client.head()
        self._watch(head)
        view = View(head, self._client.finalized(head))
        self.standing.block = head.number
        for told in self._outbox.settle(view):
            self._tell(told)
        self.standing.paused = self._is_paused(view)
        sent = sum(self._work(part, view) for part in self._parts)
        self._keep_cursors()
        return sent

    def _watch(self, head: Block) -> None:
        """Notice that blocks which were seen are no more."""
        gone = []
        while self._heads:
            last = self._heads[-1]
            found = self._client.block(last.number) if last.number <= head.number else None
            if found is not None and found.hash == last.hash:
                break
            gone.append(self._heads.pop().number)
        if gone:
            self.standing.reorganisations += 1
            self._say(f"block {gone[-1]} is no more: what was read is read again")
            for part in self._parts:
                part.forget()
        self._heads = [*self._heads, head][-HEADS_KEPT:]

    def _is_paused(self, view: View) -> bool:
        pause = self._contracts.pause
        return pause is not None and self._client.call(view.head.number, pause, "paused") is True

    def _work(self, part: Part, view: View) -> int:
        """Do what a part wants; what it cannot be told is no reason for others to wait."""
        try:
            rows, facts = part.plan(view)
        except (SourceError, RefusedError) as error:
            self.standing.parts[part.name] = {"waitsFor": str(error)}
            return 0
        self.standing.parts[part.name] = facts
        return sum(self._send_row(part, row, view) for row in rows)

    def _send_row(self, part: Part, row: list[Action], view: View) -> int:
        """Send actions one after the other, up to the first that cannot go now.

        Each part has its share of what may be on its way, so none keeps another waiting.
        """
        sent = 0
        busy = self._outbox.busy()
        room = SHARE - sum(each.split("/")[0] in part.kinds for each in busy)
        if row and row[0].purpose not in busy and not self._has_turn(row[0], view):
            return 0
        for action in row:
            if action.purpose in busy:
                continue
            if sent >= room or not self._may_go(action, view):
                break
            try:
                self._tell(self._outbox.send(action, view))
                sent += 1
            except (RefusedError, Unprofitable) as error:
                self._outbox.rest(action.purpose, view)
                self._count(f"{action.purpose.split('/')[0]}: {error}")
                break
        return sent

    def _has_turn(self, action: Action, view: View) -> bool:
        """Say whether other relayers have had their chance to do the same."""
        if len(self._seen) >= SEEN_MAX:
            self._seen.pop(next(iter(self._seen)))
        first = self._seen.setdefault(action.purpose, view.head.number)
        drawn = hashlib.sha256(self._account + action.purpose.encode()).digest()[0]
        return view.head.number - first >= drawn % (self._manner.stagger + 1)

    def _may_go(self, action: Action, view: View) -> bool:
        if self.standing.paused and action.calls_out:
            self._count(f"{action.purpose.split('/')[0]}: the DAO has paused")
            return False
        return not self._outbox.rests(action.purpose, view) and self._outbox.room() > 0

    def _keep_cursors(self) -> None:
        """Write down how far everything is done with, for good."""
        for part in (self._relaying, self._answering):
            name, value = part.cursor()
            if value > self._journal.ledger.cursors.get(name, 0):
                self._journal.write(cursor_record(name, value))

    def _count(self, reason: str) -> None:
        refused = self.standing.refused
        if reason in refused or len(refused) < 256:
            refused[reason] = refused.get(reason, 0) + 1
            if refused[reason] == 1:
                self._say(f"not sent: {reason}")

    def _tell(self, told: Told) -> None:
        self._say(f"{told.purpose}: {told.words}")


def scope_of(contracts: Contracts, account: bytes) -> Scope:
    """Return whose journal the bridge's is."""
    addresses = b"".join(each.address for each in (contracts.anchor, contracts.oracle))
    named = hashlib.sha256(addresses + contracts.relay.address).digest()
    return Scope(contracts.chain_id, account, named)
