"""One X.509 certificate, version 3, as RFC 5280 profiles it. Judges no chain and no signature.

Refuses what is not exactly the profile's encoding. What it may not refuse, because other
certificates are well-formed with it (an algorithm nobody here computes, an extension nobody here
knows), it says in the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from . import der
from .der import Malformed, Reader
from .instants import parse_generalized_time, parse_utc_time

VERSION_3 = 2
SERIAL_BITS_MAX = 160

EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
CURVES = {
    bytes.fromhex("2a8648ce3d030107"): ("P-256", 65),
    bytes.fromhex("2b81040022"): ("P-384", 97),
}
ED25519 = bytes.fromhex("2b6570")
ED25519_KEY_SIZE = 32
UNCOMPRESSED = 4

SIGNATURES = {
    bytes.fromhex("2a8648ce3d040302"): "SHA-256",
    bytes.fromhex("2a8648ce3d040303"): "SHA-384",
    bytes.fromhex("2a8648ce3d040304"): "SHA-512",
    ED25519: "",
}
"""Object identifier -> the hash that ECDSA signs; Ed25519 signs the message itself."""

EXTENSION_ARC = bytes.fromhex("551d")
SUBJECT_KEY_IDENTIFIER, KEY_USAGE, BASIC_CONSTRAINTS = (
    EXTENSION_ARC + bytes([n]) for n in (14, 15, 19)
)
AUTHORITY_KEY_IDENTIFIER, EXTENDED_KEY_USAGE = (EXTENSION_ARC + bytes([n]) for n in (35, 37))
IGNORED = frozenset({SUBJECT_KEY_IDENTIFIER, AUTHORITY_KEY_IDENTIFIER})
"""Hints for finding certificates. A chain comes in order, so there is nothing to find."""

EXTENSIONS_MAX = 32
PURPOSES_MAX = 16

DIGITAL_SIGNATURE, KEY_CERT_SIGN = 0, 5

VERSION_TAG, ISSUER_ID_TAG, SUBJECT_ID_TAG, EXTENSIONS_TAG = 0xA0, 0x81, 0x82, 0xA3

PRINTABLE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
STRINGS = frozenset(
    {
        der.UTF8_STRING,
        der.NUMERIC_STRING,
        der.PRINTABLE_STRING,
        der.TELETEX_STRING,
        der.IA5_STRING,
        der.UNIVERSAL_STRING,
        der.BMP_STRING,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key. `kind` is P-256, P-384 or Ed25519, or empty for one that nobody here computes with."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What the extensions say; None where one is absent."""

    is_authority: bool = False
    path_length: int | None = None
    key_usage: int | None = None
    purposes: tuple[bytes, ...] | None = None
    unknown_critical: bool = False
    others: Mapping[bytes, bytes] = field(default_factory=dict)
    """The content of those that are not known, critical or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A parsed certificate. Names are their encodings: two names are equal if their bytes are."""

    whole: bytes
    signed: bytes
    issuer: bytes
    subject: bytes
    not_before: int
    not_after: int
    key_info: bytes
    key: PublicKey
    extensions: Extensions
    digest: str | None
    """Of the signature: a hash, empty for Ed25519, None where nobody here computes it."""
    signature: bytes

    @property
    def fingerprint(self) -> bytes:
        """Return what names this certificate."""
        return sha256(self.whole).digest()

    @property
    def key_id(self) -> bytes:
        """Return what names its key: the hash of the public key info, as RFC 7469 pins it."""
        return sha256(self.key_info).digest()


def parse(data: bytes, position: int, end: int) -> Certificate:
    """Read the certificate that begins at `position`. Raises Malformed."""
    outer = Reader(data, position, end).take(der.SEQUENCE, "certificate")
    reader = der.inside(outer)
    signed = reader.take(der.SEQUENCE, "certificate body")
    algorithm = reader.take(der.SEQUENCE, "signature algorithm")
    digest = parse_signature_algorithm(algorithm)
    signature = der.whole_bytes(reader.take(der.BIT_STRING, "signature"))
    reader.finish()

    body = der.inside(signed)
    parse_version(body)
    parse_serial(body)
    repeated = body.take(der.SEQUENCE, "signature algorithm")
    if repeated.whole != algorithm.whole:
        raise Malformed(repeated.start, "two signature algorithms")
    issuer = parse_name(body)
    validity = der.inside(body.take(der.SEQUENCE, "validity"))
    not_before, not_after = parse_time(validity), parse_time(validity)
    validity.finish()
    subject = parse_name(body)
    key_info = body.take(der.SEQUENCE, "public key info")
    extensions = parse_extensions(body)
    body.finish()
    return Certificate(
        whole=outer.whole,
        signed=signed.whole,
        issuer=issuer,
        subject=subject,
        not_before=not_before,
        not_after=not_after,
        key_info=key_info.whole,
        key=parse_key(key_info),
        extensions=extensions,
        digest=digest,
        signature=signature,
    )


def parse_version(body: Reader) -> None:
    """Take the version, which must be 3."""
    tagged = der.inside(body.take(VERSION_TAG, "version is not 3"))
    version = tagged.take(der.INTEGER, "version")
    if der.integer(version) != VERSION_3:
        raise Malformed(version.start, "version is not 3")
    tagged.finish()


def parse_serial(body: Reader) -> None:
    """Take the serial number: positive, a number of 20 bytes (RFC 5280, 4.1.2.2)."""
    serial = body.take(der.INTEGER, "serial number")
    number = der.integer(serial)
    if number <= 0 or number >> SERIAL_BITS_MAX:
        raise Malformed(serial.start, "serial number")


def parse_signature_algorithm(element: der.Element) -> str | None:
    """Return the hash that is signed, or None for an algorithm that is not known here."""
    reader = der.inside(element)
    name = der.identifier(reader.take(der.OBJECT_IDENTIFIER, "algorithm"))
    if name in SIGNATURES:
        reader.finish()
        return SIGNATURES[name]
    if not reader.done:
        reader.any()
    reader.finish()
    return None


def parse_key(element: der.Element) -> PublicKey:
    """Return the key of a public key info (RFC 5480, RFC 8410)."""
    reader = der.inside(element)
    algorithm = der.inside(reader.take(der.SEQUENCE, "key algorithm"))
    content = der.whole_bytes(reader.take(der.BIT_STRING, "public key"))
    reader.finish()
    name = der.identifier(algorithm.take(der.OBJECT_IDENTIFIER, "key algorithm"))
    kind, size = "", 0
    if name == EC_PUBLIC_KEY:
        curve = der.identifier(algorithm.take(der.OBJECT_IDENTIFIER, "curve"))
        kind, size = CURVES.get(curve, ("", 0))
    elif name == ED25519:
        kind, size = "Ed25519", ED25519_KEY_SIZE
    elif not algorithm.done:
        algorithm.any()
    algorithm.finish()
    if kind and (len(content) != size or (kind != "Ed25519" and content[0] != UNCOMPRESSED)):
        raise Malformed(element.start, "public key")
    return PublicKey(kind=kind, content=content)


def parse_name(body: Reader) -> bytes:
    """Take a Name and return its encoding."""
    name = body.take(der.SEQUENCE, "name")
    for relative in der.members(name):
        if relative.tag != der.SET or relative.body == relative.end:
            raise Malformed(relative.start, "name")
        der.ascending(relative)
        for attribute in der.members(relative):
            if attribute.tag != der.SEQUENCE:
                raise Malformed(attribute.start, "name")
            reader = der.inside(attribute)
            der.identifier(reader.take(der.OBJECT_IDENTIFIER, "name"))
            check_text(reader.any())
            reader.finish()
    return name.whole


def check_text(element: der.Element) -> None:
    """Refuse what is no string, or has what its kind of string cannot have."""
    content = element.content
    good = element.tag in STRINGS and len(content) > 0
    if element.tag == der.PRINTABLE_STRING:
        good = good and PRINTABLE.issuperset(content)
    elif element.tag == der.IA5_STRING:
        good = good and content.isascii()
    elif element.tag == der.UTF8_STRING:
        good = good and is_utf8(content)
    if not good:
        raise Malformed(element.start, "text of a name")


def is_utf8(content: bytes) -> bool:
    """Return whether the bytes are UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse_time(validity: Reader) -> int:
    """Take a time and return its seconds since 1970: UTCTime to 2049, then GeneralizedTime."""
    element = validity.any()
    if element.tag == der.UTC_TIME:
        seconds = parse_utc_time(element.content)
    elif element.tag == der.GENERALIZED_TIME:
        seconds = parse_generalized_time(element.content)
    else:
        raise Malformed(element.start, "time")
    if seconds is None:
        raise Malformed(element.start, "time")
    return seconds


def parse_extensions(body: Reader) -> Extensions:
    """Take the extensions, if there are any."""
    for tag in (ISSUER_ID_TAG, SUBJECT_ID_TAG):
        unique = body.optional(tag)
        if unique is not None:
            raise Malformed(unique.start, "unique identifier")
    tagged = body.optional(EXTENSIONS_TAG)
    if tagged is None:
        return Extensions()
    reader = der.inside(tagged)
    listed = reader.take(der.SEQUENCE, "extensions")
    reader.finish()
    found: dict[bytes, tuple[bool, der.Element]] = {}
    for element in der.members(listed):
        name, critical, value = parse_extension(element)
        if name in found:
            raise Malformed(element.start, "the same extension twice")
        if len(found) == EXTENSIONS_MAX:
            raise Malformed(element.start, "too many extensions")
        found[name] = critical, value
    if not found:
        raise Malformed(listed.start, "no extensions")
    return understood(found)


def parse_extension(element: der.Element) -> tuple[bytes, bool, der.Element]:
    """Return name, whether it is critical, and the value of one extension."""
    if element.tag != der.SEQUENCE:
        raise Malformed(element.start, "extension")
    reader = der.inside(element)
    name = der.identifier(reader.take(der.OBJECT_IDENTIFIER, "extension"))
    flag = reader.optional(der.BOOLEAN)
    if flag is not None and not der.boolean(flag):
        raise Malformed(flag.start, "default is not left out")
    value = reader.take(der.OCTET_STRING, "extension")
    reader.finish()
    return name, flag is not None, value


def understood(found: dict[bytes, tuple[bool, der.Element]]) -> Extensions:
    """Return what the extensions say that are known here."""
    is_authority, path_length = False, None
    key_usage: int | None = None
    purposes: tuple[bytes, ...] | None = None
    unknown_critical = False
    others: dict[bytes, bytes] = {}
    for name, (critical, value) in found.items():
        content = der.inside(value)
        if name == BASIC_CONSTRAINTS:
            is_authority, path_length = parse_constraints(content)
        elif name == KEY_USAGE:
            key_usage = der.named_bits(content.take(der.BIT_STRING, "key usage"))
        elif name == EXTENDED_KEY_USAGE:
            purposes = parse_purposes(content)
        else:
            unknown_critical |= critical and name not in IGNORED
            others[name] = value.content
            continue
        content.finish()
    return Extensions(
        is_authority=is_authority,
        path_length=path_length,
        key_usage=key_usage,
        purposes=purposes,
        unknown_critical=unknown_critical,
        others=others,
    )


def parse_constraints(content: Reader) -> tuple[bool, int | None]:
    """Return whether the subject is an authority, and how many may stand below it."""
    reader = der.inside(content.take(der.SEQUENCE, "basic constraints"))
    flag = reader.optional(der.BOOLEAN)
    if flag is not None and not der.boolean(flag):
        raise Malformed(flag.start, "default is not left out")
    limit = reader.optional(der.INTEGER)
    reader.finish()
    if limit is None:
        return flag is not None, None
    if flag is None or der.integer(limit) < 0:
        raise Malformed(limit.start, "path length")
    return True, der.integer(limit)


def parse_purposes(content: Reader) -> tuple[bytes, ...]:
    """Return the purposes of an extended key usage."""
    listed = content.take(der.SEQUENCE, "extended key usage")
    purposes: list[bytes] = []
    for element in der.members(listed):
        if element.tag != der.OBJECT_IDENTIFIER or len(purposes) == PURPOSES_MAX:
            raise Malformed(element.start, "extended key usage")
        purposes.append(der.identifier(element))
    if not purposes:
        raise Malformed(listed.start, "extended key usage")
    return tuple(purposes)
