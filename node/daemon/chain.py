"""The chain in a daemon: a light node for its user, and answers to light nodes from a full one.

`Light` trusts a checkpoint and asks whoever serves. `Full` stands beside a chain node, answers from
it, and votes where it has a seat. Neither loads an EVM into this process.
"""

import asyncio
import os
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..codec import Refused
from ..core import Store
from ..crypto import SigningKey
from ..dht.contacts import Contact
from ..dht.events import Validators
from ..dht.findings import agreement_code
from ..dht.records import Validator as Announced
from ..lifecycle import Event, Submit
from ..light import follow
from ..light.answers import Rpc
from ..light.certificate import Certificate
from ..light.client import HeadMoved, LightClient
from ..light.enable import Enabling, Sign, Stage, Status
from ..light.execution import Worker
from ..light.gateway import Certified, Gateway
from ..light.header import Header
from ..light.methods import Methods
from ..light.server import Server, Service
from ..light.transactions import Queue, State
from ..light.trust import read_checkpoint
from ..light.validator import Voter
from ..light.validators import Validator as Seated
from ..light.validators import ValidatorSet, read_set
from ..plain_store import PlainStore
from ..submissions import Outcome
from .chain_rpc import ChainNode
from .finding import Finding
from .services import Node
from .spaces import Spaces

FILE = "chain.db"
FIND_SECONDS, FIND_SOON_SECONDS = 60.0, 2.0
POLL_SECONDS = 1.0
ENABLE_SECONDS = 2.0
SERVERS_MAX = 16


class Light:
    """The light node: what it asks, whom it asks, and the port for the user's tools."""

    def __init__(
        self,
        node: Node,
        finding: Finding,
        spaces: Spaces,
        folder: Path,
        checkpoint: bytes,
        registry: bytes | None,
    ) -> None:
        self._node = node
        self._finding = finding
        self._spaces = spaces
        self._store = PlainStore(folder / FILE)
        client = LightClient(read_checkpoint(checkpoint), self._store, os.urandom, registry)
        client.synchronize = lambda: follow.synchronize(client)
        self.client = client
        self.validators: list[bytes] = []
        self.queue = Queue(client, self._store, lambda: self.validators or client.servers)
        methods = Methods(client, node.clock, queue=self.queue)
        self._worker = Worker()
        self.service = Service(client, methods, self._worker.run, node.cores.stir)
        self._server = Server(self.service, methods)
        self._numbers: dict[bytes, int] = {}  # of the user's queue, by hash
        self.moved: Callable[[Certificate, Header, ValidatorSet | None], None] | None = None
        finding.prove = self._is_in_office
        spaces.heard = self._heard
        node.cores.add(client)
        node.cores.after.append(self._settle)

    async def start(self, port: int) -> str:
        """Answer JSON-RPC on loopback; return the URL."""
        return await self._server.start(port)

    async def run(self) -> None:
        """Look for validators, and after transactions, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._find())
            group.create_task(self._poll())

    async def close(self) -> None:
        """Answer no more."""
        await self._server.close()
        await self.service.close()
        await self._worker.close()
        self._store.close()

    # --- Inside ---

    async def _find(self) -> None:
        """Ask the table for validators; those who are linked and named serve meanwhile."""
        chain_id = self.client.trust.checkpoint.chain_id
        while True:
            try:
                found = await self._finding.search(
                    lambda now: self._finding.dht.find_validators(chain_id, now)
                )
            except (TimeoutError, Refused):
                found = None
            if isinstance(found, Validators):
                self.validators = [each.contact.peer_id for each in found.validators]
                self._finding.stakes = self._stakes(found)
            linked = self._node.network.peers
            servers = list(dict.fromkeys([*self.validators, *linked]))[:SERVERS_MAX]
            if servers != self.client.servers:
                self.client.serve(servers)
                self._node.cores.stir()
            await asyncio.sleep(FIND_SECONDS if self.validators else FIND_SOON_SECONDS)

    def _stakes(self, found: Validators) -> dict[bytes, int]:
        """Return what the validators in office have bonded, by the nodes that answer for them."""
        office = self.client.trust.office
        bonded = {seat.key: seat.stake for seat in office.seats} if office else {}
        return {each.contact.peer_id: bonded.get(each.public, 0) for each in found.validators}

    @property
    def agreement(self) -> str:
        """What two people read to each other to know that they see the same validators."""
        return agreement_code(self.validators) if self.validators else ""

    async def _poll(self) -> None:
        while True:
            self.queue.poll(self._node.clock())
            self._report()
            self._node.cores.stir()
            await asyncio.sleep(POLL_SECONDS)

    def _settle(self) -> None:
        for event in self.client.events():
            if isinstance(event, HeadMoved):
                self._spaces.tell("head", b"")
                self._hand_on()
        if self.client.has_runs:
            self.service.pump()

    def _hand_on(self) -> None:
        """Let the node's own gateway answer with what was proved."""
        trust = self.client.trust
        if self.moved and trust.certificate and trust.head:
            coming = trust.office if trust.certificate.statement.hands_over else None
            self.moved(trust.certificate, trust.head, coming)

    def _is_in_office(self, validator: Announced) -> bool:
        """Tell whether a record is of a validator in office; until the set is known, of anybody.

        Whatever a server says is proved in any case; this spares asking those who say nothing.
        """
        office = self.client.trust.office
        if validator.chain_id != self.client.trust.checkpoint.chain_id:
            return False
        return office is None or any(seat.key == validator.public for seat in office.seats)

    def _heard(self, event: Event) -> None:
        """Hand out the user's transactions, once the way back is gone."""
        member = self._spaces.member
        if isinstance(event, Submit) and member is not None:
            one, now = event.transaction, self._node.clock()
            try:
                self._numbers[self.queue.add(one.raw, now)] = one.number
            except Refused:
                member.lifecycle.answered(one.number, Outcome.REFUSED, now)
            else:
                member.lifecycle.answered(one.number, Outcome.ACCEPTED, now)

    def _report(self) -> None:
        """Tell the user's queue what became of its transactions."""
        member, now = self._spaces.member, self._node.clock()
        for entry in self.queue.changed():
            number = self._numbers.get(entry.tx.hash)
            if number is None or member is None:
                continue
            if entry.state in (State.MINED, State.FAILED):
                member.lifecycle.confirmed(number)
            elif entry.state is State.CONFLICT:
                member.lifecycle.answered(number, Outcome.STALE, now)


@dataclass(frozen=True, slots=True)
class Seat:
    """What a validator's node is told beside its chain node."""

    first_set: bytes
    key: SigningKey | None = None
    registry: bytes | None = None


class Full:
    """Answers to light nodes from a chain node, and votes."""

    def __init__(self, node: Node, finding: Finding, folder: Path, url: str, seat: Seat) -> None:
        self._node = node
        self._finding = finding
        self._chain = ChainNode(url)
        self._store = PlainStore(folder / "gateway.db")
        self._set = read_set(seat.first_set)
        self._key, self._registry = seat.key, seat.registry
        self.gateway = Gateway(self._set, self._store, registry=seat.registry)
        if seat.key and self._seat(seat.key):
            self.gateway.voter = Voter(seat.key, self._store)
        self.enabling: Enabling | None = None
        self.status = Status(Stage.OFF)
        self.certified = 0
        self._asking: set[asyncio.Task[None]] = set()
        finding.prove = self._is_in_office
        node.cores.add(self.gateway)
        node.cores.after.append(self._settle)

    async def run(self) -> None:
        """Let others find this node, and find the other validators, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._meet_fellows())
            group.create_task(self._enable())

    def enable(self, stake: int, address: bytes, sign: Sign) -> None:
        """Bond a stake from the user's account, and vote once the registry lets it; 0 leaves."""
        if self._key is None or self._registry is None:
            raise Refused("chain: needs --validator-key and --registry")
        self.enabling = Enabling(
            key=self._key,
            address=address,
            sign=sign,
            registry=self._registry,
            chain_id=self._set.chain_id,
            store=self._store,
        )
        if stake:
            self.enabling.enable(stake)
        else:
            self.enabling.disable()

    def unlock(self, store: Store) -> None:
        """Nothing: the user says again when he wants to go on."""

    def lock(self) -> None:
        """Sign nothing more for the user; votes have a key of their own."""
        self.enabling = None

    async def _enable(self) -> None:
        """Go on becoming a validator, or leaving, while the user's account is there to sign."""
        while True:
            await asyncio.sleep(ENABLE_SECONDS)
            if self.enabling is None or self._key is None:
                continue
            try:
                self.status = await self._drive(self.enabling.step())
            except Refused as refusal:
                self._node.refused[refusal.reason] += 1
                continue
            if self.status.stage is Stage.ON and self.gateway.voter is None:
                self.gateway.voter = Voter(self._key, self._store)
            elif self.status.stage is not Stage.ON:
                self.gateway.voter = None

    async def _drive(self, flow: Generator[list[Rpc], list[Any], Status]) -> Status:
        try:
            calls = next(flow)
            while True:
                results = await asyncio.to_thread(self._chain.ask, calls)
                if results is None:
                    raise Refused("chain: the chain node does not answer")
                calls = flow.send(results)
        except StopIteration as done:
            status: Status = done.value
            return status

    async def _meet_fellows(self) -> None:
        chain_id, announced = self._set.chain_id, False
        while True:
            if not announced and self._key and self._node.addresses:
                announced = self._announce(self._key)
            try:
                found = await self._finding.search(
                    lambda now: self._finding.dht.find_validators(chain_id, now)
                )
            except (TimeoutError, Refused):
                found = None
            if isinstance(found, Validators):
                fellows = [each.contact.peer_id for each in found.validators]
                self.gateway.fellows = [each for each in fellows if each != self._node.peer_id]
            few = len(self.gateway.fellows) + 1 < len(self._set.seats)
            await asyncio.sleep(FIND_SOON_SECONDS if few else FIND_SECONDS)

    def accept(self, certificate: Certificate, header: Header, coming: ValidatorSet | None) -> None:
        """Take what the node's own light client has checked."""
        with suppress(Refused):  # a handover whose set is not here yet comes again
            self.gateway.accept(certificate, header, coming)

    async def close(self) -> None:
        """Ask the chain node no more."""
        for task in list(self._asking):
            task.cancel()
        if self._asking:
            await asyncio.wait(self._asking)
        self._store.close()

    # --- Inside ---

    def _is_in_office(self, validator: Announced) -> bool:
        """Tell whether a record is of a validator in office."""
        keys = [seat.key for seat in self.gateway.office.seats]
        return validator.chain_id == self._set.chain_id and validator.public in keys

    def _seat(self, key: SigningKey) -> Seated | None:
        found = (seat for seat in self.gateway.office.seats if seat.key == key.public)
        return next(found, None)

    def _announce(self, key: SigningKey) -> bool:
        """Tell where the node of a validator in office is; False where it is none."""
        seat = self._seat(key)
        if seat is None:
            return False
        here = [replace(each, peer_id=None) for each in self._node.addresses]
        contact = Contact.at(self._node.peer_id, *here)
        announced = Announced(self._set.chain_id, seat.address, contact, b"")
        self._finding.dht.announce_validator(announced, key, self._node.clock())
        self._node.cores.stir()
        return True

    def _settle(self) -> None:
        for number, calls in self.gateway.requests():
            task = asyncio.ensure_future(self._ask(number, calls))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        for event in self.gateway.events():
            self.certified += isinstance(event, Certified)

    async def _ask(self, number: int, calls: list[Rpc]) -> None:
        results = await asyncio.to_thread(self._chain.ask, calls)
        if results is None:
            self._node.refused["chain: the chain node does not answer"] += 1
        self.gateway.replied(number, results)
        self._node.cores.stir()
