"""Threshold ECDSA beside what it is made of: libsecp256k1 through coincurve.

The protocol's proofs have no peer on the package index; their times are shown for themselves.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from coincurve import PrivateKey, PublicKey

from precompiles.backends import secp256k1_group as curve
from precompiles.threshold.cggmp21 import contract
from precompiles.threshold.cggmp21.protocol import paillier, ring_pedersen
from precompiles.threshold.cggmp21.protocol.paillier import PaillierSecret
from precompiles.threshold.cggmp21.protocol.parameters import STANDARD
from precompiles.threshold.cggmp21.protocol.proofs import affine, encryption
from precompiles.threshold.cggmp21.protocol.proofs.affine import AffineSecret, AffineStatement
from precompiles.threshold.cggmp21.protocol.proofs.encryption import EncryptionStatement
from precompiles.threshold.cggmp21.protocol.transcript import Binding
from precompiles.threshold.ecdsa import child_keys, groups

from .rows import Row, compare

PRIMES = Path("tests/precompiles/vectors/safe_primes.json")
DIGEST = bytes(range(32))


def rows() -> list[Row]:
    return [*signatures(), *groups_of_members(), *proofs()]


def signatures() -> Iterator[Row]:
    secret = PrivateKey(b"\7" * 32)
    key = secret.public_key.format()
    recoverable = secret.sign_recoverable(DIGEST, hasher=None)
    der = secret.sign(DIGEST, hasher=None)
    with_v = recoverable[:64] + bytes([27 + recoverable[64]])
    yield compare(
        "verify, 64 bytes",
        lambda: contract.verify(None, key, DIGEST, recoverable[:64]),  # type: ignore[arg-type]
        {"coincurve": lambda: PublicKey(key).verify(der, DIGEST, hasher=None)},
        goal="within 1.5 times coincurve",
    )
    yield compare(
        "verify, 65 bytes",
        lambda: contract.verify(None, key, DIGEST, with_v),  # type: ignore[arg-type]
        {
            "coincurve": lambda: PublicKey.from_signature_and_message(
                recoverable, DIGEST, hasher=None
            ).format()
        },
        goal="within 1.5 times coincurve",
    )
    point = secret.public_key
    scalar = b"\5" * 32
    yield compare(
        "verifyPartial",
        lambda: contract.verify_partial(None, DIGEST, key, key, key, 5 << 240),  # type: ignore[arg-type]
        {"coincurve, three multiplications": lambda: [point.multiply(scalar) for _ in range(3)]},
        goal="within 1.5 times coincurve",
    )


def groups_of_members() -> Iterator[Row]:
    for threshold in (2, 15, 100):
        commitments = [
            PrivateKey((each + 1).to_bytes(32, "big")).public_key.format()
            for each in range(threshold)
        ]

        def share(commitments: list[bytes] = commitments) -> object:
            return groups.public_share(commitments, 100)

        yield compare(f"public share, {threshold} commitments", share, {}, each=threshold)
    key = curve.base(5)
    assert key is not None
    root = child_keys.ExtendedKey(key=key, chain_code=bytes(32))
    yield compare("child key", lambda: child_keys.child(root, 7), {})


def proofs() -> Iterator[Row]:
    draw = random.Random(1).randbytes
    pairs = json.loads(PRIMES.read_text())["standard"]
    keys = [PaillierSecret(p=int(p, 16), q=int(q, 16)) for p, q in pairs]
    verifier, _ = ring_pedersen.generate(keys[0], draw)
    bound = Binding(session=b"session", prover=1, purpose="benchmark")
    own, other = keys[1].modulus, keys[2].modulus
    nonce = paillier.encrypt_fresh(own, 5 << 250, draw)
    stated = EncryptionStatement(verifier=verifier, modulus=own, ciphertext=nonce.ciphertext)
    made = encryption.prove(STANDARD, bound, stated, nonce, draw)
    yield compare(
        "Pi-enc, 2048 bits: prove",
        lambda: encryption.prove(STANDARD, bound, stated, nonce, draw),
        {},
    )
    yield compare(
        "Pi-enc, 2048 bits: verify", lambda: encryption.verify(STANDARD, bound, stated, made), {}
    )
    received = paillier.encrypt_fresh(other, 7 << 250, draw)
    mask, hidden = (paillier.encrypt_fresh(each, 3 << 1000, draw) for each in (own, other))
    point = curve.base(9 << 240)
    assert point is not None
    product = AffineStatement(
        verifier=verifier,
        modulus=other,
        own_modulus=own,
        base_ciphertext=received.ciphertext,
        result=pow(received.ciphertext, 9 << 240, other**2) * hidden.ciphertext % other**2,
        addend=mask.ciphertext,
        point=curve.encode(point),
    )
    secret = AffineSecret(x=9 << 240, y=mask, randomness=hidden.randomness)
    shown = affine.prove(STANDARD, bound, product, secret, draw)
    assert affine.verify(STANDARD, bound, product, shown)
    yield compare(
        "Pi-aff-g, 2048 bits: prove",
        lambda: affine.prove(STANDARD, bound, product, secret, draw),
        {},
    )
    yield compare(
        "Pi-aff-g, 2048 bits: verify", lambda: affine.verify(STANDARD, bound, product, shown), {}
    )
