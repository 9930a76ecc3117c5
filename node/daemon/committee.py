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
from ..session.messages import Message
from ..session.records import StepKind
from ..session.service import PREFIX, Engine, Settings
from ..session.shares import Effects
from ..session.views import certificate_view, committee_view, epoch_view, sessions_view
from .folder import Unusable
from .services import Node, clock

TICK_SECONDS = 0.25
FILE_MAX = 1 << 20
EPOCH_SECONDS_MAX = 24 * 3600

_T = TypeVar("_T")


class Committee:
    """A member's engine, with its store and its links."""

    def __init__(self, node: Node, key: SigningKey, refused: Counter[str]) -> None:
        self._node = node
        self._key = key
        self._refused = refused
        self._engine: Engine | None = None
        self._peers: list[bytes] = []

    def join(self, path: Path, sessions_max: int) -> None:
        """Take the seat that a file gives."""
        try:
            settings, addresses = _read(path, sessions_max)
            self._engine = Engine(
                settings,
                self._key,
                self._node.kept.scan(PREFIX),
                self._node.kept.get,
                clock(),
            )
        except (ControlError, ValueError, KeyError, TypeError, OSError, Refused) as error:
            raise Unusable(f"{path}: {error}") from None
        for address in addresses:
            if address.peer_id is not None and address.peer_id != self._node.peer_id:
                self._peers.append(address.peer_id)
                # Of two members one dials, or they would have two links.
                if address.peer_id < self._node.peer_id:
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
            for peer_id in self._peers:
                self._node.network.send(peer_id, data)
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
        requests = self.engine.sessions[name].requests
        return {"requestId": requests[-1].id.hex() if requests else ""}

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


def _read(path: Path, sessions_max: int) -> tuple[Settings, list[Multiaddr]]:
    if path.stat().st_size > FILE_MAX:
        raise ValueError("too long for a committee")
    told = json.loads(path.read_text("utf-8"))
    members = told["members"]
    if not SEATS_MIN <= len(members) <= SEATS_MAX:
        raise ValueError(f"a committee has {SEATS_MIN} to {SEATS_MAX} members")
    seconds = told["epochSeconds"]
    if type(seconds) is not int or not 1 <= seconds <= EPOCH_SECONDS_MAX:
        raise ValueError("epochSeconds is a number of seconds, at most a day")
    keys = tuple(_hex(member["publicKey"], SIGNING_PUBLIC) for member in members)
    chain = Chain(
        chain_id=int(told["chainId"]),
        anchor=_hex(told["anchor"], 20),
        relay=_hex(told["relay"], 20),
    )
    settings = Settings(
        chain=chain, members=keys, sessions_max=sessions_max, epoch_ms=seconds * 1000
    )
    return settings, [Multiaddr.parse(member["address"]) for member in members]


def _hex(text: str, size: int | None = 32) -> bytes:
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise ControlError(REFUSED, "not hex") from None
    if size is not None and len(data) != size:
        raise ControlError(REFUSED, f"{size} bytes of hex are needed")
    return data
