"""An invite: whom to reach, where, and a secret by which both sides know each other once.

It is at most 149 bytes, so that it fits a small QR code, a tag, or a line of text. Who sees the
code can use it as long as nobody has; so it runs out, and is worth one meeting.
"""

from base64 import b32encode
from dataclasses import dataclass, field, replace
from enum import IntEnum
from ipaddress import ip_address

from ..codec import Reader, Refused, u8, u16, u32
from ..crypto import Random, equal, sha256
from ..identity import DNS4, HOST_NAME, IP4, KINDS, Multiaddr, is_canonical_ip

VERSION = 1
ID = 32
SECRET = 16
HANDLE = 16
CARRIER = 32
HOST_MAX = 63
INVITE_MAX = 149
LIFE_MAX_MS = 30 * 86_400_000

PREFIX = "pars:"
CHECKSUM = 5
CHECKSUM_LABEL = b"pars/invite-text/v1"
TEXT_MAX = len(PREFIX) + -(-(INVITE_MAX + CHECKSUM) * 8 // 5)
# RFC 4648's alphabet, in one case. A QR code packs its capitals by two into 11 bits.
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Subject(IntEnum):
    """Of whom the id is."""

    NODE = 0
    ACCOUNT = 1


class Space(IntEnum):
    """What the code says of a space: nothing, how to carry it, or which one is given later."""

    NONE = 0
    CARRIER = 1
    HANDLE = 2


SPACE_SIZES = {Space.NONE: 0, Space.CARRIER: CARRIER, Space.HANDLE: HANDLE}


# What is written of a place: nothing, one more than the kind of an address, or a point where both
# sides look.
NO_PLACE, FIRST_ADDRESS, RENDEZVOUS = 0, 1, 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invite. `expires` is in milliseconds, whole seconds of them.

    The node of an account's invite stands in its address; a node's own id is the subject.
    """

    network: int
    subject: Subject
    id: bytes
    secret: bytes = field(repr=False)
    expires: int
    address: Multiaddr | None = None
    rendezvous: bytes | None = None
    space: Space = Space.NONE
    space_data: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """Return the bytes of an invite."""
        seconds, rest = divmod(self.expires, 1_000)
        if rest or (self.address and self.rendezvous):
            raise ValueError("an invite runs out on a whole second, and names one place")
        if len(self.space_data) != SPACE_SIZES[self.space]:
            raise ValueError("what is said of a space has one length")
        kinds = u8(self.subject << 4 | self.space)
        head = u8(VERSION) + u32(self.network) + kinds + self.id + self.secret + u32(seconds)
        data = head + self.space_data + self._place()
        if len(data) > INVITE_MAX:
            raise ValueError(f"an invite has at most {INVITE_MAX} bytes")
        return data

    @property
    def node(self) -> Multiaddr | None:
        """The address to dial, with the id of the node that has to answer there."""
        if self.address is None or self.subject is Subject.ACCOUNT:
            return self.address
        return replace(self.address, peer_id=self.id)

    def _place(self) -> bytes:
        if self.rendezvous is not None:
            return u8(RENDEZVOUS) + self.rendezvous
        if self.address is None:
            return u8(NO_PLACE)
        peer_id = self.address.peer_id or b""
        if len(peer_id) != (ID if self.subject is Subject.ACCOUNT else 0):
            raise ValueError("the address names a node where the subject is none, and only there")
        return _place_of(self.address) + peer_id

    @classmethod
    def decode(cls, data: bytes) -> "Invite":
        """Read an invite, in its one encoding."""
        if len(data) > INVITE_MAX:
            raise Refused("invite: too long")
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("invite: unknown version")
        network, kinds = reader.u32(), reader.u8()
        if kinds >> 4 > max(Subject) or kinds & 15 > max(Space):
            raise Refused("invite: unknown kind")
        subject, space = Subject(kinds >> 4), Space(kinds & 15)
        identity, secret, seconds = reader.take(ID), reader.take(SECRET), reader.u32()
        space_data = reader.take(SPACE_SIZES[space])
        place = reader.u8()
        address = rendezvous = None
        if place == RENDEZVOUS:
            rendezvous = reader.take(ID)
        elif place != NO_PLACE:
            address = _read_address(reader, place - FIRST_ADDRESS)
            if subject is Subject.ACCOUNT:
                address = replace(address, peer_id=reader.take(ID))
        reader.end()
        return cls(
            network=network,
            subject=subject,
            id=identity,
            secret=secret,
            expires=seconds * 1_000,
            address=address,
            rendezvous=rendezvous,
            space=space,
            space_data=space_data,
        )

    def check(self, network: int, now: int) -> None:
        """Refuse an invite of another network, or one that has run out."""
        if self.network != network:
            raise Refused("invite: another network")
        if self.expires <= now:
            raise Refused("invite: has run out")

    # --- Text -----------------------------------------------------------------------------------

    def text(self) -> str:
        """Return the invite as a line of text."""
        data = self.encode()
        return PREFIX + b32encode(data + checksum(data)).decode().rstrip("=").lower()

    @classmethod
    def parse(cls, text: str) -> "Invite":
        """Read a line of text, in small letters or in capitals; a slip of the pen is noticed."""
        if len(text) > TEXT_MAX:
            raise Refused("invite: too long")
        is_one_case = text.isascii() and text in (text.lower(), text.upper())
        if not is_one_case or not text.lower().startswith(PREFIX):
            raise Refused("invite: not an invite's text")
        data = _letters_to_bytes(text.upper()[len(PREFIX) :])
        body, check = data[:-CHECKSUM], data[-CHECKSUM:]
        if not equal(checksum(body), check):
            raise Refused("invite: mistyped")
        return cls.decode(body)


def new_invite(
    random: Random, *, network: int, subject: Subject, identity: bytes, now: int, life_ms: int
) -> Invite:
    """Draw the secret of an invite that names no place and no space yet."""
    if not 0 < life_ms <= LIFE_MAX_MS:
        raise ValueError("an invite lasts at most 30 days")
    expires = (now + life_ms) // 1_000 * 1_000
    return Invite(
        network=network, subject=subject, id=identity, secret=random(SECRET), expires=expires
    )


def checksum(data: bytes) -> bytes:
    """Return 40 bits that a mistyped text does not have."""
    return sha256(CHECKSUM_LABEL, data)[:CHECKSUM]


def _letters_to_bytes(letters: str) -> bytes:
    """Return the bytes behind base32, refusing letters and lengths that no bytes are written as."""
    if not set(letters) <= set(ALPHABET):
        raise Refused("invite: not an invite's text")
    number = 0
    for letter in letters:
        number = number << 5 | ALPHABET.index(letter)
    size, left = divmod(5 * len(letters), 8)
    if left >= 5 or number & (1 << left) - 1:
        raise Refused("invite: not an invite's text")
    return (number >> left).to_bytes(size)


def _place_of(address: Multiaddr) -> bytes:
    """Return kind | host | port; an IP address is written as its 4 or 16 bytes."""
    kind = u8(FIRST_ADDRESS + KINDS.index((address.kind, address.protocol)))
    if address.kind != DNS4:
        return kind + ip_address(address.host).packed + u16(address.port)
    if len(address.host) > HOST_MAX:
        raise ValueError(f"an invite has room for a name of {HOST_MAX} letters")
    return kind + u8(len(address.host)) + address.host.encode() + u16(address.port)


def _read_address(reader: Reader, number: int) -> Multiaddr:
    if number >= len(KINDS):
        raise Refused("invite: unknown kind")
    kind, protocol = KINDS[number]
    if kind == DNS4:
        raw = reader.take(reader.u8())
        host = raw.decode("ascii", "replace")
        valid = len(raw) <= HOST_MAX and HOST_NAME.fullmatch(host) is not None
    else:
        host = str(ip_address(reader.take(4 if kind == IP4 else 16)))
        valid = is_canonical_ip(host, kind)
    if not valid:
        raise Refused("invite: no such host")
    return Multiaddr(kind, host, reader.u16(), protocol=protocol)
