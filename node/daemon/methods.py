"""What the user of a daemon may call (docs/node.md lists it): params in, JSON out.

Everything but identity, status and activity needs an unlocked account. What takes long, such as
trying a password, runs beside the loop.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..codec import Refused
from ..control import LOCKED, REFUSED, ControlError, Json, Method
from ..crypto import sha256
from ..identity import account_text, parse_account, peer_text
from ..messaging.content import Type
from ..messaging.files import Metadata
from ..messenger.ledger import Message, Room, Session, State
from ..messenger.messenger import Event, Messenger
from ..vault import duress
from ..vault.container import Cost
from ..vault.disk import FileDisk
from ..vault.store import StoreFull
from .contacts import Contacts
from .files import Transfers
from .folder import Folder
from .services import FRESH, Node, clock
from .user import User

WIPE = "wipe everything"
ID = 32
STATES = {
    State.QUEUED: "queued",
    State.STORED: "stored",
    State.DELIVERED: "delivered",
    State.READ: "read",
    State.FAILED: "failed",
    State.UNREAD: "unread",
}


class Methods:
    """The daemon's answers; `user` is there while an account is unlocked."""

    def __init__(
        self, node: Node, folder: Folder, network: str, cost: Cost, refused: Counter[str]
    ) -> None:
        self.publish: Callable[[dict[str, Json]], None] = lambda _: None
        self.wiped = asyncio.Event()
        self._node = node
        self._folder = folder
        self._network = network
        self._cost = cost
        self._refused = refused
        self._disk: FileDisk | None = None
        self._session: duress.Session | None = None
        self._user: User | None = None
        self._transfers: Transfers | None = None
        self._work: list[asyncio.Task[None]] = []
        self._opening = asyncio.Lock()

    def table(self) -> dict[str, Method]:
        """Return every method by its name."""
        name: dict[str, type] = {"sessionId": str}
        group: dict[str, type] = {"groupId": str}
        return {
            "CreateIdentity": Method(
                self.create_identity, {"password": str}, {"duressPassword": str, "replace": bool}
            ),
            "Unlock": Method(self.unlock, {"password": str}),
            "Lock": Method(self.lock),
            "GetIdentity": Method(self._settled(self.identity)),
            "GetContacts": Method(self._settled(self.contacts)),
            "AddContact": Method(self._settled(self.add_contact), {"account": str, "name": str}),
            "VerifyContact": Method(
                self._settled(self.verify_contact), {"account": str}, {"code": str}
            ),
            "CreateSession": Method(self._settled(self.create_session), {"recipient": str}),
            "GetSessions": Method(self._settled(self.sessions)),
            "CloseSession": Method(self._settled(self.close_session), name),
            "SendMessage": Method(self._settled(self.send), {**name, "content": str}),
            "GetMessages": Method(self._settled(self.messages), name, {"since": str}),
            "MarkRead": Method(self._settled(self.mark_read), {**name, "messageId": str}),
            "CreateGroup": Method(self._settled(self.create_group), {"name": str, "members": list}),
            "GetGroups": Method(self._settled(self.groups)),
            "JoinGroup": Method(self._settled(self.join_group), group, {"invite": str}),
            "LeaveGroup": Method(self._settled(self.leave_group), group),
            "AddMember": Method(self._settled(self.add_member), {**group, "account": str}),
            "RemoveMember": Method(self._settled(self.remove_member), {**group, "account": str}),
            "SendFile": Method(self._settled(self.send_file), {**name, "path": str}),
            "GetFiles": Method(self._settled(self.files)),
            "ReceiveFile": Method(self._settled(self.receive_file), {"fileId": str, "path": str}),
            "GetStatus": Method(self.status),
            "GetPeers": Method(self.peers),
            "SetActive": Method(self.set_active, {"active": bool}),
            "PanicWipe": Method(self.panic, {"confirm": str}),
            "WalletAddress": Method(self._settled(self.wallet_address)),
            "WalletSign": Method(self._settled(self.wallet_sign), {"transaction": dict}),
        }

    @staticmethod
    def _settled(run: Callable[..., Awaitable[Json]]) -> Callable[..., Awaitable[Json]]:
        """Let what the protocols refuse be an answer to the user."""

        async def settled(**params: Json) -> Json:
            try:
                return await run(**params)
            except Refused as refusal:
                raise ControlError(REFUSED, refusal.reason) from None
            except StoreFull:
                raise ControlError(REFUSED, "the container is full") from None

        return settled

    @property
    def user(self) -> User:
        """The unlocked account."""
        if self._user is None:
            raise ControlError(LOCKED, "locked: call Unlock, or CreateIdentity first")
        return self._user

    # --- Identity -------------------------------------------------------------------------------

    async def create_identity(
        self, password: str, duress_password: str = "", replace: bool = False
    ) -> Json:
        """Make an account; forget whatever the container held."""
        if not password:
            raise ControlError(REFUSED, "a password has at least one character")
        if duress_password == password:
            raise ControlError(REFUSED, "the duress password is another one")
        async with self._opening:
            if not replace and self._node.kept.get(FRESH) is None:
                raise ControlError(
                    REFUSED, "there may be an identity already; replace forgets it for ever"
                )
            await self.lock()
            disk = FileDisk(self._folder.container)
            try:
                session = await asyncio.to_thread(
                    self._found, disk, password.encode(), duress_password.encode()
                )
            except BaseException:
                disk.close()
                raise
            self._node.kept.commit({FRESH: None})
            self._enter(disk, session)
        return await self.identity()

    def _found(self, disk: FileDisk, password: bytes, forced: bytes) -> duress.Session:
        session = duress.set_up(disk, password, self._cost, os.urandom)
        Messenger.found(session.store, clock(), os.urandom)
        if forced:
            duress.set_duress(session, forced, None, self._cost, os.urandom)
            decoy = duress.open_decoy(session, os.urandom)
            Messenger.found(decoy, clock(), os.urandom)
            decoy.close()
        return session

    async def unlock(self, password: str) -> Json:
        """Open what a password opens."""
        async with self._opening:
            if self._user is not None:
                raise ControlError(REFUSED, "unlocked already")
            disk = FileDisk(self._folder.container)
            try:
                session = await asyncio.to_thread(
                    duress.unlock, disk, password.encode(), self._cost, os.urandom
                )
                self._enter(disk, session)
            except Refused as refusal:
                disk.close()
                raise ControlError(LOCKED, refusal.reason) from None
            except BaseException:
                disk.close()
                raise
        return {"damage": list(session.damage)}

    def _enter(self, disk: FileDisk, session: duress.Session) -> None:
        messenger = Messenger(session.store, clock(), os.urandom)
        user = User(self._node, messenger, self._tell, self._refused, session.store.shred)
        self._disk, self._session, self._user = disk, session, user
        self._transfers = Transfers(user)
        self._work = [asyncio.ensure_future(each.run()) for each in (user, self._transfers)]

    async def lock(self) -> Json:
        """Forget the keys."""
        for task in self._work:
            task.cancel()
        if self._work:
            await asyncio.wait(self._work)
        self._work = []
        if self._session is not None:
            self._session.store.close()
        if self._disk is not None:
            self._disk.close()
        self._user = self._transfers = self._session = self._disk = None
        return True

    async def identity(self) -> Json:
        """Return who the user is to others."""
        me = self.user.messenger
        account = account_text(me.account_id)
        device = sha256(me.device.signing.public).hex()
        return {"account": account, "link": f"pars://session/{account}", "device": device}

    def _tell(self, event: Event) -> None:
        params: dict[str, Json] = {"kind": event.kind, "sessionId": event.chat.hex()}
        if event.message_id:
            params["messageId"] = event.message_id.hex()
        self.publish(params)

    # --- Contacts -------------------------------------------------------------------------------

    @property
    def _contacts(self) -> Contacts:
        return Contacts(self.user.messenger)

    async def contacts(self) -> Json:
        """Return who is known."""
        return [
            {
                "account": account_text(each.account),
                "name": each.name,
                "verified": each.verified,
            }
            for each in self._contacts.all()
        ]

    async def add_contact(self, account: str, name: str) -> Json:
        """Keep an account under a name."""
        self._contacts.keep(parse_account(account), name)
        return True

    async def verify_contact(self, account: str, code: str = "") -> Json:
        """Return the code that both sides must see; mark the contact if it is given back right."""
        contacts, other = self._contacts, parse_account(account)
        if code:
            contacts.verify(other, code)
        return {"code": contacts.code(other), "verified": contacts.is_verified(other)}

    # --- Sessions and messages ------------------------------------------------------------------

    async def create_session(self, recipient: str) -> Json:
        """Begin a conversation; the one that there is, if there is one."""
        session = await self._session_with(parse_account(recipient))
        return {"sessionId": session.session_id.hex()}

    async def _session_with(self, account: bytes) -> Session:
        user = self.user
        session = user.messenger.session_with(account)
        if session is None:
            keys = await user.find(account)
            session = user.messenger.session_with(account) or user.messenger.begin(keys, clock())
            user.stir()
        return session

    async def sessions(self) -> Json:
        """Return the conversations with one account."""
        names = {each.account: each.name for each in self._contacts.all()}
        return [
            self._session_view(session, names.get(session.peer, ""))
            for session in self.user.messenger.sessions.values()
        ]

    def _session_view(self, session: Session, name: str) -> Json:
        line = self.user.messenger.lines[session.current]
        return {
            "sessionId": session.session_id.hex(),
            "peer": account_text(session.peer),
            "name": name,
            "confirmed": line.channel.confirmed,
            "unread": self._unread(session.session_id),
            "closed": session.closed,
        }

    def _unread(self, chat: bytes) -> int:
        messages = self.user.messenger.messages(chat)
        return sum(message.state is State.UNREAD for message in messages)

    async def close_session(self, session_id: str) -> Json:
        """End a conversation."""
        self.user.messenger.close(_id(session_id), clock())
        self.user.stir()
        return True

    async def send(self, session_id: str, content: str) -> Json:
        """Write to somebody or to a group."""
        user, chat, body = self.user, _id(session_id), content.encode()
        if chat in user.rooms.groups:
            message: Message | None = user.rooms.send(chat, body, clock())
        else:
            message = user.messenger.send(chat, Type.TEXT, body, clock())
        assert message is not None
        user.stir()
        return {"messageId": message.message_id.hex()}

    async def messages(self, session_id: str, since: str = "") -> Json:
        """Return what was said, all of it or after a message."""
        messenger, chat = self.user.messenger, _id(session_id)
        if chat not in messenger.sessions and chat not in self.user.rooms.rooms:
            raise ControlError(REFUSED, "no such conversation")
        first = messenger.message(chat, _id(since, 16)).number + 1 if since else 0
        return [self._message_view(message) for message in messenger.messages(chat, first)]

    def _message_view(self, message: Message) -> Json:
        group = message.chat in self.user.rooms.rooms
        hidden = group and not message.own
        view: dict[str, Any] = {
            "messageId": message.message_id.hex(),
            "sender": message.sender.hex() if hidden else account_text(message.sender),
            "content": "",
            "time": message.time,
            "read": message.state is not State.UNREAD,
            "state": STATES[message.state],
        }
        if message.content_type == Type.FILE:
            metadata = Metadata.decode(message.body)
            view["file"] = {
                "fileId": metadata.file_id.hex(),
                "name": metadata.name,
                "size": metadata.size,
            }
        elif message.content_type in (Type.TEXT, Type.ALERT):
            view["content"] = message.body.decode()
            view["alert"] = message.content_type == Type.ALERT
        return view

    async def mark_read(self, session_id: str, message_id: str) -> Json:
        """Mark a message as read, and tell its writer."""
        self.user.messenger.mark_read(_id(session_id), _id(message_id, 16), clock())
        self.user.stir()
        return True

    # --- Groups ---------------------------------------------------------------------------------

    async def create_group(self, name: str, members: list[str]) -> Json:
        """Found a group, and ask others in."""
        accounts = [parse_account(member) for member in members]
        sessions = [await self._session_with(account) for account in accounts]
        room = self.user.rooms.create(name, clock())
        for session in sessions:
            self.user.rooms.invite(room.group, session.session_id, clock())
        self.user.stir()
        return {"groupId": room.group.hex()}

    async def groups(self) -> Json:
        """Return the groups, and those that one is asked into."""
        return [self._room_view(room) for room in self.user.rooms.rooms.values()]

    def _room_view(self, room: Room) -> Json:
        group = self.user.rooms.groups.get(room.group)
        return {
            "groupId": room.group.hex(),
            "name": room.name,
            "members": [] if group is None else [_member(each) for each in group.members()],
            "admin": group is not None and group.is_admin,
            "left": room.left and not room.invite,
            "invite": room.invite.hex(),
            "unread": self._unread(room.group),
        }

    async def join_group(self, group_id: str, invite: str = "") -> Json:
        """Come into a group."""
        self.user.rooms.join(_id(group_id), _hex(invite), clock())
        self.user.stir()
        return True

    async def leave_group(self, group_id: str) -> Json:
        """Leave a group."""
        self.user.rooms.leave(_id(group_id), clock())
        self.user.stir()
        return True

    async def add_member(self, group_id: str, account: str) -> Json:
        """Ask somebody into a group."""
        session = await self._session_with(parse_account(account))
        self.user.rooms.invite(_id(group_id), session.session_id, clock())
        self.user.stir()
        return True

    async def remove_member(self, group_id: str, account: str) -> Json:
        """Put somebody out of a group, by account or by the name he has there."""
        group, rooms = _id(group_id), self.user.rooms
        if len(account) == 2 * ID:
            name = _id(account)
        else:
            name = rooms.pseudonym_of(group, parse_account(account))
        rooms.remove(group, name, clock())
        self.user.stir()
        return True

    # --- Files ----------------------------------------------------------------------------------

    @property
    def transfers(self) -> Transfers:
        """What is sent and fetched."""
        assert self.user
        assert self._transfers
        return self._transfers

    async def send_file(self, session_id: str, path: str) -> Json:
        """Begin to send a file; its message is written when all of it lies in the swarm."""
        return {"fileId": self.transfers.send(_id(session_id), Path(path)).hex()}

    async def files(self) -> Json:
        """Return files that were offered, sent, or are being sent."""
        return self.transfers.listed()

    async def receive_file(self, file_id: str, path: str) -> Json:
        """Fetch a file that was offered; come back when it is there."""
        return {"size": await self.transfers.receive(_id(file_id), Path(path))}

    # --- The node -------------------------------------------------------------------------------

    async def status(self) -> Json:
        """Return how the node does."""
        node = self._node
        return {
            "network": self._network,
            "peerId": peer_text(node.peer_id),
            "addresses": [f"{each}/p2p/{peer_text(node.peer_id)}" for each in node.addresses],
            "peers": len(node.network.peers),
            "relays": len(node.directory.relays(clock())),
            "hops": node.routing.client.hops,
            "cover": node.routing.rate.name,
            "locked": self._user is None,
            "active": node.active,
            "swarm": node.mail.status(),
            "relayed": node.routing.relayed,
            "damaged": node.damaged(),
            "refused": dict(self._refused + node.mail.refused),
            "uptime": (clock() - node.begun) // 1000,
        }

    async def peers(self) -> Json:
        """Return the nodes that there is a link to."""
        found = []
        for peer_id in self._node.network.peers:
            record = self._node.directory.record(peer_id)
            addresses = [] if record is None else [str(each) for each in record.addresses]
            found.append({"peerId": peer_text(peer_id), "addresses": addresses})
        return found

    async def set_active(self, active: bool) -> Json:
        """Take part in the network, or be silent."""
        await self._node.set_active(active)
        return {"active": active}

    async def panic(self, confirm: str) -> Json:
        """Destroy everything; the daemon ends."""
        if confirm != WIPE:
            raise ControlError(REFUSED, f"confirm with {WIPE!r}")
        await self.lock()
        self.wiped.set()
        return True

    # --- The wallet -----------------------------------------------------------------------------

    async def wallet_address(self) -> Json:
        """Return the account's address on the chain."""
        from .. import wallet  # loads a curve, which a daemon otherwise does without

        own = wallet.from_seed(self.user.messenger.me.wallet_seed)
        return {"address": wallet.address_text(own.address)}

    async def wallet_sign(self, transaction: dict[str, Json]) -> Json:
        """Sign a transfer; its key stays here."""
        from .. import wallet

        own = wallet.from_seed(self.user.messenger.me.wallet_seed)
        raw, digest = own.sign(wallet.transfer_from_json(transaction))
        return {"raw": "0x" + raw.hex(), "hash": "0x" + digest.hex()}


def _id(text: str, size: int = ID) -> bytes:
    data = _hex(text)
    if len(data) != size:
        raise ControlError(REFUSED, f"an id has {2 * size} hex digits")
    return data


def _hex(text: str) -> bytes:
    with suppress(ValueError):
        return bytes.fromhex(text)
    raise ControlError(REFUSED, "not hex")


def _member(member: Any) -> Json:
    account = "" if member.account is None else account_text(member.account)
    return {"name": member.name.hex(), "account": account, "admin": member.admin}
