"""0x0305: whether a device that a vendor vouches for signed a report.

A receipt is a report of 48 bytes, `device (32) | timestamp (8) | nonce (8)`, and behind it the
DER certificates of the device, of what issued it, and so on to a root that the genesis names. The
device is the SHA-256 of its public key info, so nobody reports in another's name. A receipt that
is well-formed and not to be trusted gives false, and `judge` tells why; a malformed one reverts.

Layout. Slot 0 holds the age, in seconds, up to which a report is believed; the slot numbered by a
root's fingerprint holds its trust in percent, so that 0 is no root.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ... import abi
from ...gas import Constant, Listed, PerItem
from ...precompile import Call, Precompile, Start, method
from ...storage import Read
from . import certificate as x509
from . import chain
from . import quote as quotes
from .der import Malformed

ADDRESS = (0x0305).to_bytes(20, "big")

REASON_MAX = 64
CERTIFICATE_SIZE_MAX = 2_048
RECEIPT_SIZE_MAX = chain.REPORT_SIZE + chain.CERTIFICATES_MAX * CERTIFICATE_SIZE_MAX
SIGNATURE_SIZE_MAX = 128
MESSAGE_SIZE_MAX = 8_192
QUOTE_SIZE_MAX = 8_192
KEY_SIZE_MAX = 97

MALFORMED = abi.error("Malformed(uint256 position, string reason)", {"reason": REASON_MAX})
UNKNOWN_ALGORITHM = abi.error("UnknownAlgorithm(uint8 algorithm)")

AGE_SLOT = 0
REPORT_AGE = 86_400
"""A day: as long as a claim waits at the mining precompile."""
TRUST_MAX = 100

KINDS = {1: "P-256", 2: "P-384", 3: "Ed25519"}
NUMBERS = {kind: number for number, kind in KINDS.items()} | {"": 0}
KEY_SIZES = {"P-256": 65, "P-384": 97, "Ed25519": 32}

# Measured: docs/gas.md.
PARSE_BASE_GAS = 500
PARSE_BYTE_GAS = 20
QUOTE_BYTE_GAS = 12
"""Much of a quote is base 64, or not looked at."""
SIGNATURE_GAS = {"P-256": 7_000, "P-384": 36_000, "Ed25519": 10_000}
PARSE_GAS = (Constant(amount=PARSE_BASE_GAS), PerItem(argument="receipt", amount=PARSE_BYTE_GAS))


def genesis(settings: Mapping[str, Any]) -> Start:
    """Return the storage that the settings `roots` and `reportAge` ask for."""
    if unknown := set(settings) - {"admin", "roots", "reportAge"}:
        raise ValueError(f"{min(unknown)}: no such setting")
    age, roots = settings.get("reportAge", REPORT_AGE), settings.get("roots", {})
    if not isinstance(age, int) or not 0 < age < 1 << 64:
        raise ValueError("reportAge: not a number of seconds")
    if not isinstance(roots, Mapping):
        raise ValueError("roots: not an object of fingerprints and trust")
    storage = {AGE_SLOT: age}
    for name, trust in roots.items():
        try:
            fingerprint = bytes.fromhex(name.removeprefix("0x"))
        except ValueError:
            fingerprint = b""
        if len(fingerprint) != 32:
            raise ValueError(f"roots: {name} is no SHA-256 fingerprint")
        if not isinstance(trust, int) or not 0 < trust <= TRUST_MAX:
            raise ValueError(f"roots: the trust in {name} is not from 1 to {TRUST_MAX}")
        storage[int.from_bytes(fingerprint, "big")] = trust
    return Start(storage=storage)


def verify(call: Call, receipt: bytes, signature: bytes) -> bool:
    """Return whether the receipt is to be trusted."""
    return judge(call, receipt, signature)[0] == chain.TRUSTED


def judge(call: Call, receipt: bytes, signature: bytes) -> tuple[int, int]:
    """Return the verdict, and the trust that the genesis gives the root."""
    return judged(call, call.host.load, receipt, signature)


def judge_for(call: Call, receipt: bytes, signature: bytes) -> tuple[int, int]:
    """Return the same for another entry, charging what a call here costs."""
    call.host.charge(PARSE_BASE_GAS + PARSE_BYTE_GAS * len(receipt), "receipt")
    return judged(call, partial(call.host.storage_of, ADDRESS), receipt, signature)


def judged(call: Call, read: Read, receipt: bytes, signature: bytes) -> tuple[int, int]:
    """Return verdict and trust; `read` returns a word of this entry's storage."""
    parsed = parse(receipt)
    trust = trust_in(read, parsed.chain[-1].fingerprint)
    if not trust:
        return chain.UNKNOWN_ROOT, 0
    verdict = chain.judge(
        parsed,
        signature,
        call.context.timestamp,
        read(AGE_SLOT),
        payer(call),
    )
    return verdict, trust if verdict == chain.TRUSTED else 0


def judge_quote(call: Call, encoded: bytes) -> tuple[object, ...]:
    """Return the verdict on a quote of Intel's, and what it says."""
    try:
        quote = quotes.parse(encoded)
    except Malformed as found:
        raise MALFORMED(found.position, found.reason) from None
    trust = root_trust(call, quote.chain[-1].fingerprint)
    verdict = chain.UNKNOWN_ROOT
    if trust:
        verdict = chain.judge_quote(quote, call.context.timestamp, payer(call))
    trust = trust if verdict == chain.TRUSTED else 0
    return verdict, trust, quote.version, quote.kind, quote.body, quotes.platform_versions(quote)


def payer(call: Call) -> Callable[[str], None]:
    """Return what charges a signature by the kind of its key."""
    return lambda kind: call.host.charge(SIGNATURE_GAS[kind], f"{kind} signature")


def describe(_: Call, receipt: bytes) -> tuple[bytes, int, bytes, list[bytes]]:
    """Return what a receipt says."""
    parsed = parse(receipt)
    fingerprints = [each.fingerprint for each in parsed.chain]
    return parsed.device, parsed.timestamp, parsed.nonce, fingerprints


def describe_certificate(_: Call, certificate: bytes) -> tuple[object, ...]:
    """Return what a certificate says."""
    try:
        parsed = x509.parse(certificate, 0, len(certificate))
        if len(parsed.whole) != len(certificate):
            raise Malformed(len(parsed.whole), "trailing bytes")
    except Malformed as found:
        raise MALFORMED(found.position, found.reason) from None
    extensions = parsed.extensions
    return (
        parsed.fingerprint,
        parsed.key_id,
        NUMBERS[parsed.key.kind],
        parsed.not_before,
        parsed.not_after,
        extensions.is_authority,
        extensions.unknown_critical,
    )


def parse(receipt: bytes) -> chain.Receipt:
    """Return a receipt, or refuse it."""
    try:
        return chain.parse_receipt(receipt)
    except Malformed as found:
        raise MALFORMED(found.position, found.reason) from None


def root_trust(call: Call, fingerprint: bytes) -> int:
    """Return the trust in a root; 0 is none."""
    return trust_in(call.host.load, fingerprint)


def trust_in(read: Read, fingerprint: bytes) -> int:
    """Return the trust in a root; 0 is none."""
    slot = int.from_bytes(fingerprint, "big")
    return read(slot) if slot != AGE_SLOT else 0


def report_age(call: Call) -> int:
    """Return the age up to which a report is believed."""
    return call.host.load(AGE_SLOT)


def verify_signature(
    _: Call, algorithm: int, public_key: bytes, message: bytes, signature: bytes
) -> bool:
    """Return whether a signature holds, by one of the algorithms of reports."""
    if algorithm not in KINDS:
        raise UNKNOWN_ALGORITHM(algorithm)
    kind = KINDS[algorithm]
    if len(public_key) != KEY_SIZES[kind]:
        return False
    return chain.verify(kind, public_key, message, signature)


BOUNDS: dict[str, abi.Bound] = {"receipt": RECEIPT_SIZE_MAX, "signature": SIGNATURE_SIZE_MAX}
SIGNATURE_PRICES = tuple((number, SIGNATURE_GAS[kind]) for number, kind in KINDS.items())

PRECOMPILE = Precompile(
    address=ADDRESS,
    family="ai",
    name="attestation",
    interface="IAttestation",
    version=1,
    summary="Reports of attested devices, with certificate chains to roots of the genesis",
    methods=(
        method(
            "verify(bytes receipt, bytes signature) returns (bool trusted)",
            mutability="view",
            gas=PARSE_GAS,
            handler=verify,
            summary="Check a receipt, device | timestamp | nonce | certificates, whose report the"
            " device signed. Each signature of the chain is charged when it is checked.",
            bounds=BOUNDS,
        ),
        method(
            "judge(bytes receipt, bytes signature) returns (uint8 verdict, uint8 trust)",
            mutability="view",
            gas=PARSE_GAS,
            handler=judge,
            summary="Tell why a receipt is not trusted, 0 if it is, and the percentage of trust"
            " that the genesis gives its root.",
            bounds=BOUNDS,
        ),
        method(
            "judgeQuote(bytes quote) returns (uint8 verdict, uint8 trust, uint16 version,"
            " uint32 kind, bytes body, bytes platform)",
            mutability="view",
            gas=(
                Constant(amount=PARSE_BASE_GAS),
                PerItem(argument="quote", amount=QUOTE_BYTE_GAS),
            ),
            handler=judge_quote,
            summary="Judge a quote of Intel SGX or TDX, version 3, 4 or 5, and return what it says:"
            " 0 for an enclave or 0x81 for a domain, its report, and the security versions of the"
            " platform, which are not judged.",
            bounds={
                "quote": QUOTE_SIZE_MAX,
                "body": quotes.DOMAIN_15_SIZE,
                "platform": CERTIFICATE_SIZE_MAX,
            },
        ),
        method(
            "describe(bytes receipt) returns"
            " (bytes32 device, uint64 timestamp, bytes8 nonce, bytes32[] fingerprints)",
            mutability="pure",
            gas=PARSE_GAS,
            handler=describe,
            summary="Return what a receipt says, trusted or not.",
            bounds={"receipt": RECEIPT_SIZE_MAX, "fingerprints": chain.CERTIFICATES_MAX},
        ),
        method(
            "describeCertificate(bytes certificate) returns (bytes32 fingerprint, bytes32 keyId,"
            " uint8 algorithm, uint64 notBefore, uint64 notAfter, bool isAuthority,"
            " bool hasUnknownCritical)",
            mutability="pure",
            gas=(Constant(amount=500), PerItem(argument="certificate", amount=PARSE_BYTE_GAS)),
            handler=describe_certificate,
            summary="Return what one certificate says. keyId is what a report calls its device.",
            bounds={"certificate": CERTIFICATE_SIZE_MAX},
        ),
        method(
            "verifySignature(uint8 algorithm, bytes publicKey, bytes message, bytes signature)"
            " returns (bool valid)",
            mutability="pure",
            gas=(
                Listed(argument="algorithm", amounts=SIGNATURE_PRICES, otherwise=500),
                PerItem(argument="message", amount=1),
            ),
            handler=verify_signature,
            summary="Check one signature: 1 ECDSA on P-256 over SHA-256, 2 on P-384 over SHA-384,"
            " DER or r | s; 3 Ed25519.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                "message": MESSAGE_SIZE_MAX,
                "signature": SIGNATURE_SIZE_MAX,
            },
        ),
        method(
            "rootTrust(bytes32 fingerprint) returns (uint8 trust)",
            mutability="view",
            gas=(Constant(amount=100),),
            handler=root_trust,
            summary="Return the percentage of trust in a root; 0 for a certificate that is none.",
        ),
        method(
            "reportAge() returns (uint64 duration)",
            mutability="view",
            gas=(Constant(amount=100),),
            handler=report_age,
            summary="Return the seconds for which a report is believed.",
        ),
    ),
    errors=(MALFORMED, UNKNOWN_ALGORITHM),
    references=(
        *("RFC 5280", "RFC 5480", "RFC 8410", "ITU-T X.690"),
        "Intel SGX ECDSA Quote Library Reference; Intel TDX DCAP Quoting Library API",
    ),
    genesis=genesis,
)
