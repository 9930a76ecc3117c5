"""People to rely on: contacts who are alerted, the dead man's switch, and guardians of the account.

All of it travels as opaque messages of a session:

    trust     1 | secret 32            what lies in this mailbox is my alert
    share     2 | blob                 keep this for me
    request   3 | request              hand out what you keep, once you know that it is me
    notice    4 | index 1 | notice     somebody asks for what you gave me
    cancel    5 | word                 it is not me
    answer    6 | answer               here it is

An alert is a text sealed under a key that follows from the mailbox's secret, so that it can be
prepared for a duress password, which opens nothing else.
"""

from collections.abc import Iterable

from .. import guardians
from ..codec import Reader, Refused, sized, u8
from ..crypto import LONG_NONCE, Random, hkdf_expand, seal, unseal
from ..guardians import Guardianship, Recovery, Stage
from ..messaging.content import ALERT_MAX, Content, Type, checked_text
from ..vault.deadman import Action, Kind, Switch
from .ledger import ID, Changes, Message, Session, State
from .messenger import Event, Messenger

TRUSTED, TRUSTING = b"trusted/", b"trusting/"  # by session: the secret given, the secret got
ALERT_TEXT, SWITCH, ROOT = b"alert", b"switch", b"guardians/root"
KEPT, ANSWERING, REQUESTS, NOTICES = b"guarding/", b"answering/", b"request/", b"notice/"
RECOVERY, FOUND = b"recovery", b"recovered"
TRUST, SHARE, REQUEST, NOTICE, CANCEL, ANSWER = range(1, 7)
TRUSTED_MAX = 16
KEPT_MAX = 256
DEFAULT_ALERT = "I am under pressure. Trust nothing that comes from me until we have met."
ALERT_KEY = b"pars/alert-key/v1"


def seal_alert(secret: bytes, text: bytes, random: Random) -> bytes:
    """Return what is left in the mailbox of an alert."""
    nonce = random(LONG_NONCE)
    return nonce + seal(hkdf_expand(secret, ALERT_KEY), nonce, text)


def open_alert(secret: bytes, data: bytes) -> bytes:
    """Return the text of an alert."""
    text = unseal(hkdf_expand(secret, ALERT_KEY), data[:LONG_NONCE], data[LONG_NONCE:])
    checked_text(text, ALERT_MAX)
    return text


def pack_alert(secrets: Iterable[bytes], text: bytes) -> bytes:
    """Return what a duress log-in hands out: whom to alert, and how."""
    return sized(text) + b"".join(secrets)


def unpack_alert(data: bytes) -> tuple[bytes, list[bytes]]:
    """Read what `pack_alert` made."""
    reader = Reader(data)
    text, secrets = reader.sized(ALERT_MAX), []
    while len(reader):
        secrets.append(reader.take(ID))
    return text, secrets


class Trust:
    """Whom an account relies on, and who relies on it."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger
        self._store = messenger.store
        self._handlers = {
            TRUST: self._on_trust,
            SHARE: self._on_share,
            REQUEST: self._on_request,
            NOTICE: self._on_notice,
            CANCEL: self._on_cancel,
            ANSWER: self._on_answer,
        }
        messenger.handle(Type.GUARDIAN_SHARE, self._hear)

    # --- Alerts -------------------------------------------------------------------------------

    def trust(self, session: Session, now: int) -> None:
        """Let a contact be alerted."""
        if len(self._store.scan(TRUSTED)) >= TRUSTED_MAX:
            raise Refused("trust: too many trusted contacts")
        secret = self._messenger.random(ID)
        changes: Changes = {TRUSTED + session.session_id: secret}
        body = u8(TRUST) + secret
        changes |= self._messenger.write(session, Type.GUARDIAN_SHARE, body, now)
        self._messenger.commit(changes)

    def set_alert(self, text: str) -> None:
        """Choose what an alert says."""
        checked_text(text.encode(), ALERT_MAX)
        self._messenger.commit({ALERT_TEXT: text.encode()})

    def prepared(self) -> bytes:
        """Return the alert for a duress password to hand out."""
        secrets = (secret for _, secret in self._store.scan(TRUSTED))
        return pack_alert(secrets, self._alert_text())

    def alert(self, now: int) -> None:
        """Alert everybody who is trusted."""
        self.deliver(self.prepared(), now)

    def deliver(self, prepared: bytes, now: int) -> None:
        """Bring a prepared alert out, whoever prepared it."""
        text, secrets = unpack_alert(prepared)
        changes: Changes = {}
        for secret in secrets:
            data = seal_alert(secret, text, self._messenger.random)
            parcel = self._messenger.mailbox_parcel(secret, data, now, priority=2)
            changes[parcel.key] = parcel.encode()
        if changes:
            self._messenger.commit(changes)

    def _alert_text(self) -> bytes:
        return self._store.get(ALERT_TEXT) or DEFAULT_ALERT.encode()

    def mailboxes(self) -> list[tuple[bytes, bytes]]:
        """Return where alerts of others would lie: the session and the secret."""
        return [(key.removeprefix(TRUSTING), secret) for key, secret in self._store.scan(TRUSTING)]

    def alert_mail(self, session_id: bytes, data: bytes, now: int) -> list[Event]:
        """Take in an alert, which is shown in its writer's session."""
        secret = self._store.get(TRUSTING + session_id)
        session = self._messenger.sessions.get(session_id)
        if secret is None or session is None:
            raise Refused("trust: alert of nobody")
        text = open_alert(secret, data)
        number = self._messenger.next_number(session_id)
        message = Message(
            chat=session_id,
            number=number,
            sequence=2**63 + number,  # no message of the channel: it comes last
            message_id=self._messenger.random(16),
            sender=session.peer,
            own=False,
            state=State.UNREAD,
            time=now,
            at=now,
            content_type=Type.ALERT,
            body=text,
        )
        self._messenger.commit({message.key: message.encode()})
        return [Event("alert", session_id, message.message_id)]

    # --- The dead man's switch ------------------------------------------------------------------

    @property
    def switch(self) -> Switch | None:
        """The switch, if it was ever set."""
        data = self._store.get(SWITCH)
        return None if data is None else self._messenger.read(SWITCH, data, Switch.decode)

    def set_switch(
        self, now: int, interval: int, grace: int, release: tuple[bytes, str] | None, *, wipe: bool
    ) -> None:
        """Watch for the owner: alert the trusted, maybe release a text, maybe wipe."""
        actions = [Action(Kind.ALERT)]
        if release is not None:
            checked_text(release[1].encode(), ALERT_MAX)
            actions.append(Action(Kind.RELEASE, release[0], release[1].encode()))
        if wipe:
            actions.append(Action(Kind.WIPE))
        self._keep_switch(Switch.enable(tuple(actions), now, interval, grace))

    def check_in(self, now: int) -> None:
        """Tell the switch that the owner is there."""
        if (switch := self.switch) is None:
            raise Refused("trust: no switch is set")
        self._keep_switch(switch.check_in(now))

    def disable_switch(self) -> None:
        """Stop watching."""
        if (switch := self.switch) is not None:
            self._keep_switch(switch.disable())

    def tick(self, now: int) -> tuple[list[Event], bool]:
        """Count time, and act for a silent owner; return whether everything is to be wiped."""
        self._release_due(now)
        switch = self.switch
        if switch is None:
            return [], False
        counted = switch.tick(now)
        moved = counted.phase != switch.phase
        events = [Event(f"switch {counted.phase.name.lower()}", b"")] if moved else []
        self._keep_switch(counted)
        for number in counted.due():
            action = counted.actions[number]
            if action.kind is Kind.WIPE:
                return events, True
            if action.kind is Kind.ALERT:
                self.alert(now)
            elif (session := self._messenger.sessions.get(action.channel)) and not session.closed:
                self._messenger.send(action.channel, Type.TEXT, action.payload, now)
            counted = counted.carried_out(number)
            self._keep_switch(counted)
        return events, False

    def _keep_switch(self, switch: Switch) -> None:
        self._messenger.commit({SWITCH: switch.encode()})

    # --- Guardians ------------------------------------------------------------------------------

    def appoint(self, sessions: list[Session], threshold: int, now: int) -> None:
        """Give each of these contacts a share of the account."""
        root = self._store.get(ROOT) or self._messenger.random(32)
        seed = self._messenger.me.account_seed
        blobs = guardians.appoint(seed, root, self._messenger.random, threshold, len(sessions))
        changes: Changes = {ROOT: root}
        for session, blob in zip(sessions, blobs, strict=True):
            changes |= self._messenger.write(session, Type.GUARDIAN_SHARE, u8(SHARE) + blob, now)
        self._messenger.commit(changes)

    def recover(self, account: bytes, sessions: list[Session], now: int) -> str:
        """Ask guardians for another account; return the code to tell them."""
        recovery = Recovery.begin(account, self._messenger.random)
        changes: Changes = {RECOVERY: recovery.encode()}
        body = u8(REQUEST) + recovery.request
        for session in sessions:
            changes |= self._messenger.write(session, Type.GUARDIAN_SHARE, body, now)
        self._messenger.commit(changes)
        return guardians.code(recovery.request)

    @property
    def recovered(self) -> bytes | None:
        """The seed that guardians have given back."""
        return self._store.get(FOUND)

    def kept(self) -> list[tuple[bytes, Guardianship]]:
        """Return what is kept for others: whose session, and its state."""
        read = [
            (key.removeprefix(KEPT), self._messenger.read(key, data, Guardianship.decode))
            for key, data in self._store.scan(KEPT)
        ]
        return [(session_id, guarding) for session_id, guarding in read if guarding is not None]

    def requests(self) -> list[bytes]:
        """Return the sessions over which somebody asks for an account."""
        return [key.removeprefix(REQUESTS) for key, _ in self._store.scan(REQUESTS)]

    def confirm(self, owner: bytes, asker: bytes, heard: str, now: int) -> None:
        """Confirm that who asks over one session is the owner of what came over another."""
        kept, request = self._store.get(KEPT + owner), self._store.get(REQUESTS + asker)
        if kept is None or request is None:
            raise Refused("trust: nothing is kept, or nobody asks")
        guarding, notice = Guardianship.decode(kept).confirm(request, heard, now)
        changes: Changes = {KEPT + owner: guarding.encode(), ANSWERING + owner: asker}
        session = self._messenger.sessions.get(owner)
        if session is not None and not session.closed:
            index = u8(guardians.Blob.decode(guarding.blob).index)
            body = u8(NOTICE) + index + notice
            changes |= self._messenger.write(session, Type.GUARDIAN_SHARE, body, now)
        self._messenger.commit(changes)

    def _release_due(self, now: int) -> None:
        """Hand out what has waited its 48 hours."""
        for owner, guarding in self.kept():
            if guarding.stage == Stage.KEEPING:
                continue
            counted = guarding.tick(now)
            changes: Changes = {KEPT + owner: counted.encode()}
            asker = self._messenger.sessions.get(self._store.get(ANSWERING + owner) or b"")
            if counted.stage == Stage.WAITING and counted.waited >= guardians.WAIT and asker:
                released, answer = counted.release(self._messenger.random)
                body = u8(ANSWER) + answer
                changes |= self._messenger.write(asker, Type.GUARDIAN_SHARE, body, now)
                changes |= {KEPT + owner: released.encode(), REQUESTS + asker.session_id: None}
            self._messenger.commit(changes)

    # --- What comes in ------------------------------------------------------------------------

    def _hear(self, session: Session, content: Content, changes: Changes, now: int) -> list[Event]:
        reader = Reader(content.body)
        handler = self._handlers.get(reader.u8())
        if handler is None:
            raise Refused("trust: unknown message")
        return handler(session, reader, changes, now)

    def _on_trust(
        self, session: Session, reader: Reader, changes: Changes, _now: int
    ) -> list[Event]:
        secret = reader.take(ID)
        reader.end()
        changes[TRUSTING + session.session_id] = secret
        return [Event("trusted", session.session_id)]

    def _on_share(
        self, session: Session, reader: Reader, changes: Changes, _now: int
    ) -> list[Event]:
        if len(self._store.scan(KEPT)) >= KEPT_MAX:
            raise Refused("trust: too much to keep")
        guarding = Guardianship(guardians.Blob.decode(reader.rest()).encode())
        changes[KEPT + session.session_id] = guarding.encode()
        return [Event("guardian", session.session_id)]

    def _on_request(
        self, session: Session, reader: Reader, changes: Changes, _now: int
    ) -> list[Event]:
        request = reader.rest()
        if len(request) != guardians.REQUEST:
            raise Refused("guardians: damaged request")
        changes[REQUESTS + session.session_id] = request
        return [Event("recovery asked", session.session_id)]

    def _on_notice(
        self, session: Session, reader: Reader, changes: Changes, _now: int
    ) -> list[Event]:
        """Keep the notice: the user says whether it was a theft."""
        changes[NOTICES + session.session_id] = reader.rest()
        return [Event("recovery notice", session.session_id)]

    def cancel(self, session_id: bytes, now: int) -> None:
        """Tell a guardian that it was not the owner who asked."""
        notice, root = self._store.get(NOTICES + session_id), self._store.get(ROOT)
        session = self._messenger.sessions.get(session_id)
        if notice is None or root is None or session is None:
            raise Refused("trust: no notice came over this session")
        word = guardians.cancel(root, notice[0], notice[1:])
        body = u8(CANCEL) + word
        changes = self._messenger.write(session, Type.GUARDIAN_SHARE, body, now)
        self._messenger.commit({**changes, NOTICES + session_id: None})

    def _on_cancel(
        self, session: Session, reader: Reader, changes: Changes, _now: int
    ) -> list[Event]:
        kept = self._store.get(KEPT + session.session_id)
        if kept is None:
            raise Refused("trust: nothing is kept for this account")
        cancelled = Guardianship.decode(kept).cancel(reader.rest())
        changes[KEPT + session.session_id] = cancelled.encode()
        return [Event("recovery cancelled", session.session_id)]

    def _on_answer(
        self, session: Session, reader: Reader, changes: Changes, _now: int
    ) -> list[Event]:
        stored = self._store.get(RECOVERY)
        if stored is None:
            raise Refused("trust: nobody was asked")
        recovery, seed = Recovery.decode(stored).take(reader.rest())
        changes[RECOVERY] = recovery.encode()
        if seed is None:
            return [Event("recovery answer", session.session_id)]
        changes |= {RECOVERY: None, FOUND: seed}
        return [Event("recovered", session.session_id)]
