"""What a registered statement is: an algebraic intermediate representation, and its bytes.

An AIR is plain data over one graph of nodes. Its encoding is canonical (one AIR, one encoding), so
that its Keccak hash, the AIR id, stands for the statement. Integers are big-endian; a field element
is a length byte and that many bytes without leading zeros. Layout, in order:

    1 version = 1, 1 least and 1 most log2 of the number of rows
    1 columns, 1 columns of the second phase, 1 challenges, 1 parts of the composition
    1 log2 blowup, 1 queries, 1 bits of work, 1 log2 of the folding, 1 log2 of the last layer
    1 count, 2 each: row offsets, ascending from 0
    1 count, 1 each: bits of a public input, 0 for any field element
    1 count, each 1 log2 length and its elements: periodic columns
    2 count, each 1 kind and its operands: nodes
    2 count, each 2 node, 1 log2 period, 4 shift, 1 exempt: transition constraints
    2 count, each 1 column, 1 whether counted from the last row, 4 row, 2 node: boundary constraints

A transition constraint holds on the rows shift, shift + period, ... but for the last exempt ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ... import abi
from ...backends.keccak import keccak256
from .field import P

T = TypeVar("T")

VERSION = 1

LOG_ROWS_MIN = 2
LOG_ROWS_MAX = 20
LOG_DOMAIN_MAX = 24
COLUMNS_MAX = 64
OFFSETS_MAX = 16
CHALLENGES_MAX = 16
PARTS_MAX = 8
NODES_MAX = 4_096
CONSTRAINTS_MAX = 512
BOUNDARIES_MAX = 512
PERIODIC_MAX = 32
LOG_PERIODIC_MAX = 10
PUBLIC_MAX = 64
QUERIES_MAX = 255
WORK_MAX = 40
LOG_FOLD_MAX = 3
LOG_LAST_MAX = 6
EXEMPT_MAX = 255
POWER_MAX = 255
AIR_SIZE_MAX = 24_576

CONST, TRACE, PUBLIC, PERIODIC, CHALLENGE, ADD, SUB, MUL, NEG, POW = range(10)

MALFORMED_AIR = abi.error("MalformedAir(uint256 position)")
DEGREE_TOO_HIGH = abi.error("DegreeTooHigh(uint256 constraint)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value of the graph; its operands stand earlier.

    CONST value; TRACE column, offset index; PUBLIC, PERIODIC, CHALLENGE index; ADD, SUB, MUL node,
    node; NEG node; POW node, exponent.
    """

    kind: int
    a: int
    b: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A node that is zero on the rows shift + k * 2**log_period, but for the last exempt ones."""

    node: int
    log_period: int = 0
    shift: int = 0
    exempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A cell that equals a node which depends on no row."""

    column: int
    row: int
    node: int
    from_end: bool = False

    def place(self, rows: int) -> int:
        """Return the row, in a trace of this many."""
        return rows - 1 - self.row if self.from_end else self.row


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The parameters of the proof system; `security.py` says what they prove."""

    log_blowup: int
    queries: int
    work: int
    log_fold: int = LOG_FOLD_MAX
    log_last: int = LOG_LAST_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """A statement about traces of 2**log_rows rows, for every log_rows from least to most."""

    least_log_rows: int
    most_log_rows: int
    columns: int
    second_columns: int = 0
    challenges: int = 0
    parts: int
    profile: Profile
    offsets: tuple[int, ...]
    public_bits: tuple[int, ...]
    periodic: tuple[tuple[int, ...], ...]
    nodes: tuple[Node, ...]
    constraints: tuple[Constraint, ...]
    boundaries: tuple[Boundary, ...]

    @property
    def width(self) -> int:
        """Return the number of columns of both phases."""
        return self.columns + self.second_columns


def air_id(encoded: bytes) -> bytes:
    """Return the name of an AIR."""
    return keccak256(encoded)


# --- Degrees --------------------------------------------------------------------------------


def degrees(nodes: Sequence[Node]) -> list[int]:
    """Return the degree of each node, in units of a trace polynomial's."""
    found: list[int] = []
    for node in nodes:
        match node.kind:
            case 1 | 3:  # TRACE, PERIODIC
                degree = 1
            case 5 | 6:  # ADD, SUB
                degree = max(found[node.a], found[node.b])
            case 7:  # MUL
                degree = found[node.a] + found[node.b]
            case 8:  # NEG
                degree = found[node.a]
            case 9:  # POW
                degree = found[node.a] * node.b
            case _:
                degree = 0
        # Capped, so that a tower of powers stays a small number; the cap is refused anyway.
        found.append(min(degree, 1 << 16))
    return found


def check_degrees(air: Air) -> None:
    """Refuse a constraint whose quotient does not fit the parts, for some number of rows.

    Degrees are linear in the number of rows, so that the two ends stand for all of them.
    """
    found = degrees(air.nodes)
    for index, constraint in enumerate(air.constraints):
        for log_rows in (air.least_log_rows, air.most_log_rows):
            rows = 1 << log_rows
            zeros = (rows >> constraint.log_period) - constraint.exempt
            if found[constraint.node] * (rows - 1) - zeros >= air.parts * rows:
                raise DEGREE_TOO_HIGH(index)


# --- Bytes ---------------------------------------------------------------------------


@dataclass(slots=True)
class Reader:
    """A position in an encoding. What is wrong there is refused with the position."""

    data: bytes
    position: int = 0

    def number(self, size: int, least: int, most: int) -> int:
        """Read an integer of this many bytes within a range, both ends included."""
        end = self.position + size
        value = int.from_bytes(self.data[self.position : end], "big")
        if end > len(self.data) or not least <= value <= most:
            raise MALFORMED_AIR(self.position)
        self.position = end
        return value

    def element(self) -> int:
        """Read a field element."""
        size = self.number(1, 0, 32)
        return self.number(size, 1 << 8 * (size - 1), P - 1) if size else 0

    def several(self, size: int, least: int, most: int, read: Callable[[], T]) -> tuple[T, ...]:
        """Read a count of this many bytes and within this range, then as many things."""
        return tuple([read() for _ in range(self.number(size, least, most))])

    def node(self, earlier: int, air: "Shape") -> Node:
        """Read one node, of which this many stand earlier."""
        kind = self.number(1, CONST, POW)
        match kind:
            case 0:
                return Node(kind=kind, a=self.element())
            case 1:
                column = self.number(1, 0, air.width - 1)
                return Node(kind=kind, a=column, b=self.number(1, 0, air.offsets - 1))
            case 2 | 3 | 4:
                count = (air.public, air.periodic, air.challenges)[kind - PUBLIC]
                return Node(kind=kind, a=self.number(1, 0, count - 1))
            case 5 | 6 | 7:
                a = self.number(2, 0, earlier - 1)
                return Node(kind=kind, a=a, b=self.number(2, 0, earlier - 1))
            case 8:
                return Node(kind=kind, a=self.number(2, 0, earlier - 1))
            case _:
                a = self.number(2, 0, earlier - 1)
                return Node(kind=kind, a=a, b=self.number(1, 2, POWER_MAX))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How many there are of what a node may name."""

    width: int
    offsets: int
    public: int
    periodic: int
    challenges: int


def parse(data: bytes) -> Air:
    """Return the AIR of these bytes, or raise Revert."""
    reader = Reader(data)
    number, several = reader.number, reader.several
    number(1, VERSION, VERSION)
    least = number(1, LOG_ROWS_MIN, LOG_ROWS_MAX)
    most = number(1, least, LOG_ROWS_MAX)
    columns = number(1, 1, COLUMNS_MAX)
    second = number(1, 0, COLUMNS_MAX - columns)
    # Challenges without a second phase would bind nothing, and a second phase needs one.
    challenges = number(1, 1, CHALLENGES_MAX) if second else number(1, 0, 0)
    parts = number(1, 1, PARTS_MAX)
    profile = Profile(
        log_blowup=number(1, max(1, (parts - 1).bit_length()), LOG_DOMAIN_MAX - most),
        queries=number(1, 1, QUERIES_MAX),
        work=number(1, 0, WORK_MAX),
        log_fold=number(1, 1, LOG_FOLD_MAX),
        log_last=number(1, 0, LOG_LAST_MAX),
    )
    offsets = several(1, 1, OFFSETS_MAX, lambda: number(2, 0, (1 << least) - 1))
    if offsets[0] or list(offsets) != sorted(set(offsets)):
        raise MALFORMED_AIR(reader.position)
    public_bits = several(1, 0, PUBLIC_MAX, lambda: number(1, 0, P.bit_length() - 1))
    periodic = several(1, 0, PERIODIC_MAX, lambda: read_periodic(reader, least))
    shape = Shape(
        width=columns + second,
        offsets=len(offsets),
        public=len(public_bits),
        periodic=len(periodic),
        challenges=challenges,
    )
    nodes: list[Node] = []
    for _ in range(number(2, 1, NODES_MAX)):
        nodes.append(reader.node(len(nodes), shape))
    found = degrees(nodes)
    air = Air(
        least_log_rows=least,
        most_log_rows=most,
        columns=columns,
        second_columns=second,
        challenges=challenges,
        parts=parts,
        profile=profile,
        offsets=offsets,
        public_bits=public_bits,
        periodic=periodic,
        nodes=tuple(nodes),
        constraints=several(
            2, 1, CONSTRAINTS_MAX, lambda: read_constraint(reader, len(nodes), least)
        ),
        boundaries=several(
            2, 0, BOUNDARIES_MAX, lambda: read_boundary(reader, found, shape, least)
        ),
    )
    if reader.position != len(data):
        raise MALFORMED_AIR(reader.position)
    return air


def read_periodic(reader: Reader, least: int) -> tuple[int, ...]:
    """Read a periodic column."""
    count = 1 << reader.number(1, 0, min(LOG_PERIODIC_MAX, least))
    return tuple([reader.element() for _ in range(count)])


def read_constraint(reader: Reader, nodes: int, least: int) -> Constraint:
    """Read a transition constraint. It holds on at least one row."""
    node = reader.number(2, 0, nodes - 1)
    log_period = reader.number(1, 0, least)
    shift = reader.number(4, 0, (1 << log_period) - 1)
    exempt = reader.number(1, 0, min(EXEMPT_MAX, (1 << least - log_period) - 1))
    return Constraint(node=node, log_period=log_period, shift=shift, exempt=exempt)


def read_boundary(reader: Reader, found: Sequence[int], shape: Shape, least: int) -> Boundary:
    """Read a boundary constraint, whose node must depend on no row: have degree 0."""
    column = reader.number(1, 0, shape.width - 1)
    from_end = reader.number(1, 0, 1) == 1
    row = reader.number(4, 0, (1 << least) - 1)
    node = reader.number(2, 0, len(found) - 1)
    if found[node]:
        raise MALFORMED_AIR(reader.position - 2)
    return Boundary(column=column, from_end=from_end, row=row, node=node)
