"""An account's conversations: what is written is stored with its parcel before anything leaves."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from .. import padding
from ..codec import Reader, Refused, u64
from ..crypto import Random, SigningKey
from ..identity import SEED, AccountKeys, DeviceCertificate, DeviceKeys, certify
from ..messaging import ephemeral, start
from ..messaging.content import IDS_MAX, Content, Type, decode_ids, encode_ids
from ..messaging.prekeys import DAY, Prekeys, PublishedKeys
from ..messaging.ratchet import Channel
from ..messaging.start import Party
from ..messaging.turns import FULL
from ..swarm.mailboxes import inbox_address
from .ledger import MESSAGE_ID, Changes, Me, Message, Parcel, Session, State, Store, Way

CHANNEL = b"channel/"
PREKEYS = b"prekeys"
LAST = b"last/"
RENEW_DAYS = 30  # before a certificate ends
SESSIONS_MAX = 1_000
_T = TypeVar("_T")
SHOWN = (Type.TEXT, Type.ALERT, Type.FILE, Type.CONTACT)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a user interface shows."""

    kind: str
    chat: bytes
    message_id: bytes = b""


@dataclass(slots=True, eq=False)
class Line:
    """A channel, and the session that it belongs to."""

    session_id: bytes
    channel: Channel = field(repr=False)

    def encode(self) -> bytes:
        """Return the stored form."""
        return self.session_id + self.channel.encode()


class Messenger:
    """The conversations of the account in a store."""

    def __init__(self, store: Store, now: int, random: Random) -> None:
        stored = store.get(Me.KEY)
        if stored is None:
            raise Refused("messenger: no account here")
        self.store = store
        self.random = random
        self.me = Me.decode(stored)
        self.device = DeviceKeys.from_seed(self.me.device_seed)
        self.inbox = SigningKey.from_seed(self.me.inbox_seed)
        self.sessions: dict[bytes, Session] = {}
        self.lines: dict[bytes, Line] = {}
        self.unreadable: list[bytes] = []  # keys of records that are damaged
        self.prekeys = self._load_prekeys(now)
        self._handlers: dict[Type, Handler] = {
            Type.READ: self._on_mark,
            Type.DELIVERED: self._on_mark,
            Type.DELETE: self._on_delete,
            Type.CLOSE: self._on_close,
        }
        self._restore: dict[bytes, Callable[[bytes], None]] = {}
        self._keys: dict[tuple[bytes, bytes], bytes] = {}  # (chat, message id) -> where it is
        self._names: dict[bytes, tuple[bytes, bytes]] = {}  # and the other way round
        self._numbers: dict[bytes, int] = {}
        self._undelivered: dict[bytes, list[bytes]] = {}
        self._load()

    @classmethod
    def found(cls, store: Store, now: int, random: Random, seed: bytes = b"") -> "Messenger":
        """Make an account, or take one over from its seed."""
        seed = seed or random(SEED)
        account = AccountKeys.from_seed(seed)
        device_seed = random(SEED)
        device = DeviceKeys.from_seed(device_seed)
        certificate = certify(account, device.public, now // DAY, now // DAY - 1)
        me = Me(
            account_seed=seed,
            device_seed=device_seed,
            inbox_seed=random(SEED),
            wallet_seed=random(SEED),
            account_id=account.account_id,
            bundle=account.bundle(),
            certificate=certificate,
        )
        prekeys = Prekeys.create(now, random)
        store.commit({Me.KEY: me.encode(), PREKEYS: prekeys.encode()})
        return cls(store, now, random)

    # --- Who I am ---------------------------------------------------------------------------

    @property
    def account_id(self) -> bytes:
        """The account."""
        return self.me.account_id

    @property
    def party(self) -> Party:
        """What a channel begins with."""
        return Party(self.me.bundle, self.me.certificate, self.device.hybrid)

    def tend(self, now: int) -> bool:
        """Renew certificate and prekeys where it is time; return whether to publish again."""
        changes: Changes = {}
        last = DeviceCertificate.decode(self.me.certificate).last_day
        if now // DAY > last - RENEW_DAYS:
            account = AccountKeys.from_seed(self.me.account_seed)
            certificate = certify(account, self.device.public, now // DAY, now // DAY - 1)
            self.me = replace(self.me, certificate=certificate)
            changes[Me.KEY] = self.me.encode()
        if self.prekeys.tend(now, self.random):
            changes[PREKEYS] = self.prekeys.encode()
        publish = bool(changes)
        for channel_id, line in self.lines.items():
            if line.channel.forget(now):
                changes[CHANNEL + channel_id] = line.encode()
        if changes:
            self.commit(changes)
        return publish

    def take_over(self, seed: bytes, now: int) -> None:
        """Be the device of another account, whose seed guardians gave back; open the store anew."""
        account = AccountKeys.from_seed(seed)
        certificate = certify(account, self.device.public, now // DAY, now // DAY - 1)
        me = replace(
            self.me,
            account_seed=seed,
            account_id=account.account_id,
            bundle=account.bundle(),
            certificate=certificate,
        )
        stale = [key for key, _ in self.store.scan(Parcel.PREFIX)]
        closed = {s.key: replace(s, closed=True).encode() for s in self.sessions.values()}
        self.commit({**dict.fromkeys(stale), **closed, Me.KEY: me.encode()})
        self.me = me

    def published(self, now: int) -> bytes:
        """Return the record of this device, for others to begin channels by."""
        return self.prekeys.record(
            self.me.bundle, self.me.certificate, self.device, self.inbox.public, now
        )

    # --- Sessions ---------------------------------------------------------------------------

    def session_with(self, account_id: bytes) -> Session | None:
        """Return the open session with an account."""
        for session in self.sessions.values():
            if session.peer == account_id and not session.closed:
                return session
        return None

    def begin(self, peer: PublishedKeys, now: int, mode: int = FULL) -> Session:
        """Begin a session: a channel, and its first message for the other's inbox."""
        if peer.account_id == self.account_id:
            raise Refused("messenger: that is this account")
        if len(self.sessions) >= SESSIONS_MAX:
            raise Refused("messenger: too many sessions")
        channel, first = start.begin(self.party, peer, b"", self.random, mode=mode)
        session = Session(
            session_id=channel.channel_id,
            peer=peer.account_id,
            current=channel.channel_id,
            certificate=peer.certificate.number,
            created=now,
        )
        parcel = self._parcel(Way.INBOX, inbox_address(peer.inbox), first, now)
        self._keep_line(Line(session.session_id, channel), session, {parcel.key: parcel.encode()})
        return session

    def close(self, session_id: bytes, now: int) -> None:
        """End a session, and tell the other side."""
        session = self._open_session(session_id)
        changes = self.write(session, Type.CLOSE, b"", now)
        self.commit({**changes, session.key: replace(session, closed=True).encode()})

    def send(self, session_id: bytes, kind: Type, body: bytes, now: int) -> Message | None:
        """Write into a session. What is shown comes back as a message."""
        session = self._open_session(session_id)
        if kind not in SHOWN:
            self.commit(self.write(session, kind, body, now))
            return None
        message = self.own_message(session_id, kind, body, now)
        changes = self.write(session, kind, body, now, message)
        self.commit({**changes, message.key: message.encode()})
        return message

    def mark_read(self, session_id: bytes, message_id: bytes, now: int) -> None:
        """Mark a message of the other side as read, and tell so."""
        message = self.message(session_id, message_id)
        if message.own or message.state == State.READ:
            return
        read = replace(message, state=State.READ, at=now)
        changes: Changes = {read.key: read.encode()}
        session = self.sessions.get(session_id)
        if session is not None and not session.closed:
            changes |= self.write(session, Type.READ, encode_ids([message_id]), now)
        self.commit(changes)

    def acknowledge(self, now: int) -> None:
        """Tell what has come in, many messages in one mark."""
        for session_id, ids in list(self._undelivered.items()):
            session = self.sessions.get(session_id)
            if session is not None and not session.closed:
                for begin in range(0, len(ids), IDS_MAX):
                    body = encode_ids(ids[begin : begin + IDS_MAX])
                    self.commit(self.write(session, Type.DELIVERED, body, now))
            del self._undelivered[session_id]

    # --- Messages ---------------------------------------------------------------------------

    def messages(self, chat: bytes) -> list[Message]:
        """Return what was said, as it came here; what one wrote is in the order of writing."""
        read = [
            self.read(key, data, Message.decode)
            for key, data in self.store.scan(Message.PREFIX + chat)
        ]
        found = [message for message in read if message is not None]
        by_sender: dict[bytes, list[Message]] = {}
        for message in found:
            by_sender.setdefault(message.sender, []).append(message)
        for messages in by_sender.values():
            messages.sort(key=lambda message: message.sequence, reverse=True)
        return [by_sender[message.sender].pop() for message in found]

    def message(self, chat: bytes, message_id: bytes) -> Message:
        """Return one message."""
        key = self._keys.get((chat, message_id))
        data = None if key is None else self.store.get(key)
        if data is None:
            raise Refused("messenger: no such message")
        return Message.decode(data)

    def own_message(self, chat: bytes, kind: Type, body: bytes, now: int) -> Message:
        """Return a new message of this account."""
        number = self.next_number(chat)
        return Message(
            chat=chat,
            number=number,
            sequence=number,
            message_id=self.random(MESSAGE_ID),
            sender=self.account_id,
            own=True,
            state=State.QUEUED,
            time=padding.coarse(now),
            at=now,
            content_type=kind,
            body=body,
        )

    def knows(self, chat: bytes, message_id: bytes) -> bool:
        """Tell whether a message is here already."""
        return (chat, message_id) in self._keys

    def next_number(self, chat: bytes) -> int:
        """Return the number of the next message of a chat."""
        return self._numbers.get(chat, 0) + 1

    def expire(self, now: int) -> int | None:
        """Erase messages whose time is over; return when to look again."""
        records, keys = [], {}
        for key, data in self.store.scan(Message.PREFIX):
            message = self.read(key, data, Message.decode)
            # What waits to be sent or to be seen is not erased.
            if message is None or message.state in (State.QUEUED, State.UNREAD):
                continue
            role = ephemeral.Role.SENDER if message.own else ephemeral.Role.RECIPIENT
            life = self._life(message, ephemeral.LIFE[role])
            records.append(ephemeral.Record(message.message_id, role, message.at, life))
            keys[message.message_id] = message
        plan = ephemeral.plan(records, now)
        gone = [keys[message_id] for message_id in plan.erase]
        if gone:
            changes: Changes = {message.key: None for message in gone}
            changes |= {LAST + m.chat: u64(self._numbers[m.chat]) for m in gone}
            self.commit(changes)
        return plan.next_at

    def _life(self, message: Message, usual: int) -> int:
        session = self.sessions.get(message.chat)
        return session.expires_after if session and session.expires_after else usual

    # --- Parcels ----------------------------------------------------------------------------

    def parcels(self) -> list[Parcel]:
        """Return what has to be carried out, the oldest first."""
        read = [self.read(key, data, Parcel.decode) for key, data in self.store.scan(Parcel.PREFIX)]
        return sorted(filter(None, read), key=lambda parcel: parcel.created)

    def carried(self, parcel: Parcel, now: int) -> list[Event]:
        """Forget a parcel that lies in the swarm; its message is stored."""
        return self._ended(parcel, State.STORED, now)

    def given_up(self, parcel: Parcel, now: int) -> list[Event]:
        """Forget a parcel that nobody took."""
        return self._ended(parcel, State.FAILED, now)

    def _ended(self, parcel: Parcel, state: State, now: int) -> list[Event]:
        changes: Changes = {parcel.key: None}
        events = []
        data = self.store.get(parcel.message) if parcel.message else None
        message = None if data is None else self.read(parcel.message, data, Message.decode)
        if message is not None:
            moved = replace(message.moved(state), at=now)
            changes[parcel.message] = moved.encode()
            events.append(Event("state", message.chat, message.message_id))
        self.commit(changes)
        return events

    def _parcel(
        self, way: Way, secret: bytes, data: bytes, now: int, message: bytes = b""
    ) -> Parcel:
        return Parcel(self.random(MESSAGE_ID), way, secret, data, now, message)

    def mailbox_parcel(
        self, secret: bytes, data: bytes, now: int, message: bytes = b"", priority: int = 0
    ) -> Parcel:
        """Return a parcel for a mailbox, which is not stored yet."""
        name = self.random(MESSAGE_ID)
        return Parcel(name, Way.MAILBOX, secret, data, now, message, priority)

    # --- Mail -------------------------------------------------------------------------------

    def inbox_mail(self, data: bytes, now: int) -> list[Event]:
        """Take in what lay in the account's inbox: the first message of a channel."""
        accepted = start.accept(self.party, self.prekeys, data, now, self.random)
        channel, number = accepted.channel, accepted.certificate.number
        session = self.session_with(channel.peer_account)
        if session is None:
            if len(self.sessions) >= SESSIONS_MAX:
                raise Refused("messenger: too many sessions")
            name, peer = channel.channel_id, channel.peer_account
            session = Session(name, peer, name, number, now)
        elif number < session.certificate:
            raise Refused("messenger: a device that was replaced")
        session = replace(session, certificate=number, current=self._shared(session, channel))
        line = Line(session.session_id, channel)
        self._keep_line(line, session, {PREKEYS: self.prekeys.encode()})
        return [Event("session", session.session_id)]

    def _shared(self, session: Session, channel: Channel) -> bytes:
        """Return the channel to write on: where both began one, both take the same."""
        line = self.lines.get(session.current)
        if line is None or line.channel.confirmed:
            return channel.channel_id
        return min(session.current, channel.channel_id)

    def channel_mail(self, channel_id: bytes, data: bytes, now: int) -> list[Event]:
        """Take in what lay in a channel's mailbox."""
        line = self.lines[channel_id]
        session = self.sessions[line.session_id]
        text = line.channel.decrypt(data, now, self.random)
        changes: Changes = {}
        if session.current != channel_id and line.channel.confirmed:
            session = replace(session, current=channel_id)
            changes[session.key] = session.encode()
        try:
            content = Content.decode(text)
            handler = self._handlers.get(content.type, self._on_shown)
            events = handler(session, content, changes, now)
        except Refused:
            # The key of the message is used up, whatever it said.
            self.commit({CHANNEL + channel_id: line.encode()})
            raise
        # A handler may have written on this channel, so its state is taken last.
        self.commit({**changes, CHANNEL + channel_id: line.encode()})
        for event in events:
            if event.kind == "message":
                self._undelivered.setdefault(event.chat, []).append(event.message_id)
        return events

    def handle(self, kind: Type, handler: "Handler") -> None:
        """Let another part take in what is of a type. It adds to the changes and stores nothing."""
        self._handlers[kind] = handler

    def follow(self, prefix: bytes, restore: Callable[[bytes], None]) -> None:
        """Let another part read its records again where they could not be stored."""
        self._restore[prefix] = restore

    def _on_shown(
        self, session: Session, content: Content, changes: Changes, now: int
    ) -> list[Event]:
        chat = session.session_id
        if content.type not in SHOWN:
            raise Refused("messenger: nobody takes this in")
        if self.knows(chat, content.message_id):
            raise Refused("messenger: message seen before")
        message = received(chat, session.peer, content, self.next_number(chat), now)
        changes[message.key] = message.encode()
        return [Event("message", chat, message.message_id)]

    def _on_mark(
        self, session: Session, content: Content, changes: Changes, _now: int
    ) -> list[Event]:
        state = State.READ if content.type == Type.READ else State.DELIVERED
        events = []
        for message_id in decode_ids(content.body):
            key = self._keys.get((session.session_id, message_id))
            data = None if key is None else self.store.get(key)
            if key is None or data is None:
                continue  # erased here in the meantime
            message = Message.decode(data)
            if message.own:
                changes[key] = replace(message.moved(state), at=message.at).encode()
                events.append(Event("state", session.session_id, message_id))
        return events

    def _on_delete(
        self, session: Session, content: Content, changes: Changes, _now: int
    ) -> list[Event]:
        """Erase what the other side wrote and takes back; nothing of what was written here."""
        events = []
        for message_id in decode_ids(content.body):
            key = self._keys.get((session.session_id, message_id))
            data = None if key is None else self.store.get(key)
            if key is not None and data is not None and not Message.decode(data).own:
                changes[key] = None
                events.append(Event("deleted", session.session_id, message_id))
        return events

    def _on_close(
        self, session: Session, _content: Content, changes: Changes, _now: int
    ) -> list[Event]:
        changes[session.key] = replace(session, closed=True).encode()
        return [Event("closed", session.session_id)]

    # --- Inside -----------------------------------------------------------------------------

    def _open_session(self, session_id: bytes) -> Session:
        session = self.sessions.get(session_id)
        if session is None:
            raise Refused("messenger: no such session")
        if session.closed:
            raise Refused("messenger: session is closed")
        return session

    def write(
        self,
        session: Session,
        kind: Type,
        body: bytes,
        now: int,
        message: Message | None = None,
    ) -> Changes:
        """Return what is to be stored of something written on the current channel."""
        line = self.lines[session.current]
        content = Content(
            message_id=message.message_id if message else self.random(MESSAGE_ID),
            time=padding.coarse(now),
            sequence=message.number if message else 0,
            type=kind,
            body=body,
        )
        data = line.channel.encrypt(content.encode(), now, self.random)
        key = message.key if message else b""
        parcel = self._parcel(Way.MAILBOX, line.channel.send_mailbox, data, now, key)
        return {
            CHANNEL + line.channel.channel_id: line.encode(),
            parcel.key: parcel.encode(),
        }

    def _keep_line(self, line: Line, session: Session, changes: Changes) -> None:
        channel_id = line.channel.channel_id
        self.lines[channel_id] = line
        kept = {CHANNEL + channel_id: line.encode(), session.key: session.encode()}
        self.commit({**changes, **kept})

    def commit(self, changes: Changes) -> None:
        """Store changes. What is in memory follows the store, also where it could not take them."""
        try:
            self.store.commit(changes)
        except BaseException:
            for key in changes:
                self._follow(key, self.store.get(key))
            raise
        for key, data in changes.items():
            self._follow(key, data, stored=True)

    def _follow(self, key: bytes, data: bytes | None, *, stored: bool = False) -> None:
        """Make memory agree with a record of the store."""
        if key.startswith(Session.PREFIX) and data is not None:
            session = Session.decode(data)
            self.sessions[session.session_id] = session
        elif key.startswith(Message.PREFIX):
            self._index(key, data)
        elif key.startswith(CHANNEL) and not stored:
            # The ratchet has gone on in memory, and what it made was never sent.
            self.lines.pop(key.removeprefix(CHANNEL), None)
            if data is not None:
                self.lines[key.removeprefix(CHANNEL)] = self._read_line(data)
        elif key == PREKEYS and data is not None and not stored:
            self.prekeys = Prekeys.decode(data)
        elif key == Me.KEY and data is not None and not stored:
            self.me = Me.decode(data)
        elif not stored:
            for prefix, restore in self._restore.items():
                if key.startswith(prefix):
                    restore(key)

    def _index(self, key: bytes, data: bytes | None) -> None:
        self._keys.pop(self._names.pop(key, (b"", b"")), None)
        if data is not None:
            message = Message.decode(data)
            self._keys[message.chat, message.message_id] = key
            self._names[key] = message.chat, message.message_id
            self._numbers[message.chat] = max(message.number, self._numbers.get(message.chat, 0))

    def _load(self) -> None:
        for key, data in self.store.scan(Session.PREFIX):
            session = self.read(key, data, Session.decode)
            if session is not None:
                self.sessions[session.session_id] = session
        for key, data in self.store.scan(CHANNEL):
            line = self.read(key, data, self._read_line)
            if line is not None and line.session_id in self.sessions:
                self.lines[line.channel.channel_id] = line
        for session_id, session in list(self.sessions.items()):
            if session.current not in self.lines:
                self.unreadable.append(session.key)
                del self.sessions[session_id]
        for key, data in self.store.scan(LAST):
            self._numbers[key.removeprefix(LAST)] = self.read(key, data, _number) or 0
        for key, data in self.store.scan(Message.PREFIX):
            if self.read(key, data, Message.decode) is not None:
                self._index(key, data)

    def _load_prekeys(self, now: int) -> Prekeys:
        """Return the prekeys; new ones where they are damaged, for others to begin by from now."""
        prekeys = self.read(PREKEYS, self.store.get(PREKEYS) or b"", Prekeys.decode)
        if prekeys is None:
            prekeys = Prekeys.create(now, self.random)
            self.store.commit({PREKEYS: prekeys.encode()})
        return prekeys

    def _read_line(self, data: bytes) -> Line:
        return Line(data[:32], Channel.decode(data[32:], self.device.hybrid))

    def read(self, key: bytes, data: bytes, decode: Callable[[bytes], _T]) -> _T | None:
        """Return a record, or None and a note where it is damaged."""
        try:
            return decode(data)
        except Refused:
            if key not in self.unreadable:
                self.unreadable.append(key)
            return None


def _number(data: bytes) -> int:
    reader = Reader(data)
    number = reader.u64()
    reader.end()
    return number


def received(chat: bytes, sender: bytes, content: Content, number: int, now: int) -> Message:
    """Return what somebody else has said, which nobody has read yet."""
    return Message(
        chat=chat,
        number=number,
        sequence=content.sequence,
        message_id=content.message_id,
        sender=sender,
        own=False,
        state=State.UNREAD,
        time=content.time,
        at=now,
        content_type=content.type,
        body=content.body,
    )


Handler = Callable[[Session, Content, Changes, int], list[Event]]
