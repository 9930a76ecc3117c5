"""A daemon for clients to talk to: the real control interface, with a small messenger behind it."""

import asyncio
import re
import shutil
import tempfile
import threading
from collections import Counter
from pathlib import Path

import pytest

from node.control import LOCKED, REFUSED, Control, ControlError, Method
from node.wallet import address_text, from_seed, transfer_from_json

OWN, PEER = "07" + "aa" * 32, "07" + "bb" * 32
PASSWORD = "correct horse"
CODE = "12345 67890 12345 67890"
NOW = 1_700_000_100_000


def snake(name):
    """Return a name of the interface as Python spells it."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


class Messenger:
    """What a daemon keeps, without keys and network: the other side says nothing by itself."""

    def __init__(self) -> None:
        self.exists, self.locked, self.active, self.wiped = True, False, True, False
        self.calls: list[tuple[str, dict]] = []
        self.contacts = [{"account": PEER, "name": "Mina", "verified": False}]
        self.sessions = [
            {
                "sessionId": "c1" * 32,
                "peer": PEER,
                "name": "Mina",
                "confirmed": True,
                "unread": 1,
                "closed": False,
            }
        ]
        self.groups = [
            {
                "groupId": "d1" * 32,
                "name": "Nowruz",
                "members": [self.member(OWN), self.member(PEER)],
                "admin": True,
                "left": False,
                "invite": "",
                "unread": 0,
            }
        ]
        self.files = [{"fileId": "f1" * 32, "name": "photo.jpg", "size": 300_000}]
        self.messages = {
            "c1" * 32: [
                self.message(1, PEER, "salaam"),
                self.message(2, OWN, "hello", state="delivered"),
                self.message(3, PEER, "are you\nthere?"),
            ],
            "d1" * 32: [self.message(4, "ee" + PEER[2:], "the table is set")],
        }
        self.wallet = from_seed(bytes(32))
        self.switch = {"phase": "off"}
        self.publish = lambda _: None

    @staticmethod
    def member(account):
        """Return a member of a group, who has a pseudonym there."""
        return {"name": "ee" + account[2:], "account": account, "admin": False}

    @staticmethod
    def message(number, sender, content, state="delivered", **more):
        return {
            "messageId": f"{number:032x}",
            "sender": sender,
            "content": content,
            "time": NOW + number * 300_000,
            "read": False,
            "state": state,
            **more,
        }

    def methods(self):
        table = {
            "CreateIdentity": ({"password": str}, {"duressPassword": str, "replace": bool}),
            "Unlock": ({"password": str}, {}),
            "Lock": ({}, {}),
            "GetIdentity": ({}, {}),
            "GetContacts": ({}, {}),
            "AddContact": ({"account": str, "name": str}, {}),
            "VerifyContact": ({"account": str}, {"code": str}),
            "CreateSession": ({"recipient": str}, {}),
            "GetSessions": ({}, {}),
            "CloseSession": ({"sessionId": str}, {}),
            "SendMessage": ({"sessionId": str, "content": str}, {}),
            "GetMessages": ({"sessionId": str}, {"since": str}),
            "MarkRead": ({"sessionId": str, "messageId": str}, {}),
            "CreateGroup": ({"name": str, "members": list}, {}),
            "JoinGroup": ({"groupId": str}, {"invite": str}),
            "LeaveGroup": ({"groupId": str}, {}),
            "GetGroups": ({}, {}),
            "AddMember": ({"groupId": str, "account": str}, {}),
            "RemoveMember": ({"groupId": str, "account": str}, {}),
            "SendFile": ({"sessionId": str, "path": str}, {}),
            "ReceiveFile": ({"fileId": str, "path": str}, {}),
            "GetFiles": ({}, {}),
            "GetStatus": ({}, {}),
            "GetPeers": ({}, {}),
            "SetActive": ({"active": bool}, {}),
            "PanicWipe": ({"confirm": str}, {}),
            "CheckIn": ({}, {}),
            "SetDuress": ({"password": str}, {"shown": str}),
            "TrustContact": ({"account": str}, {}),
            "SetAlert": ({"text": str}, {}),
            "SetSwitch": (
                {"intervalHours": int, "graceHours": int},
                {"release": str, "sessionId": str, "wipe": bool},
            ),
            "GetSwitch": ({}, {}),
            "DisableSwitch": ({}, {}),
            "AppointGuardians": ({"accounts": list, "threshold": int}, {}),
            "RequestRecovery": ({"account": str, "guardians": list}, {}),
            "GetGuardianships": ({}, {}),
            "ConfirmRecovery": ({"ownerSession": str, "askerSession": str, "code": str}, {}),
            "CancelRecovery": ({"sessionId": str}, {}),
            "TakeOver": ({}, {}),
            "WalletAddress": ({}, {}),
            "WalletSign": ({"transaction": dict}, {}),
        }
        return {
            name: Method(self.answering(name), needs, optional)
            for name, (needs, optional) in table.items()
        }

    def answering(self, name):
        async def answer(**params):
            self.calls.append((name, params))
            free = ("Unlock", "GetStatus", "CreateIdentity", "PanicWipe", "GetPeers")
            if self.locked and name not in free:
                raise ControlError(LOCKED, "locked")
            return getattr(self, snake(name))(**params)

        return answer

    def create_identity(self, password, duress_password=None, replace=False):
        if self.exists and not replace:
            raise ControlError(REFUSED, "there is an identity")
        self.exists, self.locked = True, False
        return self.get_identity()

    def unlock(self, password):
        if password != PASSWORD:
            raise ControlError(LOCKED, "vault: nothing opens")
        self.locked = False
        return {"damage": ["blob 7"]}

    def lock(self):
        self.locked = True

    def get_identity(self):
        return {"account": OWN, "link": f"pars://session/{OWN}", "device": 1}

    def get_contacts(self):
        return self.contacts

    def add_contact(self, account, name):
        self.contacts.append({"account": account, "name": name, "verified": False})

    def verify_contact(self, account, code=""):
        if code and code != CODE:
            raise ControlError(REFUSED, "another code")
        for each in self.contacts:
            each["verified"] |= bool(code) and each["account"] == account
        return {"code": CODE, "verified": bool(code)}

    def create_session(self, recipient):
        made = {"sessionId": "c2" * 32, "peer": recipient, "name": "", "confirmed": False}
        self.sessions.append({**made, "unread": 0, "closed": False})
        self.messages["c2" * 32] = []
        return {"sessionId": "c2" * 32}

    def get_sessions(self):
        return self.sessions

    def close_session(self, session_id):
        self.sessions = [each for each in self.sessions if each["sessionId"] != session_id]

    def send_message(self, session_id, content):
        made = self.message(len(self.messages[session_id]) + 10, OWN, content, state="queued")
        self.messages[session_id].append(made)
        self.publish({"kind": "message", "sessionId": session_id})
        return {"messageId": made["messageId"]}

    def get_messages(self, session_id, since=None):
        found = self.messages[session_id]
        names = [each["messageId"] for each in found]
        return found[names.index(since) + 1 :] if since in names else found

    def mark_read(self, session_id, message_id):
        for each in self.messages[session_id]:
            if each["messageId"] == message_id:
                each["read"] = True

    def create_group(self, name, members):
        self.groups.append(
            {"groupId": "d2" * 32, "name": name, "members": [*map(self.member, [OWN, *members])]}
        )
        self.messages["d2" * 32] = []
        return {"groupId": "d2" * 32}

    def join_group(self, group_id, invite="welcome"):
        if invite != "welcome":
            raise ControlError(REFUSED, "no invitation")
        for group in self.groups:
            if group["groupId"] == group_id:
                group["invite"] = ""

    def leave_group(self, group_id):
        self.groups = [each for each in self.groups if each["groupId"] != group_id]

    def get_groups(self):
        return self.groups

    def add_member(self, group_id, account):
        self.groups[0]["members"].append(self.member(account))

    def remove_member(self, group_id, account):
        self.groups[0]["members"].remove(self.member(account))

    def send_file(self, session_id, path):
        self.files.append({"fileId": "f2" * 32, "name": Path(path).name, "size": 1})
        return {"fileId": "f2" * 32}

    def receive_file(self, file_id, path):
        Path(path).write_bytes(b"content")

    def get_files(self):
        return self.files

    def get_status(self):
        return {
            "network": "pars",
            "peerId": "Qm" + "a" * 44,
            "addresses": ["/ip4/127.0.0.1/tcp/9000"],
            "peers": 1,
            "relays": 3,
            "hops": 3,
            "locked": self.locked,
            "active": self.active,
            "swarm": {"records": 2},
            "refused": {"link: bad hello": 4},
            "uptime": 61,
        }

    def get_peers(self):
        return [{"peerId": "Qm" + "b" * 44, "address": "/ip4/127.0.0.1/tcp/9001"}]

    def set_active(self, active):
        self.active = active

    def panic_wipe(self, confirm):
        self.wiped = True

    def check_in(self):
        return None

    def set_duress(self, password, shown=""):
        return True

    def trust_contact(self, account):
        return True

    def set_alert(self, text):
        return True

    def set_switch(self, interval_hours, grace_hours, release="", session_id="", wipe=False):
        self.switch = {
            "phase": "quiet",
            "silentHours": 1,
            "warningHours": interval_hours,
            "triggerHours": interval_hours + grace_hours,
            "actions": ["alert", *(["release"] if release else []), *(["wipe"] if wipe else [])],
        }
        return self.switch

    def get_switch(self):
        return self.switch

    def disable_switch(self):
        self.switch = {"phase": "off"}
        return self.switch

    def appoint_guardians(self, accounts, threshold):
        return True

    def request_recovery(self, account, guardians):
        return {"code": "11111 22222"}

    def get_guardianships(self):
        kept = [{"ownerSession": "c1" * 32, "stage": "kept"}]
        return {"kept": kept, "asked": ["c1" * 32], "recovered": True}

    def confirm_recovery(self, owner_session, asker_session, code):
        return True

    def cancel_recovery(self, session_id):
        return True

    def take_over(self):
        return self.get_identity()

    def wallet_address(self):
        return {"address": address_text(self.wallet.address)}

    def wallet_sign(self, transaction):
        raw, digest = self.wallet.sign(transfer_from_json(transaction))
        return {"raw": "0x" + raw.hex(), "hash": "0x" + digest.hex()}


class Daemon:
    """The control interface, served from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.messenger = folder, Messenger()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> "Daemon":
        self._thread.start()
        self.control = Control(self.messenger.methods(), Counter())
        self.messenger.publish = self.control.publish
        self.wait(self.control.serve(self.folder, None))
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(self.control.close())
        self.wait(asyncio.sleep(0.01))  # The clients' tasks end.
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait(self, awaited):
        return asyncio.run_coroutine_threadsafe(awaited, self._loop).result(10)

    def say(self, content, session="c1" * 32):
        """Let the other side write something."""
        messages = self.messenger.messages[session]
        messages.append(Messenger.message(len(messages) + 50, PEER, content))
        event = {"kind": "message", "sessionId": session}
        self._loop.call_soon_threadsafe(self.control.publish, event)


@pytest.fixture
def daemon():
    folder = Path(tempfile.mkdtemp(prefix="pars"))  # A socket's path is short.
    try:
        with Daemon(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def names():
    """Own account, the other's, and the password."""
    return OWN, PEER, PASSWORD
