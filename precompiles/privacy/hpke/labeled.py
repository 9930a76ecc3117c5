"""Extract and Expand with labels, RFC 9180 section 4: every derivation of HPKE is one of these."""

from ...hkdf import Hash, expand, extract

VERSION = b"HPKE-v1"


def labeled_extract(digest: Hash, suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
    """Return LabeledExtract for the suite with this identifier."""
    return extract(digest, salt, VERSION + suite + label + secret)


def labeled_expand(
    digest: Hash, suite: bytes, key: bytes, label: bytes, info: bytes, size: int
) -> bytes:
    """Return LabeledExpand for the suite with this identifier."""
    return expand(digest, key, size.to_bytes(2, "big") + VERSION + suite + label + info, size)
