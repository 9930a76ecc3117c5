"""Relays events of sessions: certifies those of an epoch, then delivers each, once and in order.

The contract counts, so of many relayers one delivers; the others see that and send nothing.
"""

from typing import Any

from node.session.anchoring import event_statement

from .chain_client import ChainClient
from .committee import Committee, TooFew
from .contracts import Contracts
from .epochs import Epochs
from .errors import SourceError
from .outbox import Action, View
from .source import Asked, Source

AHEAD = 16
"""Events that are sent one after the other without waiting for a block."""
SCAN = 500
"""Events or epochs that are looked at in one pass."""
UNDELIVERED_MAX = 4_096
CURSOR = "events"


class Relaying:
    """Compares what is delivered with what happened."""

    name = "events"
    kinds = frozenset(("certify", "relay", "retry"))

    def __init__(
        self,
        client: ChainClient,
        contracts: Contracts,
        source: Source,
        epochs: Epochs,
        cursor: int,
    ) -> None:
        """Look for undelivered events from number `cursor` on."""
        self._client = client
        self._contracts = contracts
        self._source = source
        self._epochs = epochs
        self._committee = Committee(client, contracts.anchor)
        self._scanned = cursor
        self._undelivered: set[int] = set()
        self._certified: dict[int, tuple[int, int]] = {}
        """Epoch -> number of its first event, how many. Without those that have none."""
        self._looked: tuple[int, int] | None = None
        """From and up to which epoch certificates were read."""

    def plan(self, view: View) -> tuple[list[list[Action]], dict[str, Any]]:
        """Return a row of certificates or of events, later deliveries, and how things stand."""
        block, relay = view.head.number, self._contracts.relay
        following = self._client.call(block, relay, "nextNumber")
        certified = self._client.call(block, relay, "nextCertified")
        facts: dict[str, Any] = {
            "delivered": following,
            "certified": certified,
            "waitsFor": "an event",
        }
        try:
            certificate = self._certify(block, certified, facts)
        except SourceError as error:  # What is certified can be delivered all the same.
            certificate, facts["waitsFor"] = [], str(error)
        row = self._deliver(block, following, certified, facts)
        later = self._deliver_later(view, following)
        facts["undelivered"] = sorted(self._undelivered)[:20]
        return [certificate, row, *later], facts

    def cursor(self) -> tuple[str, int]:
        """Return up to which event all are known to be delivered."""
        return CURSOR, min(self._undelivered, default=self._scanned)

    def forget(self) -> None:
        """Drop what was read: the chain has been another one for a while."""
        self._committee.forget()
        self._certified.clear()
        self._looked = None
        self._scanned = self.cursor()[1]
        self._undelivered.clear()

    # --- Certificates -----------------------------------------------------------------------

    def _certify(self, block: int, certified: int, facts: dict[str, Any]) -> list[Action]:
        """Return the certificate of the next epoch that has events."""
        relay, chain_id = self._contracts.relay, self._contracts.chain_id
        first = self._client.call(block, relay, "lastEpoch") + 1
        anchored = self._client.call(block, self._contracts.anchor, "lastEpoch")
        for number in range(first, min(anchored, first + SCAN) + 1):
            epoch = self._epochs.get(number)
            if epoch is None:
                break
            if not epoch.events or epoch.events[-1].number < certified:
                continue
            if epoch.events[0].number != certified:
                facts["waitsFor"] = (
                    f"event {certified}; epoch {number} begins with {epoch.events[0].number}"
                )
                break
            statement = event_statement(chain_id, relay.address, number, epoch.events_root)
            asked = Asked("events", chain_id, relay.address, statement)
            found = self._committee.certificate(block, statement, self._source.signatures(asked))
            if isinstance(found, TooFew):
                facts["waitsFor"] = f"signatures of the events of epoch {number}: {found}"
                break
            told = (number, epoch.events_root, certified, len(epoch.events))
            data = relay.data("certify", *told, found.bitmap, found.signatures)
            facts["waitsFor"] = "a block"
            return [Action(purpose=f"certify/{number}", to=relay.address, data=data)]
        return []

    # --- Events -----------------------------------------------------------------------------

    def _deliver(
        self, block: int, following: int, certified: int, facts: dict[str, Any]
    ) -> list[Action]:
        row = []
        for number in range(following, min(certified, following + AHEAD)):
            action = self._relay(block, number, "relay")
            if action is None:
                facts["waitsFor"] = f"the bytes of event {number}"
                break
            facts["waitsFor"] = "a block"
            row.append(action)
        return row

    def _deliver_later(self, view: View, following: int) -> list[list[Action]]:
        """Return rows of one event each, of those that were not delivered in their turn."""
        block, relay = view.head.number, self._contracts.relay
        room = max(min(SCAN, UNDELIVERED_MAX - len(self._undelivered)), 0)
        fresh = range(self._scanned, max(min(following, self._scanned + room), self._scanned))
        looked = sorted({*fresh, *sorted(self._undelivered)[:SCAN]})
        asked = [[each] for each in looked]
        now = self._client.call_each(block, relay, "undelivered", asked)
        finally_ = self._client.call_each(view.final, relay, "undelivered", asked)
        for number, waits, waited in zip(looked, now, finally_, strict=True):
            keep = waits or waited
            (self._undelivered.add if keep else self._undelivered.discard)(number)
        # What is not final may have another fate yet: it is looked at again.
        final = self._client.call(view.final, relay, "nextNumber")
        self._scanned = max(self._scanned, min(fresh.stop, final))
        rows = []
        for number in sorted(self._undelivered)[:AHEAD]:
            action = self._relay(block, number, "retry")
            rows.append([action] if action is not None else [])
        return rows

    def _relay(self, block: int, number: int, function: str) -> Action | None:
        """Return a delivery, if the source has the event's bytes."""
        relay = self._contracts.relay
        within = self._epoch_of(block, number)
        try:
            epoch = None if within is None else self._epochs.get(within)
        except SourceError:  # Sources forget old epochs; others may have them.
            return None
        if epoch is None or not epoch.events:
            return None
        at = number - epoch.events[0].number
        if not 0 <= at < len(epoch.events):
            return None
        event = epoch.events[at]
        fields = (event.number, event.session_id, event.kind, event.target, event.payload)
        data = relay.data(function, epoch.number, fields, epoch.event_proof(number))
        purpose = f"{function}/{number}"
        return Action(purpose=purpose, to=relay.address, data=data, calls_out=True)

    def _epoch_of(self, block: int, number: int) -> int | None:
        """Return the epoch whose certificate has an event."""
        relay = self._contracts.relay
        last = self._client.call(block, relay, "lastEpoch")
        start, end = self._looked or (last + 1, last)
        if last > end:
            self._read_certificates(block, end + 1, last)
            end = last
        lowest = min((first for first, _ in self._certified.values()), default=number + 1)
        if lowest > number and start > 1:
            # Further back, some epochs in each pass.
            begin = max(start - SCAN, 1)
            self._read_certificates(block, begin, start - 1)
            start = begin
        self._looked = (start, end)
        for epoch, (first, count) in self._certified.items():
            if first <= number < first + count:
                return epoch
        return None

    def _read_certificates(self, block: int, first: int, last: int) -> None:
        asked = [[epoch] for epoch in range(first, last + 1)]
        found = self._client.call_each(block, self._contracts.relay, "certificates", asked)
        for (epoch,), (root, number, count) in zip(asked, found, strict=True):
            if any(root):
                self._certified[epoch] = (number, count)
