"""A channel between two devices: the double ratchet with a KEM in each turn and hidden headers.

    root --(secret of a turn)--> root, chain, header key of the turn after
    chain --> message key, chain

    message = nonce | header, sealed with the turn's header key | body, sealed with its message key
    header  = version | messages in the turn before | number in this turn | step of the turn
    body    = length | text | what the mode loads | zeros up to a bucket

A turn's step is in each of its headers, so whichever of its messages comes first opens it. What
fails to open changes nothing; what has been opened cannot be opened again.
"""

import struct
from dataclasses import dataclass, field

from .. import codec, crypto, padding
from ..codec import Reader, Refused
from ..crypto import HYBRID_CIPHERTEXT, HYBRID_PUBLIC, KEY, LONG_NONCE, TAG, HybridKey, Random
from .sparse import SparseTurns
from .turns import FULL, SPARSE, FullTurns, Turns

VERSION = 1
FRONT = 1 + 4 + 4
OVERHEAD = LONG_NONCE + FRONT + TAG + TAG + 4
"""Of a message, beside its turn's step and what its mode loads."""

SKIP_MAX = 1000
"""Messages of one turn that may be missing before one that opens."""
MISSING_MAX = 4000
"""Keys kept for missing messages in all."""
OLD_TURNS_MAX = 32
"""Turns back to which missing messages are awaited. Each may cost a trial of its header key."""
MISSING_LIFE = 24 * 3600 * 1000
STATE_MAX = 1 << 20
STEP_MAX = 2 * HYBRID_CIPHERTEXT + HYBRID_PUBLIC

ROOT_LABEL = b"pars/ratchet-root/v1"
PROOF_LABEL = b"pars/ratchet-proof/v1"

_FRONT = struct.Struct(">BII")
_MESSAGE, _CHAIN = b"\x01", b"\x02"


@dataclass(slots=True, eq=False)
class Sending:
    """Our side's turn."""

    header_key: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    step: bytes = field(repr=False)
    previous: int
    next: int = 0


@dataclass(slots=True, eq=False)
class Receiving:
    """A turn of the other side. One that has been followed by another has no chain."""

    header_key: bytes = field(repr=False)
    chain: bytes = field(repr=False)
    step_size: int
    next: int = 0
    missing: dict[int, tuple[bytes, int]] = field(default_factory=dict, repr=False)
    """Number -> message key, and when it is given up."""

    def reach(self, number: int, expires: int) -> tuple[bytes, dict[int, tuple[bytes, int]]]:
        """Return the chain at a number, and the keys on the way there. Changes nothing."""
        chain, keys = self.chain, {}
        for passed in range(self.next, number):
            keys[passed] = (crypto.mac(chain, _MESSAGE), expires)
            chain = crypto.mac(chain, _CHAIN)
        return chain, keys


@dataclass(frozen=True, slots=True)
class Names:
    """Who talks on a channel, and where."""

    channel_id: bytes
    own_account: bytes
    peer_account: bytes
    send_mailbox: bytes = field(repr=False)
    receive_mailbox: bytes = field(repr=False)


class Channel:
    """One side's state. Every method leaves it as it was, or takes all of its effect."""

    __slots__ = (
        "_device",
        "_due",
        "_expiry",
        "_names",
        "_next_receive",
        "_next_send",
        "_old",
        "_peer_device",
        "_receiving",
        "_root",
        "_sending",
        "_turns",
        "confirmed",
    )

    def __init__(
        self,
        *,
        names: Names,
        root: bytes,
        turns: Turns,
        sending: Sending | None,
        receiving: Receiving | None,
        next_send: bytes,
        next_receive: bytes,
        device: HybridKey,
        peer_device: bytes = b"",
    ) -> None:
        self._names = names
        self._root = root
        self._turns = turns
        self._sending = sending
        self._receiving = receiving
        self._old: list[Receiving] = []
        self._next_send = next_send
        self._next_receive = next_receive
        self._due = sending is None
        self._device = device
        self._peer_device = peer_device
        self._expiry = 0
        self.confirmed = False
        """Whether the other side has proved that it holds its device's key."""

    @property
    def channel_id(self) -> bytes:
        """The same 32 bytes on both ends."""
        return self._names.channel_id

    @property
    def own_account(self) -> bytes:
        """On whose behalf this side talks."""
        return self._names.own_account

    @property
    def peer_account(self) -> bytes:
        """Whom this side talks to."""
        return self._names.peer_account

    @property
    def send_mailbox(self) -> bytes:
        """The secret of the mailbox that we write to."""
        return self._names.send_mailbox

    @property
    def receive_mailbox(self) -> bytes:
        """The secret of the mailbox that we read."""
        return self._names.receive_mailbox

    @property
    def mode(self) -> int:
        """How turns bring post-quantum secrets: FULL or SPARSE, settled when it began."""
        return self._turns.mode

    # --- Writing ----------------------------------------------------------------------------

    def room(self) -> int:
        """Return the largest text that `encrypt` takes."""
        return padding.LARGEST - OVERHEAD - STEP_MAX - self._turns.room

    def encrypt(self, plaintext: bytes, now: int, random: Random) -> bytes:
        """Return the next message. Store the channel before it leaves."""
        if len(plaintext) > self.room():
            raise Refused("ratchet: text too long")
        turn = self._begin_turn(random) if self._due else None
        sending = turn[0] if turn else self._sending
        assert sending is not None
        turns = turn[1] if turn else self._turns
        least = OVERHEAD + len(sending.step) + len(plaintext) + turns.room
        size = padding.bucket(least)
        load, turns = turns.load(size - least + turns.room, random)
        nonce = random(LONG_NONCE)
        header = _FRONT.pack(VERSION, sending.previous, sending.next) + sending.step
        sealed = crypto.seal(sending.header_key, nonce, header)
        body = codec.sized(plaintext) + load
        key = crypto.mac(sending.chain, _MESSAGE)
        message = nonce + sealed + crypto.seal(key, nonce, body, sealed)
        sending.chain = crypto.mac(sending.chain, _CHAIN)
        sending.next += 1
        self._turns = turns
        if turn:
            self._sending, self._root, self._next_send = sending, turn[2], turn[3]
            self._due, self._peer_device = False, b""
        self.forget(now)
        return message

    def _begin_turn(self, random: Random) -> tuple[Sending, Turns, bytes, bytes]:
        secret, step, turns = self._turns.make(random)
        if self._peer_device:
            # Whoever can read the answer to a first message holds the key of its device.
            proof, ciphertext = crypto.encapsulate(
                self._peer_device, PROOF_LABEL, self.channel_id, random
            )
            secret, step = secret + proof, step + ciphertext
        root, chain, header_key = next_root(self._root, secret, step)
        previous = self._sending.next if self._sending else 0
        return Sending(self._next_send, chain, step, previous), turns, root, header_key

    # --- Reading ----------------------------------------------------------------------------

    def decrypt(self, data: bytes, now: int, random: Random) -> bytes:
        """Return the text of a message. Store the channel before the text is shown."""
        if len(data) > padding.LARGEST or len(data) != padding.bucket(len(data)):
            raise Refused("ratchet: not of a padded size")
        text = self._read(data, now, random)
        self.forget(now)
        return text

    def _read(self, data: bytes, now: int, random: Random) -> bytes:
        current = self._receiving
        if current is not None:
            header = _open_header(data, current.header_key, current.step_size)
            if header is not None:
                return self._read_current(data, header, current, now, random)
        step_size = self._turns.step_size
        if current is None:
            step_size += HYBRID_CIPHERTEXT  # the answer to our first message has the proof in it
        header = _open_header(data, self._next_receive, step_size)
        if header is not None:
            return self._read_turn(data, header, now, random)
        for old in reversed(self._old):
            header = _open_header(data, old.header_key, old.step_size)
            if header is not None:
                return self._read_missing(data, header, old, now, random)
        raise Refused("ratchet: not of this channel")

    def _read_current(
        self, data: bytes, header: "Header", current: Receiving, now: int, random: Random
    ) -> bytes:
        if header.number < current.next:
            return self._read_missing(data, header, current, now, random)
        if header.number > current.next + SKIP_MAX:
            raise Refused("ratchet: too many messages missing")
        expires = now + MISSING_LIFE
        chain, missing = current.reach(header.number, expires)
        text, load = _open_body(data, header, crypto.mac(chain, _MESSAGE), self._turns.room)
        self._turns = self._turns.unload(load, random)
        current.chain, current.next = crypto.mac(chain, _CHAIN), header.number + 1
        if missing:
            current.missing.update(missing)
            self._note_missing(expires)
        return text

    def _read_missing(
        self, data: bytes, header: "Header", turn: Receiving, now: int, random: Random
    ) -> bytes:
        found = turn.missing.get(header.number)
        if found is None or now >= found[1]:
            raise Refused("ratchet: message seen before, or given up")
        text, load = _open_body(data, header, found[0], self._turns.room)
        self._turns = self._turns.unload(load, random)
        del turn.missing[header.number]
        if turn is not self._receiving and not turn.missing:
            self._old.remove(turn)
        return text

    def _read_turn(self, data: bytes, header: "Header", now: int, random: Random) -> bytes:
        before = self._receiving
        if header.number > SKIP_MAX or (before is not None and header.previous < before.next):
            raise Refused("ratchet: too many messages missing")
        step, proof = header.step, b""
        if before is None:
            step, ciphertext = step[:-HYBRID_CIPHERTEXT], step[-HYBRID_CIPHERTEXT:]
            proof = crypto.decapsulate(self._device, ciphertext, PROOF_LABEL, self.channel_id)
        secret, turns = self._turns.take(step, random)
        root, chain, header_key = next_root(self._root, secret + proof, header.step)
        turn = Receiving(self._next_receive, chain, len(header.step))
        expires = now + MISSING_LIFE
        chain, turn.missing = turn.reach(header.number, expires)
        text, load = _open_body(data, header, crypto.mac(chain, _MESSAGE), turns.room)
        turns = turns.unload(load, random)
        if before is not None:
            # More than that are lost for good; what follows is not.
            end = min(header.previous, before.next + SKIP_MAX)
            before.missing.update(before.reach(end, expires)[1])
            before.chain = b""
            if before.missing:
                self._old.append(before)
        turn.chain, turn.next = crypto.mac(chain, _CHAIN), header.number + 1
        self._receiving, self._root, self._next_receive = turn, root, header_key
        self._turns, self._due, self.confirmed = turns, True, True
        self._note_missing(expires)
        return text

    # --- What is kept for messages that are missing -----------------------------------------

    def _turns_with_missing(self) -> list[Receiving]:
        return [*self._old, *([self._receiving] if self._receiving else [])]

    def _note_missing(self, expires: int) -> None:
        """Keep within the bounds: the oldest are given up first."""
        surplus = sum(len(turn.missing) for turn in self._turns_with_missing()) - MISSING_MAX
        for turn in self._turns_with_missing():
            for number in list(turn.missing)[: max(surplus, 0)]:
                del turn.missing[number]
                surplus -= 1
        self._old = [turn for turn in self._old if turn.missing][-OLD_TURNS_MAX:]
        self._expiry = min(self._expiry, expires) if self._expiry else expires

    def forget(self, now: int) -> bool:
        """Erase the keys of what has been missing for a day; tell whether any were."""
        if not self._expiry or now < self._expiry:
            return False
        left: list[int] = []
        for turn in self._turns_with_missing():
            turn.missing = {n: kept for n, kept in turn.missing.items() if now < kept[1]}
            left += (kept[1] for kept in turn.missing.values())
        self._old = [turn for turn in self._old if turn.missing]
        self._expiry = min(left, default=0)
        return True

    # --- The store --------------------------------------------------------------------------

    def encode(self) -> bytes:
        """Return the state for the store; the device's key is not in it."""
        names, sending, receiving = self._names, self._sending, self._receiving
        parts = [
            codec.u8(VERSION),
            codec.u8(self._turns.mode),
            codec.u8(self._due | self.confirmed << 1),
            *(names.channel_id, names.own_account, names.peer_account),
            *(names.send_mailbox, names.receive_mailbox),
            *(self._root, self._next_send, self._next_receive),
            codec.sized(self._peer_device),
            codec.sized(self._turns.encode()),
        ]
        if sending is None:
            parts.append(codec.u8(0))
        else:
            parts += (codec.u8(1), sending.header_key, sending.chain)
            parts += (codec.u32(sending.previous), codec.u32(sending.next))
            parts.append(codec.sized(sending.step))
        parts.append(codec.u8(receiving is not None))
        parts.append(codec.u8(len(self._old)))
        for turn in self._turns_with_missing():
            parts += (turn.header_key, codec.sized(turn.chain))
            parts += (codec.u32(turn.step_size), codec.u32(turn.next))
            parts.append(codec.u32(len(turn.missing)))
            for number, (key, expires) in turn.missing.items():
                parts += (codec.u32(number), key, codec.u64(expires))
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes, device: HybridKey) -> "Channel":
        """Take back what `encode` returned; `device` is the key that the channel began with."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("ratchet: unknown version of a state")
        mode, flags = reader.u8(), reader.u8()
        names = Names(*(reader.take(KEY) for _ in range(5)))
        root, next_send, next_receive = (reader.take(KEY) for _ in range(3))
        peer_device = reader.sized(HYBRID_PUBLIC)
        turns = decode_turns(mode, reader.sized(STATE_MAX))
        sending = receiving = None
        if reader.u8():
            header_key, chain = reader.take(KEY), reader.take(KEY)
            previous, number = reader.u32(), reader.u32()
            sending = Sending(header_key, chain, reader.sized(STEP_MAX), previous, number)
        has_receiving, old = reader.u8(), reader.u8()
        if old > OLD_TURNS_MAX:
            raise Refused("ratchet: damaged state")
        old_turns = [_take_receiving(reader) for _ in range(old)]
        if has_receiving:
            receiving = _take_receiving(reader)
        reader.end()
        channel = cls(
            names=names,
            root=root,
            turns=turns,
            sending=sending,
            receiving=receiving,
            next_send=next_send,
            next_receive=next_receive,
            device=device,
            peer_device=peer_device,
        )
        channel._old = old_turns
        channel._due, channel.confirmed = bool(flags & 1), bool(flags & 2)
        kept = [each[1] for turn in channel._turns_with_missing() for each in turn.missing.values()]
        channel._expiry = min(kept, default=0)
        lost = (sending is None and not channel._due) or (
            receiving is not None and not receiving.chain
        )
        if lost or len(kept) > MISSING_MAX or any(turn.chain for turn in old_turns):
            raise Refused("ratchet: damaged state")
        if channel.encode() != data:
            raise Refused("ratchet: damaged state")
        return channel


# --- Parts that need no state -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """What the sealed front of a message says."""

    previous: int
    number: int
    step: bytes = field(repr=False)


def next_root(root: bytes, secret: bytes, step: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the root after a turn, the turn's chain, and the header key of the turn after."""
    keys = crypto.hkdf(secret, root, ROOT_LABEL + crypto.sha256(step), 3 * KEY)
    return keys[:KEY], keys[KEY : 2 * KEY], keys[2 * KEY :]


def _open_header(data: bytes, key: bytes, step_size: int) -> Header | None:
    """Return the header if this is its key; one that does not authenticate is of another turn."""
    end = LONG_NONCE + FRONT + step_size + TAG
    if len(data) < end + TAG:
        return None
    try:
        header = crypto.unseal(key, data[:LONG_NONCE], data[LONG_NONCE:end])
    except Refused:
        return None
    version, previous, number = _FRONT.unpack_from(header)
    if version != VERSION:
        raise Refused("ratchet: unknown version")
    return Header(previous, number, header[FRONT:])


def _open_body(data: bytes, header: Header, key: bytes, room: int) -> tuple[bytes, bytes]:
    """Return the text, and what was loaded behind it."""
    end = LONG_NONCE + FRONT + len(header.step) + TAG
    body = crypto.unseal(key, data[:LONG_NONCE], data[end:], data[LONG_NONCE:end])
    reader = Reader(body)
    text = reader.sized(padding.LARGEST)
    if len(data) != padding.bucket(OVERHEAD + len(header.step) + len(text) + room):
        raise Refused("ratchet: padded too far")
    return text, reader.rest()


def decode_turns(mode: int, data: bytes) -> Turns:
    """Take back the state of either mode."""
    reader = Reader(data)
    turns: Turns
    if mode == FULL:
        turns = FullTurns.decode(reader)
    elif mode == SPARSE:
        turns = SparseTurns.decode(reader)
    else:
        raise Refused("ratchet: unknown mode")
    reader.end()
    return turns


def _take_receiving(reader: Reader) -> Receiving:
    header_key, chain = reader.take(KEY), reader.sized(KEY)
    step_size, number, count = reader.u32(), reader.u32(), reader.u32()
    if count > MISSING_MAX or step_size > STEP_MAX:
        raise Refused("ratchet: damaged state")
    missing = {}
    for _ in range(count):
        at = reader.u32()
        missing[at] = (reader.take(KEY), reader.u64())
    return Receiving(header_key, chain, step_size, number, missing)
