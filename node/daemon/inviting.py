"""Invites of a daemon: it stands by those it gave out, and takes up those it is given.

What an invite gives, the secret of a space, lies in the vault with the invite; so invites work
while the user has unlocked the node.
"""

import asyncio
import os
from dataclasses import replace

from ..codec import Reader, Refused, sized, u8
from ..core import Store
from ..crypto import KEY
from ..invite.invite import Invite, Subject, new_invite
from ..invite.pairing import GIFT_MAX, Failed, Paired, Pairing
from .finding import Finding
from .services import Node
from .spaces import NAME_MAX, Spaces

HOUR = 3_600_000
VISIT_SECONDS = 60.0
SECRET, CARRIER = 0, 1  # what an invite gives of a space: to read and write, or to carry unread


class Inviting:
    """Both sides of invites, for the user who has unlocked the node."""

    def __init__(self, node: Node, finding: Finding, spaces: Spaces) -> None:
        self._node = node
        self._finding = finding
        self._spaces = spaces
        self._pairing: Pairing | None = None
        self._visits: dict[bytes, asyncio.Future[Paired]] = {}
        self.paired: list[Paired] = []
        node.cores.after.append(self._settle)

    def unlock(self, store: Store) -> None:
        """Stand by the invites that were given out."""
        self._pairing = Pairing(self._node.peer_id, self._node.number, store, os.urandom)
        self._node.cores.add(self._pairing)

    def lock(self) -> None:
        """Stand by them no longer."""
        if self._pairing is not None:
            self._node.cores.remove(self._pairing)
            self._pairing = None
        self.paired.clear()

    def make(self, space: bytes | None, hours: int, *, carry: bool) -> Invite:
        """Return an invite to this node, and into a space, or to carry it unread."""
        if not 1 <= hours <= 720:
            raise Refused("invite: lasts 1 to 720 hours")
        now = self._node.clock()
        invite = new_invite(
            os.urandom,
            network=self._node.number,
            subject=Subject.NODE,
            identity=self._node.peer_id,
            now=now,
            life_ms=hours * HOUR,
        )
        if self._node.addresses:
            invite = replace(invite, address=self._node.addresses[0])
        self._open().open(invite, self._gift(space, carry=carry), now=now)
        return invite

    async def take_up(self, text: str) -> tuple[Paired, bytes | None]:
        """Meet the node of an invite; return what came of it, and the space that it gave."""
        invite, now = Invite.parse(text), self._node.clock()
        invite.check(self._node.number, now)
        if invite.subject is not Subject.NODE:
            raise Refused("invite: of an account: `pars session create` takes it")
        if invite.node is not None:
            self._finding.name([invite.node])
        elif not list(self._node.addresses_of(invite.id)):
            await self._finding.locate(invite.id)
        future: asyncio.Future[Paired] = asyncio.get_running_loop().create_future()
        name = self._open().visit(invite, invite.id, now)
        self._visits[name] = future
        self._node.cores.stir()
        try:
            paired = await asyncio.wait_for(future, VISIT_SECONDS)
        except TimeoutError:
            raise Refused("invite: no answer") from None
        finally:
            self._visits.pop(name, None)
        return paired, self._received(paired.gift)

    # --- Inside ---

    def _open(self) -> Pairing:
        if self._pairing is None:
            raise Refused("invite: locked")
        return self._pairing

    def _gift(self, space: bytes | None, *, carry: bool) -> bytes:
        member = self._spaces.member
        if space is None:
            return b""
        if member is None or space not in member.secrets:
            raise Refused("spaces: no such space is open")
        if carry:
            return u8(CARRIER) + self._spaces.mesh.carrier_key(space)
        return u8(SECRET) + member.secrets[space] + sized(member.names[space].encode())

    def _received(self, gift: bytes) -> bytes | None:
        if not gift:
            return None
        reader = Reader(gift[:GIFT_MAX])
        kind, secret = reader.u8(), reader.take(KEY)
        if kind == CARRIER:
            reader.end()
            return self._spaces.carry(secret)
        if kind != SECRET:
            raise Refused("invite: unknown gift")
        name = reader.sized(NAME_MAX)
        reader.end()
        try:
            return self._spaces.join(secret, name.decode())
        except UnicodeDecodeError:
            raise Refused("invite: damaged gift") from None

    def _settle(self) -> None:
        for event in self._pairing.events() if self._pairing else ():
            future = self._visits.get(event.name)
            if isinstance(event, Paired) and event.is_host:
                self.paired.append(event)
                self._spaces.tell("paired", event.name)
            elif future is not None and not future.done():
                if isinstance(event, Failed):
                    future.set_exception(Refused(event.reason))
                else:
                    future.set_result(event)
