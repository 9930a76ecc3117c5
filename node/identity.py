"""Who is who: accounts, their devices, the nodes that carry them, and where a node is reached.

An account is known by a hash of its keys. It certifies a device, whose keys a daemon holds every
day. A node's key is of the transport alone: nothing here leads from a node to an account.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from . import codec, crypto
from .codec import Reader, Refused
from .crypto import HYBRID_PUBLIC, HYBRID_SEED, SIGNATURE, SIGNING_PUBLIC, HybridKey, SigningKey

SEED = 32
X25519_PUBLIC = 32
ED25519_PUBLIC = 32
KEM_PUBLIC = HYBRID_PUBLIC - X25519_PUBLIC
BUNDLE_KEYS = KEM_PUBLIC + SIGNING_PUBLIC + X25519_PUBLIC + ED25519_PUBLIC
BUNDLE = BUNDLE_KEYS + SIGNATURE
BUNDLE_CONTEXT = b"pars/account-bundle/v1"

ACCOUNT_PREFIX = "07"
CLASSICAL_PREFIX = "05"
ACCOUNT_LINK = "pars://session/"
ACCOUNT_TEXT = re.compile(r"[0-9a-f]{66}")

CERTIFICATE_VERSION = 1
CERTIFICATE_CONTEXT = b"pars/device-certificate/v1"
CERTIFICATE_DAYS = 90
CERTIFICATE_DAYS_MAX = 366
CERTIFICATE = 1 + 32 + 3 * 4 + SIGNING_PUBLIC + HYBRID_PUBLIC + SIGNATURE


# --- Accounts -------------------------------------------------------------------------------


def account_id_of(kem_public: bytes, signing_public: bytes) -> bytes:
    """Return the digest that names an account (network.md 3.8, at level 5)."""
    return crypto.blake2b_256(kem_public, signing_public)


def account_text(account_id: bytes) -> str:
    """Return an account id as people exchange it: 66 hex digits."""
    return ACCOUNT_PREFIX + account_id.hex()


def parse_account(text: str) -> bytes:
    """Return the digest of an account id, given as 66 hex digits or as a pars:// link."""
    text = text.removeprefix(ACCOUNT_LINK)
    if not ACCOUNT_TEXT.fullmatch(text):
        raise Refused("identity: not an account id")
    if text.startswith(CLASSICAL_PREFIX):
        raise Refused("identity: 05 names classical keys, which a quantum computer opens")
    if not text.startswith(ACCOUNT_PREFIX):
        raise Refused("identity: unknown kind of account id")
    return bytes.fromhex(text[2:])


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """The secret keys of an account. A device for every day does without them."""

    signing: SigningKey = field(repr=False)
    hybrid: HybridKey = field(repr=False)
    ed25519_seed: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "AccountKeys":
        """Derive all keys from the 32 bytes that are worth keeping."""
        return cls(
            signing=SigningKey.from_seed(_derived(seed, b"pars/account-signing/v1", SEED)),
            hybrid=HybridKey.from_seed(_derived(seed, b"pars/account-hybrid/v1", HYBRID_SEED)),
            ed25519_seed=_derived(seed, b"pars/account-ed25519/v1", SEED),
        )

    @property
    def account_id(self) -> bytes:
        """The digest that names this account."""
        return account_id_of(self.hybrid.public[X25519_PUBLIC:], self.signing.public)

    def bundle(self) -> bytes:
        """Return the public keys, signed: what others need to know of an account."""
        keys = (
            self.hybrid.public[X25519_PUBLIC:]
            + self.signing.public
            + self.hybrid.public[:X25519_PUBLIC]
            + crypto.ed25519_public(self.ed25519_seed)
        )
        return keys + self.signing.sign(keys, BUNDLE_CONTEXT)


@dataclass(frozen=True, slots=True)
class AccountBundle:
    """The public keys of an account. One that exists was signed by the account it names."""

    signing: bytes
    hybrid: bytes
    ed25519: bytes

    @classmethod
    def decode(cls, data: bytes) -> "AccountBundle":
        """Take a bundle that proves itself. Compare its account_id with the one you look for."""
        reader = Reader(data)
        kem = reader.take(KEM_PUBLIC)
        signing = reader.take(SIGNING_PUBLIC)
        x25519 = reader.take(X25519_PUBLIC)
        ed25519 = reader.take(ED25519_PUBLIC)
        signature = reader.take(SIGNATURE)
        reader.end()
        if not crypto.verify(signing, data[:BUNDLE_KEYS], signature, BUNDLE_CONTEXT):
            raise Refused("identity: bundle is not signed by its account")
        return cls(signing=signing, hybrid=x25519 + kem, ed25519=ed25519)

    @property
    def account_id(self) -> bytes:
        """The digest that names this account."""
        return account_id_of(self.hybrid[X25519_PUBLIC:], self.signing)


# --- Devices --------------------------------------------------------------------------------


class DevicePublic(NamedTuple):
    """The public keys of a device."""

    signing: bytes
    hybrid: bytes


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """The secret keys of a device, which a daemon holds every day."""

    signing: SigningKey = field(repr=False)
    hybrid: HybridKey = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "DeviceKeys":
        """Derive both keys from 32 bytes, which must be no account's."""
        return cls(
            signing=SigningKey.from_seed(_derived(seed, b"pars/device-signing/v1", SEED)),
            hybrid=HybridKey.from_seed(_derived(seed, b"pars/device-hybrid/v1", HYBRID_SEED)),
        )

    @property
    def public(self) -> DevicePublic:
        """What an account certifies."""
        return DevicePublic(self.signing.public, self.hybrid.public)


def certify(
    account: AccountKeys, device: DevicePublic, number: int, day: int, days: int = CERTIFICATE_DAYS
) -> bytes:
    """Return an account's word that a device speaks for it from a day on, for some days.

    Numbers rise: a certificate takes the place of every one with a lower number. Days are counted
    from 1970.
    """
    if not 1 <= days <= CERTIFICATE_DAYS_MAX:
        raise ValueError(f"a certificate lasts 1 to {CERTIFICATE_DAYS_MAX} days")
    body = (
        codec.u8(CERTIFICATE_VERSION)
        + account.account_id
        + codec.u32(number)
        + codec.u32(day)
        + codec.u32(day + days - 1)
        + device.signing
        + device.hybrid
    )
    return body + account.signing.sign(body, CERTIFICATE_CONTEXT)


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """What an account says of a device. It counts once `check` has passed."""

    account_id: bytes
    number: int
    first_day: int
    last_day: int
    device: DevicePublic
    body: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def decode(cls, data: bytes) -> "DeviceCertificate":
        """Read a certificate; who signed it is for `check` to find out."""
        reader = Reader(data)
        if reader.u8() != CERTIFICATE_VERSION:
            raise Refused("identity: unknown version of a certificate")
        account_id = reader.take(32)
        number, first_day, last_day = reader.u32(), reader.u32(), reader.u32()
        device = DevicePublic(reader.take(SIGNING_PUBLIC), reader.take(HYBRID_PUBLIC))
        signature = reader.take(SIGNATURE)
        reader.end()
        if not first_day <= last_day < first_day + CERTIFICATE_DAYS_MAX:
            raise Refused("identity: certificate for no days, or too many")
        body = data[: CERTIFICATE - SIGNATURE]
        return cls(account_id, number, first_day, last_day, device, body, signature)

    def check(self, account: AccountBundle, day: int) -> None:
        """Refuse what this account has not signed, or not for this day."""
        if self.account_id != account.account_id:
            raise Refused("identity: certificate of another account")
        if not self.first_day <= day <= self.last_day:
            raise Refused("identity: certificate not of these days")
        if not crypto.verify(account.signing, self.body, self.signature, CERTIFICATE_CONTEXT):
            raise Refused("identity: certificate is not signed by its account")

    def replaces(self, other: "DeviceCertificate") -> bool:
        """Tell whether this one takes the other's place."""
        return self.account_id == other.account_id and self.number > other.number


# --- Nodes ----------------------------------------------------------------------------------

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SHA2_256_MULTIHASH = b"\x12\x20"
PEER_TEXT = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}")


@dataclass(frozen=True, slots=True)
class NodeKey:
    """The keys by which the network knows a daemon."""

    signing: SigningKey = field(repr=False)
    onion: HybridKey = field(repr=False)
    peer_id: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> "NodeKey":
        """Derive both keys from 32 bytes, which must be no account's and no device's."""
        signing = SigningKey.from_seed(_derived(seed, b"pars/node-signing/v1", SEED))
        onion = HybridKey.from_seed(_derived(seed, b"pars/node-onion/v1", HYBRID_SEED))
        return cls(signing=signing, onion=onion, peer_id=peer_id_of(signing.public))

    @property
    def text(self) -> str:
        """The peer id as addresses write it."""
        return peer_text(self.peer_id)


def peer_id_of(signing_public: bytes) -> bytes:
    """Return the id of the node with this key."""
    return crypto.sha256(signing_public)


def peer_text(peer_id: bytes) -> str:
    """Return a peer id as base58 of its SHA-256 multihash: Qm, and 44 more."""
    number, digits = int.from_bytes(SHA2_256_MULTIHASH + peer_id), ""
    while number:
        number, digit = divmod(number, 58)
        digits = BASE58[digit] + digits
    return digits


def parse_peer(text: str) -> bytes:
    """Return the 32 bytes of a peer id."""
    if not PEER_TEXT.fullmatch(text):
        raise Refused("identity: not a peer id")
    number = 0
    for digit in text:
        number = number * 58 + BASE58.index(digit)
    multihash = number.to_bytes(34)  # 46 digits that begin with Qm never need more.
    if not multihash.startswith(SHA2_256_MULTIHASH):
        raise Refused("identity: not a peer id")
    return multihash[2:]


# --- Addresses ------------------------------------------------------------------------------

IP4, IP6, DNS4 = "ip4", "ip6", "dns4"
TCP, QUIC = "tcp", "quic"
# What is written for kind and protocol is their place here.
KINDS = tuple((kind, protocol) for protocol in (TCP, QUIC) for kind in (IP4, IP6, DNS4))
HOST_NAME_MAX = 253
HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
MULTIADDR = re.compile(
    r"/(?P<kind>ip4|ip6|dns4)/(?P<host>[^/]{1,253})/(?P<layer>tcp|udp)/(?P<port>0|[1-9][0-9]{0,4})"
    r"(?P<quic>/quic-v1)?(?:/p2p/(?P<peer>[^/]+))?"
)
MULTIADDR_TEXT_MAX = 400


@dataclass(frozen=True, slots=True)
class Multiaddr:
    """Where a node is reached by TCP or QUIC, and who has to answer there, if that is known."""

    kind: str
    host: str
    port: int
    peer_id: bytes | None = None
    protocol: str = TCP

    @classmethod
    def parse(cls, text: str) -> "Multiaddr":
        """Read /ip4/1.2.3.4/tcp/9000/p2p/Qm... and its like: ip6, dns4, udp/9000/quic-v1."""
        found = MULTIADDR.fullmatch(text) if len(text) <= MULTIADDR_TEXT_MAX else None
        if not found or (found["layer"] == "udp") is not bool(found["quic"]):
            raise Refused("identity: not an address like /ip4/1.2.3.4/tcp/9000/p2p/Qm...")
        peer = found["peer"]
        peer_id = None if peer is None else parse_peer(peer)
        protocol = QUIC if found["quic"] else TCP
        return cls._checked((found["kind"], protocol), found["host"], int(found["port"]), peer_id)

    def __str__(self) -> str:
        layers = f"tcp/{self.port}" if self.protocol == TCP else f"udp/{self.port}/quic-v1"
        place = f"/{self.kind}/{self.host}/{layers}"
        return place if self.peer_id is None else f"{place}/p2p/{peer_text(self.peer_id)}"

    def encode(self) -> bytes:
        """Return the address for a directory: kind | host | port | peer id or nothing."""
        host = self.host.encode()
        peer = b"" if self.peer_id is None else self.peer_id
        kind = codec.u8(KINDS.index((self.kind, self.protocol)))
        return kind + codec.sized(host) + codec.u16(self.port) + codec.sized(peer)

    @classmethod
    def decode(cls, data: bytes) -> "Multiaddr":
        """Take back what `encode` returned."""
        reader = Reader(data)
        kind, host, port = reader.u8(), reader.sized(HOST_NAME_MAX), reader.u16()
        peer_id = reader.sized(32)
        reader.end()
        if kind >= len(KINDS) or len(peer_id) not in (0, 32) or not host.isascii():
            raise Refused("identity: damaged address")
        return cls._checked(KINDS[kind], host.decode(), port, peer_id or None)

    @classmethod
    def _checked(
        cls, place: tuple[str, str], host: str, port: int, peer_id: bytes | None
    ) -> "Multiaddr":
        kind, protocol = place
        if port > 0xFFFF:
            raise Refused("identity: no such port")
        if kind == DNS4:
            valid = len(host) <= HOST_NAME_MAX and HOST_NAME.fullmatch(host) is not None
        else:
            valid = is_canonical_ip(host, kind)
        if not valid:
            raise Refused("identity: no such host, or not its one spelling")
        return cls(kind, host, port, peer_id, protocol)


def is_canonical_ip(host: str, kind: str) -> bool:
    """Tell whether this is the one spelling of an address; IPv4 inside IPv6 has none."""
    try:
        if kind == IP4:
            return str(ipaddress.IPv4Address(host)) == host
        address = ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return str(address) == host and address.scope_id is None and address.ipv4_mapped is None


def _derived(seed: bytes, use: bytes, length: int) -> bytes:
    if len(seed) != SEED:
        raise ValueError(f"a seed has {SEED} bytes")
    return crypto.hkdf_expand(seed, use, length)
