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
from typing import Any, Protocol

from .. import did
from ..codec import Refused
from ..control import LOCKED, REFUSED, ControlError, Json, Method
from ..core import Store
from ..crypto import sha256
from ..guardians import GUARDIANS_MAX
from ..identity import (
    AccountKeys,
    DeviceCertificate,
    account_text,
    parse_account,
    peer_text,
)
from ..messaging.content import Type
from ..messaging.files import Metadata
from ..messaging.turns import FULL, SPARSE
from ..messenger.ledger import Me, Message, Room, Session, State
from ..messenger.messenger import Event, Messenger
from ..vault import duress
from ..vault.container import Cost
from ..vault.disk import FileDisk
from ..vault.store import StoreFull
from ..vault.wipe import destroy_keys
from .contacts import Contacts
from .files import Transfers
from .folder import Folder
from .services import FRESH, Node, clock
from .user import User

WIPE = "wipe everything"
HOUR = 3_600_000
DAY = 24 * HOUR
DID = b"did"
ID = 32
STATES = {
    State.QUEUED: "queued",
    State.STORED: "stored",
    State.DELIVERED: "delivered",
    State.READ: "read",
    State.FAILED: "failed",
    State.UNREAD: "unread",
}


class Part(Protocol):
    """What of the daemon has secrets while an account is unlocked."""

    def unlock(self, store: Store) -> None:
        """Take what it needs out of the account's store."""

    def lock(self) -> None:
        """Forget it."""


class Methods:
    """The daemon's answers; `user` is there while an account is unlocked."""

    def __init__(
        self,
        node: Node,
        folder: Folder,
        network: str,
        cost: Cost,
        refused: Counter[str],
        parts: list[Part],
    ) -> None:
        self.publish: Callable[[dict[str, Json]], None] = lambda _: None
        self.wiped = asyncio.Event()
        self._node = node
        self._folder = folder
        self._network = network
        self._cost = cost
        self._refused = refused
        self.parts = parts
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
            "SetDuress": Method(self._settled(self.set_duress), {"password": str}, {"shown": str}),
            "TrustContact": Method(self._settled(self.trust_contact), {"account": str}),
            "SetAlert": Method(self._settled(self.set_alert), {"text": str}),
            "SetSwitch": Method(
                self._settled(self.set_switch),
                {"intervalHours": int, "graceHours": int},
                {"release": str, "sessionId": str, "wipe": bool},
            ),
            "GetSwitch": Method(self._settled(self.get_switch)),
            "CheckIn": Method(self._settled(self.check_in)),
            "DisableSwitch": Method(self._settled(self.disable_switch)),
            "AppointGuardians": Method(
                self._settled(self.appoint_guardians), {"accounts": list, "threshold": int}
            ),
            "RequestRecovery": Method(
                self._settled(self.request_recovery), {"account": str, "guardians": list}
            ),
            "GetGuardianships": Method(self._settled(self.guardianships)),
            "ConfirmRecovery": Method(
                self._settled(self.confirm_recovery),
                {"ownerSession": str, "askerSession": str, "code": str},
            ),
            "CancelRecovery": Method(self._settled(self.cancel_recovery), name),
            "TakeOver": Method(self._settled(self.take_over)),
            "GetDid": Method(self._settled(self.get_did)),
            "ResolveDid": Method(self._settled(self.resolve_did), {"did": str, "log": str}),
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
        self._disk, self._session = disk, session
        try:
            self._start_work()
        except BaseException:
            self._disk = self._session = None
            raise
        if session.alert:
            self.user.trust.deliver(session.alert, clock())

    def _start_work(self) -> None:
        session = self._opened
        messenger = Messenger(session.store, clock(), os.urandom)
        user = User(self._node, messenger, self._tell, self._refused, session.store.shred)
        user.wipe = self.wiped.set
        self._user, self._transfers = user, Transfers(user)
        self._work = [asyncio.ensure_future(each.run()) for each in (user, self._transfers)]
        for part in self.parts:
            part.unlock(session.store)

    async def lock(self) -> Json:
        """Forget the keys."""
        await self._stop_work()
        if self._session is not None:
            self._session.store.close()
        if self._disk is not None:
            self._disk.close()
        self._user = self._transfers = self._session = self._disk = None
        return True

    async def _stop_work(self) -> None:
        for part in self.parts:
            part.lock()
        for task in self._work:
            task.cancel()
        if self._work:
            await asyncio.wait(self._work)
        self._work = []

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
            mode = SPARSE if self._node.is_metered else FULL
            session = user.messenger.session_with(account)
            session = session or user.messenger.begin(keys, clock(), mode)
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
        messages = messenger.messages(chat)
        if since:
            names = [message.message_id for message in messages]
            if (seen := _id(since, 16)) not in names:
                raise ControlError(REFUSED, "no such message")
            messages = messages[names.index(seen) + 1 :]
        return [self._message_view(message) for message in messages]

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

    # --- Documents ------------------------------------------------------------------------------

    async def get_did(self) -> Json:
        """Return the account's DID with its log; the log begins with the first call."""
        me = self.user.messenger
        log = me.store.get(DID)
        number = DeviceCertificate.decode(me.me.certificate).number
        devices = {number: me.device.public}
        account, today = AccountKeys.from_seed(me.me.account_seed), clock() // DAY
        name = did.did_of(account.account_id)
        if log is None:
            log = did.create(account, devices, (), today)
        elif number not in did.resolve(name, log).devices:
            log = did.update(log, account, devices, (), today)
        me.commit({DID: log})
        return _did_view(name, log)

    async def resolve_did(self, did: str, log: str) -> Json:
        """Verify the log of any DID, and return what it says."""
        return _did_view(did, log.encode())

    # --- Trust ----------------------------------------------------------------------------------

    async def set_duress(self, password: str, shown: str = "") -> Json:
        """Set a password that opens a decoy and destroys this; `shown` opens the decoy alone."""
        session, me = self._opened, self.user.messenger
        if not password:
            raise ControlError(REFUSED, "a password has at least one character")
        words = password.encode(), shown.encode() or None
        await asyncio.to_thread(duress.set_duress, session, *words, self._cost, os.urandom)
        decoy = duress.open_decoy(session, os.urandom)
        if decoy.get(Me.KEY) is None:
            Messenger.found(decoy, clock(), me.random)
        decoy.close()
        self._prepare_alert()
        return True

    @property
    def _opened(self) -> duress.Session:
        assert self._session is not None
        return self._session

    def _prepare_alert(self) -> None:
        """Put the alert where a duress password finds it, if there is one."""
        with suppress(Refused):
            duress.prepare_alert(self._opened, self.user.trust.prepared(), os.urandom)

    async def trust_contact(self, account: str) -> Json:
        """Let a contact be alerted when a duress password is used, or the owner falls silent."""
        session = await self._session_with(parse_account(account))
        self.user.trust.trust(session, clock())
        self._prepare_alert()
        self.user.stir()
        return True

    async def set_alert(self, text: str) -> Json:
        """Choose what an alert says."""
        self.user.trust.set_alert(text)
        self._prepare_alert()
        return True

    async def set_switch(
        self,
        interval_hours: int,
        grace_hours: int,
        release: str = "",
        session_id: str = "",
        wipe: bool = False,
    ) -> Json:
        """Watch for the owner."""
        told = (_id(session_id), release) if release else None
        spans = interval_hours * HOUR, grace_hours * HOUR
        self.user.trust.set_switch(clock(), *spans, told, wipe=wipe)
        return await self.get_switch()

    async def get_switch(self) -> Json:
        """Return how the switch stands; times in hours of silence."""
        switch = self.user.trust.switch
        if switch is None:
            return {"phase": "off"}
        return {
            "phase": switch.phase.name.lower(),
            "silentHours": switch.quiet // HOUR,
            "warningHours": switch.warning_at // HOUR,
            "triggerHours": switch.trigger_at // HOUR,
            "actions": [action.kind.name.lower() for action in switch.actions],
        }

    async def check_in(self) -> Json:
        """Tell the switch that the owner is there."""
        self.user.trust.check_in(clock())
        return await self.get_switch()

    async def disable_switch(self) -> Json:
        """Stop watching."""
        self.user.trust.disable_switch()
        return await self.get_switch()

    async def appoint_guardians(self, accounts: list[str], threshold: int) -> Json:
        """Split the account among contacts, so many of whom can give it back."""
        if not 2 <= threshold <= len(set(accounts)) == len(accounts) <= GUARDIANS_MAX:
            raise ControlError(
                REFUSED, f"2 to {GUARDIANS_MAX} different guardians, and a threshold"
            )
        sessions = [await self._session_with(parse_account(each)) for each in accounts]
        self.user.trust.appoint(sessions, threshold, clock())
        self.user.stir()
        return True

    async def request_recovery(self, account: str, guardians: list[str]) -> Json:
        """Ask guardians for an account that is lost; return the code to tell each of them."""
        sessions = [await self._session_with(parse_account(each)) for each in guardians]
        code = self.user.trust.recover(parse_account(account), sessions, clock())
        self.user.stir()
        return {"code": code}

    async def guardianships(self) -> Json:
        """Return what is kept for others, and who asks for something."""
        return {
            "kept": [
                {"ownerSession": owner.hex(), "stage": guarding.stage.name.lower()}
                for owner, guarding in self.user.trust.kept()
            ],
            "asked": [asker.hex() for asker in self.user.trust.requests()],
            "recovered": self.user.trust.recovered is not None,
        }

    async def confirm_recovery(self, owner_session: str, asker_session: str, code: str) -> Json:
        """Confirm that who asks is the owner, by the code heard from him."""
        self.user.trust.confirm(_id(owner_session), _id(asker_session), code, clock())
        self.user.stir()
        return True

    async def cancel_recovery(self, session_id: str) -> Json:
        """Tell a guardian that it was not the owner who asked."""
        self.user.trust.cancel(_id(session_id), clock())
        self.user.stir()
        return True

    async def take_over(self) -> Json:
        """Be the account that guardians gave back, from now on."""
        async with self._opening:
            seed = self.user.trust.recovered
            if seed is None:
                raise ControlError(REFUSED, "nothing was given back")
            self.user.messenger.take_over(seed, clock())
            await self._stop_work()
            self._start_work()
        return await self.identity()

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
            links = [link.protocol for link in self._node.network.connections(peer_id)]
            found.append({"peerId": peer_text(peer_id), "addresses": addresses, "links": links})
        return found

    async def set_active(self, active: bool) -> Json:
        """Take part in the network, or be silent."""
        await self._node.set_active(active)
        return {"active": active}

    async def panic(self, confirm: str) -> Json:
        """Destroy everything; the daemon ends."""
        if confirm != WIPE:
            raise ControlError(REFUSED, f"confirm with {WIPE!r}")
        await self.destroy()
        return True

    async def destroy(self) -> None:
        """Overwrite the heads of the container at once; the daemon does the rest as it ends."""
        await self.lock()
        disk = FileDisk(self._folder.container)
        try:
            destroy_keys(disk, os.urandom)
        finally:
            disk.close()
        self.wiped.set()

    def wallet_seed(self) -> bytes:
        """Return what the account's key on the chain is made from."""
        return self.user.messenger.me.wallet_seed

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


def _did_view(name: str, log: bytes) -> Json:
    now = did.resolve(name, log)
    return {
        "did": name,
        "document": did.document(now),
        "metadata": did.metadata(now),
        "log": log.decode(),
    }


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
