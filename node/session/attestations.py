"""What members of a committee sign, and when enough of them have.

A signature is ML-DSA-87 with the empty context over the payload of `ids.signing_payload`. A
certificate is a bitmap of seats and their signatures one after the other, in the order of seats, as
contracts take it. A member signs one commitment for a domain, subject and epoch, and never another:
`Guard` keeps that, and what it hands out is stored before the signature leaves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..codec import Reader, Refused, u8, u32, u64
from ..crypto import SIGNATURE, SigningKey, verify
from .committees import SEATS_MAX, quorum_size
from .ids import EMPTY, ID_SIZE, Domain, attestation_id, hash_multi, signing_payload
from .records import Attestation, Step

VERSION = 1
DOMAINS = tuple(Domain)
CERTIFICATE_SIZE_MAX = 2 + 2 * ID_SIZE + 8 + 4 + SEATS_MAX * SIGNATURE
GUARD = b"session/guard/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is attested: that this subject, in this epoch, has this commitment."""

    domain: Domain
    subject: bytes
    commitment: bytes
    epoch: int

    @property
    def id(self) -> bytes:
        """The attestation's id."""
        return attestation_id(self.domain, self.subject, self.commitment, self.epoch)

    def payload(self) -> bytes:
        """Return what is signed."""
        return signing_payload(self.domain, self.subject, self.commitment, self.epoch)

    def encode(self) -> bytes:
        """Return 73 bytes."""
        return u8(DOMAINS.index(self.domain)) + self.subject + self.commitment + u64(self.epoch)


def read_statement(reader: Reader) -> Statement:
    """Return the statement that comes next."""
    number = reader.u8()
    if number >= len(DOMAINS):
        raise Refused("attestation: unknown domain")
    return Statement(
        domain=DOMAINS[number],
        subject=reader.take(ID_SIZE),
        commitment=reader.take(ID_SIZE),
        epoch=reader.u64(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A statement and who signed it: bit i of the bitmap is seat i."""

    statement: Statement
    bitmap: int
    signatures: bytes

    def encode(self) -> bytes:
        """Return its bytes."""
        return u8(VERSION) + self.statement.encode() + u32(self.bitmap) + self.signatures

    def seats(self) -> list[int]:
        """Return who signed, in the order of the signatures."""
        return [seat for seat in range(SEATS_MAX) if self.bitmap >> seat & 1]

    def by_seat(self) -> dict[int, bytes]:
        """Return each signer's signature."""
        size = SIGNATURE
        return {
            seat: self.signatures[at * size : (at + 1) * size]
            for at, seat in enumerate(self.seats())
        }


def decode_certificate(data: bytes) -> Certificate:
    """Return the certificate of bytes; who signed is for `check` to say."""
    reader = Reader(data)
    made = read_certificate(reader)
    reader.end()
    return made


def read_certificate(reader: Reader) -> Certificate:
    """Return the certificate that comes next."""
    if reader.u8() != VERSION:
        raise Refused("attestation: unknown version")
    statement, bitmap = read_statement(reader), reader.u32()
    if bitmap >> SEATS_MAX:
        raise Refused("attestation: no such seat")
    signatures = reader.take(bitmap.bit_count() * SIGNATURE)
    return Certificate(statement=statement, bitmap=bitmap, signatures=signatures)


def assemble(statement: Statement, signatures: Mapping[int, bytes]) -> Certificate:
    """Return the certificate of seats' signatures."""
    return Certificate(
        statement=statement,
        bitmap=sum(1 << seat for seat in signatures),
        signatures=b"".join(signatures[seat] for seat in sorted(signatures)),
    )


def check(certificate: Certificate, keys: Sequence[bytes]) -> None:
    """Refuse a certificate that no quorum of these seats signed."""
    if certificate.bitmap >> len(keys):
        raise Refused("attestation: no such seat")
    signed = certificate.by_seat()
    if len(signed) < quorum_size(len(keys)):
        raise Refused("attestation: no quorum")
    if len(certificate.signatures) != len(signed) * SIGNATURE:
        raise Refused("attestation: wrong length")
    payload = certificate.statement.payload()
    for seat, signature in signed.items():
        if not verify(keys[seat], payload, signature):
            raise Refused("attestation: bad signature")


def to_record(certificate: Certificate, nodes: Sequence[bytes], time: int) -> Attestation:
    """Return the record of a certificate; `nodes` are the ids of the seats."""
    statement = certificate.statement
    return Attestation(
        id=statement.id,
        domain=statement.domain,
        subject_id=statement.subject,
        commit_root=statement.commitment,
        epoch=statement.epoch,
        signers=tuple(nodes[seat] for seat in certificate.seats()),
        signature=certificate.signatures,
        created_at=time,
    )


def check_step(step: Step, statement: Statement) -> None:
    """Refuse a statement that is not about this step's request."""
    if step.kind.domain != statement.domain:
        raise Refused("attestation: other domain")
    if step.request_id != statement.subject or step.request_id == EMPTY:
        raise Refused("attestation: other subject")


# --- Signing twice --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Two statements of one domain, subject and epoch that one node signed."""

    node_id: bytes
    first: Attestation
    second: Attestation
    detected_at: int


def equivocations(
    first: Attestation, second: Attestation, keys: Mapping[bytes, bytes], now: int
) -> list[Evidence]:
    """Return evidence against every node that signed both; `keys` are those of nodes.

    A name on a list proves nothing: a node is accused only by two of its signatures.
    """
    same = (first.domain, first.subject_id, first.epoch) == (
        second.domain,
        second.subject_id,
        second.epoch,
    )
    if not same or first.commit_root == second.commit_root:
        return []
    both = _signers(first, keys) & _signers(second, keys)
    return [
        Evidence(node_id=node, first=first, second=second, detected_at=now)
        for node in first.signers
        if node in both
    ]


def _signers(attestation: Attestation, keys: Mapping[bytes, bytes]) -> set[bytes]:
    """Return the nodes whose signatures of it are right."""
    if len(attestation.signature) != len(attestation.signers) * SIGNATURE:
        return set()
    payload = signing_payload(
        attestation.domain, attestation.subject_id, attestation.commit_root, attestation.epoch
    )
    found = set()
    for at, node in enumerate(attestation.signers):
        signature = attestation.signature[at * SIGNATURE : (at + 1) * SIGNATURE]
        if node in keys and verify(keys[node], payload, signature):
            found.add(node)
    return found


class Guard:
    """What a member has signed. It signs the same again, and nothing else in its place."""

    def __init__(self, entries: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._signed: dict[bytes, bytes] = {}
        for key, value in entries:
            if len(key) != len(GUARD) + 8 + ID_SIZE or len(value) != ID_SIZE:
                raise Refused("attestation: damaged guard")
            self._signed[key] = value

    def __len__(self) -> int:
        return len(self._signed)

    def may(self, statement: Statement) -> bool:
        """Tell whether nothing else was signed in its place."""
        return self._signed.get(guard_key(statement), statement.commitment) == statement.commitment

    def knows(self, statement: Statement) -> bool:
        """Tell whether this, or another in its place, was signed."""
        return guard_key(statement) in self._signed

    def has(self, statement: Statement) -> bool:
        """Tell whether this was signed."""
        return self._signed.get(guard_key(statement)) == statement.commitment

    def sign(self, key: SigningKey, statement: Statement) -> tuple[bytes, dict[bytes, bytes]]:
        """Return the signature, and what must be stored before it leaves."""
        if not self.may(statement):
            raise Refused("attestation: signed another already")
        place = guard_key(statement)
        self._signed[place] = statement.commitment
        return key.sign(statement.payload()), {place: statement.commitment}

    def forget(self, before_epoch: int) -> dict[bytes, None]:
        """Drop what no rule lets be signed any more, and return what to delete."""
        limit = GUARD + u64(before_epoch)
        gone = dict.fromkeys(key for key in self._signed if key < limit)
        for key in gone:
            del self._signed[key]
        return gone


def guard_key(statement: Statement) -> bytes:
    """Return where the store keeps what was signed; epochs in order."""
    place = hash_multi(statement.domain.separator, statement.subject, u64(statement.epoch))
    return GUARD + u64(statement.epoch) + place
