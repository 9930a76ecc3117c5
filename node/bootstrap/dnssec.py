"""DNSSEC from the root's keys down to one name, without sockets: each answer is proved or refused.

A `Chain` says what is to be asked next and takes answers. An answer that is not proved changes
nothing, so the same question can be put to another server, or to the same one again: a forged
answer that comes first does not shut out the true one. What is not signed from the root down is
refused, and so is what an alias or a wildcard leads to.
"""

from collections.abc import Sequence
from typing import NamedTuple

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3
from dns.rdtypes.ANY.RRSIG import RRSIG
from dns.rrset import RRset

from ..codec import Refused

# KSK-2017 and KSK-2024, as IANA publishes them in root-anchors.xml.
ROOT_ANCHORS = (
    "20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    "38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
)

# RSA with SHA-256, ECDSA on P-256 and P-384 are 8, 13 and 14; Ed25519 and Ed448 are 15 and 16.
ALGORITHMS = frozenset({8, 13, 14, 15, 16})
DIGESTS = frozenset({2, 4})  # SHA-256 and SHA-384
LABELS_MAX = 8
RECORDS_MAX = 64  # of one set
SETS_MAX = 64  # of one answer
KEYS_MAX = 16
SIGNATURES_MAX = 8  # of one set: more are not looked at
ITERATIONS_MAX = 100  # of NSEC3: RFC 9276 asks for none, and lets a validator give up above this
CHECKS_MAX = 96  # signatures verified for one question, whatever servers send

_ZONE_KEY, _REVOKED = 0x0100, 0x0080


class AbsentError(Refused):
    """There are no such records, as a server says: nothing proves it."""


class Question(NamedTuple):
    """What is to be asked of a server that knows this zone, or asks others itself."""

    name: Name
    type: RdataType
    zone: Name


class Chain:
    """The way from the root to one set of records."""

    def __init__(
        self, name: str, kind: str, now: int, anchors: Sequence[str] = ROOT_ANCHORS
    ) -> None:
        """Begin at the root; `now` is in seconds."""
        self._target = dns.name.from_text(name).canonicalize()
        if len(self._target) - 1 > LABELS_MAX:
            raise Refused("dns: name too long")
        self._kind = dns.rdatatype.from_text(kind)
        self._now = now
        self._checks = 0
        self._zone = dns.name.root
        self._depth = 1  # labels of the name that was looked at last, the root's included
        self._anchors: list[DS] = [_anchor(text) for text in anchors]
        self._keys: list[DNSKEY] = []
        self.result: RRset | None = None

    @property
    def question(self) -> Question | None:
        """What is to be asked next; None where all is known."""
        if self.result is not None:
            return None
        if not self._keys:
            return Question(self._zone, RdataType.DNSKEY, self._zone)
        if self._depth < len(self._target):
            return Question(self._target.split(self._depth + 1)[1], RdataType.DS, self._zone)
        return Question(self._target, self._kind, self._zone)

    def take(self, answer: dns.message.Message) -> None:
        """Go one step on, or refuse an answer that does not prove what it says."""
        asked = self.question
        if asked is None:
            raise Refused("dns: nothing was asked")
        check_outcome(answer)
        if len(answer.answer) + len(answer.authority) > SETS_MAX:
            raise Refused("dns: too many records")
        if _find(answer.answer, asked.name, RdataType.CNAME):
            raise Refused("dns: an alias, which is not followed")
        found = _find(answer.answer, asked.name, asked.type)
        if asked.type == RdataType.DNSKEY:
            self._take_keys(answer, found)
        elif asked.type == RdataType.DS and self._depth < len(self._target):
            self._take_delegation(answer, asked.name, found)
        elif found is None:
            raise AbsentError("dns: no such records")
        else:
            self._check(answer.answer, found)
            self.result = found
        self._checks = 0

    # --- Steps ----------------------------------------------------------------------------------

    def _take_keys(self, answer: dns.message.Message, found: RRset | None) -> None:
        """Take a zone's keys, which one that its parent vouches for has signed."""
        if found is None or len(found) > KEYS_MAX:
            raise Refused("dns: no keys, or too many")
        keys = [key for key in found if isinstance(key, DNSKEY) and _is_usable(key)]
        trusted = [
            key for key in keys if any(_vouches(ds, self._zone, key) for ds in self._anchors)
        ]
        if not trusted:
            raise Refused("dns: no key that the parent vouches for")
        self._check(answer.answer, found, trusted)
        self._keys = keys

    def _take_delegation(
        self, answer: dns.message.Message, name: Name, found: RRset | None
    ) -> None:
        """Go down into a zone of its own, or stay where it is proved that there is none."""
        if found is not None:
            self._check(answer.answer, found)
            vouching = [ds for ds in found if isinstance(ds, DS) and _is_strong(ds)]
            if not vouching:
                raise Refused("dns: signed by no algorithm that counts")
            self._zone, self._anchors, self._keys = name, vouching, []
        else:
            self._check_no_cut(answer, name)
        self._depth += 1

    def _check_no_cut(self, answer: dns.message.Message, name: Name) -> None:
        """Refuse a name that lacks a proof that it is within the zone: DS is denied, and NS too."""
        for denial in answer.authority:
            types = _types_at(denial, name) if denial.name.is_subdomain(self._zone) else None
            if types is None:
                continue
            self._check(answer.authority, denial)
            if RdataType.DS in types or RdataType.SOA in types:
                raise Refused("dns: denial of another zone")
            if RdataType.CNAME in types:
                raise Refused("dns: an alias, which is not followed")
            if RdataType.NS in types:
                raise Refused("dns: not signed from here down")
            return
        raise Refused("dns: neither a signed zone nor a proof that there is none")

    # --- Signatures -----------------------------------------------------------------------------

    def _check(
        self, section: list[RRset], checked: RRset, keys: Sequence[DNSKEY] | None = None
    ) -> None:
        """Refuse a set without a signature by one of these keys that counts now."""
        signatures = _find(section, checked.name, RdataType.RRSIG, checked.rdtype)
        if signatures is None:
            raise Refused("dns: not signed")
        if len(checked) > RECORDS_MAX:
            raise Refused("dns: too many records")
        reasons = []
        for signature in list(signatures)[:SIGNATURES_MAX]:
            if not isinstance(signature, RRSIG):
                raise Refused("dns: not signed")
            reason = self._unfit(signature, checked)
            if reason is None and self._verifies(signature, checked, keys or self._keys):
                return
            reasons.append(reason or "dns: wrong signature")
        # The most telling one: what was made by this zone, and has only run out, first.
        raise Refused(max(reasons, key=lambda reason: _TELLING.index(reason)))

    def _unfit(self, signature: RRSIG, checked: RRset) -> str | None:
        """Return why a signature does not count, whatever its bytes."""
        if signature.signer.canonicalize() != self._zone:
            return "dns: signed by another zone"
        if signature.algorithm not in ALGORITHMS:
            return "dns: signed by no algorithm that counts"
        if signature.labels != len(checked.name) - 1:
            return "dns: from a wildcard"
        if self._now < signature.inception:
            return "dns: signed in the future"
        if self._now > signature.expiration:
            return "dns: signature has run out"
        return None

    def _verifies(self, signature: RRSIG, checked: RRset, keys: Sequence[DNSKEY]) -> bool:
        for key in keys:
            is_meant = (dns.dnssec.key_id(key), key.algorithm) == (
                signature.key_tag,
                signature.algorithm,
            )
            if not is_meant:
                continue
            self._checks += 1
            if self._checks > CHECKS_MAX:
                raise Refused("dns: too many signatures")
            one = dns.rrset.from_rdata(self._zone, checked.ttl, key)
            try:
                dns.dnssec.validate_rrsig(checked, signature, {self._zone: one}, now=self._now)
            except (dns.exception.DNSException, ValueError):
                continue
            return True
        return False


_TELLING = (
    "dns: signed by another zone",
    "dns: signed by no algorithm that counts",
    "dns: wrong signature",
    "dns: from a wildcard",
    "dns: signed in the future",
    "dns: signature has run out",
)


def check_outcome(answer: dns.message.Message) -> None:
    """Refuse an answer that holds none."""
    if answer.rcode() == dns.rcode.NXDOMAIN:
        raise AbsentError("dns: no such name")
    if answer.rcode() != dns.rcode.NOERROR:
        raise Refused("dns: server failed")


# --- What records say -----------------------------------------------------------------------------


def _anchor(text: str) -> DS:
    ds = dns.rdata.from_text(dns.rdataclass.IN, RdataType.DS, text)
    assert isinstance(ds, DS)
    return ds


def _find(
    section: list[RRset], name: Name, kind: RdataType, covers: RdataType = RdataType.NONE
) -> RRset | None:
    for found in section:
        what = (found.rdclass, found.rdtype, found.covers, found.name)
        if what == (dns.rdataclass.IN, kind, covers, name):
            return found
    return None


def _is_usable(key: DNSKEY) -> bool:
    is_zone_key = key.flags & _ZONE_KEY and not key.flags & _REVOKED
    return bool(is_zone_key) and key.protocol == 3 and key.algorithm in ALGORITHMS


def _is_strong(ds: DS) -> bool:
    return ds.digest_type in DIGESTS and ds.algorithm in ALGORITHMS


def _vouches(ds: DS, zone: Name, key: DNSKEY) -> bool:
    """Return whether a record of the parent names this key by tag, algorithm and digest."""
    if (ds.key_tag, ds.algorithm) != (dns.dnssec.key_id(key), key.algorithm):
        return False
    try:
        return dns.dnssec.make_ds(zone, key, ds.digest_type, validating=True).digest == ds.digest
    except dns.exception.DNSException:
        return False


def _types(windows: Sequence[tuple[int, bytes]]) -> set[int]:
    return {
        window * 256 + at * 8 + bit
        for window, bitmap in windows
        for at, byte in enumerate(bitmap)
        for bit in range(8)
        if byte & 0x80 >> bit
    }


def _types_at(denial: RRset, name: Name) -> set[int] | None:
    """Return the types that there are at a name; None if the set says nothing of that name."""
    record = denial[0]
    if isinstance(record, NSEC):
        if denial.name == name:
            return _types(record.windows)
        # A name between two others exists if the second is below it: RFC 4592 calls it empty.
        is_between = denial.name < name < record.next
        return set() if is_between and record.next.is_subdomain(name) else None
    if isinstance(record, NSEC3) and record.algorithm == 1:
        if record.iterations > ITERATIONS_MAX:
            raise Refused("dns: hashed too often")
        hashed = dns.dnssec.nsec3_hash(name, record.salt, record.iterations, record.algorithm)
        if denial.name.labels[0].upper() == hashed.encode():
            return _types(record.windows)
    return None
