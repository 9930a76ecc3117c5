"""Questions to full nodes and their answers, in bytes: CHAIN_ASK and CHAIN_ANSWER.

An ask is `version | id 8 | kind | body`, an answer `version | id 8 | status | body`. What a body
holds depends on the kind. Nothing in an answer is believed for having arrived.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..codec import Reader, Refused, sized, u8, u16, u64
from .certificate import CERTIFICATE_MAX, Certificate, check_header, read_certificate
from .header import HEADER_MAX, Header, check_follows, read_header
from .trie import NODES_MAX, Proof

VERSION = 1
ID = 8
ASK_MAX = 1 << 18
ANSWER_MAX = 960 << 10  # a message of a link holds 1 MiB
NODE_MAX = 1 << 10  # of a state; a branch has at most 532 bytes
HEADERS_MAX = 256
TARGETS_MAX = 256
SLOTS_MAX = 1_024
CODE_MAX = 1 << 16
PROVED_MAX = 1 << 18


class Kind(IntEnum):
    """What is asked for."""

    HEAD = 1  # -> certificate, header
    CERTIFICATE = 2  # number -> the first certificate not below it, header
    HANDOVER = 3  # epoch -> the certificate that ended it, header
    SET = 4  # hash -> set
    HEADERS = 5  # number, count -> headers downwards
    STATE = 6  # number, targets -> nodes
    CODE = 7  # number, address -> code
    TRANSACTION = 8  # hash -> number, index, transaction, nodes
    TRANSACTIONS = 9  # number -> transactions
    RECEIPTS = 10  # number -> receipts
    CALL = 11  # number, call -> its output without proof; targets that it touches, nodes
    SUBMIT = 12  # transaction -> hash
    VOTE = 13  # vote of a validator -> nothing
    NUMBER = 14  # hash of a block -> its number
    CERTIFIED = 15  # certificate, header, for a validator that voted late -> nothing


class Status(IntEnum):
    """What came of a question."""

    OK = 0
    UNKNOWN = 1  # there is no such thing, says this node
    REFUSED = 2  # the body is text that says why
    TOO_LARGE = 3  # the answer does not fit
    BUSY = 4  # too much was asked of late, or the chain does not answer


@dataclass(frozen=True, slots=True)
class Ask:
    """A question."""

    id: bytes
    kind: Kind
    body: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return u8(VERSION) + self.id + u8(self.kind) + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer."""

    id: bytes
    status: Status
    body: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return u8(VERSION) + self.id + u8(self.status) + self.body


def read_ask(data: bytes) -> Ask:
    """Read a question; its body is another question."""
    reader = _reader(data, ASK_MAX)
    request, kind = reader.take(ID), reader.u8()
    if kind not in list(Kind):
        raise Refused("questions: unknown kind")
    return Ask(request, Kind(kind), reader.rest())


def read_answer(data: bytes) -> Answer:
    """Read an answer; its body is another question."""
    reader = _reader(data, ANSWER_MAX)
    request, status = reader.take(ID), reader.u8()
    if status not in list(Status):
        raise Refused("questions: unknown status")
    return Answer(request, Status(status), reader.rest())


def _reader(data: bytes, limit: int) -> Reader:
    if len(data) > limit:
        raise Refused("questions: too long")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("questions: unknown version")
    return reader


# --- Certified headers ----------------------------------------------------------------------


def write_certified(certificate: Certificate, header: Header) -> bytes:
    """Return a certificate and its header."""
    return sized(certificate.raw) + sized(header.raw)


def read_certified(data: bytes) -> tuple[Certificate, Header]:
    """Read a certificate and the header that it speaks of."""
    reader = Reader(data)
    certificate = read_certificate(reader.sized(CERTIFICATE_MAX))
    header = read_header(reader.sized(HEADER_MAX))
    reader.end()
    check_header(certificate.statement, header)
    return certificate, header


def write_headers(headers: Iterable[bytes]) -> bytes:
    """Return encoded headers in a row."""
    return b"".join(map(sized, headers))


def read_headers(data: bytes, above: Header, count: int) -> list[Header]:
    """Read headers that lead down from the one above them, by parent hash."""
    reader = Reader(data)
    headers: list[Header] = []
    while len(reader):
        if len(headers) == count:
            raise Refused("questions: more headers than asked for")
        header = read_header(reader.sized(HEADER_MAX))
        check_follows(headers[-1] if headers else above, header)
        headers.append(header)
    if len(headers) < count:
        raise Refused("questions: fewer headers than asked for")
    return headers


# --- States ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """An account and some of its slots."""

    address: bytes
    slots: tuple[int, ...] = ()


def write_targets(targets: Sequence[Target]) -> bytes:
    """Return accounts and slots that are to be proved."""
    return u16(len(targets)) + b"".join(
        each.address
        + u16(len(each.slots))
        + b"".join(slot.to_bytes(32, "big") for slot in each.slots)
        for each in targets
    )


def read_targets(reader: Reader) -> list[Target]:
    """Read accounts and slots."""
    count = reader.u16()
    if count > TARGETS_MAX:
        raise Refused("questions: too many accounts")
    targets = []
    slots = 0
    for _ in range(count):
        address, held = reader.take(20), reader.u16()
        slots += held
        if slots > SLOTS_MAX:
            raise Refused("questions: too many slots")
        found = tuple(int.from_bytes(reader.take(32), "big") for _ in range(held))
        targets.append(Target(address, found))
    if len({each.address for each in targets}) < count:
        raise Refused("questions: account twice")
    return targets


def write_nodes(nodes: Iterable[bytes]) -> bytes:
    """Return nodes in a row, each once."""
    return b"".join(map(sized, dict.fromkeys(nodes)))


def read_nodes(reader: Reader, node_max: int = NODE_MAX) -> Proof:
    """Read nodes, to the end."""
    nodes: list[bytes] = []
    while len(reader):
        if len(nodes) == NODES_MAX:
            raise Refused("trie: too many nodes")
        nodes.append(reader.sized(node_max))
    return Proof(nodes)


# --- Calls and transactions -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it is run, or asked about. Without `gas`, there is as much as a node allows."""

    sender: bytes = bytes(20)
    to: bytes = b""
    data: bytes = b""
    value: int = 0
    gas: int | None = None

    def encode(self) -> bytes:
        """Return the call in bytes."""
        gas = b"" if self.gas is None else u64(self.gas)
        return (
            self.sender
            + u8(len(self.to))
            + self.to
            + self.value.to_bytes(32, "big")
            + u8(len(gas))
            + gas
            + sized(self.data)
        )


def read_call(reader: Reader) -> Call:
    """Read a call, to the end."""
    sender = reader.take(20)
    to = reader.take(reader.u8())
    value = int.from_bytes(reader.take(32), "big")
    gas = reader.take(reader.u8())
    if len(to) not in (0, 20) or len(gas) not in (0, 8):
        raise Refused("questions: malformed call")
    data = reader.sized(ASK_MAX)
    reader.end()
    limit = int.from_bytes(gas, "big") if gas else None
    return Call(sender=sender, to=to, value=value, gas=limit, data=data)


@dataclass(frozen=True, slots=True)
class Located:
    """A transaction and its place, with what proves it under the block's root."""

    number: int
    index: int
    raw: bytes
    nodes: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the body of an answer."""
        return u64(self.number) + u16(self.index) + sized(self.raw) + write_nodes(self.nodes)


def read_located(data: bytes) -> Located:
    """Read where a transaction stands."""
    reader = Reader(data)
    number, index, raw = reader.u64(), reader.u16(), reader.sized(PROVED_MAX)
    nodes: list[bytes] = []
    while len(reader):
        if len(nodes) == NODES_MAX:
            raise Refused("trie: too many nodes")
        nodes.append(reader.sized(PROVED_MAX))
    return Located(number, index, raw, tuple(nodes))
