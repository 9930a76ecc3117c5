"""Ring signatures, ECIES and HPKE, beside the native calls they make, and beside peers.

"native" is what the library beneath takes for the same work on the curve: it loads the keys, which
come as bytes, multiplies, agrees, and for a ring's hashes decompresses and adds. What is on top is
ours: hashes, Python between the calls, checks. Peers are timed with their keys loaded already.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from precompiles.backends import diffie_hellman, secp256k1
from precompiles.backends.diffie_hellman import Group
from precompiles.pq.ml_kem import kernel as ml_kem
from precompiles.precompile import Call
from precompiles.privacy.ecies import contract as ecies
from precompiles.privacy.hpke import contract as hpke
from precompiles.privacy.hpke import xwing
from precompiles.privacy.hpke.suites import KEMS
from precompiles.privacy.ring import contract as ring
from precompiles.privacy.ring import scheme, signing

from .rows import Row, compare, peer

RINGS = (2, 8, 16, 64)
TEXT = bytes(range(100))
SECRET = 0x1234567890ABCDEF << 190
GOAL = "at most 1.5 times native"

Work = Callable[[], object]

# The handlers measured here look at their arguments only.
NO_CALL: Call = None  # type: ignore[assignment]  # no chain is there to be asked


def rows() -> list[Row]:
    return [*rings(), *encryption(), *hybrid()]


# --- Ring signatures ------------------------------------------------------------------------


def rings() -> Iterator[Row]:
    for size in RINGS:
        secrets = [SECRET + i for i in range(size)]
        keys = [signing.public_key(secret) for secret in secrets]
        members = b"".join(keys)
        made = signing.sign(secrets[1], keys, TEXT, bytes(32))

        def verify(members: bytes = members, made: signing.RingSignature = made) -> object:
            return ring.holds(members, TEXT, made.image, made.first, made.responses)

        assert verify()
        yield compare(
            f"ring verify, {size} members", verify, {"native": curve_of(keys, made)}, goal=GOAL
        )


def curve_of(keys: list[bytes], made: signing.RingSignature) -> Work:
    """Return the library's part of a check. A hash to the curve tries three x on average."""
    bases = scheme.image_bases(keys)
    image = secp256k1.parse(made.image)
    assert image is not None
    x, y = secp256k1_point(keys[0])

    def work() -> None:
        for key, base, s in zip(keys, bases, made.responses, strict=True):
            point = secp256k1.parse(key)
            assert point is not None
            for _ in range(3):
                secp256k1.even_y(x)
            secp256k1.add(secp256k1.from_affine(x, y), base)
            secp256k1.from_affine(x, y)
            secp256k1.combine(point, made.first, s)
            secp256k1.add(secp256k1.multiply(base, s), secp256k1.multiply(image, made.first))

    return work


def secp256k1_point(key: bytes) -> tuple[int, int]:
    """Return the coordinates of a point with this x."""
    x = int.from_bytes(key[1:], "big")
    y = secp256k1.even_y(x)
    assert y is not None
    return x, y


# --- ECIES ----------------------------------------------------------------------------------


def encryption() -> Iterator[Row]:
    point = secp256k1.base_multiple(SECRET)
    public = secp256k1.encode_uncompressed(point)
    secret, r = SECRET.to_bytes(32, "big"), SECRET + 1
    message = ecies.suite.seal(point, r, bytes(16), b"", TEXT)
    opening = r.to_bytes(32, "big")
    others = eciespy(peer("ecies"), secret, public)

    def native_opening() -> None:
        parsed = secp256k1.parse_uncompressed(public)
        assert parsed is not None
        secp256k1.multiply(parsed, r)
        secp256k1.base_multiple(r)

    def native_decryption() -> None:
        parsed = secp256k1.parse_uncompressed(message[:65])
        assert parsed is not None
        secp256k1.multiply(parsed, SECRET)

    yield compare(
        "ECIES verifyOpening",
        lambda: ecies.verify_opening(NO_CALL, public, b"", message, opening, TEXT),
        {"native": native_opening, **others["encrypt"]},
        goal=GOAL,
    )
    yield compare(
        "ECIES decrypt",
        lambda: ecies.decrypt(NO_CALL, secret, b"", message),
        {"native": native_decryption, **others["decrypt"]},
        goal=GOAL,
    )


def eciespy(module: Any, secret: bytes, public: bytes) -> dict[str, Mapping[str, Work]]:
    """Return the operations of eciespy, whose scheme is another one of the same weight."""
    if module is None:
        return {"encrypt": {}, "decrypt": {}}
    message = module.encrypt(public, TEXT)
    return {
        "encrypt": {"eciespy": lambda: module.encrypt(public, TEXT)},
        "decrypt": {"eciespy": lambda: module.decrypt(secret, message)},
    }


# --- HPKE, with HKDF-SHA256 and AES-128-GCM -------------------------------------------------

GROUPS = {
    0x0010: ("P-256", diffie_hellman.P256),
    0x0012: ("P-521", diffie_hellman.P521),
    0x0020: ("X25519", diffie_hellman.X25519),
    0x0021: ("X448", diffie_hellman.X448),
}


def hybrid() -> Iterator[Row]:
    for kem, (name, group) in GROUPS.items():
        yield from both_ways(kem, name, *agreement(group))
    yield from both_ways(0x647A, "X-Wing", *agreement_of_xwing())


def both_ways(kem: int, name: str, native_seal: Work, native_open: Work) -> Iterator[Row]:
    mechanism = KEMS[kem]
    secret, public = mechanism.derive_key_pair(bytes(mechanism.secret_size))
    ikm = bytes(mechanism.randomness_size)
    enc, sealed = hpke.seal_base(NO_CALL, kem, 1, 1, public, b"", b"", TEXT, ikm)
    others = cryptography_hpke(kem, secret), pyhpke(kem, secret, public)
    yield compare(
        f"HPKE {name} seal",
        lambda: hpke.seal_base(NO_CALL, kem, 1, 1, public, b"", b"", TEXT, ikm),
        {"native": native_seal, **others[0]["seal"], **others[1]["seal"]},
        goal=GOAL,
    )
    yield compare(
        f"HPKE {name} open",
        lambda: hpke.open_base(NO_CALL, kem, 1, 1, enc, secret, b"", b"", sealed),
        {"native": native_open, **others[0]["open"], **others[1]["open"]},
        goal=GOAL,
    )


def agreement(group: Group) -> tuple[Work, Work]:
    """Return loading both keys and agreeing, for either side."""
    own = bytes(group.secret_size - 1) + b"\7"
    other = group.public(group.load(own))

    def work() -> None:
        secret = group.load(own)
        group.public(secret)
        group.exchange(secret, group.parse(other))

    return work, work


def agreement_of_xwing() -> tuple[Work, Work]:
    public, secret = ml_kem.keygen(3, bytes(32), bytes(32))
    ciphertext, _ = ml_kem.encapsulate(public, bytes(32))
    classical, _ = agreement(diffie_hellman.X25519)

    def seal() -> None:
        ml_kem.encapsulate(public, bytes(32))
        classical()

    def open_() -> None:
        xwing.expand(bytes(32))
        ml_kem.decapsulate(secret, ciphertext)
        classical()

    return seal, open_


def cryptography_hpke(kem: int, secret: bytes) -> Mapping[str, Mapping[str, Work]]:
    """Return the operations of cryptography's own HPKE, which has base mode only."""
    module = peer("cryptography.hazmat.primitives.hpke")
    names = {0x0010: "P256", 0x0012: "P521", 0x0020: "X25519"}
    if module is None or kem not in names:
        return {"seal": {}, "open": {}}
    suite = module.Suite(
        getattr(module.KEM, names[kem]), module.KDF.HKDF_SHA256, module.AEAD.AES_128_GCM
    )
    own = GROUPS[kem][1].load(secret)
    public = own.public_key()
    message = suite.encrypt(TEXT, public)
    return {
        "seal": {"cryptography": lambda: suite.encrypt(TEXT, public)},
        "open": {"cryptography": lambda: suite.decrypt(message, own)},
    }


def pyhpke(kem: int, secret: bytes, public: bytes) -> Mapping[str, Mapping[str, Work]]:
    """Return the operations of pyhpke."""
    module = peer("pyhpke")
    if module is None or kem not in GROUPS:
        return {"seal": {}, "open": {}}
    suite = module.CipherSuite.new(
        module.KEMId(kem), module.KDFId.HKDF_SHA256, module.AEADId.AES128_GCM
    )
    recipient = suite.kem.deserialize_public_key(public)
    own = suite.kem.deserialize_private_key(secret)

    def seal() -> tuple[bytes, bytes]:
        enc, context = suite.create_sender_context(recipient)
        return enc, context.seal(TEXT)

    enc, message = seal()
    return {
        "seal": {"pyhpke": seal},
        "open": {"pyhpke": lambda: suite.create_recipient_context(enc, own).open(message)},
    }
