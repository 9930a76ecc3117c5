"""FROST signatures beside the native check of an ordinary signature on the same curve.

"native" is what libsecp256k1 or OpenSSL takes for a key and a signature that come as bytes: suite 1
sums two multiples by recovering a key, and is held to that; then Schnorr, Ed25519, ECDSA on P-256.
ristretto255 has no native check; it is held to Ed25519's.
"""

import random
from collections.abc import Callable, Iterator

from coincurve import PrivateKey, PublicKey, PublicKeyXOnly
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from precompiles.precompile import Call
from precompiles.threshold.frost import contract, signing
from precompiles.threshold.frost.suites import SUITES, Suite
from precompiles.threshold.protocols import dkg, frost
from precompiles.threshold.protocols.dkg import MemberKey, Terms

from .rows import Row, compare

MESSAGE = b"a message of the group"
DIGEST = bytes(32)
GROUPS = ((2, 3), (10, 15), (14, 21))

Work = Callable[[], object]

# The handler measured here looks at its arguments only.
NO_CALL: Call = None  # type: ignore[assignment]  # no chain is there to be asked


def rows() -> list[Row]:
    return [*checks(), *shares()]


def checks() -> Iterator[Row]:
    native = natives()
    for suite in SUITES.values():
        key, secret = suite.group.base(5), 5
        nonces, commitment = frost.commit(suite, 1, secret, random.Random(1).randbytes)
        share = frost.sign(suite, 1, secret, nonces, key, MESSAGE, [commitment])
        made = frost.aggregate(suite, key, MESSAGE, [commitment], {1: share}, {1: key})
        encoded = suite.encode_key(key)

        def verify(
            number: int = suite.number, encoded: bytes = encoded, made: bytes = made
        ) -> object:
            return contract.verify(NO_CALL, number, encoded, MESSAGE, made)

        assert verify()
        peers = {"native": native[suite.number]}
        yield compare(f"verify, {suite.name}", verify, peers, goal="at most 1.5 times native")


def natives() -> dict[int, Work]:
    """Return the check of an ordinary signature on each suite's curve."""
    secret = PrivateKey(bytes(31) + b"\5")
    key = secret.public_key.format()
    x_only, schnorr = key[1:], secret.sign_schnorr(DIGEST, DIGEST)
    ecdsa = secret.sign_recoverable(DIGEST, hasher=None)
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(DIGEST)
    edwards_key, edwards_made = edwards.public_key().public_bytes_raw(), edwards.sign(MESSAGE)
    curve, algorithm = ec.SECP256R1(), ec.ECDSA(hashes.SHA256())
    p256 = ec.derive_private_key(5, curve)
    p256_made, numbers = p256.sign(MESSAGE, algorithm), p256.public_key().public_numbers()
    p256_key = bytes([2 + numbers.y % 2]) + numbers.x.to_bytes(32, "big")

    def on_secp256k1() -> bool:
        return PublicKey.from_signature_and_message(ecdsa, DIGEST, hasher=None) == PublicKey(key)

    def on_edwards() -> None:
        found = ed25519.Ed25519PublicKey.from_public_bytes(edwards_key)
        found.verify(edwards_made, MESSAGE)

    def on_p256() -> None:
        found = ec.EllipticCurvePublicKey.from_encoded_point(curve, p256_key)
        found.verify(p256_made, MESSAGE, algorithm)

    return {
        1: on_secp256k1,
        2: lambda: PublicKeyXOnly(x_only).verify(schnorr, DIGEST),
        3: on_edwards,
        4: on_p256,
        5: on_edwards,
    }


# --- Shares ---------------------------------------------------------------------------------


def make_key(suite: Suite, threshold: int, members: int) -> list[MemberKey]:
    terms = Terms(suite=suite, threshold=threshold, members=members)
    draw = random.Random(members).randbytes
    dealing, announced = dkg.deal(terms, 1, draw)
    return [
        dkg.finish(terms, each, [announced], {1: dkg.share_for(terms, dealing, each)})
        for each in range(1, members + 1)
    ]


def shares() -> Iterator[Row]:
    """Time the check of one share, with the public share computed from the commitments."""
    for suite in SUITES.values():
        for threshold, members in GROUPS:
            keys = make_key(suite, threshold, members)[:threshold]
            key = suite.group.decode(keys[0].public_key)
            draw = random.Random(2).randbytes
            rounds = {
                each.identifier: frost.commit(suite, each.identifier, each.share, draw)
                for each in keys
            }
            sent = [commitment for _, commitment in rounds.values()]
            first = keys[0]
            nonces = rounds[1][0]
            share = frost.sign(suite, 1, first.share, nonces, key, MESSAGE, sent)
            session = signing.begin(suite, key, MESSAGE, sent)
            assert session is not None

            def check(
                suite: Suite = suite,
                session: signing.Session = session,
                first: MemberKey = first,
                commitment: signing.Commitment = sent[0],
                share: int = share,
            ) -> bool:
                public = first.public_share(1)
                return signing.share_holds(suite, session, commitment, public, share)

            assert check()
            yield compare(f"one share, {threshold} of {members}, {suite.name}", check, {})
