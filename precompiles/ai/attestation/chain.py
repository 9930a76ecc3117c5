"""Judges a signed report and the certificates behind it: RFC 5280, section 6.1, for short chains.

A chain comes in order, the device's certificate first, the root last, and names its root by being
it: the root's fingerprint must be one that the genesis trusts. So no name is ever looked up.
Revocation is not looked at; the genesis trusts roots that vouch for hardware, and a report is
believed for a short time only.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from ...backends import certificate_signatures
from . import certificate as x509
from .certificate import Certificate
from .der import Malformed
from .quote import Quote

DEVICE_SIZE = 32
NUMBER_SIZE = 8
REPORT_SIZE = DEVICE_SIZE + 2 * NUMBER_SIZE
CERTIFICATES_MAX = 4

TRUSTED = 0
UNKNOWN_ROOT = 1
OTHER_DEVICE = 2
TOO_OLD = 3
IN_THE_FUTURE = 4
NOT_VALID_THEN = 5
WRONG_ISSUER = 6
NOT_AN_AUTHORITY = 7
IS_AN_AUTHORITY = 8
PATH_TOO_LONG = 9
WRONG_KEY_USAGE = 10
WRONG_PURPOSE = 11
UNKNOWN_CRITICAL_EXTENSION = 12
UNSUPPORTED_ALGORITHM = 13
BAD_CERTIFICATE_SIGNATURE = 14
BAD_REPORT_SIGNATURE = 15
BAD_ENCLAVE_SIGNATURE = 16
KEY_NOT_REPORTED = 17

ANY_PURPOSE = bytes.fromhex("551d2500")
ATTESTATION_PURPOSE = bytes.fromhex("6781050803")
"""tcg-kp-AIKCertificate, 2.23.133.8.3: a key that attests, by the Trusted Computing Group."""

REPORT_DIGESTS = {"P-256": "SHA-256", "P-384": "SHA-384"}
RAW_SIZES = {"P-256": 64, "P-384": 96}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A report with the certificates behind it."""

    report: bytes
    device: bytes
    timestamp: int
    nonce: bytes
    chain: tuple[Certificate, ...]


def parse_receipt(data: bytes) -> Receipt:
    """Read report and certificates: nothing between them, nothing behind. Raises Malformed."""
    if len(data) <= REPORT_SIZE:
        raise Malformed(len(data), "truncated")
    chain: list[Certificate] = []
    position = REPORT_SIZE
    while position < len(data):
        if len(chain) == CERTIFICATES_MAX:
            raise Malformed(position, "too many certificates")
        chain.append(x509.parse(data, position, len(data)))
        position += len(chain[-1].whole)
    return Receipt(
        report=data[:REPORT_SIZE],
        device=data[:DEVICE_SIZE],
        timestamp=int.from_bytes(data[DEVICE_SIZE : DEVICE_SIZE + NUMBER_SIZE], "big"),
        nonce=data[REPORT_SIZE - NUMBER_SIZE : REPORT_SIZE],
        chain=tuple(chain),
    )


def judge(
    receipt: Receipt, signature: bytes, now: int, age_max: int, pay: Callable[[str], None]
) -> int:
    """Return TRUSTED, or what speaks against a receipt whose root is known.

    `pay` is told the kind of each key before a signature is checked under it.
    """
    found = judge_report(receipt, now, age_max)
    found = found or judge_chain(receipt.chain, receipt.timestamp, pay)
    if found:
        return found
    signer = receipt.chain[0].key
    pay(signer.kind)
    if not verify(signer.kind, signer.content, receipt.report, signature):
        return BAD_REPORT_SIGNATURE
    return TRUSTED


def judge_quote(quote: Quote, now: int, pay: Callable[[str], None]) -> int:
    """Return TRUSTED, or what speaks against a quote whose root is known.

    A quote has no time of its own, so its certificates must be valid now.
    """
    found = judge_chain(quote.chain, now, pay)
    if found:
        return found
    signer = quote.chain[0].key
    pay(signer.kind)
    if not verify(signer.kind, signer.content, quote.enclave_report, quote.enclave_signature):
        return BAD_ENCLAVE_SIGNATURE
    if not quote.is_bound:
        return KEY_NOT_REPORTED
    pay("P-256")
    point = bytes([x509.UNCOMPRESSED]) + quote.key
    if not verify("P-256", point, quote.signed, quote.signature):
        return BAD_REPORT_SIGNATURE
    return TRUSTED


def judge_chain(chain: tuple[Certificate, ...], time: int, pay: Callable[[str], None]) -> int:
    """Return what speaks against certificates in order, at a time."""
    found = next(filter(None, (judge_place(chain, i) for i in range(len(chain)))), TRUSTED)
    if found:
        return found
    if not all(valid_at(each, time) for each in chain):
        return NOT_VALID_THEN
    for signed, signer in itertools.pairwise(chain):
        pay(signer.key.kind)
        if not signed_by(signed, signer):
            return BAD_CERTIFICATE_SIGNATURE
    return TRUSTED


def judge_report(receipt: Receipt, now: int, age_max: int) -> int:
    """Return what speaks against the report itself."""
    if receipt.device != receipt.chain[0].key_id:
        return OTHER_DEVICE
    if receipt.timestamp > now:
        return IN_THE_FUTURE
    if now - receipt.timestamp > age_max:
        return TOO_OLD
    return TRUSTED


def judge_place(chain: tuple[Certificate, ...], place: int) -> int:
    """Return what speaks against a certificate where it stands; 0 is the device's."""
    each, extensions = chain[place], chain[place].extensions
    is_root = place == len(chain) - 1
    if not each.key.kind or (not is_root and each.digest is None):
        return UNSUPPORTED_ALGORITHM
    if extensions.unknown_critical:
        return UNKNOWN_CRITICAL_EXTENSION
    if not is_root and each.issuer != chain[place + 1].subject:
        return WRONG_ISSUER
    if place == 0 and extensions.is_authority:
        return IS_AN_AUTHORITY
    if place > 0 and not extensions.is_authority:
        return NOT_AN_AUTHORITY
    below = sum(1 for other in chain[1:place] if other.issuer != other.subject)
    if place > 0 and extensions.path_length is not None and below > extensions.path_length:
        return PATH_TOO_LONG
    needed = x509.KEY_CERT_SIGN if place else x509.DIGITAL_SIGNATURE
    if extensions.key_usage is not None and not extensions.key_usage >> needed & 1:
        return WRONG_KEY_USAGE
    purposes = extensions.purposes
    if purposes is not None and not {ANY_PURPOSE, ATTESTATION_PURPOSE} & set(purposes):
        return WRONG_PURPOSE
    return TRUSTED


def valid_at(each: Certificate, time: int) -> bool:
    """Return whether a certificate is valid then, both ends included."""
    return each.not_before <= time <= each.not_after


def signed_by(each: Certificate, signer: Certificate) -> bool:
    """Return whether the signer's key made the signature of a certificate."""
    kind, point = signer.key.kind, signer.key.content
    if not each.digest:
        is_pure = kind == "Ed25519" and each.digest is not None
        return is_pure and certificate_signatures.verify_ed25519(point, each.signed, each.signature)
    if kind == "Ed25519":
        return False
    return certificate_signatures.verify_ecdsa(
        kind, each.digest, point, each.signed, each.signature
    )


def verify(kind: str, key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature holds; one by ECDSA may be DER, or r and s as they are."""
    if kind == "Ed25519":
        return certificate_signatures.verify_ed25519(key, message, signature)
    if len(signature) == RAW_SIZES[kind]:
        signature = certificate_signatures.der_of_raw(signature)
    return certificate_signatures.verify_ecdsa(kind, REPORT_DIGESTS[kind], key, message, signature)
