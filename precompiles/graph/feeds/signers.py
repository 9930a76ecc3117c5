"""Who may sign a feed's reports: Ethereum accounts, ML-DSA keys, or one FROST group key.

A scheme is a number: 1 accounts, 2 ML-DSA keys, 16 + n the FROST ciphersuite n of 0x0801. Accounts
are known by their 20 bytes and ML-DSA keys by their Keccak-256 hash, since a key of 1,312 bytes and
more is cheaper sent with each report than read from storage. Knows no storage: the caller says
which member a signer is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ... import abi
from ...backends.keccak import keccak256
from ...pq.ml_dsa import contract as ml_dsa
from ...precompile import Call
from ...threshold import ecdsa_signature
from ...threshold.frost import contract as frost
from ...threshold.frost import prices
from ...threshold.frost.suites import SUITES
from .report import MEMBERS_MAX

ACCOUNTS, ML_DSA = 1, 2
FROST_BASE = 16
FROST_SUITES = {FROST_BASE + number: suite for number, suite in SUITES.items()}

ADDRESS_SIZE = 20
HASH_SIZE = 32
ML_DSA_MEMBERS_MAX = 7
"""Keeps a report with its three keys and signatures below 24 KiB."""

SIGNER_SIZE_MAX = 64  # Above any signer's, so that a wrong one is refused by name.
FROST_SIGNATURE_MAX = 128  # As 0x0801 takes them: one of a wrong length does not hold.

RECOVERY_GAS = 3_300
ML_DSA_GAS = max(ml_dsa.VERIFY_GAS)

SIGNATURE_COUNT = abi.error("SignatureCount(uint256 expected, uint256 actual)")
INVALID_SIGNATURE = abi.error("InvalidSignature(uint256 position)")
UNKNOWN_SIGNER = abi.error("UnknownSigner(uint256 position)")
DUPLICATE_SIGNER = abi.error("DuplicateSigner(uint256 position)")
WRONG_SCHEME = abi.error("WrongScheme(uint8 scheme)")
INVALID_SIGNER = abi.error("InvalidSigner(uint256 position)")
INVALID_MEMBERS = abi.error("InvalidMembers(uint256 members, uint256 faulty)")

ERRORS = (
    SIGNATURE_COUNT,
    INVALID_SIGNATURE,
    UNKNOWN_SIGNER,
    DUPLICATE_SIGNER,
    WRONG_SCHEME,
    INVALID_SIGNER,
    INVALID_MEMBERS,
)

MemberOf = Callable[[bytes], int]
"""Says which member, from 1, a signer is; 0 is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """What comes with a report. Keys are there for ML-DSA only, one for each signature."""

    keys: Sequence[bytes]
    signatures: Sequence[bytes]


def check_set(scheme: int, signers: Sequence[bytes], members: int, faulty: int) -> None:
    """Refuse a set of signers that cannot work: n members, of which f may be faulty, n > 3 f."""
    if scheme not in (ACCOUNTS, ML_DSA, *FROST_SUITES):
        raise WRONG_SCHEME(scheme)
    members_max = ML_DSA_MEMBERS_MAX if scheme == ML_DSA else MEMBERS_MAX
    if not 3 * faulty < members <= members_max:
        raise INVALID_MEMBERS(members, faulty)
    count = 1 if scheme in FROST_SUITES else members
    if len(signers) != count:
        raise abi.INVALID_LENGTH(count, len(signers))
    for position, signer in enumerate(signers):
        if signer in signers[:position] or not is_signer(scheme, signer):
            raise INVALID_SIGNER(position)


def is_signer(scheme: int, signer: bytes) -> bool:
    """Return whether these bytes name a signer of a scheme."""
    suite = FROST_SUITES.get(scheme)
    if suite is not None:
        return suite.parse_key(signer) is not None
    return len(signer) == (ADDRESS_SIZE if scheme == ACCOUNTS else HASH_SIZE) and any(signer)


def set_price(scheme: int) -> int:
    """Return what checking a set costs besides its members: a group's key is decoded."""
    suite = FROST_SUITES.get(scheme)
    return 0 if suite is None else prices.ELEMENT[suite.number]


def signature_price(scheme: int) -> int:
    """Return what one signature costs."""
    suite = FROST_SUITES.get(scheme)
    if suite is not None:
        return prices.VERIFY[suite.number]
    return RECOVERY_GAS if scheme == ACCOUNTS else ML_DSA_GAS


def signature_count(scheme: int, faulty: int) -> int:
    """Return how many signatures make a quorum: one more than may be faulty, or the group's one."""
    return 1 if scheme in FROST_SUITES else faulty + 1


def check_counts(scheme: int, faulty: int, given: Signatures) -> None:
    """Refuse too many or too few signatures and keys, before any is looked at."""
    expected = signature_count(scheme, faulty)
    if len(given.signatures) != expected:
        raise SIGNATURE_COUNT(expected, len(given.signatures))
    keys = expected if scheme == ML_DSA else 0
    if len(given.keys) != keys:
        raise abi.INVALID_LENGTH(keys, len(given.keys))


def check_signatures(
    call: Call, scheme: int, digest: bytes, given: Signatures, member_of: MemberOf
) -> None:
    """Refuse the first signature that is not one of a further member."""
    seen = set()
    for position, signature in enumerate(given.signatures):
        if scheme == ACCOUNTS:
            signer = ecdsa_signature.recover_account(digest, signature)
            if signer is None:
                raise INVALID_SIGNATURE(position)
        else:
            signer = keccak256(given.keys[position])
        member = member_of(signer)
        if not member:
            raise UNKNOWN_SIGNER(position)
        if member in seen:
            raise DUPLICATE_SIGNER(position)
        seen.add(member)
        if scheme == ML_DSA and not ml_dsa.verify(call, given.keys[position], digest, signature):
            raise INVALID_SIGNATURE(position)


def check_group_signature(scheme: int, key: bytes, digest: bytes, signature: bytes) -> None:
    """Refuse what is not the signature of a group."""
    suite = FROST_SUITES[scheme]
    element = suite.parse_key(key)
    assert element is not None, "it was checked when it was stored"
    if not frost.holds(suite, element, key, digest, signature):
        raise INVALID_SIGNATURE(0)
