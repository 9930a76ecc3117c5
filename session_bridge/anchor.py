"""Anchors the roots of epochs, each once and in order, with a quorum's signatures."""

from typing import Any

from node.session.anchoring import anchor_statement

from .chain_client import ChainClient
from .committee import Committee, TooFew
from .contracts import Contracts
from .epochs import Epochs
from .errors import SourceError
from .outbox import Action, View
from .source import Asked, Source

AHEAD = 8
"""Epochs that are sent one after the other without waiting for a block."""


class Anchoring:
    """Compares what is anchored with what is over, and anchors the difference."""

    name = "anchor"
    kinds = frozenset(("anchor",))

    def __init__(
        self, client: ChainClient, contracts: Contracts, source: Source, epochs: Epochs
    ) -> None:
        self._client = client
        self._contracts = contracts
        self._source = source
        self._epochs = epochs
        self._committee = Committee(client, contracts.anchor)

    def plan(self, view: View) -> tuple[list[list[Action]], dict[str, Any]]:
        """Return the epochs to anchor, in one row, and how things stand."""
        block, anchor = view.head.number, self._contracts.anchor
        last = self._client.call(block, anchor, "lastEpoch")
        previous = self._client.call(block, anchor, "rootOf", last)
        facts: dict[str, Any] = {"lastEpoch": last, "waitsFor": f"the end of epoch {last + 1}"}
        row: list[Action] = []
        for number in range(last + 1, last + 1 + AHEAD):
            if number > last + 1 and not self._is_over(number):
                break  # What comes before it need not wait for what a source lacks.
            epoch = self._epochs.get(number)
            if epoch is None:
                break
            count = len(epoch.leaves)
            statement = anchor_statement(
                self._contracts.chain_id, anchor.address, number, epoch.root, count, previous
            )
            asked = Asked("anchor", self._contracts.chain_id, anchor.address, statement)
            certificate = self._committee.certificate(
                block, statement, self._source.signatures(asked)
            )
            if isinstance(certificate, TooFew):
                facts["waitsFor"] = f"signatures of epoch {number}: {certificate}"
                break
            signed = (certificate.bitmap, certificate.signatures)
            data = anchor.data("anchor", number, epoch.root, count, previous, *signed)
            row.append(Action(purpose=f"anchor/{number}", to=anchor.address, data=data))
            facts["waitsFor"] = "a block"
            previous = epoch.root
        return [row], facts

    def _is_over(self, number: int) -> bool:
        try:
            return self._epochs.get(number) is not None
        except SourceError:
            return False

    def forget(self) -> None:
        """Drop what was read: the chain has been another one for a while."""
        self._committee.forget()
