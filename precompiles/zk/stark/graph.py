"""Writes AIRs: expressions over cells, public inputs and constants, gathered into one graph.

    graph = Graph()
    a, b = graph.cell(0), graph.cell(1)
    graph.require(graph.cell(0, 1) - b, exempt=1)
    graph.require_cell(0, 0, graph.public(0))
    air = graph.air(columns=2, log_rows=(6, 20))

Equal expressions become one node. Knows neither trace nor proof.
"""

from dataclasses import dataclass, field, replace

from ... import abi
from . import air as airs
from .air import Air, Boundary, Constraint, Node, Profile
from .field import P

P100 = Profile(log_blowup=3, queries=54, work=20)
P128 = Profile(log_blowup=4, queries=56, work=16)
"""Named after the bits that they prove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A node of a graph, with the operators of the field; an integer stands for a constant."""

    graph: "Graph"
    index: int

    def __add__(self, other: "Expression | int") -> "Expression":
        return self.graph.join(airs.ADD, self, other)

    def __sub__(self, other: "Expression | int") -> "Expression":
        return self.graph.join(airs.SUB, self, other)

    def __rsub__(self, other: int) -> "Expression":
        return self.graph.constant(other) - self

    def __mul__(self, other: "Expression | int") -> "Expression":
        return self.graph.join(airs.MUL, self, other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "Expression":
        return self.graph.node(Node(kind=airs.NEG, a=self.index))

    def __pow__(self, exponent: int) -> "Expression":
        return self.graph.node(Node(kind=airs.POW, a=self.index, b=exponent))


@dataclass(slots=True, kw_only=True)
class Graph:
    """An AIR in the making. Row offsets are those of the cells that are named."""

    nodes: list[Node] = field(default_factory=list)
    indices: dict[Node, int] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    boundaries: list[Boundary] = field(default_factory=list)
    public_bits: list[int] = field(default_factory=list)
    periodic: list[tuple[int, ...]] = field(default_factory=list)

    def node(self, node: Node) -> Expression:
        """Return this node, made once."""
        index = self.indices.setdefault(node, len(self.nodes))
        if index == len(self.nodes):
            self.nodes.append(node)
        return Expression(graph=self, index=index)

    def join(self, kind: int, a: Expression, b: Expression | int) -> Expression:
        """Return an operation on two expressions."""
        right = b if isinstance(b, Expression) else self.constant(b)
        return self.node(Node(kind=kind, a=a.index, b=right.index))

    def constant(self, value: int) -> Expression:
        """Return a constant."""
        return self.node(Node(kind=airs.CONST, a=value % P))

    def cell(self, column: int, offset: int = 0) -> Expression:
        """Return the cell of a column this many rows further on."""
        return self.node(Node(kind=airs.TRACE, a=column, b=offset))

    def public(self, index: int, bits: int = 0) -> Expression:
        """Return a public input: of this many bits, or any element. Named in order of index."""
        if index == len(self.public_bits):
            self.public_bits.append(bits)
        return self.node(Node(kind=airs.PUBLIC, a=index))

    def repeating(self, values: tuple[int, ...]) -> Expression:
        """Return a column, known to all, that repeats these values."""
        if values not in self.periodic:
            self.periodic.append(values)
        return self.node(Node(kind=airs.PERIODIC, a=self.periodic.index(values)))

    def challenge(self, index: int) -> Expression:
        """Return what is drawn between the first phase and the second."""
        return self.node(Node(kind=airs.CHALLENGE, a=index))

    def require(
        self, zero: Expression, *, log_period: int = 0, shift: int = 0, exempt: int = 0
    ) -> None:
        """Require that an expression is zero on the rows that `Constraint` describes."""
        self.constraints.append(
            Constraint(node=zero.index, log_period=log_period, shift=shift, exempt=exempt)
        )

    def require_cell(
        self, column: int, row: int, value: Expression | int, *, from_end: bool = False
    ) -> None:
        """Require the value of one cell, on a row counted from the first or from the last."""
        found = value if isinstance(value, Expression) else self.constant(value)
        self.boundaries.append(
            Boundary(column=column, row=row, node=found.index, from_end=from_end)
        )

    def air(
        self,
        *,
        columns: int,
        log_rows: tuple[int, int],
        second_columns: int = 0,
        challenges: int = 0,
        profile: Profile = P100,
    ) -> Air:
        """Return the AIR, with as few parts as its degrees allow."""
        cells = {node.b for node in self.nodes if node.kind == airs.TRACE}
        offsets = tuple(sorted({0, *cells}))
        nodes = tuple(
            replace(node, b=offsets.index(node.b)) if node.kind == airs.TRACE else node
            for node in self.nodes
        )
        air = Air(
            least_log_rows=log_rows[0],
            most_log_rows=log_rows[1],
            columns=columns,
            second_columns=second_columns,
            challenges=challenges,
            parts=1,
            profile=profile,
            offsets=offsets,
            public_bits=tuple(self.public_bits),
            periodic=tuple(self.periodic),
            nodes=nodes,
            constraints=tuple(self.constraints),
            boundaries=tuple(self.boundaries),
        )
        return with_parts(air)


def with_parts(air: Air) -> Air:
    """Return the AIR with the fewest parts that hold its composition."""
    for parts in range(1, airs.PARTS_MAX):
        candidate = replace(air, parts=parts)
        try:
            airs.check_degrees(candidate)
        except abi.Revert:
            continue
        return candidate
    return replace(air, parts=airs.PARTS_MAX)
