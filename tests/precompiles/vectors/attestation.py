"""Vectors of attestation: chains made and signed by `cryptography`, published certificates, and
encodings put together by hand that nobody may accept.

Keys follow from small numbers and ECDSA is deterministic: the chains come out the same each time.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

from cases import Case, call, case, hexed, refused
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.x509.oid import NameOID, ObjectIdentifier

SOURCE = "chains made and signed by cryptography, judged by the rules of RFC 5280"
ENTRY = "0x0000000000000000000000000000000000000305"
VERIFY, JUDGE = "verify(bytes,bytes)", "judge(bytes,bytes)"
NOW = 1_700_000_000
REPORTED = NOW - 600
AGE = 86_400
ATTESTS = ObjectIdentifier("2.23.133.8.3")
SERVER = ObjectIdentifier("1.3.6.1.5.5.7.3.1")

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
DIGESTS = {"P-256": hashes.SHA256(), "P-384": hashes.SHA384(), "P-521": hashes.SHA512()}

# A modulus of two published primes: the key signs nothing, it only has to be well-formed.
RSA_NUMBERS = rsa.RSAPublicNumbers(65_537, (2**1279 - 1) * (2**521 - 1))


def private_key(kind: str, number: int) -> Any:
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(sha256(bytes([number])).digest())
    return ec.derive_private_key(1_000_003 * number + 5, CURVES[kind])


def key_info(key: Any) -> bytes:
    public = key.public_key() if hasattr(key, "public_key") else key
    return public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*bits: str) -> x509.KeyUsage:
    fields = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in bits for name in fields})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a certificate is made of; each test changes one thing."""

    subject: str
    kind: str = "P-256"
    number: int = 1
    issuer: str | None = None
    public: Any = None
    first: int = NOW - 10_000_000
    last: int = NOW + 10_000_000
    authority: tuple[bool, int | None] | None = None
    usage: tuple[str, ...] | None = None
    purposes: tuple[ObjectIdentifier, ...] | None = None
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    signer: tuple[str, int] | None = None
    digest: Any = None


def certify(plan: Plan, above: Plan) -> bytes:
    """Make the certificate of a plan, signed by the plan above it."""
    start, end = (datetime.fromtimestamp(each, UTC) for each in (plan.first, plan.last))
    public = plan.public or private_key(plan.kind, plan.number).public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(plan.subject))
        .issuer_name(named(plan.issuer or above.subject))
        .public_key(public)
        .serial_number(1 + plan.number)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if plan.authority is not None:
        ca, length = plan.authority
        builder = builder.add_extension(x509.BasicConstraints(ca, length), critical=True)
    if plan.usage is not None:
        builder = builder.add_extension(usage(*plan.usage), critical=True)
    if plan.purposes is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(plan.purposes), critical=False)
    for extension, critical in plan.extra:
        builder = builder.add_extension(extension, critical=critical)
    kind, number = plan.signer or (above.kind, above.number)
    key = private_key(kind, number)
    if kind == "Ed25519":
        made = builder.sign(key, None)
    else:
        made = builder.sign(key, plan.digest or DIGESTS[kind], ecdsa_deterministic=True)
    return made.public_bytes(serialization.Encoding.DER)


def plans(kind: str = "P-256") -> list[Plan]:
    """A device, what issued it, and a root."""
    identifier = x509.SubjectKeyIdentifier(bytes(range(20)))
    authority = x509.AuthorityKeyIdentifier(bytes(range(20)), None, None)
    return [
        Plan(
            subject="device", kind=kind, number=1, authority=(False, None),
            usage=("digital_signature",), purposes=(ATTESTS,), extra=((authority, False),),
        ),
        Plan(
            subject="vendor", kind=kind, number=2, authority=(True, 0),
            usage=("key_cert_sign", "crl_sign"), extra=((identifier, False),),
        ),
        Plan(
            subject="root", kind=kind, number=3, authority=(True, None),
            usage=("key_cert_sign",),
        ),
    ]  # fmt: skip


def encoded(chain: list[Plan]) -> list[bytes]:
    above = [*chain[1:], chain[-1]]
    return [certify(plan, signer) for plan, signer in zip(chain, above, strict=True)]


def signed(kind: str, number: int, message: bytes, raw: bool = False) -> bytes:
    key = private_key(kind, number)
    if kind == "Ed25519":
        return key.sign(message)
    signature = key.sign(message, ec.ECDSA(DIGESTS[kind], deterministic_signing=True))
    if not raw:
        return signature
    size = (key.curve.key_size + 7) // 8
    return b"".join(n.to_bytes(size, "big") for n in utils.decode_dss_signature(signature))


@dataclass(kw_only=True)
class Scene:
    """A chain, a report under it, and the roots that the chain trusts."""

    chain: list[Plan]
    time: int = REPORTED
    device: bytes | None = None
    raw: bool = False
    trust: int = 100
    now: int = NOW
    parts: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = encoded(self.chain)

    @property
    def report(self) -> bytes:
        leaf = self.chain[0]
        info = key_info(leaf.public or private_key(leaf.kind, leaf.number))
        device = self.device or sha256(info).digest()
        return device + self.time.to_bytes(8, "big") + b"nonce 01"

    @property
    def receipt(self) -> bytes:
        return self.report + b"".join(self.parts)

    @property
    def signature(self) -> bytes:
        leaf = self.chain[0]
        return signed(leaf.kind, leaf.number, self.report, self.raw)

    @property
    def more(self) -> dict[str, Any]:
        return {"accounts": trusting(self.parts[-1], self.trust), "time": self.now}


def trusting(root: bytes, trust: int = 100) -> dict[str, Any]:
    slots = {0: AGE, int.from_bytes(sha256(root).digest(), "big"): trust}
    return {ENTRY: {"storage": {f"0x{k:064x}": f"0x{v:064x}" for k, v in slots.items()}}}


def verdict(name: str, scene: Scene, expected: int, signature: bytes | None = None) -> Case:
    signature = scene.signature if signature is None else signature
    data = call(JUDGE, scene.receipt, signature)
    trust = 0 if expected else scene.trust
    return case(name, data, ["uint8", "uint8"], expected, trust, **scene.more)


def cases() -> Iterator[Case]:
    for kind in ("P-256", "P-384", "Ed25519"):
        scene = Scene(chain=plans(kind))
        data = call(VERIFY, scene.receipt, scene.signature)
        yield case(f"verify-{kind}", data, ["bool"], True, **scene.more)
        yield verdict(f"judge-{kind}", scene, 0)
        if kind != "Ed25519":
            yield verdict(f"judge-{kind}-raw", Scene(chain=plans(kind), raw=True), 0)
    scene = Scene(chain=plans())
    yield case(
        "verify-unknown-root", call(VERIFY, scene.receipt, scene.signature), ["bool"], False
    ) | {"time": NOW}
    prints = [sha256(each).digest() for each in scene.parts]
    yield case(
        "describe",
        call("describe(bytes)", scene.receipt),
        ["bytes32", "uint64", "bytes8", "bytes32[]"],
        *(scene.report[:32], REPORTED, b"nonce 01", prints),
    )
    root = call("rootTrust(bytes32)", prints[-1])
    accounts = trusting(scene.parts[-1], 60)
    yield case("root-trust", root, ["uint8"], 60, accounts=accounts)
    yield case("root-unknown", root, ["uint8"], 0)
    zero = call("rootTrust(bytes32)", bytes(32))
    yield case("root-zero", zero, ["uint8"], 0, accounts=accounts)
    yield case("report-age", call("reportAge()"), ["uint64"], AGE, accounts=accounts)
    yield from trusted()
    yield from distrusted()
    yield from certificates()
    yield from signatures()
    yield from quotes()
    yield from malformed()


def trusted() -> Iterator[Case]:
    device, vendor, root = plans()
    yield verdict("trust-60", Scene(chain=plans(), trust=60), 0)
    alone = replace(device, issuer="device", signer=("P-256", 1))
    yield verdict("device-is-root", Scene(chain=[alone]), 0)
    yield verdict("two-certificates", Scene(chain=[device, root]), 0)
    second = replace(vendor, subject="vendor 2", number=4)
    high = replace(vendor, authority=(True, 1))
    yield verdict("four-certificates", Scene(chain=[device, second, high, root]), 0)
    # Self-issued certificates do not count for the length of a path (RFC 5280, 4.2.1.9).
    same = replace(vendor, subject="root", number=4)
    below = replace(root, authority=(True, 0))
    yield verdict("self-issued-is-free", Scene(chain=[device, same, below]), 0)
    yield verdict(
        "mixed-curves",
        Scene(chain=[device, replace(vendor, kind="Ed25519"), replace(root, kind="P-384")]),
        0,
    )
    sha512 = replace(device, digest=hashes.SHA512())
    yield verdict("sha-512-over-p-256", Scene(chain=[sha512, vendor, root]), 0)
    bare = replace(device, authority=None, usage=None, purposes=None, extra=())
    yield verdict("no-extensions", Scene(chain=[bare, vendor, root]), 0)
    any_purpose = replace(device, purposes=(SERVER, ObjectIdentifier("2.5.29.37.0")))
    yield verdict("any-purpose", Scene(chain=[any_purpose, vendor, root]), 0)
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0")
    yield verdict(
        "unknown-extension",
        Scene(chain=[replace(device, extra=((unknown, False),)), vendor, root]),
        0,
    )
    hint = x509.SubjectKeyIdentifier(bytes(20))
    yield verdict(
        "critical-hint", Scene(chain=[replace(device, extra=((hint, True),)), vendor, root]), 0
    )
    long_arc = (ATTESTS, ObjectIdentifier("2.5.16385"))
    yield verdict(
        "purpose-of-many-bytes", Scene(chain=[replace(device, purposes=long_arc), vendor, root]), 0
    )
    # Nobody checks the root's signature: its fingerprint says who it is.
    odd = replace(root, digest=hashes.SHA3_256())
    yield verdict("root-signed-otherwise", Scene(chain=[device, vendor, odd]), 0)
    yield verdict("reported-now", Scene(chain=plans(), time=NOW), 0)
    yield verdict("as-old-as-may-be", Scene(chain=plans(), time=NOW - AGE), 0)
    edge = [replace(each, first=REPORTED, last=REPORTED) for each in plans()]
    yield verdict("valid-one-second", Scene(chain=edge), 0)
    # A certificate may have ended since: what counts is the report's own time.
    ended = replace(device, last=REPORTED + 1)
    yield verdict("ended-since", Scene(chain=[ended, vendor, root]), 0)
    far = replace(device, last=2_600_000_000)
    yield verdict("generalized-time", Scene(chain=[far, vendor, root]), 0)


def distrusted() -> Iterator[Case]:
    device, vendor, root = plans()
    scene = Scene(chain=plans())
    yield verdict("unknown-root", scene, 1) | {"accounts": trusting(scene.parts[0])}
    yield verdict("chain-without-root", Scene(chain=plans()), 1) | {
        "input": hexed(call(JUDGE, scene.report + b"".join(scene.parts[:2]), scene.signature))
    }
    yield verdict("other-device", Scene(chain=plans(), device=b"\x11" * 32), 2)
    yield verdict("too-old", Scene(chain=plans(), time=NOW - AGE - 1), 3)
    yield verdict("in-the-future", Scene(chain=plans(), time=NOW + 1), 4)
    yield verdict("at-the-end-of-time", Scene(chain=plans(), time=2**64 - 1), 4)
    for place, title in enumerate(("device", "vendor", "root")):
        for name, changes in (
            ("expired", {"last": REPORTED - 1}),
            ("not-yet-valid", {"first": REPORTED + 1}),
        ):
            chain = plans()
            chain[place] = replace(chain[place], **changes)
            yield verdict(f"{title}-{name}", Scene(chain=chain), 5)
    other = replace(device, issuer="somebody")
    yield verdict("wrong-issuer", Scene(chain=[other, vendor, root]), 6)
    mixed = [scene.parts[place] for place in (0, 2, 1)]
    yield verdict("wrong-order", scene, 6) | {
        "input": hexed(call(JUDGE, scene.report + b"".join(mixed), scene.signature)),
        "accounts": trusting(mixed[-1]),
    }
    for name, authority in (("no-authority", (False, None)), ("no-constraints", None)):
        low = replace(vendor, authority=authority)
        yield verdict(f"vendor-is-{name}", Scene(chain=[device, low, root]), 7)
    yield verdict("root-is-no-authority", Scene(chain=[device, replace(root, authority=None)]), 7)
    yield verdict("device-is-authority", Scene(chain=[vendor, root]), 8)
    second = replace(vendor, subject="vendor 2", number=4)
    yield verdict("path-of-0", Scene(chain=[device, second, vendor, root]), 9)
    below = replace(root, authority=(True, 0))
    yield verdict("path-of-root-0", Scene(chain=[device, vendor, below]), 9)
    for name, chain in (
        ("device-key-usage", [replace(device, usage=("key_agreement",)), vendor, root]),
        ("vendor-key-usage", [device, replace(vendor, usage=("digital_signature",)), root]),
        ("root-key-usage", [device, vendor, replace(root, usage=("crl_sign",))]),
    ):
        yield verdict(name, Scene(chain=chain), 10)
    for name, chain in (
        ("device-purpose", [replace(device, purposes=(SERVER,)), vendor, root]),
        ("vendor-purpose", [device, replace(vendor, purposes=(SERVER,)), root]),
    ):
        yield verdict(name, Scene(chain=chain), 11)
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0")
    for place, title in enumerate(("device", "vendor", "root")):
        chain = plans()
        chain[place] = replace(chain[place], extra=((unknown, True),))
        yield verdict(f"{title}-unknown-critical", Scene(chain=chain), 12)
    constraint = x509.NameConstraints([x509.DNSName("example.org")], None)
    narrow = replace(vendor, extra=((constraint, True),))
    yield verdict("name-constraints", Scene(chain=[device, narrow, root]), 12)
    yield from unsupported(device, vendor, root)
    yield from wrongly_signed(device, vendor, root)


def unsupported(device: Plan, vendor: Plan, root: Plan) -> Iterator[Case]:
    wide = Scene(chain=[replace(device, kind="P-521"), vendor, root])
    yield verdict("device-p-521", wide, 13, b"\1" * 64)
    yield verdict("vendor-p-521", Scene(chain=[device, replace(vendor, kind="P-521"), root]), 13)
    key = RSA_NUMBERS.public_key()
    modulus = Scene(chain=[replace(device, public=key), vendor, root])
    yield verdict("device-rsa", modulus, 13, b"\1" * 64)
    sha3 = replace(device, digest=hashes.SHA3_256())
    yield verdict("sha3-certificate", Scene(chain=[sha3, vendor, root]), 13)


def wrongly_signed(device: Plan, vendor: Plan, root: Plan) -> Iterator[Case]:
    for kind in ("P-256", "P-384", "Ed25519"):
        chain = plans(kind)
        chain[0] = replace(chain[0], signer=(kind, 9))
        yield verdict(f"forged-device-{kind}", Scene(chain=chain), 14)
        chain = plans(kind)
        chain[1] = replace(chain[1], signer=(kind, 9))
        yield verdict(f"forged-vendor-{kind}", Scene(chain=chain), 14)
        scene = Scene(chain=plans(kind))
        wrong = signed(kind, 2, scene.report)
        yield verdict(f"report-by-another-{kind}", scene, 15, wrong)
        other = signed(kind, 1, scene.report[:-1] + b"2")
        yield verdict(f"report-of-another-{kind}", scene, 15, other)
        yield verdict(f"signature-empty-{kind}", scene, 15, b"")
        yield verdict(f"signature-short-{kind}", scene, 15, scene.signature[:-1])
        yield verdict(f"signature-long-{kind}", scene, 15, scene.signature + b"\0")
        size = {"P-256": 64, "P-384": 96, "Ed25519": 64}[kind]
        yield verdict(f"signature-zero-{kind}", scene, 15, bytes(size))
    # The names of the algorithms agree with nothing: a curve's key under a signature by another.
    crossed = replace(device, signer=("Ed25519", 2))
    yield verdict("ed25519-under-p-256", Scene(chain=[crossed, vendor, root]), 14)
    crossed = replace(device, kind="P-256", signer=("P-256", 2))
    yield verdict(
        "p-256-under-ed25519", Scene(chain=[crossed, replace(vendor, kind="Ed25519"), root]), 14
    )
    scene = Scene(chain=plans())
    padded = scene.signature
    r_size = padded[3]
    twice = bytes([0x30, padded[1] + 1, 2, r_size + 1, 0]) + padded[4:]
    yield verdict("signature-not-der", scene, 15, twice)


# --- Certificates by themselves -------------------------------------------------------------

OUTPUTS = ["bytes32", "bytes32", "uint8", "uint64", "uint64", "bool", "bool"]
DESCRIBE = "describeCertificate(bytes)"


def described(name: str, der: bytes, source: str = SOURCE) -> Case:
    """What cryptography reads in a certificate."""
    read = x509.load_der_x509_certificate(der)
    info = read.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public = read.public_key()
    kind = 3 if isinstance(public, ed25519.Ed25519PublicKey) else 0
    if isinstance(public, ec.EllipticCurvePublicKey):
        kind = {"secp256r1": 1, "secp384r1": 2}.get(public.curve.name, 0)
    start, end = read.not_valid_before_utc, read.not_valid_after_utc
    try:
        authority = read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    known = {"2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.35", "2.5.29.37"}
    strange = any(e.critical and e.oid.dotted_string not in known for e in read.extensions)
    return case(
        name,
        call(DESCRIBE, der),
        OUTPUTS,
        *(sha256(der).digest(), sha256(info).digest(), kind),
        *(int(start.timestamp()), int(end.timestamp()), authority, strange),
        source=source,
    )


INTEL_ROOT = """
MIICjzCCAjSgAwIBAgIUImUM1lqdNInzg7SVUr9QGzknBqwwCgYIKoZIzj0EAwIwaDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJv
b3QgQ0ExGjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJ
BgNVBAYTAlVTMB4XDTE4MDUyMTEwNDUxMFoXDTQ5MTIzMTIzNTk1OVowaDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0Ex
GjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYT
AlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC6nEwMDIYZOj/iPWsCzaEKi71OiOSLRFhWGjbnBVJfVnkY4u3IjkDYYL
0MxO4mqsyYjlBalTVYxFP2sJBK5zlKOBuzCBuDAfBgNVHSMEGDAWgBQiZQzWWp00ifODtJVSv1AbOScGrDBSBgNVHR8ESzBJ
MEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50cnVzdGVkc2VydmljZXMuaW50ZWwuY29tL0ludGVsU0dYUm9vdENBLmRl
cjAdBgNVHQ4EFgQUImUM1lqdNInzg7SVUr9QGzknBqwwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEwCgYI
KoZIzj0EAwIDSQAwRgIhAOW/5QkR+S9CiSDcNoowLuPRLsWGf/Yi7GSX94BgwTwgAiEA4J0lrHoMs+Xo5o/sX6O9QWxHRAvZ
UGOdRQ7cvqRXaqI=
"""
INTEL_PLATFORM = """
MIICljCCAj2gAwIBAgIVAJVvXc29G+HpQEnJ1PQzzgFXC95UMAoGCCqGSM49BAMCMGgxGjAYBgNVBAMMEUludGVsIFNHWCBS
b290IENBMRowGAYDVQQKDBFJbnRlbCBDb3Jwb3JhdGlvbjEUMBIGA1UEBwwLU2FudGEgQ2xhcmExCzAJBgNVBAgMAkNBMQsw
CQYDVQQGEwJVUzAeFw0xODA1MjExMDUwMTBaFw0zMzA1MjExMDUwMTBaMHAxIjAgBgNVBAMMGUludGVsIFNHWCBQQ0sgUGxh
dGZvcm0gQ0ExGjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0Ex
CzAJBgNVBAYTAlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENSB/7t21lXSO2Cuzpxw74eJB72EyDGgW5rXCtx2tVTLq
6hKk6z+UiRZCnqR7psOvgqFeSxlmTlJleTmi2WYz3qOBuzCBuDAfBgNVHSMEGDAWgBQiZQzWWp00ifODtJVSv1AbOScGrDBS
BgNVHR8ESzBJMEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50cnVzdGVkc2VydmljZXMuaW50ZWwuY29tL0ludGVsU0dY
Um9vdENBLmRlcjAdBgNVHQ4EFgQUlW9dzb0b4elAScnU9DPOAVcL3lQwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB/wQIMAYB
Af8CAQAwCgYIKoZIzj0EAwIDRwAwRAIgXsVki0w+i6VYGW3UF/22uaXe0YJDj1UenA+TjD1ai5cCICYb1SAmD5xkfTVpvo4U
oyiSYxrDWLmUR4CI9NKyfPN+
"""
NITRO_ROOT = """
MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTELMAkGA1UEBhMCVVMxDzANBgNVBAoMBkFt
YXpvbjEMMAoGA1UECwwDQVdTMRswGQYDVQQDDBJhd3Mubml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4
MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQLDANBV1MxGzAZBgNVBAMMEmF3cy5uaXRy
by1lbmNsYXZlczB2MBAGByqGSM49AgEGBSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb
48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0JX28TcPQXCEPZ3BABIeTPYwEoCWZEh8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/
BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkFR+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYC
MQCjfy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPWrfMCMQCi85sWBbJwKKXdS6BptQFuZbT7
3o/gBh1qUxl/nNr12UO8Yfwr6wPLb+6NIwLz3/Y=
"""
APPLE_ROOT = """
MIICITCCAaegAwIBAgIQC/O+DvHN0uD7jG5yH2IXmDAKBggqhkjOPQQDAzBSMSYwJAYDVQQDDB1BcHBsZSBBcHAgQXR0ZXN0
YXRpb24gUm9vdCBDQTETMBEGA1UECgwKQXBwbGUgSW5jLjETMBEGA1UECAwKQ2FsaWZvcm5pYTAeFw0yMDAzMTgxODMyNTNa
Fw00NTAzMTUwMDAwMDBaMFIxJjAkBgNVBAMMHUFwcGxlIEFwcCBBdHRlc3RhdGlvbiBSb290IENBMRMwEQYDVQQKDApBcHBs
ZSBJbmMuMRMwEQYDVQQIDApDYWxpZm9ybmlhMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAERTHhmLW07ATaFQIEVwTtT4dyctdh
NbJhFs/Ii2FdCgAHGbpphY3+d8qjuDngIN3WVhQUBHAoMeQ/cLiP1sOUtgjqK9auYen1mMEvRq9Sk3Jm5X8U62H+xTD3FE9T
gS41o0IwQDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSskRBTM72+aEH/pwyp5frq5eWKoTAOBgNVHQ8BAf8EBAMCAQYw
CgYIKoZIzj0EAwMDaAAwZQIwQgFGnByvsiVbpTKwSga0kP0e8EeDS4+sQmTvb7vn53O5+FRXgeLhpJ06ysC5PrOyAjEAp5U4
xDgEgllF7En3VcE3iexZZtKeYnpqtijVoyFraWVIyd/dganmrduC1bmTBGwD
"""
RFC_8410 = """
MIIBLDCB36ADAgECAghWAUdKKo3DMDAFBgMrZXAwGTEXMBUGA1UEAwwOSUVURiBUZXN0IERlbW8wHhcNMTYwODAxMTIxOTI0
WhcNNDAxMjMxMjM1OTU5WjAZMRcwFQYDVQQDDA5JRVRGIFRlc3QgRGVtbzAqMAUGAytlbgMhAIUg8AmJMKdUdIt93LQ+91oN
vzoNJjga9OukqY6qm05qo0UwQzAPBgNVHRMBAf8EBTADAQEAMA4GA1UdDwEBAAQEAwIDCDAgBgNVHQ4BAQAEFgQUmx9e7e0E
M4Xk97xiPFl1uQvIuzswBQYDK2VwA0EAryMB/t3J5v/BzKc9dNZIpDmAgs3babFOTQbs+BolzlDUwsPrdGxO3YNGhW7Ibz3O
GhhlxXrCe1Cgw1AH9efZBw==
"""
RFC_8410_KEY = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


def certificates() -> Iterator[Case]:
    roots = (
        ("intel-sgx-root", INTEL_ROOT, "Intel SGX Root CA"),
        ("intel-platform-ca", INTEL_PLATFORM, "Intel SGX PCK Platform CA"),
        ("aws-nitro-root", NITRO_ROOT, "AWS Nitro Enclaves Root-G1"),
        ("apple-app-attest-root", APPLE_ROOT, "Apple App Attestation Root CA"),
    )
    for name, text, title in roots:
        yield described(name, decoded(text), f"the published certificate {title}")
    for kind in ("P-256", "Ed25519", "P-521"):
        yield described(f"device-{kind}", encoded(plans(kind))[0])
    far = replace(plans()[0], first=2_555_555_555, last=2_666_666_666)
    for name, first in (("january-2024", 1_705_276_800), ("march-2000", 951_868_800)):
        dated = replace(plans()[0], first=first)
        yield described(f"from-{name}", encoded([dated])[0])
    yield described("generalized-time-read", encoded([far])[0])
    yield described("rsa", encoded([replace(plans()[0], public=RSA_NUMBERS.public_key())])[0])
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0")
    yield described("critical", encoded([replace(plans()[0], extra=((unknown, True),))])[0])
    # Published, and not DER: its extensions spell out a default (errata 6936 and 7070).
    published = decoded(RFC_8410)
    where = published.index(bytes.fromhex("0603551d0f010100")) + 5
    yield refused(
        "rfc-8410-certificate",
        call(DESCRIBE, published),
        "Malformed(uint256,string)",
        *(where, "default is not left out"),
        source="RFC 8410, 10.2, which spells out a default",
    )


# --- Signatures by themselves ---------------------------------------------------------------

CHECK = "verifySignature(uint8,bytes,bytes,bytes)"


def checked(name: str, valid: bool, source: str, *arguments: Any) -> Case:
    return case(name, call(CHECK, *arguments), ["bool"], valid, source=source)


def signatures() -> Iterator[Case]:
    intel, above = decoded(INTEL_PLATFORM), decoded(INTEL_ROOT)
    for name, der, root, number in (
        ("intel", intel, above, 1),
        ("nitro", decoded(NITRO_ROOT), decoded(NITRO_ROOT), 2),
        ("apple", decoded(APPLE_ROOT), decoded(APPLE_ROOT), 2),
    ):
        read = x509.load_der_x509_certificate(der)
        public: Any = x509.load_der_x509_certificate(root).public_key()
        point = public.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        signed_part = read.tbs_certificate_bytes
        source = "the signature of a published certificate"
        yield checked(f"{name}-der", True, source, number, point, signed_part, read.signature)
        size = 32 * (number + 1) // 2 if number == 1 else 48
        raw = b"".join(n.to_bytes(size, "big") for n in utils.decode_dss_signature(read.signature))
        yield checked(f"{name}-raw", True, source, number, point, signed_part, raw)
        changed = signed_part[:-1] + bytes([signed_part[-1] ^ 1])
        yield checked(f"{name}-changed", False, source, number, point, changed, read.signature)
        wrong = point[:-1] + bytes([point[-1] ^ 1])
        yield checked(f"{name}-off-curve", False, source, number, wrong, signed_part, raw)
        yield checked(f"{name}-key-short", False, source, number, point[:-1], signed_part, raw)
        hybrid = bytes([6 + (point[-1] & 1)]) + point[1:]
        yield checked(f"{name}-hybrid-point", False, source, number, hybrid, signed_part, raw)
    published = decoded(RFC_8410)
    body = published[4 : 4 + 3 + 0xDF]
    key, signature = bytes.fromhex(RFC_8410_KEY), published[-64:]
    source = "RFC 8410, 10.1 and 10.2"
    yield checked("rfc-8410", True, source, 3, key, body, signature)
    yield checked("rfc-8410-changed", False, source, 3, key, body + b"\0", signature)
    yield checked("rfc-8410-short", False, source, 3, key, body, signature[:-1])
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    high = signature[:32] + scalar.to_bytes(32, "little")
    yield checked("rfc-8410-high-scalar", False, source, 3, key, body, high)
    for number in (0, 4, 255):
        data = call(CHECK, number, b"", b"", b"")
        yield refused(f"algorithm-{number}", data, "UnknownAlgorithm(uint8)", number)
    message = b"The digest of P-256 is SHA-256"
    point = (
        private_key("P-256", 1)
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    other = private_key("P-256", 1).sign(
        sha384(message).digest(),
        ec.ECDSA(utils.Prehashed(hashes.SHA384()), deterministic_signing=True),
    )
    yield checked("p-256-over-sha-384", False, SOURCE, 1, point, message, other)


# --- Quotes ---------------------------------------------------------------------------------

JUDGE_QUOTE = "judgeQuote(bytes)"
TOLD = ["uint8", "uint8", "uint16", "uint32", "bytes", "bytes"]
QUOTED = 1_790_000_000
SECURITY_VERSIONS = x509.UnrecognizedExtension(
    ObjectIdentifier("1.2.840.113741.1.13.1"), bytes.fromhex("3003020105")
)


def pem(der: bytes) -> bytes:
    text = base64.b64encode(der)
    lines = [text[at : at + 64] + b"\n" for at in range(0, len(text), 64)]
    return b"-----BEGIN CERTIFICATE-----\n" + b"".join(lines) + b"-----END CERTIFICATE-----\n"


def little(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


@dataclass(frozen=True, kw_only=True)
class Quoting:
    """What a quote is made of; each test changes one thing."""

    version: int = 4
    kind: int = 0x81
    form: int | None = None
    size: int | None = None
    key_kind: int = 2
    inner: int = 6
    outer: int = 5
    bound: bytes | None = None
    by: int = 8
    platform: int = 1
    end: bytes = b""
    chain: tuple[bytes, ...] | None = None
    behind: bytes = b""

    @property
    def body(self) -> bytes:
        size = self.size or (584 if self.kind else 384)
        return bytes(n % 256 for n in range(size))

    def encoded(self) -> bytes:
        head = little(self.version, 2) + little(self.key_kind, 2) + little(self.kind, 4) + bytes(40)
        if self.version == 5:
            form = self.form or (2 if self.kind else 1)
            head += little(form, 2) + little(len(self.body), 4)
        signed_part = head + self.body
        key = (
            private_key("P-256", 8)
            .public_key()
            .public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )[1:]
        )
        authentication = b"authentication"
        bound = sha256(key + authentication).digest() if self.bound is None else self.bound
        report = bytes(320) + bound.ljust(64, b"\0")
        chain = self.chain or tuple(map(pem, encoded(quoted_plans())))
        certificates = b"".join(chain) + self.end
        inner = report + signed("P-256", self.platform, report, raw=True)
        inner += little(len(authentication), 2) + authentication
        inner += little(self.outer, 2) + little(len(certificates), 4) + certificates
        if self.version > 3:
            inner = little(self.inner, 2) + little(len(inner), 4) + inner
        rest = signed("P-256", self.by, signed_part, raw=True) + key + inner
        return signed_part + little(len(rest), 4) + rest + self.behind


def quoted_plans() -> list[Plan]:
    device, vendor, root = plans()
    purposeless = replace(device, purposes=None, extra=((SECURITY_VERSIONS, False),))
    return [purposeless, vendor, root]


def quoted(name: str, quoting: Quoting, expected: int, **more: Any) -> Case:
    accounts = trusting(encoded(quoted_plans())[-1], 90)
    told = (expected, 0 if expected else 90, quoting.version, quoting.kind, quoting.body)
    given = {"accounts": accounts, "time": NOW, **more}
    data = call(JUDGE_QUOTE, quoting.encoded())
    return case(f"quote-{name}", data, TOLD, *told, bytes.fromhex("3003020105"), **given)


def quotes() -> Iterator[Case]:
    yield published_quote()
    for name, quoting in (
        ("v3", Quoting(version=3, kind=0)), ("v4-enclave", Quoting(kind=0)), ("v4", Quoting()),
        ("v5-enclave", Quoting(version=5, kind=0)), ("v5", Quoting(version=5)),
        ("v5-tdx-1.5", Quoting(version=5, form=3, size=648)), ("zero-ended", Quoting(end=b"\0")),
    ):  # fmt: skip
        yield quoted(name, quoting, 0)
    yield quoted("unknown-root", Quoting(), 1, accounts={})
    yield quoted("not-valid-now", Quoting(), 5, time=NOW + 10_000_001)
    device, vendor, root = quoted_plans()
    low = [device, replace(vendor, authority=None), root]
    yield quoted("no-authority", Quoting(chain=tuple(map(pem, encoded(low)))), 7)
    forged = [replace(device, signer=("P-256", 9)), vendor, root]
    yield quoted("forged-platform", Quoting(chain=tuple(map(pem, encoded(forged)))), 14)
    yield quoted("body-by-another", Quoting(by=7), 15)
    yield quoted("enclave-by-another", Quoting(platform=7), 16)
    yield quoted("key-not-reported", Quoting(bound=bytes(32)), 17)
    padded = sha256(b"x").digest() + b"\1"
    yield quoted("report-with-more", Quoting(bound=padded), 17)
    yield from malformed_quotes()


def published_quote() -> Case:
    """Of a TDX domain: its chain is Intel's, and ends in Intel's root."""
    given = json.loads((Path(__file__).parent / "attestation_quote.json").read_text())["tdx_v4"]
    platform = base64.b64decode(given["platform"])
    chain = [platform, decoded(INTEL_PLATFORM), decoded(INTEL_ROOT)]
    quote = bytes.fromhex(given["quote"]) + b"".join(map(pem, chain))
    extensions = x509.load_der_x509_certificate(platform).extensions
    versions = extensions.get_extension_for_oid(SECURITY_VERSIONS.oid).value.public_bytes()
    accounts = trusting(chain[-1], 100)
    data = call(JUDGE_QUOTE, quote)
    told = (0, 100, 4, 0x81, quote[48 : 48 + 584], versions)
    source = "a published quote of Intel TDX: see SOURCES.md"
    return case("quote-intel-tdx", data, TOLD, *told, accounts=accounts, time=QUOTED, source=source)


def malformed_quotes() -> Iterator[Case]:
    error = "Malformed(uint256,string)"
    whole = Quoting().encoded()
    start = 48 + 584 + 4 + 128
    for name, quote, position, reason in (
        ("empty", b"", 0, "truncated"), ("cut-header", whole[:40], 40, "truncated"),
        ("version-2", Quoting(version=2, kind=0).encoded(), 0, "version"),
        ("version-6", Quoting(version=6).encoded(), 0, "version"),
        ("key-kind-3", Quoting(key_kind=3).encoded(), 2, "kind of key"),
        ("kind-1", Quoting(kind=1).encoded(), 4, "kind of body"),
        ("v3-of-a-domain", Quoting(version=3).encoded(), 4, "kind of body"),
        ("v5-form-4", Quoting(version=5, form=4).encoded(), 48, "form of the body"),
        ("v5-form-of-enclave", Quoting(version=5, form=1).encoded(), 48, "form of the body"),
        ("v5-size", Quoting(version=5, form=2, size=648).encoded(), 50, "size of the body"),
        ("longer", Quoting(behind=b"\0").encoded(), 48 + 584, "size of the rest"),
        ("cut", whole[:-1], 48 + 584, "size of the rest"),
        ("inner-7", Quoting(inner=7).encoded(), start, "kind of certification data"),
        ("outer-1", Quoting(outer=1).encoded(), start + 6 + 448 + 2 + 14,
         "kind of certification data"),
    ):  # fmt: skip
        yield refused(f"quote-{name}", call(JUDGE_QUOTE, quote), error, position, reason)
    chain = list(map(pem, encoded(quoted_plans())))
    where = start + 6 + 448 + 2 + 14 + 6
    inside = where + 28
    for name, parts, position, reason in (
        ("no-chain", [b"\0"], where, "PEM"),
        ("two-zeros", [*chain, b"\0\0"], where + sum(map(len, chain)), "PEM"),
        ("open-pem", [chain[0][:-26]], where, "PEM"),
        ("bad-base-64", [chain[0].replace(b"MII", b"M*I", 1)], inside, "base 64"),
        ("padding-within", [chain[0].replace(b"MII", b"M==", 1)], inside, "base 64"),
        ("five", [chain[0]] * 5, where + 4 * len(chain[0]), "too many certificates"),
        ("longer-certificate", [pem(encoded(quoted_plans())[0] + b"\0")], inside, "trailing bytes"),
    ):  # fmt: skip
        quote = Quoting(chain=tuple(parts)).encoded()
        yield refused(f"quote-{name}", call(JUDGE_QUOTE, quote), error, position, reason)


# --- What is malformed ----------------------------------------------------------------------


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + content


OID_ECDSA = bytes.fromhex("06082a8648ce3d040302")
OID_EC_KEY = bytes.fromhex("06072a8648ce3d0201")
OID_P256 = bytes.fromhex("06082a8648ce3d030107")
ALGORITHM = tlv(0x30, OID_ECDSA)
NAME = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, b"x"))))
TIME = tlv(0x17, b"230101000000Z")
KEY = tlv(0x30, tlv(0x30, OID_EC_KEY, OID_P256), tlv(0x03, b"\0\4" + bytes(64)))
CONSTRAINTS = tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, tlv(0x30)))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The parts of a certificate, well-formed until one is changed."""

    version: bytes = tlv(0xA0, tlv(0x02, b"\2"))
    serial: bytes = tlv(0x02, b"\1")
    inner: bytes = ALGORITHM
    issuer: bytes = NAME
    validity: bytes = tlv(0x30, TIME, TIME)
    subject: bytes = NAME
    key: bytes = KEY
    unique: bytes = b""
    extensions: bytes = tlv(0xA3, tlv(0x30, CONSTRAINTS))
    after: bytes = b""
    outer: bytes = ALGORITHM
    signature: bytes = tlv(0x03, b"\0\1")
    end: bytes = b""

    def der(self) -> bytes:
        body = tlv(
            0x30, self.version, self.serial, self.inner, self.issuer, self.validity,
            self.subject, self.key, self.unique, self.extensions, self.after,
        )  # fmt: skip
        return tlv(0x30, body, self.outer, self.signature, self.end)


def extended(*listed: bytes) -> bytes:
    return tlv(0xA3, tlv(0x30, *listed))


def constraints(*parts: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, tlv(0x30, *parts)))


def key_usage(content: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex("0603551d0f"), tlv(0x04, tlv(0x03, content)))


def purposes(*parts: bytes) -> bytes:
    return tlv(0x30, bytes.fromhex("0603551d25"), tlv(0x04, tlv(0x30, *parts)))


def text(tag: int, content: bytes) -> bytes:
    return tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex("0603550403"), tlv(tag, content))))


def bad_shapes() -> Iterator[tuple[str, Shape, bytes, str]]:
    """Name, shape, the bytes at which the reader must stop, and why."""
    ok = Shape()
    flag, no_flag, odd_flag = tlv(1, b"\xff"), tlv(1, b"\0"), tlv(1, b"\1")
    short = "integer is not the shortest"
    for name, value, reason in (
        ("zero", b"\0", "serial number"), ("negative", b"\xff", "serial number"),
        ("of-21-bytes", b"\1" + bytes(20), "serial number"),
        ("padded", b"\0\1", short), ("padded-negative", b"\xff\x80", short), ("empty", b"", short),
    ):  # fmt: skip
        element = tlv(2, value)
        stop = value if reason == short else element
        yield f"serial-{name}", replace(ok, serial=element), stop, reason
    yield "version-absent", replace(ok, version=b""), ok.serial, "version is not 3"
    for number in (0, 1, 3):
        element = tlv(2, bytes([number]))
        yield (
            f"version-{number + 1}",
            replace(ok, version=tlv(0xA0, element)),
            element,
            ("version is not 3"),
        )
    other = tlv(0x30, bytes.fromhex("06082a8648ce3d040303"))
    yield "two-algorithms", replace(ok, inner=other), other, "two signature algorithms"
    more = tlv(0xA0, tlv(2, b"\2"), tlv(5))
    yield "version-longer", replace(ok, version=more), tlv(5), "trailing bytes"
    yield from bad_times(ok)
    yield from bad_names(ok)
    yield from bad_keys(ok)
    unique = tlv(0x81, b"\0\1")
    yield "issuer-unique-id", replace(ok, unique=unique), unique, "unique identifier"
    for name, listed, stop, reason in (
        ("none", b"", tlv(0x30), "no extensions"),
        ("twice", CONSTRAINTS + CONSTRAINTS, b"", "the same extension twice"),
        ("default", constraints(no_flag), no_flag, "default is not left out"),
        ("flag-of-1", constraints(odd_flag), b"\1\1\1\xa5"[2:3], "boolean"),
        ("path-of-no-authority", constraints(tlv(2, b"\0")), tlv(2, b"\0"), "path length"),
        ("path-negative", constraints(flag, tlv(2, b"\xff")), tlv(2, b"\xff"), "path length"),
        ("constraints-longer", constraints(flag, tlv(2, b"\1"), tlv(5)), tlv(5), "trailing bytes"),
        ("usage-padded", key_usage(b"\0\x80"), b"\0\x80", "bit string is not the shortest"),
        ("usage-zeros", key_usage(b"\0\x80\0"), b"\0\x80\0", "bit string is not the shortest"),
        ("usage-of-8", key_usage(b"\x08\x80"), b"\x08\x80", "bit string"),
        ("usage-bits-of-none", key_usage(b"\1"), b"", "bit string"),
        ("no-purposes", purposes(), b"", "extended key usage"),
        ("purpose-is-number", purposes(tlv(2, b"\1")), b"", "extended key usage"),
        ("purpose-open", purposes(tlv(6, b"\x55\x9d")), b"", "object identifier"),
        ("purpose-padded", purposes(tlv(6, b"\x55\x80\x01")), b"", "object identifier"),
        ("purpose-empty", purposes(tlv(6)), b"", "object identifier"),
        ("many-purposes", purposes(*[tlv(6, b"\x55")] * 17), b"", "extended key usage"),
        ("not-a-sequence", tlv(0x31), tlv(0x31), "extension"),
        ("many", b"".join(
            tlv(0x30, tlv(6, bytes([0x2A, number])), tlv(4)) for number in range(33)
        ), b"", "too many extensions"),
    ):  # fmt: skip
        yield f"extensions-{name}", replace(ok, extensions=extended(listed)), stop, reason
    empty = key_usage(b"")
    yield "usage-empty", replace(ok, extensions=extended(empty)), b"", "bit string"
    longer = tlv(0x30, bytes.fromhex("0603551d13"), tlv(4, tlv(0x30)), tlv(5))
    yield "extension-longer", replace(ok, extensions=extended(longer)), tlv(5), "trailing bytes"
    critical = tlv(0x30, bytes.fromhex("0603551d13"), no_flag, tlv(4, tlv(0x30)))
    yield (
        "critical-spelled-out",
        replace(ok, extensions=extended(critical)),
        no_flag,
        ("default is not left out"),
    )
    yield "body-longer", replace(ok, after=tlv(5)), tlv(5), "trailing bytes"
    yield "longer", replace(ok, end=tlv(5)), tlv(5), "trailing bytes"
    odd = tlv(3, b"\1\2")
    yield (
        "signature-of-7-bits",
        replace(ok, signature=odd),
        b"\1\2",
        ("bit string of no whole bytes"),
    )
    yield "signature-is-octets", replace(ok, signature=tlv(4, b"\0")), tlv(4, b"\0"), "signature"
    null = tlv(0x30, OID_ECDSA, tlv(5))
    yield "algorithm-with-null", replace(ok, inner=null, outer=null), tlv(5), "trailing bytes"


def bad_times(ok: Shape) -> Iterator[tuple[str, Shape, bytes, str]]:
    for name, tag, content in (
        ("without-seconds", 0x17, b"2301010000Z"), ("with-zone", 0x17, b"230101000000+0000"),
        ("lower-z", 0x17, b"230101000000z"), ("month-0", 0x17, b"230001000000Z"),
        ("month-13", 0x17, b"231301000000Z"), ("day-0", 0x17, b"230100000000Z"),
        ("30-february", 0x17, b"240230000000Z"), ("29-february-2023", 0x17, b"230229000000Z"),
        ("hour-24", 0x17, b"230101240000Z"), ("minute-60", 0x17, b"230101006000Z"),
        ("second-60", 0x17, b"230101000060Z"), ("letters", 0x17, b"23O101000000Z"),
        ("generalized-2049", 0x18, b"20491231235959Z"), ("fraction", 0x18, b"20500101000000.5Z"),
        ("29-february-2100", 0x18, b"21000229000000Z"), ("not-a-time", 0x0C, b"230101000000Z"),
    ):  # fmt: skip
        element = tlv(tag, content)
        yield f"time-{name}", replace(ok, validity=tlv(0x30, element, TIME)), element, "time"
    third = tlv(0x30, TIME, TIME, tlv(5))
    yield "three-times", replace(ok, validity=third), tlv(5), "trailing bytes"


def bad_names(ok: Shape) -> Iterator[tuple[str, Shape, bytes, str]]:
    for name, issuer, stop, reason in (
        ("not-printable", text(0x13, b"a@b"), tlv(0x13, b"a@b"), "text of a name"),
        ("not-ascii", text(0x16, b"\xe9"), tlv(0x16, b"\xe9"), "text of a name"),
        ("not-utf-8", text(0x0C, b"\xc0\x80"), tlv(0x0C, b"\xc0\x80"), "text of a name"),
        ("empty-text", text(0x0C, b""), tlv(0x0C), "text of a name"),
        ("number", text(2, b"\1"), tlv(2, b"\1"), "text of a name"),
        ("empty-set", tlv(0x30, tlv(0x31)), tlv(0x31), "name"),
        ("sequence-of-sequence", tlv(0x30, tlv(0x30)), tlv(0x30), "name"),
        ("attribute-is-text", tlv(0x30, tlv(0x31, tlv(0x0C, b"x"))), tlv(0x0C, b"x"), "name"),
    ):  # fmt: skip
        yield f"name-{name}", replace(ok, issuer=issuer), stop, reason
    first, second = (
        tlv(0x30, bytes.fromhex("0603550403"), tlv(0x0C, letter)) for letter in (b"a", b"b")
    )
    mixed = tlv(0x30, tlv(0x31, second, first))
    yield "name-set-order", replace(ok, issuer=mixed), first, "set is not in order"


def bad_keys(ok: Shape) -> Iterator[tuple[str, Shape, bytes, str]]:
    algorithm = tlv(0x30, OID_EC_KEY, OID_P256)
    for name, content in (
        ("compressed", b"\0\2" + bytes(32)), ("short", b"\0\4" + bytes(63)),
        ("hybrid", b"\0\6" + bytes(64)),
    ):  # fmt: skip
        key = tlv(0x30, algorithm, tlv(3, content))
        yield f"key-{name}", replace(ok, key=key), key, "public key"
    edwards = tlv(0x30, tlv(0x30, bytes.fromhex("06032b6570")), tlv(3, bytes(34)))
    yield "key-ed25519-of-33", replace(ok, key=edwards), edwards, "public key"
    null = tlv(0x30, tlv(0x30, bytes.fromhex("06032b6570"), tlv(5)), tlv(3, bytes(33)))
    yield "key-ed25519-null", replace(ok, key=null), tlv(5), "trailing bytes"
    explicit = tlv(0x30, tlv(0x30, OID_EC_KEY, tlv(0x30)), tlv(3, b"\0\4" + bytes(64)))
    yield "key-explicit-curve", replace(ok, key=explicit), tlv(0x30), "curve"


def malformed() -> Iterator[Case]:
    error = "Malformed(uint256,string)"
    whole = Shape().der()
    x509.load_der_x509_certificate(whole)
    for name, shape, stop, reason in bad_shapes():
        der = shape.der()
        yield refused(
            f"malformed-{name}",
            call(DESCRIBE, der),
            error,
            *(located(der, stop, name), reason),
        )
    for name, der, position, reason in (
        ("nothing", b"", 0, "certificate"),
        ("one-byte", b"\x30", 0, "truncated"),
        ("not-a-sequence", b"\x31\0", 0, "certificate"),
        ("indefinite", b"\x30\x80" + whole[3:] + b"\0\0", 1, "length form"),
        ("length-of-3-bytes", b"\x30\x83\0" + whole[2:], 1, "length form"),
        ("length-in-long-form", b"\x30\x81\x05" + bytes(5), 1, "length is not the shortest"),
        ("length-with-zero", b"\x30\x82\0" + whole[2:], 1, "length is not the shortest"),
        ("cut", whole[:-1], 0, "truncated"),
        ("cut-length", b"\x30\x82\1", 0, "truncated"),
        ("trailing", whole + b"\0", len(whole), "trailing bytes"),
        ("nested-cut", b"\x30\x03\x30\x05\0", 2, "truncated"),
        ("nested-byte", b"\x30\x03\x30\0\x30", 4, "truncated"),
        ("nested-length-cut", b"\x30\x04\x30\0\x30\x82", 4, "truncated"),
        ("high-tag", tlv(0x30, tlv(0x30), b"\x1f\x81\1\0"), 4, "signature algorithm"),
    ):
        yield refused(f"der-{name}", call(DESCRIBE, der), error, position, reason)
    scene = Scene(chain=plans())
    for name, receipt, position, reason in (
        ("empty", b"", 0, "truncated"),
        ("no-chain", scene.report, 48, "truncated"),
        ("cut-report", scene.receipt[:47], 47, "truncated"),
        ("trailing", scene.receipt + b"\0", len(scene.receipt), "certificate"),
        ("cut", scene.receipt[:-1], len(scene.receipt) - len(scene.parts[-1]), "truncated"),
        (
            "five-certificates",
            scene.report + 5 * whole,
            48 + 4 * len(whole),
            "too many certificates",
        ),
    ):
        for method in (VERIFY, JUDGE):
            data = call(method, receipt, b"")
            label = method[: method.index("(")]
            yield refused(f"receipt-{name}-{label}", data, error, position, reason, time=NOW)


def located(der: bytes, stop: bytes, name: str) -> int:
    """Where the reader stops: at what it must not take."""
    if name in BEHIND:
        marker = BEHIND[name]
        return der.index(marker) + len(marker)
    return der.rindex(stop)


# What stands before the place where the reader stops, where what it stops at stands twice.
BEHIND = {
    "usage-empty": bytes.fromhex("0603551d0f04020300"),
    "serial-padded": bytes.fromhex("a0030201020202"),
    "serial-empty": bytes.fromhex("a0030201020200"),
    "version-2": bytes.fromhex("a003"),
    "name-sequence-of-sequence": ALGORITHM + bytes.fromhex("3002"),
    "name-attribute-is-text": ALGORITHM + bytes.fromhex("30053103"),
    "key-explicit-curve": OID_EC_KEY,
    "extensions-twice": CONSTRAINTS,
    "extensions-flag-of-1": bytes.fromhex("30030101"),
    "extensions-usage-bits-of-none": bytes.fromhex("0603551d0f04030301"),
    "extensions-no-purposes": bytes.fromhex("0603551d250402"),
    "extensions-purpose-is-number": bytes.fromhex("0603551d2504053003"),
    "extensions-purpose-open": bytes.fromhex("0603551d25040630040602"),
    "extensions-purpose-padded": bytes.fromhex("0603551d25040730050603") + b"\x55",
    "extensions-purpose-empty": bytes.fromhex("0603551d25040430020600"),
    "extensions-many-purposes": bytes.fromhex("0603551d2504353033" + 16 * "060155"),
    "extensions-many": bytes.fromhex("300606022a1f0400"),
}
