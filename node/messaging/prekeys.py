"""Keys that a device publishes, so that others can begin a channel while it is away.

A record holds the account's bundle, the device's certificate, a signed prekey, a last-resort key,
one-time prekeys and the public key of the inbox, all signed by the device. It lies in the swarm,
sealed under the account id: who does not know the id cannot read it, and who does verifies it.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from .. import codec, crypto, padding
from ..codec import Reader, Refused
from ..crypto import HYBRID_PUBLIC, HYBRID_SEED, SIGNATURE, SIGNING_PUBLIC, HybridKey, Random
from ..identity import BUNDLE, CERTIFICATE, AccountBundle, DeviceCertificate, DeviceKeys

VERSION = 1
DAY = 24 * 3600 * 1000
ROTATION = 7 * DAY
RECORD_LIFE = 14 * DAY
KEPT_RETIRED = RECORD_LIFE + 7 * DAY
"""The last record with the key must lapse, and then what relays keep for a week."""
CLOCK_SKEW = DAY
ONE_TIME = 16
"""Published at a time; more would not fit the bucket of a record."""
ONE_TIME_LIFE = 28 * DAY
KEYS_MAX = 128
SEEN_MAX = 4096
PREKEY_ID = 16
RECORD = padding.BUCKETS[-1]
RECORD_CONTEXT = b"pars/published-keys/v1"

USED_LIFE = 5 * 60 * 1000
"""Two strangers may have drawn the same one-time key. Both are let in if they come together."""

SIGNED, LAST_RESORT, SINGLE, USED = range(4)


class PrekeyPublic(NamedTuple):
    """What an initiator encapsulates to; its id is a hash, so it tells nothing of an order."""

    id: bytes
    public: bytes


def prekey_id(public: bytes) -> bytes:
    """Return how a first message names a prekey."""
    return crypto.sha256(b"pars/prekey-id/v1", public)[:PREKEY_ID]


# --- The published side ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """A device's record. One that exists has been verified, down from its account."""

    account: AccountBundle
    certificate: DeviceCertificate
    made: int
    signed: PrekeyPublic
    last_resort: PrekeyPublic
    one_time: tuple[PrekeyPublic, ...]
    inbox: bytes

    @property
    def account_id(self) -> bytes:
        """Whose keys these are."""
        return self.account.account_id

    @classmethod
    def decode(cls, data: bytes, account_id: bytes, now: int) -> "PublishedKeys":
        """Read the record of an account, and refuse one that others or other times have made."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("prekeys: unknown version")
        account_part = reader.take(BUNDLE)
        certificate_part = reader.take(CERTIFICATE)
        made = reader.u64()
        signed, last_resort = _take_public(reader), _take_public(reader)
        inbox = reader.take(SIGNING_PUBLIC)
        count = reader.u8()
        if count > ONE_TIME:
            raise Refused("prekeys: too many")
        one_time = tuple(_take_public(reader) for _ in range(count))
        signature = reader.take(SIGNATURE)
        reader.end()
        if not made - CLOCK_SKEW <= now < made + RECORD_LIFE:
            raise Refused("prekeys: record not of these days")
        account = AccountBundle.decode(account_part)
        if account.account_id != account_id:
            raise Refused("prekeys: record of another account")
        certificate = DeviceCertificate.decode(certificate_part)
        certificate.check(account, now // DAY)
        body = data[:-SIGNATURE]
        if not crypto.verify(certificate.device.signing, body, signature, RECORD_CONTEXT):
            raise Refused("prekeys: record is not signed by its device")
        return cls(account, certificate, made, signed, last_resort, one_time, inbox)


def _take_public(reader: Reader) -> PrekeyPublic:
    public = reader.take(HYBRID_PUBLIC)
    return PrekeyPublic(prekey_id(public), public)


def seal_record(account_id: bytes, record: bytes, random: Random) -> bytes:
    """Return a record as the swarm holds it: one size, and readable by who knows the account."""
    nonce = random(crypto.LONG_NONCE)
    room = RECORD - crypto.LONG_NONCE - crypto.TAG - 4 - len(record)
    return nonce + crypto.seal(_record_key(account_id), nonce, codec.sized(record) + bytes(room))


def open_record(account_id: bytes, sealed: bytes) -> bytes:
    """Return the record of an account from what the swarm holds."""
    if len(sealed) != RECORD:
        raise Refused("prekeys: wrong size of a sealed record")
    nonce = sealed[: crypto.LONG_NONCE]
    reader = Reader(crypto.unseal(_record_key(account_id), nonce, sealed[crypto.LONG_NONCE :]))
    record = reader.sized(RECORD)
    padding.check_zeros(reader.rest())
    return record


def _record_key(account_id: bytes) -> bytes:
    return crypto.sha256(b"pars/record-seal/v1", account_id)


# --- The secret side ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prekey:
    """A secret prekey. `retired` is when it left the record, 0 as long as it is in there."""

    kind: int
    seed: bytes = field(repr=False)
    made: int
    retired: int = 0

    @property
    def key(self) -> HybridKey:
        """The key pair."""
        return HybridKey.from_seed(self.seed)

    def is_over(self, now: int) -> bool:
        """Tell whether a retired key is to be erased, or was retired under a wrong clock."""
        life = USED_LIFE if self.kind == USED else KEPT_RETIRED
        return not -CLOCK_SKEW <= now - self.retired < life


class Prekeys:
    """All prekeys of a device, and which first messages have come for those that are there."""

    __slots__ = ("_keys", "_seen")

    def __init__(self) -> None:
        self._keys: dict[bytes, Prekey] = {}
        self._seen: dict[bytes, bytes] = {}  # digest of a first message -> id of its key

    @classmethod
    def create(cls, now: int, random: Random) -> "Prekeys":
        """Make the first set."""
        made = cls()
        made.tend(now, random)
        return made

    def tend(self, now: int, random: Random) -> bool:
        """Drop, retire and make keys as it is time to.

        Tell whether anything has changed: then store the state, and publish the record again.
        """
        changed = self._drop(now)
        for kind, life, wanted in (
            (SIGNED, ROTATION, 1),
            (LAST_RESORT, ROTATION, 1),
            (SINGLE, ONE_TIME_LIFE, ONE_TIME),
        ):
            for identifier, key in self._live(kind):
                # One from the future was made under a clock that was wrong.
                if not key.made - CLOCK_SKEW <= now < key.made + life:
                    retired = Prekey(kind, key.seed, key.made, max(now, 1))
                    self._keys[identifier] = retired
                    changed = True
            for _ in range(wanted - len(self._live(kind))):
                seed = random(HYBRID_SEED)
                public = HybridKey.from_seed(seed).public
                self._keys[prekey_id(public)] = Prekey(kind, seed, now)
                changed = True
        return changed

    def _live(self, kind: int) -> list[tuple[bytes, Prekey]]:
        live = (pair for pair in self._keys.items() if pair[1].kind == kind)
        return [pair for pair in live if not pair[1].retired]

    def _drop(self, now: int) -> bool:
        """Erase what was retired long ago; of too many those that were used, then the oldest."""
        retired = [(name, key) for name, key in self._keys.items() if key.retired]
        retired.sort(key=lambda pair: (pair[1].kind != USED, pair[1].retired))
        before = len(self._keys)
        surplus = before - (KEYS_MAX - ONE_TIME - 2)
        for index, (name, key) in enumerate(retired):
            if index < surplus or key.is_over(now):
                del self._keys[name]
        self._seen = {digest: name for digest, name in self._seen.items() if name in self._keys}
        return len(self._keys) < before

    def record(
        self, bundle: bytes, certificate: bytes, device: DeviceKeys, inbox: bytes, now: int
    ) -> bytes:
        """Return what this device publishes; `seal_record` makes it fit to be stored."""
        ((_, signed),), ((_, last_resort),) = self._live(SIGNED), self._live(LAST_RESORT)
        single = self._live(SINGLE)
        body = b"".join(
            (
                codec.u8(VERSION),
                bundle,
                certificate,
                codec.u64(padding.coarse(now)),
                signed.key.public,
                last_resort.key.public,
                inbox,
                codec.u8(len(single)),
                *(key.key.public for _, key in single),
            )
        )
        return body + device.signing.sign(body, RECORD_CONTEXT)

    def find(self, signed_id: bytes, other_id: bytes, now: int) -> tuple[HybridKey, HybridKey]:
        """Return the keys that a first message names."""
        signed, other = self._keys.get(signed_id), self._keys.get(other_id)
        if signed is None or other is None or (other.kind == USED and other.is_over(now)):
            raise Refused("prekeys: key not known, or used already")
        if signed.kind != SIGNED or other.kind == SIGNED:
            raise Refused("prekeys: key of another kind")
        return signed.key, other.key

    def check_unseen(self, other_id: bytes, digest: bytes) -> None:
        """Refuse a first message that has been accepted, or that could not be remembered."""
        if digest in self._seen:
            raise Refused("prekeys: first message seen before")
        if self._keys[other_id].kind != SINGLE and len(self._seen) >= SEEN_MAX:
            raise Refused("prekeys: too many first messages for one key")

    def consume(self, other_id: bytes, digest: bytes, now: int) -> None:
        """Remember what came for a key; a one-time key leaves the record, and is erased soon."""
        key = self._keys[other_id]
        if key.kind == SINGLE:
            self._keys[other_id] = Prekey(USED, key.seed, key.made, max(now, 1))
        self._seen[digest] = other_id

    def encode(self) -> bytes:
        """Return the state for the store."""
        parts = [codec.u8(VERSION), codec.u16(len(self._keys))]
        for key in self._keys.values():
            parts += (codec.u8(key.kind), key.seed, codec.u64(key.made), codec.u64(key.retired))
        names = list(self._keys)
        parts.append(codec.u16(len(self._seen)))
        for digest, name in self._seen.items():
            parts += (digest, codec.u16(names.index(name)))
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> "Prekeys":
        """Take back what `encode` returned."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("prekeys: unknown version")
        made = cls()
        names = []
        for _ in range(_bounded(reader.u16(), KEYS_MAX)):
            kind, seed = reader.u8(), reader.take(HYBRID_SEED)
            key = Prekey(_bounded(kind, USED), seed, reader.u64(), reader.u64())
            names.append(prekey_id(key.key.public))
            made._keys[names[-1]] = key
        for _ in range(_bounded(reader.u16(), SEEN_MAX + KEYS_MAX)):
            digest = reader.take(32)
            index = _bounded(reader.u16(), len(names) - 1)
            made._seen[digest] = names[index]
        reader.end()
        alone = len(made._live(SIGNED)) == len(made._live(LAST_RESORT)) == 1
        if not alone or made.encode() != data:
            raise Refused("prekeys: damaged")
        return made


def _bounded(value: int, largest: int) -> int:
    if value > largest:
        raise Refused("prekeys: damaged")
    return value
