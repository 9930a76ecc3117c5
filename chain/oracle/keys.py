"""Reporters' keys in files that nobody else can read, and what they sign. Never shown.

A file holds 64 hexadecimal digits (an account), or JSON: `{"mlDsa": 2, "seed": "..."}` with NIST's
level and the 32 bytes xi, or `{"frost": suite, "identifier": i, "share": "...", "commitments":
[...], "members": n}` with the result of a key generation.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from precompiles.backends.keccak import keccak256
from precompiles.graph.feeds import signers
from precompiles.graph.feeds.reporting import (
    Draft,
    DraftError,
    Standing,
    commitments_of,
    with_signature,
)
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, RANDOMNESS_SIZE, SEED_SIZE, formatted
from precompiles.threshold.frost.suites import SUITES
from precompiles.threshold.protocols import frost
from precompiles.threshold.protocols.dkg import MemberKey, Terms
from precompiles.threshold.protocols.frost import Nonces

from .. import signatures
from ..remote import RemoteError, read_key, read_secret

FILE_BYTES_MAX = 1 << 16
ATTEMPTS_MAX = 814
"""Of ML-DSA's signing: FIPS 204, appendix C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """An account's private key."""

    secret: bytes = field(repr=False)

    @property
    def signer(self) -> bytes:
        """What a feed lists."""
        return signatures.address_of(self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class MLDSAKey:
    """An ML-DSA key pair."""

    public: bytes
    secret: bytes = field(repr=False)

    @property
    def signer(self) -> bytes:
        """What a feed lists."""
        return keccak256(self.public)


Key = AccountKey | MLDSAKey | MemberKey


# --- Files ----------------------------------------------------------------------------------


def read(path: Path) -> Key:
    """Read a reporter's key."""
    text = read_secret(path, FILE_BYTES_MAX)
    if not text.startswith("{"):
        return AccountKey(secret=read_key(path))
    try:
        document = json.loads(text)
        if "mlDsa" in document:
            return ml_dsa_key(document["mlDsa"], bytes.fromhex(document["seed"]))
        return member_key(document)
    except (KeyError, TypeError, ValueError, RecursionError):
        # What was wrong may be the secret itself, so it is not told.
        raise RemoteError(f"key file {path}: not a reporter's key") from None


def ml_dsa_key(level: int, seed: bytes) -> MLDSAKey:
    """Return the key pair of a seed."""
    from precompiles.pq.ml_dsa import kernel  # Here, because it loads the compiler.

    if len(seed) != SEED_SIZE:
        raise ValueError("the seed has another length")
    public, secret = kernel.keygen(BY_NUMBER[level], seed)
    return MLDSAKey(public=public, secret=secret)


def member_key(document: Mapping[str, Any]) -> MemberKey:
    """Return a FROST member's key."""
    suite = SUITES[document["frost"]]
    commitments = tuple(bytes.fromhex(each) for each in document["commitments"])
    terms = Terms(suite=suite, threshold=len(commitments), members=document["members"])
    share = suite.parse_scalar(bytes.fromhex(document["share"]))
    key = MemberKey(
        terms=terms,
        identifier=document["identifier"],
        share=0 if share is None else share,
        commitments=commitments,
    )
    expected = key.public_share(key.identifier)
    if share is None or not suite.group.same(suite.group.base(share), expected):
        raise ValueError("the share is not of these commitments")
    return key


def member_text(key: MemberKey) -> str:
    """Return the file of a FROST member's key."""
    suite = key.terms.suite
    return json.dumps(
        {
            "frost": suite.number,
            "identifier": key.identifier,
            "members": key.terms.members,
            "share": suite.encode_scalar(key.share).hex(),
            "commitments": [each.hex() for each in key.commitments],
        }
    )


def write(path: Path, text: str) -> None:
    """Write a secret to a new file that nobody else can read."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
    except OSError as error:
        raise RemoteError(f"{path}: {error.strerror}") from None


def remove(path: Path) -> None:
    """Remove a secret that was used."""
    try:
        path.unlink()
    except OSError as error:
        raise RemoteError(f"{path}: {error.strerror}; remove it yourself") from None


def fresh(level: int | None) -> str:
    """Return the file of a new key: of an account, or of ML-DSA at a level."""
    if level is None:
        secret = secrets.randbelow(signatures.SECP256K1_N - 1) + 1
        return secret.to_bytes(32, "big").hex()
    return json.dumps({"mlDsa": level, "seed": secrets.token_bytes(SEED_SIZE).hex()})


# --- Signing --------------------------------------------------------------------------------


def sign(standing: Standing, draft: Draft, key: Key) -> Draft:
    """Add a signature by an account or an ML-DSA key."""
    if isinstance(key, AccountKey) and standing.scheme == signers.ACCOUNTS:
        parity, r, s = signatures.sign(draft.digest, key.secret)
        made = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
        return with_signature(standing, draft, b"", made)
    if isinstance(key, MLDSAKey) and standing.scheme == signers.ML_DSA:
        from precompiles.pq.ml_dsa import kernel  # Here, because it loads the compiler.

        message, rnd = formatted(draft.digest, b""), secrets.token_bytes(RANDOMNESS_SIZE)
        made, _ = kernel.sign(key.secret, message, rnd, ATTEMPTS_MAX)
        return with_signature(standing, draft, key.public, made)
    if isinstance(key, MemberKey):
        raise DraftError("a member of a group signs in two rounds: see `pars oracle commit`")
    raise DraftError("the key is of another kind than the feed's signers")


def commit(standing: Standing, draft: Draft, key: Key) -> tuple[Draft, str]:
    """FROST's first round: add commitments, and return the nonces as the text of a secret file."""
    member = checked_member(standing, key)
    suite = member.terms.suite
    nonces, made = frost.commit(suite, member.identifier, member.share, secrets.token_bytes)
    size = len(made.encoded) // 2
    pair = made.encoded[:size], made.encoded[size:]
    if draft.group and draft.group != member.commitments:
        raise DraftError("the draft names another group")
    text = json.dumps(
        {
            "report": draft.digest.hex(),
            "hiding": suite.encode_scalar(nonces.hiding).hex(),
            "binding": suite.encode_scalar(nonces.binding).hex(),
        }
    )
    committed = {**draft.commitments, member.identifier: pair}
    return replace(draft, group=member.commitments, commitments=committed), text


def sign_share(standing: Standing, draft: Draft, key: Key, nonce_text: str) -> Draft:
    """FROST's second round: add a share of the signature."""
    member = checked_member(standing, key)
    suite = member.terms.suite
    try:
        document = json.loads(nonce_text)
        values = [
            suite.parse_scalar(bytes.fromhex(document[each])) for each in ("hiding", "binding")
        ]
        digest = bytes.fromhex(document["report"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise DraftError("the nonces are none") from None
    hiding, binding = values
    if hiding is None or binding is None:
        raise DraftError("the nonces are none")
    if digest != draft.digest:
        raise DraftError("the nonces are of another report")
    if draft.group != member.commitments:
        raise DraftError("the draft names another group")
    try:
        share = frost.sign(
            suite,
            member.identifier,
            member.share,
            Nonces(hiding=hiding, binding=binding),
            suite.group.decode(member.public_key),
            draft.digest,
            commitments_of(draft, standing.scheme),
        )
    except frost.UnusableCommitmentsError as error:
        raise DraftError(f"the commitments cannot be used: {error}") from None
    shares = {**draft.shares, member.identifier: suite.encode_scalar(share)}
    return replace(draft, shares=shares)


def checked_member(standing: Standing, key: Key) -> MemberKey:
    """Return a key that is one of the feed's group."""
    suite = signers.FROST_SUITES.get(standing.scheme)
    if suite is None or not isinstance(key, MemberKey) or key.terms.suite is not suite:
        raise DraftError("the key is of another kind than the feed's signers")
    element, _ = suite.normal(suite.group.decode(key.public_key))
    if suite.encode_key(element) != standing.signers[0]:
        raise DraftError("the key is of another group than the feed's")
    return key
