"""The protocol of `verifier.py`, from the prover's side.

Deterministic: one trace, one proof. Memory is about 32 bytes times the cells of the extended trace
(rows * columns * blowup), and as much again for the hash trees of a narrow one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ....kernels.felt252 import decode, encode, invert_rows
from ....kernels.limbs import Elements
from .. import air as airs
from .. import hashing
from ..air import Air, Node
from ..channel import NONCE_SIZE, Channel, open_channel
from ..constraints import composition_at
from ..encoding import encode as encode_air
from ..field import COSET_OFFSET, SIZE, P, powers, root_of_unity
from ..fri import fold_steps, log_last_layer
from ..verifier import draw_point, statement_seed
from . import composition, transforms
from .domain import (
    Domain,
    coefficients,
    coset_coefficients,
    extended,
    limbs_of,
    make_domain,
)
from .tree import Tree, grow, wire

NONCES_AT_ONCE = 1 << 20

Columns = Sequence[Sequence[int]]
SecondPhase = Callable[[list[int]], Columns]
"""The columns of the second phase, given the challenges that were drawn after the first."""
Progress = Callable[[str], None]


class TraceRefusedError(Exception):
    """The trace does not fit the AIR. `find_violation` says where."""


def prove(
    air: Air,
    trace: Columns,
    public: Sequence[int],
    *,
    second: SecondPhase | None = None,
    progress: Progress = lambda _: None,
) -> bytes:
    """Return a proof for `verify` of the precompile: log2 of the number of rows, then the proof."""
    log_rows = len(trace[0]).bit_length() - 1
    seed = statement_seed(airs.air_id(encode_air(air)), log_rows, public)
    return bytes([log_rows]) + prove_raw(air, trace, public, seed, second, progress)


def prove_raw(
    air: Air,
    trace: Columns,
    public: Sequence[int],
    seed: bytes,
    second: SecondPhase | None = None,
    progress: Progress = lambda _: None,
) -> bytes:
    """Return a proof in Stone's format, from a channel with this seed."""
    log_rows = len(trace[0]).bit_length() - 1
    if any(len(column) != 1 << log_rows for column in trace) or len(trace) != air.columns:
        raise ValueError("the trace has other columns than the AIR, or not 2**k rows")
    channel = open_channel(seed)
    domain = make_domain(log_rows, air.profile.log_blowup)
    progress("trace")
    polynomials = interpolated(trace, domain)
    columns = extended(polynomials, domain)
    trees = [grow(columns, 1)]
    sent = send(channel, trees[0].root)
    challenges: list[int] = []
    if air.second_columns:
        assert second is not None, "the AIR has a second phase"
        challenges = [channel.draw_element() for _ in range(air.challenges)]
        more = interpolated(second(challenges), domain)
        more_columns = extended(more, domain)
        trees.append(grow(more_columns, 1))
        sent += send(channel, trees[1].root)
        polynomials += more
        columns = np.concatenate([columns, more_columns])
    progress("constraints")
    beta = channel.draw_element()
    parts = composition_parts(air, domain, columns, public, challenges, beta)
    part_columns = extended(parts, domain)
    parts_tree = grow(part_columns, 2)
    sent += send(channel, parts_tree.root)
    point = draw_point(channel, log_rows, air)
    places = [point * pow(root_of_unity(log_rows), k, P) % P for k in air.offsets]
    trace_values = [[value_at(each, place) for place in places] for each in polynomials]
    part_values = [value_at(each, pow(point, air.parts, P)) for each in parts]
    claimed = sum(a * b for a, b in zip(part_values, powers(point, air.parts), strict=True)) % P
    if claimed != composition_at(air, log_rows, point, trace_values, public, challenges, beta):
        raise TraceRefusedError("the trace does not fit the AIR")
    for values in [*trace_values, part_values]:
        for value in values:
            sent += send(channel, wire(encode([value])))
    progress("folding")
    places.append(pow(point, air.parts, P))
    gamma = channel.draw_element()
    layer = deep_layer(domain, columns, part_columns, places, trace_values, part_values, gamma)
    layers, folded = fold_all(air, domain, layer, channel)
    sent += folded
    progress("work")
    if air.profile.work:
        sent += send(channel, find_nonce(channel.work_seed(air.profile.work), air.profile.work))
    half = 1 << log_rows + air.profile.log_blowup - 1
    queries = sorted({channel.draw_index(half) for _ in range(air.profile.queries)})
    return sent + openings(air, log_rows, [*trees, parts_tree], layers, queries)


def send(channel: Channel, message: bytes) -> bytes:
    """Absorb a message and return it."""
    channel.absorb(message)
    return message


def interpolated(trace: Columns, domain: Domain) -> list[Elements]:
    """Return the polynomial of each column."""
    return [coefficients(encode([x % P for x in column]), domain) for column in trace]


def value_at(polynomial: Elements, point: int) -> int:
    """Return the value of a polynomial as an integer."""
    value = np.array([transforms.value_at(polynomial, limbs_of(point))], np.uint64)
    return decode(value)[0]


# --- The composition ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Constraints with the same zeros: those of x**(rows / 2**log_period) - zero, not the exempt.

    `nodes` vanish there; each has its weight in the composition.
    """

    nodes: list[int]
    weights: list[int]
    log_period: int
    zero: int
    exempt: tuple[int, ...]


def composition_parts(
    air: Air,
    domain: Domain,
    columns: Elements,
    public: Sequence[int],
    challenges: Sequence[int],
    beta: int,
) -> list[Elements]:
    """Return the polynomials H_i of the composition, which is the sum of x**i H_i(x**parts)."""
    blocks = 1 << (air.parts - 1).bit_length()
    rows = domain.rows
    nodes, groups = grouped(air, domain.log_rows, beta)
    table = np.array([[n.kind, 0 if n.kind == 0 else n.a, n.b] for n in nodes], np.int64)
    constants = encode([constant_of(node, public, challenges) for node in nodes])
    scratch = np.empty((len(nodes), composition.BLOCK, 4), np.uint64)
    terms = np.array([[node] for group in groups for node in group.nodes], np.int64)
    weights = encode([weight for group in groups for weight in group.weights])
    exempt = encode([point for group in groups for point in group.exempt] or [0])
    offsets = np.array(air.offsets, np.int64)
    values = np.zeros((blocks * rows, 4), np.uint64)
    for block in range(blocks):
        start, end = block * rows, (block + 1) * rows
        periodic, places = periodic_tables(air, domain, domain.shifts[block])
        inverses, group_table = inverse_tables(groups, domain, domain.shifts[block])
        coset = np.ascontiguousarray(columns[:, start:end])
        points, out = domain.points[start:end], values[start:end]
        for first in range(0, rows, composition.BLOCK):
            used = min(composition.BLOCK, rows - first)
            composition.run_graph(
                *(coset, domain.order, offsets, table, constants, periodic, places),
                *(first, used, scratch),
            )
            composition.combine(
                *(scratch, terms, weights, group_table, inverses, exempt, points, domain.order),
                *(first, used, out),
            )
    found = coset_coefficients(values, COSET_OFFSET)
    return [np.ascontiguousarray(found[i :: air.parts][:rows]) for i in range(air.parts)]


def grouped(air: Air, log_rows: int, beta: int) -> tuple[list[Node], list[Group]]:
    """Return the graph with a node for each boundary, and all constraints by their zeros."""
    rows, root = 1 << log_rows, root_of_unity(log_rows)
    nodes = list(air.nodes)
    found: dict[tuple[int, int, tuple[int, ...]], Group] = {}
    weights = iter(powers(beta, len(air.constraints) + len(air.boundaries)))

    def add(node: int, log_period: int, zero: int, exempt: tuple[int, ...]) -> None:
        group = Group(nodes=[], weights=[], log_period=log_period, zero=zero, exempt=exempt)
        group = found.setdefault((log_period, zero, exempt), group)
        group.nodes.append(node)
        group.weights.append(next(weights))

    for each in air.constraints:
        count = rows >> each.log_period
        last = [each.shift + (count - k << each.log_period) for k in range(1, each.exempt + 1)]
        exempt = tuple(pow(root, row, P) for row in last)
        add(each.node, each.log_period, pow(root, each.shift * count, P), exempt)
    for boundary in air.boundaries:
        nodes.append(Node(kind=airs.TRACE, a=boundary.column))
        nodes.append(Node(kind=airs.SUB, a=len(nodes) - 1, b=boundary.node))
        add(len(nodes) - 1, log_rows, pow(root, boundary.place(rows), P), ())
    return nodes, list(found.values())


def constant_of(node: Node, public: Sequence[int], challenges: Sequence[int]) -> int:
    """Return the value of a node that is one on all rows; 0 for the others."""
    match node.kind:
        case 0:
            return node.a
        case 2:
            return public[node.a]
        case 4:
            return challenges[node.a]
        case _:
            return 0


def periodic_tables(air: Air, domain: Domain, shift: int) -> tuple[Elements, composition.Table]:
    """Return the periodic columns on a coset, one after the other, and start and length of each."""
    tables, places, start = [np.zeros((1, 4), np.uint64)], [(0, 1)], 1
    for values in air.periodic:
        count = len(values)
        log_count = count.bit_length() - 1
        small = make_domain(log_count, 0)
        found = coefficients(encode(list(values)), small)
        transforms.unshift(found, limbs_of(pow(shift, domain.rows // count, P)))
        transforms.evaluate(found, small.twiddles)
        transforms.reverse(found)
        tables.append(found)
        places.append((start, count))
        start += count
    return np.concatenate(tables), np.array(places[1:] or places, np.int64)


def inverse_tables(
    groups: Sequence[Group], domain: Domain, shift: int
) -> tuple[Elements, composition.Table]:
    """Return one over the zeros of each group on a coset, and the groups as a kernel reads them."""
    tables, rows_of_table = [], []
    start = term = exempt = 0
    for group in groups:
        period = 1 << group.log_period
        power = domain.rows >> group.log_period
        table = np.empty((period, 4), np.uint64)
        ratio = pow(root_of_unity(domain.log_rows), power, P)
        transforms.powers(limbs_of(pow(shift, power, P)), limbs_of(ratio), table)
        transforms.subtract_from_rows(table, limbs_of(group.zero), table)
        invert_rows(table)
        tables.append(table)
        next_term, next_exempt = term + len(group.nodes), exempt + len(group.exempt)
        rows_of_table.append((term, next_term, start, period, exempt, next_exempt))
        start, term, exempt = start + period, next_term, next_exempt
    return np.concatenate(tables), np.array(rows_of_table, np.int64)


# --- FRI ------------------------------------------------------------------------------------


def deep_layer(
    domain: Domain,
    columns: Elements,
    part_columns: Elements,
    places: Sequence[int],
    trace_values: Sequence[Sequence[int]],
    part_values: Sequence[int],
    gamma: int,
) -> Elements:
    """Return the first layer: the weighted quotients of `verifier.first_layer`, everywhere."""
    width = len(places) - 1
    weights = powers(gamma, len(columns) * width + len(part_columns))
    out = np.zeros_like(domain.points)
    inverses = np.empty_like(domain.points)
    for k, place in enumerate(places):
        if k < width:
            chosen = weights[k : len(columns) * width : width]
            source, values = columns, [each[k] for each in trace_values]
        else:
            chosen = weights[len(columns) * width :]
            source, values = part_columns, list(part_values)
        claimed = sum(a * b for a, b in zip(chosen, values, strict=True)) % P
        transforms.subtract_from_rows(domain.points, limbs_of(place), inverses)
        invert_rows(inverses)
        transforms.add_quotients(source, encode(chosen), limbs_of(claimed), inverses, out)
    return out


def fold_all(
    air: Air, domain: Domain, layer: Elements, channel: Channel
) -> tuple[list[Tree], bytes]:
    """Return the layers that were committed to, and what was sent."""
    inverses = np.ascontiguousarray(domain.points[::2])
    invert_rows(inverses)
    steps = fold_steps(domain.log_rows, air.profile)
    layers: list[Tree] = []
    sent = b""
    for number, step in enumerate(steps):
        if number:
            layers.append(grow(layer[np.newaxis], 1 << step))
            sent += send(channel, layers[-1].root)
        challenge = channel.draw_element()
        for _ in range(step):
            folded = np.empty((len(layer) // 2, 4), np.uint64)
            transforms.fold_pairs(layer, inverses, limbs_of(challenge), folded)
            squares = np.empty((len(inverses) // 2, 4), np.uint64)
            transforms.square_even(inverses, squares)
            layer, inverses = folded, squares
            challenge = challenge * challenge % P
    log_last = log_last_layer(domain.log_rows, air.profile)
    offset = pow(COSET_OFFSET, 1 << domain.log_rows - log_last, P)
    last = coset_coefficients(layer, offset)
    count = 1 << log_last
    assert not last[count:].any(), "the last layer has a higher degree than the trace allows"
    return layers, sent + send(channel, wire(last[:count]))


def find_nonce(seed: bytes, bits: int) -> bytes:
    """Return the least nonce that shows this much work."""
    words = np.frombuffer(bytearray(seed), np.uint64)
    first = np.uint64(0)
    while True:
        count = np.uint64(NONCES_AT_ONCE)
        nonce = hashing.search(words, np.uint64(bits), first, count)
        if nonce < first + count:
            return int(nonce).to_bytes(NONCE_SIZE, "big")
        first = nonce


# --- Openings -------------------------------------------------------------------------------


def openings(
    air: Air, log_rows: int, trees: Sequence[Tree], layers: Sequence[Tree], queries: list[int]
) -> bytes:
    """Return what the queries ask for: leaves of the trees, and of the layers what is not known."""
    rows = [2 * query + side for query in queries for side in (0, 1)]
    sent = b""
    for tree in trees:
        indices = rows if tree.group == 1 else queries
        sent += b"".join(tree.leaf(index) for index in indices) + tree.path(indices)
    known = queries
    for layer, step in zip(layers, fold_steps(log_rows, air.profile)[1:], strict=True):
        have = set(known)
        leaves = sorted({index >> step for index in known})
        for leaf in leaves:
            content = layer.leaf(leaf)
            for place in range(1 << step):
                if (leaf << step) + place not in have:
                    sent += content[place * SIZE : (place + 1) * SIZE]
        sent += layer.path(leaves)
        known = leaves
    return sent
