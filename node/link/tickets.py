"""What two nodes keep of a link, to begin the next one without keys and signatures.

Both derive the same ticket; it is never sent. It is used once, it does not outlive a day from the
last handshake with signatures, and a new exchange of both kinds goes into every link it begins.
"""

from dataclasses import dataclass, field

from .. import crypto
from .hello import BINDER

BINDER_LABEL = b"pars/link-binder/v1"
LIFETIME_MS = 24 * 3_600_000
TICKETS_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Ticket:
    """A secret that two nodes share, and the name under which the responder finds it."""

    peer_id: bytes
    name: bytes
    psk: bytes = field(repr=False)
    expires: int

    def binder(self, public: bytes) -> bytes:
        """Return the proof that whoever sends this key has the ticket."""
        return crypto.mac(self.psk, BINDER_LABEL + public)[:BINDER]


class TicketBook:
    """The tickets that a responder would accept, in memory alone. The oldest give way."""

    __slots__ = ("_tickets",)

    def __init__(self) -> None:
        self._tickets: dict[bytes, Ticket] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def put(self, ticket: Ticket) -> None:
        """Keep a ticket."""
        while len(self._tickets) >= TICKETS_MAX:
            del self._tickets[next(iter(self._tickets))]
        self._tickets[ticket.name] = ticket

    def take(self, name: bytes, public: bytes, binder: bytes, now: int) -> Ticket | None:
        """Return the ticket and forget it, if whoever presents it has it too."""
        ticket = self._tickets.get(name)
        if ticket is None or not crypto.equal(ticket.binder(public), binder):
            return None
        del self._tickets[name]
        return ticket if now < ticket.expires else None
