"""The seat of a node on a committee that runs service sessions, if it was given one.

The file of `--committee` is JSON, the same for every member:

    {"chainId": 6133, "anchor": "0x...", "relay": "0x...", "epochSeconds": 600,
     "members": [{"publicKey": "...", "address": "/ip4/.../tcp/9000/p2p/Qm..."}, ...]}
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..codec import Refused
from ..control import LOCKED, REFUSED, ControlError, Json, Method
from ..crypto import SIGNING_PUBLIC, SigningKey
from ..identity import Multiaddr
from ..session.committees import SEATS_MAX, SEATS_MIN
from ..session.epochs import Chain
from ..session.ids import EMPTY, hash_of
from ..session.messages import Message
from ..session.records import StepKind
from ..session.service import EVIDENCE, PREFIX, Engine, Settings
from ..session.shares import Effects
from ..session.views import (
    certificate_view,
    committee_view,
    epoch_view,
    evidence_view,
    sessions_view,
)
from .folder import Unusable
from .services import Node, clock

TICK_SECONDS = 0.25
FILE_MAX = 1 << 20
EPOCH_SECONDS_MAX = 24 * 3600
KINDS = {int: "whole number", str: "text", list: "list"}

_T = TypeVar("_T")


class Committee:
    """A member's engine, with its store and its links."""

    def __init__(self, node: Node, key: SigningKey, refused: Counter[str]) -> None:
        self._node = node
        self._key = key
        self._refused = refused
        self._engine: Engine | None = None
        self._peers: dict[bytes, bytes] = {}  # peer ids of the other members, by their ids

    def join(self, path: Path, sessions_max: int) -> None:
        """Take the seat that a file gives."""
        aside = self._node.kept.aside
        if aside.exists():
            raise Unusable(f"{aside} held what this member has signed: its seat needs a new key")
        try:
            settings, seats = _read(path, sessions_max)
            self._engine = Engine(
                settings,
                self._key,
                self._node.kept.scan(PREFIX),
                self._node.kept.get,
                clock(),
            )
        except (ControlError, ValueError, RecursionError, OSError, Refused) as error:
            raise Unusable(f"{path}: {error}") from None
        for node, (peer_id, address) in seats.items():
            if peer_id != self._node.peer_id:
                self._peers[node] = peer_id
                # Of two members one dials, or they would have two links.
                if peer_id < self._node.peer_id:
                    self._node.network.keep(address)
        self._node.hear_service = self._hear

    async def run(self) -> None:
        """Do what time asks for, until cancelled."""
        while self._engine is not None:
            self._do(self._engine.tick(clock()))
            await asyncio.sleep(TICK_SECONDS)

    def _hear(self, _peer_id: bytes, message: Message) -> None:
        self._do(self.engine.receive(message, clock()))

    def _do(self, effects: Effects) -> None:
        """Make durable what has changed, and send what follows from it."""
        if effects.store:
            self._node.kept.commit(effects.store)
        for message in effects.send:
            data = message.encode()
            if message.recipient == EMPTY:
                for peer_id in self._peers.values():
                    self._node.network.send(peer_id, data)
            elif message.recipient in self._peers:
                self._node.network.send(self._peers[message.recipient], data)
        for reason, _ in effects.notices:
            self._refused[f"session: notice, {reason}"] += 1

    @property
    def engine(self) -> Engine:
        """The engine of a node that has a seat."""
        if self._engine is None:
            raise ControlError(LOCKED, "this node has no seat on a committee")
        return self._engine

    # --- What its user may call ---------------------------------------------------------------

    def table(self) -> dict[str, Method]:
        """Return every method by its name."""
        session: dict[str, type] = {"sessionId": str}
        return {
            "GetCommittee": Method(self.committee),
            "GetEvidence": Method(self.evidence),
            "GetEpoch": Method(self.epoch, {}, {"epoch": int}),
            "GetCertificate": Method(
                self.certificate, {"kind": str, "chainId": int, "contract": str, "epoch": int}
            ),
            "CreateServiceSession": Method(self.create, {"serviceId": str, "txId": str}),
            "StartServiceSession": Method(self.start, session),
            "RequestStep": Method(
                self.request, {**session, "kind": str, "txId": str, "inputHash": str}
            ),
            "SubmitRecord": Method(self.submit, {"requestId": str, "data": str}),
            "CommitRequest": Method(self.commit, {"requestId": str}),
            "CompleteStep": Method(self.complete, {**session, "outputHash": str}),
            "FinalizeServiceSession": Method(self.finalize, session),
            "FailServiceSession": Method(self.fail, session),
            "GetServiceSessions": Method(self.sessions),
        }

    async def committee(self) -> Json:
        """Return the node's own key, which it has without a seat too, and who sits there."""
        own = {"publicKey": self._key.public.hex()}
        return own if self._engine is None else own | committee_view(self._engine, clock())

    async def evidence(self) -> Json:
        """Return, of each member that signed two commitments of one thing, both attestations."""
        found = self._node.kept.scan(EVIDENCE)
        return [evidence_view(key[len(EVIDENCE) :], data) for key, data in found]

    async def epoch(self, epoch: int = 0) -> Json:
        """Return an epoch; the one that is open, if none is named."""
        return _settled(lambda: epoch_view(self.engine, epoch))

    async def certificate(self, kind: str, chain_id: int, contract: str, epoch: int) -> Json:
        """Return who signed an epoch."""
        address = _hex(contract, 20)
        return _settled(lambda: certificate_view(self.engine, kind, chain_id, address, epoch))

    async def sessions(self) -> Json:
        """Return the sessions that run."""
        return sessions_view(self.engine)

    async def create(self, service_id: str, tx_id: str) -> Json:
        """Create a session that this member leads."""
        service, transaction = _hex(service_id), _hex(tx_id)
        name, effects = _settled(lambda: self.engine.create(service, transaction, clock()))
        self._do(effects)
        return {"sessionId": name.hex()}

    async def start(self, session_id: str) -> Json:
        """Start it."""
        name = _hex(session_id)
        return self._act(lambda now: self.engine.start(name, now))

    async def request(self, session_id: str, kind: str, tx_id: str, input_hash: str) -> Json:
        """Ask the members for something."""
        kinds = {each.name.lower(): each for each in StepKind}
        if kind not in kinds:
            raise ControlError(REFUSED, f"kinds are {', '.join(kinds)}")
        name, transaction, asked = _hex(session_id), _hex(tx_id), _hex(input_hash)
        self._act(lambda now: self.engine.request(name, kinds[kind], transaction, asked, now))
        request_id = self.engine.sessions[name].session.steps[-1].request_id
        return {"requestId": "" if request_id == EMPTY else request_id.hex()}

    async def submit(self, request_id: str, data: str) -> Json:
        """Say what this member has seen."""
        name, seen = _hex(request_id), _hex(data, None)
        return self._act(lambda now: self.engine.submit(name, seen, now))

    async def commit(self, request_id: str) -> Json:
        """End a request."""
        name = _hex(request_id)
        return self._act(lambda now: self.engine.commit(name, now))

    async def complete(self, session_id: str, output_hash: str) -> Json:
        """End a step."""
        name, output = _hex(session_id), _hex(output_hash)
        return self._act(lambda now: self.engine.complete(name, output, now))

    async def finalize(self, session_id: str) -> Json:
        """Ask the committee to sign the result."""
        name = _hex(session_id)
        return self._act(lambda now: self.engine.finalize(name, now))

    async def fail(self, session_id: str) -> Json:
        """End it without a result."""
        name = _hex(session_id)
        return self._act(lambda now: self.engine.fail(name, now))

    def _act(self, act: Callable[[int], Effects]) -> bool:
        self._do(_settled(lambda: act(clock())))
        return True


def _settled(run: Callable[[], _T]) -> _T:
    """Let what the engine refuses be an answer to the user."""
    try:
        return run()
    except Refused as refusal:
        raise ControlError(REFUSED, refusal.reason) from None


def _read(path: Path, sessions_max: int) -> tuple[Settings, dict[bytes, tuple[bytes, Multiaddr]]]:
    """Return what all members have alike, and where each is, by its id."""
    if path.stat().st_size > FILE_MAX:
        raise ValueError("too long for a committee")
    told = json.loads(path.read_text("utf-8"))
    members = _field(told, "members", list)
    if not SEATS_MIN <= len(members) <= SEATS_MAX:
        raise ValueError(f"a committee has {SEATS_MIN} to {SEATS_MAX} members")
    seconds = _field(told, "epochSeconds", int)
    if not 1 <= seconds <= EPOCH_SECONDS_MAX:
        raise ValueError("epochSeconds is a number of seconds, at most a day")
    keys = tuple(_hex(_field(member, "publicKey", str), SIGNING_PUBLIC) for member in members)
    chain = Chain(
        chain_id=_field(told, "chainId", int),
        anchor=_hex(_field(told, "anchor", str), 20),
        relay=_hex(_field(told, "relay", str), 20),
    )
    settings = Settings(
        chain=chain, members=keys, sessions_max=sessions_max, epoch_ms=seconds * 1000
    )
    places = [_place(_field(member, "address", str)) for member in members]
    if len({peer_id for peer_id, _ in places}) != len(members):
        raise ValueError("two members have one node")
    return settings, dict(zip(map(hash_of, keys), places, strict=True))


def _field(told: Json, name: str, kind: type[_T]) -> _T:
    """Return a field of an object, if it has its type."""
    if not isinstance(told, dict) or name not in told:
        raise ValueError(f"{name} is missing")
    value = told[name]
    if type(value) is not kind:
        raise ValueError(f"{name} is no {KINDS[kind]}")
    return value


def _place(text: str) -> tuple[bytes, Multiaddr]:
    address = Multiaddr.parse(text)
    if address.peer_id is None:
        raise ValueError(f"{text}: the address of a member ends in /p2p/Qm...")
    return address.peer_id, address


def _hex(text: str, size: int | None = 32) -> bytes:
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise ControlError(REFUSED, "not hex") from None
    if size is not None and len(data) != size:
        raise ControlError(REFUSED, f"{size} bytes of hex are needed")
    return data
