"""First contact: two nodes prove to each other, over a link, that they hold an invite's secret.

The link has proved both ids. Whoever made the invite is the host, whoever read it the guest:

    guest -> host   OFFER    the secret's name, and a commitment to the guest's nonce
    guest <- host   NONCE    the host's nonce
    guest -> host   PROOF    the guest's nonce, and a code over all of it
    guest <- host   WELCOME  the host's code, and what the host gives: a space's secret, say
    guest <- host   NO       the secret is unknown, used or has run out

A secret is used once: the host stores that it is before it says so, and after that welcomes nobody
but the same node again, which may have missed it. Both sides then show one short number. It differs
where somebody stands between them with an invite of his own; the commitment leaves him one guess
each time, and the host counts the times.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

from ..codec import Reader, Refused, sized, u8, u32, u64
from ..core import Send, Store
from ..crypto import Random, equal, hkdf, mac, sha256
from ..session.messages import MessageType
from .invite import SECRET, Invite

VERSION = 1
NAME = 16
NONCE = 32
CODE = 32
GIFT_MAX = 512
INVITES_MAX = 64
RUNNING_MAX = 64
ATTEMPTS_MAX = 5  # wrong codes and repeated welcomes, after which a secret is void
RUN_MS = 60_000
NUMBER_DIGITS = 8
NEVER = 1 << 62

NAME_LABEL = b"pars/pairing-name/v1"
KEY_LABEL = b"pars/pairing-key/v1"
COMMIT_LABEL = b"pars/pairing-commit/v1"
NUMBER_LABEL = b"pars/pairing-number/v1"
HOST_LABEL = b"pars/pairing-host/v1"
GUEST_LABEL = b"pars/pairing-guest/v1"
OPEN = b"invite/open/"


class Step(IntEnum):
    """What a message is."""

    OFFER = 1
    NONCE = 2
    PROOF = 3
    WELCOME = 4
    NO = 5


@dataclass(frozen=True, slots=True)
class Paired:
    """Both sides hold the secret. `number` is the same on both screens, or somebody is between."""

    peer_id: bytes
    name: bytes
    is_host: bool
    number: str
    gift: bytes = field(repr=False)


class Failed(NamedTuple):
    """A guest's attempt came to nothing."""

    peer_id: bytes
    name: bytes
    reason: str


Event = Paired | Failed


# --- What both compute ----------------------------------------------------------------------------


def name_of(secret: bytes) -> bytes:
    """Return what a secret is asked for by; it tells nothing of the secret."""
    return hkdf(secret, b"", NAME_LABEL, NAME)


def commitment(nonce: bytes) -> bytes:
    """Return what binds the guest to a nonce before he has seen the host's."""
    return sha256(COMMIT_LABEL, nonce)


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that both sides have said, and who they are."""

    network: int
    guest_id: bytes
    host_id: bytes
    name: bytes
    guest_nonce: bytes
    host_nonce: bytes

    @property
    def digest(self) -> bytes:
        """The hash that codes and number are made of."""
        ids = self.guest_id + self.host_id
        return sha256(u32(self.network), ids, self.name, self.guest_nonce, self.host_nonce)

    def code(self, secret: bytes, label: bytes, gift: bytes = b"") -> bytes:
        """Return a side's code, which only who holds the secret can make."""
        return mac(hkdf(secret, self.digest, KEY_LABEL), label + gift)

    @property
    def number(self) -> str:
        """The digits that both people compare, in two groups."""
        value = int.from_bytes(sha256(NUMBER_LABEL, self.digest)) % 10**NUMBER_DIGITS
        digits = f"{value:0{NUMBER_DIGITS}}"
        return f"{digits[:4]} {digits[4:]}"


# --- What a host keeps ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """An invite that was handed out. `guest` is who has used it, or nothing."""

    secret: bytes = field(repr=False)
    expires: int
    attempts: int
    guest: bytes
    gift: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return version | secret | expires | attempts | guest | gift."""
        head = u8(VERSION) + self.secret + u64(self.expires) + u8(self.attempts)
        return head + sized(self.guest) + sized(self.gift)

    @classmethod
    def decode(cls, data: bytes) -> "Opened":
        """Read what `encode` wrote."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("pairing: unknown version")
        secret, expires, attempts = reader.take(SECRET), reader.u64(), reader.u8()
        guest, gift = reader.sized(32), reader.sized(GIFT_MAX)
        reader.end()
        if len(guest) not in (0, 32):
            raise Refused("pairing: damaged invite")
        return cls(secret, expires, attempts, guest, gift)


@dataclass(slots=True)
class _Run:
    """An exchange that is going on with one node, of one secret."""

    until: int
    nonce: bytes
    committed: bytes = b""  # a host's: what the guest is bound to
    secret: bytes = field(default=b"", repr=False)  # a guest's
    transcript: Transcript | None = None


class Pairing:
    """Both roles of one node."""

    types = frozenset({MessageType.PAIRING})

    def __init__(self, own_id: bytes, network: int, store: Store, random: Random) -> None:
        self._own_id = own_id
        self._network = network
        self._store = store
        self._random = random
        self._opened: dict[bytes, Opened] = {}
        self._hosting: dict[tuple[bytes, bytes], _Run] = {}
        self._visiting: dict[tuple[bytes, bytes], _Run] = {}
        self._outgoing: list[Send] = []
        self._events: list[Event] = []
        damaged: dict[bytes, bytes | None] = {}
        for key, value in store.scan(OPEN):
            try:
                opened = Opened.decode(value)
            except Refused:
                damaged[key] = None
                continue
            self._opened[name_of(opened.secret)] = opened
        if damaged:
            store.commit(damaged)

    # --- What the node is told ------------------------------------------------------------------

    def open(self, invite: Invite, gift: bytes = b"", *, now: int) -> bytes:
        """Stand by an invite until it has run out; return its name. Durable when it returns."""
        if len(gift) > GIFT_MAX:
            raise ValueError(f"a gift has at most {GIFT_MAX} bytes")
        invite.check(self._network, now)
        if len(self._opened) >= INVITES_MAX:
            raise Refused("pairing: too many invites")
        name = name_of(invite.secret)
        self._keep(name, Opened(invite.secret, invite.expires, 0, b"", gift))
        return name

    def withdraw(self, name: bytes) -> None:
        """Stand by an invite no longer."""
        self._drop([name])

    def visit(self, invite: Invite, peer_id: bytes, now: int) -> bytes:
        """Prove to a node that this one was invited; return the secret's name."""
        invite.check(self._network, now)
        name = name_of(invite.secret)
        if len(self._visiting) >= RUNNING_MAX:
            raise Refused("pairing: too many at a time")
        run = _Run(now + RUN_MS, self._random(NONCE), secret=invite.secret)
        self._visiting[peer_id, name] = run
        self._say(peer_id, Step.OFFER, name + commitment(run.nonce))
        return name

    # --- A core's calls -------------------------------------------------------------------------

    def linked(self, peer_id: bytes, now: int) -> None:
        """Begin nothing: a visit is asked for."""

    def unlinked(self, peer_id: bytes, now: int) -> None:  # noqa: ARG002 - a core's shape
        """End what went on with this node: what is said next is on another link."""
        for key in [key for key in self._hosting if key[0] == peer_id]:
            del self._hosting[key]
        for key in [key for key in self._visiting if key[0] == peer_id]:
            self._fail(key, "pairing: link ended")

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """Give a visit up."""
        self.unlinked(peer_id, now)

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take one step; what does not fit is refused, and a wrong code is counted for good."""
        reader = Reader(payload)
        if kind is not MessageType.PAIRING or reader.u8() != VERSION:
            raise Refused("pairing: unknown version")
        number, name = reader.u8(), reader.take(NAME)
        self._expire(now)
        match number:
            case Step.OFFER:
                self._on_offer(peer_id, name, reader, now)
            case Step.NONCE:
                self._on_nonce(peer_id, name, reader)
            case Step.PROOF:
                self._on_proof(peer_id, name, reader)
            case Step.WELCOME:
                self._on_welcome(peer_id, name, reader)
            case Step.NO:
                self._on_no(peer_id, name, reader)
            case _:
                raise Refused("pairing: unknown step")

    def tick(self, now: int) -> None:
        """Forget what has run out."""
        self._expire(now)

    @property
    def next_tick(self) -> int:
        """When something runs out."""
        runs = [run.until for runs in (self._hosting, self._visiting) for run in runs.values()]
        return min([*runs, *(opened.expires for opened in self._opened.values())], default=NEVER)

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once, in its order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def events(self) -> list[Event]:
        """Return what has happened, once, in its order."""
        events, self._events = self._events, []
        return events

    # --- The host -------------------------------------------------------------------------------

    def _on_offer(self, peer_id: bytes, name: bytes, reader: Reader, now: int) -> None:
        committed = reader.take(32)
        reader.end()
        opened = self._opened.get(name)
        if opened is None or opened.guest not in (b"", peer_id):
            # Used, void, run out or never there: who asks is not told which.
            self._say(peer_id, Step.NO, name)
            raise Refused("pairing: no such invite")
        if len(self._hosting) >= RUNNING_MAX and (peer_id, name) not in self._hosting:
            raise Refused("pairing: too many at a time")
        run = _Run(now + RUN_MS, self._random(NONCE), committed)
        self._hosting[peer_id, name] = run
        self._say(peer_id, Step.NONCE, name + run.nonce)

    def _on_proof(self, peer_id: bytes, name: bytes, reader: Reader) -> None:
        nonce, code = reader.take(NONCE), reader.take(CODE)
        reader.end()
        run, opened = self._hosting.pop((peer_id, name), None), self._opened.get(name)
        if run is None or opened is None:
            raise Refused("pairing: proof of nothing")
        transcript = Transcript(self._network, peer_id, self._own_id, name, nonce, run.nonce)
        is_bound = equal(commitment(nonce), run.committed)
        if not is_bound or not equal(transcript.code(opened.secret, GUEST_LABEL), code):
            self._count(name, opened)
            self._say(peer_id, Step.NO, name)
            raise Refused("pairing: wrong code")
        if opened.guest not in (b"", peer_id):
            self._say(peer_id, Step.NO, name)
            raise Refused("pairing: no such invite")
        if opened.guest:
            self._count(name, opened)
        else:
            self._keep(name, replace(opened, guest=peer_id))
        answer = transcript.code(opened.secret, HOST_LABEL, opened.gift)
        self._say(peer_id, Step.WELCOME, name + answer + sized(opened.gift))
        self._events.append(Paired(peer_id, name, True, transcript.number, opened.gift))

    def _count(self, name: bytes, opened: Opened) -> None:
        """Note a wrong code, or one more draw of the number; after some the secret is void."""
        if opened.attempts + 1 < ATTEMPTS_MAX:
            self._keep(name, replace(opened, attempts=opened.attempts + 1))
        else:
            self._drop([name])

    # --- The guest ------------------------------------------------------------------------------

    def _on_nonce(self, peer_id: bytes, name: bytes, reader: Reader) -> None:
        nonce = reader.take(NONCE)
        reader.end()
        run = self._visiting.get((peer_id, name))
        if run is None or run.transcript is not None:
            raise Refused("pairing: nonce for nothing")
        run.transcript = Transcript(self._network, self._own_id, peer_id, name, run.nonce, nonce)
        code = run.transcript.code(run.secret, GUEST_LABEL)
        self._say(peer_id, Step.PROOF, name + run.nonce + code)

    def _on_welcome(self, peer_id: bytes, name: bytes, reader: Reader) -> None:
        code, gift = reader.take(CODE), reader.sized(GIFT_MAX)
        reader.end()
        run = self._visiting.get((peer_id, name))
        if run is None or run.transcript is None:
            raise Refused("pairing: welcome to nothing")
        if not equal(run.transcript.code(run.secret, HOST_LABEL, gift), code):
            self._fail((peer_id, name), "pairing: wrong code")
            raise Refused("pairing: wrong code")
        del self._visiting[peer_id, name]
        self._events.append(Paired(peer_id, name, False, run.transcript.number, gift))

    def _on_no(self, peer_id: bytes, name: bytes, reader: Reader) -> None:
        reader.end()
        if (peer_id, name) not in self._visiting:
            raise Refused("pairing: refusal of nothing")
        self._fail((peer_id, name), "pairing: the host knows no such invite")

    # --- Inside ---------------------------------------------------------------------------------

    def _say(self, peer_id: bytes, step: Step, body: bytes) -> None:
        self._outgoing.append(Send(peer_id, MessageType.PAIRING, u8(VERSION) + u8(step) + body))

    def _keep(self, name: bytes, opened: Opened) -> None:
        self._store.commit({OPEN + name: opened.encode()})
        self._opened[name] = opened

    def _drop(self, names: list[bytes]) -> None:
        gone: dict[bytes, bytes | None] = {OPEN + name: None for name in names}
        if gone:
            self._store.commit(gone)
        for name in names:
            self._opened.pop(name, None)

    def _fail(self, key: tuple[bytes, bytes], reason: str) -> None:
        del self._visiting[key]
        self._events.append(Failed(*key, reason))

    def _expire(self, now: int) -> None:
        for key in [key for key, run in self._hosting.items() if run.until <= now]:
            del self._hosting[key]
        for key in [key for key, run in self._visiting.items() if run.until <= now]:
            self._fail(key, "pairing: no answer")
        self._drop([name for name, opened in self._opened.items() if opened.expires <= now])
