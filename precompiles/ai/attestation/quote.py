"""Intel's quotes of SGX enclaves and TDX domains, versions 3 to 5: what they say, and their chain.

A quote is signed by an attestation key, that key is bound by a report of Intel's quoting enclave,
and that report is signed by a key that certificates lead from to a root. Numbers are little-endian.
Whether the platform's firmware is up to date is not judged: what tells it, the numbers of the
report and of the certificate, is handed on as data.

    header     2 version | 2 kind of key, 2 | 4 kind of body, 0 or 0x81 | 40 more
    v5         2 form of the body | 4 its size
    body       384 of an enclave, 584 of a domain, 648 of a domain of TDX 1.5
    4 size of the rest | 64 signature | 64 attestation key
    v4, v5     2 of 6 | 4 size of the rest
    384 report of the quoting enclave | 64 its signature | 2 size | authentication data
    2 of 5 | 4 size | certificates in PEM, the platform's first
"""

from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from hashlib import sha256

from . import certificate as x509
from .certificate import Certificate
from .der import Malformed

HEADER_SIZE = 48
ENCLAVE_SIZE, DOMAIN_SIZE, DOMAIN_15_SIZE = 384, 584, 648
SGX, TDX = 0, 0x81
SIGNATURE_SIZE = KEY_SIZE = 64
ECDSA_P256 = 2
REPORT_IN_CERTIFICATION_DATA, PEM_CHAIN = 6, 5
FORMS = {1: (SGX, ENCLAVE_SIZE), 2: (TDX, DOMAIN_SIZE), 3: (TDX, DOMAIN_15_SIZE)}
REPORT_DATA_SIZE = 64

BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"
CERTIFICATES_MAX = 4

SGX_EXTENSION = bytes.fromhex("2a864886f84d010d01")
"""1.2.840.113741.1.13.1: the security versions of a platform, in its certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quote taken apart."""

    version: int
    kind: int
    body: bytes
    signed: bytes
    signature: bytes
    key: bytes
    enclave_report: bytes
    enclave_signature: bytes
    authentication: bytes
    chain: tuple[Certificate, ...]

    @property
    def is_bound(self) -> bool:
        """Return whether the quoting enclave reported the attestation key."""
        digest = sha256(self.key + self.authentication).digest()
        return self.enclave_report[-REPORT_DATA_SIZE:] == digest.ljust(REPORT_DATA_SIZE, b"\0")


class Reader:
    """Takes a quote apart from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        """Take bytes."""
        found = self.data[self.position : self.position + size]
        if len(found) < size:
            raise Malformed(len(self.data), "truncated")
        self.position += size
        return found

    def number(self, size: int) -> int:
        """Take a number."""
        return int.from_bytes(self.take(size), "little")

    def expect(self, size: int, value: int, what: str) -> None:
        """Take a number that must be this one."""
        if self.number(size) != value:
            raise Malformed(self.position - size, what)

    def rest(self, size: int) -> None:
        """Take the size of the rest, which must be right."""
        if self.number(size) != len(self.data) - self.position:
            raise Malformed(self.position - size, "size of the rest")


def parse(data: bytes) -> Quote:
    """Read a quote. Raises Malformed."""
    reader = Reader(data)
    version = reader.number(2)
    if version not in (3, 4, 5):
        raise Malformed(0, "version")
    reader.expect(2, ECDSA_P256, "kind of key")
    kind, size = parse_kind(reader, version)
    body = reader.take(size)
    signed = data[: reader.position]
    reader.rest(4)
    signature, key = reader.take(SIGNATURE_SIZE), reader.take(KEY_SIZE)
    if version > 3:
        reader.expect(2, REPORT_IN_CERTIFICATION_DATA, "kind of certification data")
        reader.rest(4)
    enclave_report, enclave_signature = reader.take(ENCLAVE_SIZE), reader.take(SIGNATURE_SIZE)
    authentication = reader.take(reader.number(2))
    reader.expect(2, PEM_CHAIN, "kind of certification data")
    reader.rest(4)
    return Quote(
        version=version,
        kind=kind,
        body=body,
        signed=signed,
        signature=signature,
        key=key,
        enclave_report=enclave_report,
        enclave_signature=enclave_signature,
        authentication=authentication,
        chain=parse_pem(data, reader.position),
    )


def parse_kind(reader: Reader, version: int) -> tuple[int, int]:
    """Take the rest of the header, and return the kind and the size of the body."""
    kind = reader.number(4)
    if kind != SGX and (version == 3 or kind != TDX):
        raise Malformed(reader.position - 4, "kind of body")
    reader.take(HEADER_SIZE - 8)
    if version < 5:
        return kind, DOMAIN_SIZE if kind == TDX else ENCLAVE_SIZE
    form = reader.number(2)
    if FORMS.get(form, (None, 0))[0] != kind:
        raise Malformed(reader.position - 2, "form of the body")
    reader.expect(4, FORMS[form][1], "size of the body")
    return FORMS[form]


def parse_pem(data: bytes, start: int) -> tuple[Certificate, ...]:
    """Read certificates in PEM, to the end; one zero byte may follow, as Intel's library writes."""
    chain: list[Certificate] = []
    position, end = start, len(data) - data.endswith(b"\0")
    while position < end:
        if len(chain) == CERTIFICATES_MAX:
            raise Malformed(position, "too many certificates")
        if not data.startswith(BEGIN, position):
            raise Malformed(position, "PEM")
        inside = position + len(BEGIN)
        stop = data.find(END, inside)
        if stop < 0:
            raise Malformed(position, "PEM")
        content = decoded(data[inside:stop], inside)
        found = x509.parse(content, 0, len(content))
        if len(found.whole) != len(content):
            raise Malformed(inside, "trailing bytes")
        chain.append(found)
        position = stop + len(END)
    if not chain:
        raise Malformed(start, "PEM")
    return tuple(chain)


def decoded(lines: bytes, position: int) -> bytes:
    """Return what lines of base 64 encode; each ends with a line feed."""
    try:
        return a2b_base64(lines.replace(b"\n", b""), strict_mode=True)
    except (Base64Error, ValueError):
        raise Malformed(position, "base 64") from None


def platform_versions(quote: Quote) -> bytes:
    """Return the extension in which Intel tells a platform's security versions, or nothing."""
    return quote.chain[0].extensions.others.get(SGX_EXTENSION, b"")
