"""Getting an account back through people, none of whom can take it.

The account's seed is split by Shamir's scheme over GF(256). Each guardian keeps a blob that names
nobody: one share, commitments to all shares, and a key by which the owner can stop a recovery. It
tells neither how many guardians there are nor how many it takes; those who compare their blobs see
that they belong together.

    new device                 guardian                                  owner's other devices
    Recovery.begin -> request
                    request -> confirm, by a code heard from the owner
                               notice ---------------------------------> cancel, if it is a theft
                               48 hours, then release <----------------- (or it ends here)
    take <------------- answer
    the seed, when enough answers make the account's id

The module sends nothing: requests and answers travel anonymously, blobs and notices in channels.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum

from . import crypto
from .codec import Reader, Refused, sized, u8, u64
from .crypto import HYBRID_CIPHERTEXT, HYBRID_PUBLIC, HYBRID_SEED, LONG_NONCE, TAG, Random
from .identity import AccountKeys

SEED = 32
GUARDIANS_MAX = 16
GUARDIANS_DEFAULT = 5
THRESHOLD_DEFAULT = 3
HOUR = 3_600_000
WAIT = 48 * HOUR
COOLDOWN = 7 * 24 * HOUR  # after a recovery was cancelled
STEP_MAX = 12 * HOUR  # what one look at the clock may count: a clock that jumps ends no wait
ANSWERS_MAX = 64

BLOB = 1 + 1 + 3 * 32 + GUARDIANS_MAX * 32
REQUEST = 1 + HYBRID_PUBLIC
NOTICE = 1 + 32
CANCEL = 1 + 32 + 32
ANSWER = 1 + HYBRID_CIPHERTEXT + LONG_NONCE + BLOB + TAG
VERSION = 1

SHARE_LABEL = b"pars/guardian-share/v1"
CANCEL_LABEL = b"pars/guardian-cancel/v1"
REQUEST_LABEL = b"pars/guardian-request/v1"
RELEASE_LABEL = b"pars/guardian-release/v1"
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U
CODE_LETTERS = 12


# --- Shamir's scheme over GF(256), with the polynomial of AES ----------------------------------


def multiply(a: int, b: int) -> int:
    """Return a product in GF(256), by the same steps for all values below 256."""
    product = 0
    for bit in range(8):
        product ^= a * (b >> bit & 1)
        a = (a << 1) ^ (0x11B * (a >> 7))
    return product


def invert(a: int) -> int:
    """Return a**254, which is 1/a."""
    power = a
    for _ in range(6):
        power = multiply(multiply(power, power), a)
    return multiply(power, power)


def split(secret: bytes, threshold: int, points: list[int], random: Random) -> dict[int, bytes]:
    """Return the values at these points of polynomials that are the secret at 0."""
    if not 2 <= threshold <= len(points) <= GUARDIANS_MAX or 0 in points:
        raise ValueError(f"2 <= threshold <= guardians <= {GUARDIANS_MAX}, and none at 0")
    coefficients = [random(len(secret)) for _ in range(threshold - 1)]
    shares = {}
    for x in points:
        value = bytes(len(secret))
        for coefficient in (*reversed(coefficients), secret):
            value = bytes(multiply(a, x) ^ b for a, b in zip(value, coefficient, strict=True))
        shares[x] = value
    return shares


def combine(shares: dict[int, bytes]) -> bytes:
    """Return the value at 0 of the polynomials through these points."""
    total = bytes(len(next(iter(shares.values()))))
    for x, share in shares.items():
        weight = 1
        for other in shares:
            if other != x:
                weight = multiply(weight, multiply(other, invert(other ^ x)))
        total = bytes(a ^ multiply(b, weight) for a, b in zip(total, share, strict=True))
    return total


# --- What guardians keep -----------------------------------------------------------------------


@dataclass(frozen=True)
class Blob:
    """One guardian's part."""

    index: int
    share: bytes = field(repr=False)
    blinding: bytes = field(repr=False)
    cancel_key: bytes = field(repr=False)
    commitments: tuple[bytes, ...]  # always as many as there can be; those of nobody are drawn

    def encode(self) -> bytes:
        """Return the blob; all have one length."""
        secrets = self.share + self.blinding + self.cancel_key
        return u8(VERSION) + u8(self.index) + secrets + b"".join(self.commitments)

    @classmethod
    def decode(cls, data: bytes) -> "Blob":
        """Read a blob whose share is the one that was committed to."""
        reader = Reader(data)
        version, index = reader.u8(), reader.u8()
        share, blinding, cancel_key = (reader.take(32) for _ in range(3))
        commitments = tuple(reader.take(32) for _ in range(GUARDIANS_MAX))
        reader.end()
        if version != VERSION or not 1 <= index <= GUARDIANS_MAX:
            raise Refused("guardians: damaged blob")
        if not crypto.equal(commitments[index - 1], commitment(index, share, blinding)):
            raise Refused("guardians: share is not the one committed to")
        return cls(index, share, blinding, cancel_key, commitments)


def commitment(index: int, share: bytes, blinding: bytes) -> bytes:
    """Bind a guardian to its share; the blinding keeps others from trying values."""
    return crypto.sha256(SHARE_LABEL, u8(index), share, blinding)


def appoint(
    seed: bytes,
    cancel_root: bytes,
    random: Random,
    threshold: int = THRESHOLD_DEFAULT,
    count: int = GUARDIANS_DEFAULT,
) -> list[bytes]:
    """Return a blob for each guardian. The owner's devices keep `cancel_root`, and no share.

    Numbers are drawn, so that a guardian's own does not tell how many others there are.

    Appointing again makes shares that do not fit the old ones; old blobs still open the seed
    together, so a guardian who is dismissed is asked to forget, and an account that is worried
    about it moves to a new seed.
    """
    places = list(range(1, GUARDIANS_MAX + 1))
    points = [places.pop(int.from_bytes(random(8), "big") % len(places)) for _ in range(count)]
    shares = split(seed, threshold, points, random)
    blindings = {index: random(32) for index in points}
    commitments = tuple(
        commitment(index, shares[index], blindings[index]) if index in shares else random(32)
        for index in range(1, GUARDIANS_MAX + 1)
    )
    return [
        Blob(
            index, shares[index], blindings[index], cancel_key(cancel_root, index), commitments
        ).encode()
        for index in points
    ]


def cancel_key(cancel_root: bytes, index: int) -> bytes:
    """Derive the key by which the owner stops one guardian."""
    return crypto.hkdf_expand(cancel_root, CANCEL_LABEL + u8(index))


# --- Asking ------------------------------------------------------------------------------------


def request_digest(request: bytes) -> bytes:
    """Return what a request goes by."""
    return crypto.sha256(REQUEST_LABEL, request)


def code(request: bytes) -> str:
    """Return what the owner tells a guardian face to face: 60 bits of the request."""
    number = int.from_bytes(request_digest(request), "big") >> (256 - 5 * CODE_LETTERS)
    letters = [CODE_ALPHABET[number >> 5 * place & 31] for place in reversed(range(CODE_LETTERS))]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, CODE_LETTERS, 4))


@dataclass(frozen=True)
class Recovery:
    """A new device that collects answers. Every method returns the next state."""

    account_id: bytes
    seed: bytes = field(repr=False)  # of the key that answers are sealed to
    blobs: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def begin(cls, account_id: bytes, random: Random) -> "Recovery":
        """Draw a key for this recovery alone. The account's id is all that one must remember."""
        return cls(account_id, random(HYBRID_SEED))

    @property
    def request(self) -> bytes:
        """What every guardian is sent; it names nobody."""
        return u8(VERSION) + crypto.HybridKey.from_seed(self.seed).public

    def take(self, answer: bytes) -> tuple["Recovery", bytes | None]:
        """Take one guardian's answer; return the account's seed when enough have answered."""
        blob = self._opened(answer)
        if blob in self.blobs:
            return self, None
        if len(self.blobs) >= ANSWERS_MAX:
            raise Refused("guardians: too many answers")
        taken = replace(self, blobs=(*self.blobs, blob))
        return taken, taken._seed()

    def encode(self) -> bytes:
        """Return the stored form."""
        return u8(VERSION) + self.account_id + self.seed + b"".join(map(sized, self.blobs))

    @classmethod
    def decode(cls, data: bytes) -> "Recovery":
        """Read what `encode` made."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("guardians: damaged recovery")
        account_id, seed, blobs = reader.take(32), reader.take(HYBRID_SEED), []
        while len(reader):
            blobs.append(Blob.decode(reader.sized(BLOB)).encode())
        if len(blobs) > ANSWERS_MAX or len(set(blobs)) < len(blobs):
            raise Refused("guardians: damaged recovery")
        return cls(account_id, seed, tuple(blobs))

    def _opened(self, answer: bytes) -> bytes:
        reader = Reader(answer)
        version, ciphertext = reader.u8(), reader.take(HYBRID_CIPHERTEXT)
        nonce, sealed = reader.take(LONG_NONCE), reader.take(BLOB + TAG)
        reader.end()
        if version != VERSION:
            raise Refused("guardians: answer of another version")
        key = crypto.decapsulate(
            crypto.HybridKey.from_seed(self.seed),
            ciphertext,
            RELEASE_LABEL,
            request_digest(self.request),
        )
        return Blob.decode(crypto.unseal(key, nonce, sealed)).encode()

    def _seed(self) -> bytes | None:
        """Try the shares that belong together with the newest answer."""
        blobs = [Blob.decode(blob) for blob in self.blobs]
        together = {
            blob.index: blob.share for blob in blobs if blob.commitments == blobs[-1].commitments
        }
        if len(together) < 2:
            return None
        seed = combine(together)
        return seed if AccountKeys.from_seed(seed).account_id == self.account_id else None


# --- Guarding ----------------------------------------------------------------------------------


class Stage(IntEnum):
    """Where a guardian stands."""

    KEEPING = 0
    WAITING = 1
    CANCELLED = 2


@dataclass(frozen=True)
class Guardianship:
    """One blob in a guardian's keeping. Every method returns the next state; store it first."""

    blob: bytes = field(repr=False)
    stage: Stage = Stage.KEEPING
    request: bytes = b""
    seen: int = 0  # the clock, when it was last looked at
    waited: int = 0

    def confirm(self, request: bytes, heard: str, now: int) -> tuple["Guardianship", bytes]:
        """Begin to wait for a request whose code the guardian heard from the owner.

        The second value is a notice for the owner's other devices.
        """
        _check_request(request)
        plain = heard.upper().replace("-", "").replace(" ", "").encode("utf-8")
        if not crypto.equal(plain, code(request).replace("-", "").encode()):
            raise Refused("guardians: code of another request")
        counted = self.tick(now)
        if counted.stage == Stage.CANCELLED:
            raise Refused("guardians: a recovery was cancelled within seven days")
        if counted.stage == Stage.WAITING:
            raise Refused("guardians: another request is waiting")
        waiting = Guardianship(self.blob, Stage.WAITING, request, now)
        return waiting, u8(VERSION) + request_digest(request)

    def tick(self, now: int) -> "Guardianship":
        """Count time. A step back counts nothing, a jump half a day."""
        if self.stage == Stage.KEEPING:
            return self
        waited = self.waited + min(max(0, now - self.seen), STEP_MAX)
        if self.stage == Stage.CANCELLED and waited >= COOLDOWN:
            return Guardianship(self.blob)
        return replace(self, seen=now, waited=waited)

    def cancel(self, message: bytes) -> "Guardianship":
        """End a recovery on the owner's word."""
        if self.stage != Stage.WAITING:
            raise Refused("guardians: nothing to cancel")
        key = Blob.decode(self.blob).cancel_key
        if not crypto.equal(message, _cancel_message(key, request_digest(self.request))):
            raise Refused("guardians: not the owner's word")
        return replace(self, stage=Stage.CANCELLED, request=b"", waited=0)

    def release(self, random: Random) -> tuple["Guardianship", bytes]:
        """Answer the request when its wait is over."""
        if self.stage != Stage.WAITING or self.waited < WAIT:
            raise Refused("guardians: before its 48 hours")
        secret, ciphertext = crypto.encapsulate(
            self.request[1:], RELEASE_LABEL, request_digest(self.request), random
        )
        nonce = random(LONG_NONCE)
        sealed = crypto.seal(secret, nonce, self.blob)
        return Guardianship(self.blob), u8(VERSION) + ciphertext + nonce + sealed

    def encode(self) -> bytes:
        """Return the stored form."""
        numbers = u64(self.seen) + u64(self.waited)
        return u8(VERSION) + u8(self.stage) + numbers + self.blob + self.request

    @classmethod
    def decode(cls, data: bytes) -> "Guardianship":
        """Read what `encode` made."""
        reader = Reader(data)
        version, stage, seen, waited = reader.u8(), reader.u8(), reader.u64(), reader.u64()
        blob, request = reader.take(BLOB), reader.rest()
        if version != VERSION or stage > Stage.CANCELLED:
            raise Refused("guardians: damaged state")
        if (stage == Stage.WAITING) != bool(request):
            raise Refused("guardians: damaged state")
        if request:
            _check_request(request)
        Blob.decode(blob)
        return cls(blob, Stage(stage), request, seen, waited)


def cancel(cancel_root: bytes, index: int, notice: bytes) -> bytes:
    """Return the owner's word against the recovery that a guardian gave notice of."""
    reader = Reader(notice)
    version, digest = reader.u8(), reader.take(32)
    reader.end()
    if version != VERSION:
        raise Refused("guardians: notice of another version")
    return _cancel_message(cancel_key(cancel_root, index), digest)


def _cancel_message(key: bytes, digest: bytes) -> bytes:
    return u8(VERSION) + digest + crypto.mac(key, CANCEL_LABEL + digest)


def _check_request(request: bytes) -> None:
    if len(request) != REQUEST or request[0] != VERSION:
        raise Refused("guardians: damaged request")
