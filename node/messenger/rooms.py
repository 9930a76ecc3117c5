"""Groups of an account: invites and welcomes over sessions, everything else by the group's mailbox.

A group control message over a session is one of these:

    invite    1 | name, sized | invite           an admin asks the other to come
    join      2 | group 32 | request              the other comes, under a new pseudonym
    welcome   3 | group 32 | number 2 | of 2 | piece    all there is to know, in pieces
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from ..codec import Reader, Refused, sized, u8, u16
from ..groups.events import Ahead, Behind, EpochBegan, Membership, NotYet, Outgoing
from ..groups.events import Message as Said
from ..groups.group import Group
from ..groups.invite import Candidate, Invite, join_request, read_join_request
from ..messaging.content import Content, Type
from .ledger import ID, NAME_MAX, Changes, Message, Room, Session, text
from .messenger import Event, Messenger, received

GROUP = b"group/"
JOINING = b"joining/"
WELCOME = b"welcome/"
EARLY = b"early/"
INVITE, JOIN, WELCOMED = 1, 2, 3
INVITE_DAYS = 7
DAY = 86_400_000
PIECE = 128 << 10  # of a welcome, in one message
WELCOME_MAX = 4 << 20
EARLY_MAX = 64  # posts of a group that nothing opens yet


class Rooms:
    """All groups of an account."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger
        self._store = messenger.store
        self.groups: dict[bytes, Group] = {}
        self.rooms: dict[bytes, Room] = {}
        self._told: dict[bytes, int] = {}  # when its heads were told last
        for key, data in self._store.scan(Room.PREFIX):
            room = messenger.read(key, data, Room.decode)
            if room is not None:
                self.rooms[room.group] = room
                self._load(room.group)
        messenger.handle(Type.GROUP_CONTROL, self._on_control)
        messenger.follow(GROUP, self._restore)
        messenger.follow(Room.PREFIX, self._restore_room)

    def _load(self, group_id: bytes) -> None:
        """Read the replica of a group, if it is intact."""
        if records := self._records(group_id):
            group = self._messenger.read(GROUP + group_id, b"", lambda _: Group.load(records))
            if group is not None:
                self.groups[group_id] = group

    def _restore(self, key: bytes) -> None:
        """Read a group again: what it is in memory could not be stored."""
        group_id = key.removeprefix(GROUP)[:ID]
        self.groups.pop(group_id, None)
        self._load(group_id)

    def _restore_room(self, key: bytes) -> None:
        """Show again of a group what the store has."""
        self.rooms.pop(key.removeprefix(Room.PREFIX), None)
        if data := self._store.get(key):
            room = Room.decode(data)
            self.rooms[room.group] = room

    def _records(self, group: bytes) -> dict[bytes, bytes]:
        prefix = GROUP + group + b"/"
        return {key.removeprefix(prefix): data for key, data in self._store.scan(prefix)}

    # --- Making, entering, leaving ------------------------------------------------------------

    def create(self, name: str, now: int) -> Room:
        """Found a group with nobody else in it yet."""
        group, outgoing = Group.create(name, now, self._messenger.random)
        room = Room(group.id, name, now)
        self._keep(group, outgoing, {room.key: room.encode()}, now)
        self.rooms[group.id] = room
        return room

    def invite(self, group_id: bytes, session_id: bytes, now: int) -> None:
        """Ask somebody in."""
        group = self._group(group_id)
        invite = group.invite(now + INVITE_DAYS * DAY, self._messenger.random)
        self._keep(group, Outgoing(), {}, now)
        body = u8(INVITE) + sized(group.name.encode()) + invite
        self._messenger.send(session_id, Type.GROUP_CONTROL, body, now)

    def join(self, group_id: bytes, invite: bytes, now: int) -> None:
        """Come into a group by an invite; if none is given, by the one that came over a session."""
        room = self.rooms.get(group_id)
        if group_id in self.groups and not (room and room.left):
            raise Refused("rooms: a member already")
        if room is None or not room.inviter:
            raise Refused("rooms: no invite to this group")
        invited = Invite.decode(invite or room.invite)
        if invited.group != group_id:
            raise Refused("rooms: invite to another group")
        candidate = Candidate.make(self._messenger.random)
        self._messenger.commit({JOINING + group_id: candidate.encode()})
        body = u8(JOIN) + group_id + join_request(invited, candidate.card)
        self._messenger.send(room.inviter, Type.GROUP_CONTROL, body, now)

    def leave(self, group_id: bytes, now: int) -> None:
        """Leave a group, and forget its keys."""
        group = self._group(group_id)
        outgoing = group.leave(now, self._messenger.random)
        room = replace(self.rooms[group_id], left=True, invite=b"", inviter=b"")
        changes: Changes = {room.key: room.encode()}
        changes |= {GROUP + group_id + b"/" + key: None for key in group.records()}
        changes |= {key: None for key, _ in self._store.scan(EARLY + group_id)}
        changes |= self._parcels(outgoing.posts, now)
        self._messenger.commit(changes)
        self.rooms[group_id] = room
        del self.groups[group_id]

    def remove(self, group_id: bytes, name: bytes, now: int) -> None:
        """Remove a member."""
        group = self._group(group_id)
        outgoing = group.remove([name], now, self._messenger.random)
        self._keep(group, outgoing, {}, now)

    def pseudonym_of(self, group_id: bytes, account: bytes) -> bytes:
        """Return under which name a known account is in a group."""
        for member in self._group(group_id).members():
            if member.account == account:
                return member.name
        raise Refused("rooms: nobody here is known to be that account")

    # --- Saying something ---------------------------------------------------------------------

    def send(self, group_id: bytes, body: bytes, now: int) -> Message:
        """Write to a group."""
        group = self._group(group_id)
        if group.needs_rotation:
            self._keep(group, group.rotate(now, self._messenger.random), {}, now)
        message = self._messenger.own_message(group_id, Type.TEXT, body, now)
        content = Content(message.message_id, message.time, message.number, Type.TEXT, body)
        post = group.encrypt(content.encode(), self._messenger.random)
        parcel = self._messenger.mailbox_parcel(group.mailbox(), post, now, message.key)
        changes: Changes = {parcel.key: parcel.encode(), message.key: message.encode()}
        self._keep(group, Outgoing(), changes, now)
        return message

    def mailboxes(self) -> list[tuple[bytes, bytes]]:
        """Return which mailboxes to look into: the group and the secret."""
        return [
            (group_id, secret)
            for group_id, group in self.groups.items()
            for secret in group.mailboxes()
        ]

    def tend(self, now: int) -> None:
        """Forget what is old, and replace own keys where it is time."""
        random = self._messenger.random
        for group in self.groups.values():
            group.prune(now)
            outgoing = Outgoing()
            if group.rotation_due(now):
                outgoing = group.rotate(now, random)
            elif group.ack_due(now):
                outgoing = group.ack(now, random)
            changes: Changes = {}
            if now - self._told.get(group.id, 0) >= DAY:
                # Whoever missed the last change learns of it by this.
                self._told[group.id] = now
                changes = self._parcels(group.posts([group.heads_item()], random), now)
            self._keep(group, outgoing, changes, now)

    # --- What comes in ------------------------------------------------------------------------

    def mail(self, group_id: bytes, post: bytes, now: int) -> list[Event]:
        """Take in what lay in a mailbox of a group."""
        events = self._post(group_id, post, now)
        opened = any(event.kind == "epoch" for event in events)
        while opened:
            opened = False
            for key, early in self._store.scan(EARLY + group_id):
                found: list[Event] = []
                with suppress(Refused):  # it is forgotten, and hides nothing of the others
                    found = self._post(group_id, early, now, key)
                opened = opened or any(event.kind == "epoch" for event in found)
                events += found
        return [event for event in events if event.kind != "epoch"]

    def _post(self, group_id: bytes, post: bytes, now: int, early: bytes = b"") -> list[Event]:
        group = self._group(group_id)
        changes: Changes = {early: None} if early else {}
        try:
            found = group.receive_post(post, now)
        except NotYet:
            if not early and len(self._store.scan(EARLY + group_id)) < EARLY_MAX:
                key = EARLY + group_id + self._messenger.random(8)
                self._messenger.commit({key: post})
            return []
        except Refused:
            if early:
                self._messenger.commit(changes)
            raise
        events: list[Event] = []
        items: list[bytes] = []
        for each in found:
            match each:
                case Said():
                    events += self._on_said(group_id, each, changes, now)
                case Membership():
                    events.append(Event("members", group_id))
                case EpochBegan():
                    events.append(Event("epoch", group_id))
                case Behind():
                    items.append(group.heads_item())
                case Ahead():
                    items += each.items
                case _:
                    pass
        posts = group.posts(items, self._messenger.random) if items else ()
        self._keep(group, Outgoing(posts=posts), changes, now)
        if not group.is_member:
            self._put_out(group_id)
            events.append(Event("left", group_id))
        return events

    def _on_said(self, group_id: bytes, said: Said, changes: Changes, now: int) -> list[Event]:
        content = Content.decode(said.plaintext)
        if content.type != Type.TEXT or self._messenger.knows(group_id, content.message_id):
            return []
        number = self._messenger.next_number(group_id)
        while any(key == Message.PREFIX + group_id + number.to_bytes(8) for key in changes):
            number += 1
        message = received(group_id, said.sender, content, number, now)
        changes[message.key] = message.encode()
        return [Event("message", group_id, content.message_id)]

    def _put_out(self, group_id: bytes) -> None:
        room = replace(self.rooms[group_id], left=True, inviter=b"", invite=b"")
        changes: Changes = {room.key: room.encode()}
        changes |= {GROUP + group_id + b"/" + key: None for key in self._records(group_id)}
        changes |= {key: None for key, _ in self._store.scan(EARLY + group_id)}
        self._messenger.commit(changes)
        self.rooms[group_id] = room
        self.groups.pop(group_id, None)

    def _on_control(
        self, session: Session, content: Content, changes: Changes, now: int
    ) -> list[Event]:
        reader = Reader(content.body)
        kind = reader.u8()
        if kind == INVITE:
            return self._on_invite(session, reader, changes, now)
        if kind == JOIN:
            return self._on_join(session, reader, changes, now)
        if kind == WELCOMED:
            return self._on_welcome(session, reader, changes, now)
        raise Refused("rooms: unknown control message")

    def _on_invite(
        self, session: Session, reader: Reader, changes: Changes, now: int
    ) -> list[Event]:
        name, invite = text(reader.sized(NAME_MAX)), reader.rest()
        group_id = Invite.decode(invite).group
        if not name.isprintable() or group_id in self.groups:
            raise Refused("rooms: invite that is of no use")
        room = Room(group_id, name, now, True, session.session_id, invite)
        changes[room.key] = room.encode()
        self.rooms[group_id] = room
        return [Event("invited", group_id)]

    def _on_join(self, session: Session, reader: Reader, changes: Changes, now: int) -> list[Event]:
        group_id, request = reader.take(ID), reader.rest()
        group = self._group(group_id)
        _, card = read_join_request(request)
        outgoing = group.redeem(request, now, self._messenger.random)
        group.note_account(card.pseudonym, session.peer)
        for _, items in outgoing.welcome:
            for body in _welcome(group_id, items):
                changes |= self._messenger.write(session, Type.GROUP_CONTROL, body, now)
        changes |= self._parcels(outgoing.posts, now) | self._changes(group)
        return [Event("members", group_id)]

    def _on_welcome(
        self, session: Session, reader: Reader, changes: Changes, now: int
    ) -> list[Event]:
        group_id, number, count = reader.take(ID), reader.u16(), reader.u16()
        room, joining = self.rooms.get(group_id), self._store.get(JOINING + group_id)
        if joining is None or room is None or room.inviter != session.session_id:
            raise Refused("rooms: welcome that nobody asked for")
        if not number < count <= WELCOME_MAX // PIECE:
            raise Refused("rooms: welcome too long")
        changes[WELCOME + group_id + u16(number)] = reader.rest()
        pieces = dict(self._store.scan(WELCOME + group_id)) | {
            key: data for key, data in changes.items() if key.startswith(WELCOME) and data
        }
        if len(pieces) < count:
            return []
        items = _items(b"".join(pieces[key] for key in sorted(pieces)))
        group, _ = Group.join(Candidate.decode(joining), group_id, items, now)
        changes |= dict.fromkeys(pieces)
        changes[JOINING + group_id] = None
        group.note_account(group.brought_by, session.peer)
        changes |= self._changes(group)
        entered = replace(room, left=False, inviter=b"", invite=b"")
        changes[room.key] = entered.encode()
        self.rooms[group_id], self.groups[group_id] = entered, group
        return [Event("joined", group_id)]

    # --- Inside -------------------------------------------------------------------------------

    def _group(self, group_id: bytes) -> Group:
        group = self.groups.get(group_id)
        if group is None:
            raise Refused("rooms: not a member")
        return group

    def _changes(self, group: Group) -> Changes:
        prefix = GROUP + group.id + b"/"
        return {prefix + key: data for key, data in group.changes().items()}

    def _parcels(self, posts: Iterable[tuple[bytes, bytes]], now: int) -> Changes:
        parcels = [self._messenger.mailbox_parcel(*post, now) for post in posts]
        return {parcel.key: parcel.encode() for parcel in parcels}

    def _keep(self, group: Group, outgoing: Outgoing, changes: Changes, now: int) -> None:
        """Store a group's new state with what is to be sent of it; all of it or nothing."""
        everything = changes | self._parcels(outgoing.posts, now) | self._changes(group)
        if everything:
            self._messenger.commit(everything)
            self.groups[group.id] = group


def _welcome(group_id: bytes, items: Iterable[bytes]) -> list[bytes]:
    data = b"".join(sized(item) for item in items)
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    return [
        u8(WELCOMED) + group_id + u16(number) + u16(len(pieces)) + piece
        for number, piece in enumerate(pieces)
    ]


def _items(data: bytes) -> list[bytes]:
    reader, items = Reader(data), []
    while len(reader):
        items.append(reader.sized(WELCOME_MAX))
    return items
