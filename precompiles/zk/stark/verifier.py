"""The protocol of the Stone prover, as its verifier runs it.

Commit to the trace (in one or two phases), to the composition of all constraints; check it at a
random point outside the domain; test with FRI that all that was committed to has low degree. Where
something does not hold the answer is False. Bytes that are no proof at all raise Revert.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from ...backends.keccak import keccak256
from .air import Air
from .channel import NONCE_SIZE, Channel, open_channel, work_is_done
from .constraints import composition_at
from .field import (
    COSET_OFFSET,
    SIZE,
    TO_WIRE,
    P,
    inverses,
    powers,
    reversed_bits,
    root_of_unity,
)
from .fri import Opened, fold_steps, is_last_layer, log_last_layer, open_layer
from .merkle import root_of
from .reader import NODE_SIZE, ProofReader

STATEMENT_TAG = b"PARS-STARK-V1"
OFFSET_INVERSE = pow(COSET_OFFSET, -1, P)


def statement_seed(air_id: bytes, log_rows: int, public: Sequence[int]) -> bytes:
    """Return what a channel starts from, so that a proof holds for this statement only."""
    words = [1 << log_rows, *public]
    return keccak256(STATEMENT_TAG + air_id + b"".join(word.to_bytes(32, "big") for word in words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitments:
    """What the prover sent before the queries, and what was drawn."""

    trace_roots: list[bytes]
    composition_root: bytes
    point: int
    trace_values: list[list[int]]
    """By column and row offset, at the point drawn outside the domain."""
    part_values: list[int]
    gamma: int
    layer_roots: list[bytes]
    folds: list[int]
    last: list[int]


def verify(air: Air, log_rows: int, seed: bytes, public: Sequence[int], proof: bytes) -> bool:
    """Return whether this proof shows that a trace of this many rows exists."""
    reader = ProofReader(proof)
    channel = open_channel(seed)
    trace_roots = [read_root(reader, channel)]
    challenges: list[int] = []
    if air.second_columns:
        challenges = [channel.draw_element() for _ in range(air.challenges)]
        trace_roots.append(read_root(reader, channel))
    beta = channel.draw_element()
    composition_root = read_root(reader, channel)
    point = draw_point(channel, log_rows, air)
    values = read_elements(reader, channel, air.width * len(air.offsets))
    width = len(air.offsets)
    trace_values = [values[i : i + width] for i in range(0, len(values), width)]
    part_values = read_elements(reader, channel, air.parts)
    claimed = sum(map(mul, part_values, powers(point, air.parts))) % P
    if claimed != composition_at(air, log_rows, point, trace_values, public, challenges, beta):
        return False
    gamma = channel.draw_element()
    folds = [channel.draw_element()]
    layer_roots = []
    for _ in fold_steps(log_rows, air.profile)[1:]:
        layer_roots.append(read_root(reader, channel))
        folds.append(channel.draw_element())
    start = reader.position
    log_last = log_last_layer(log_rows, air.profile)
    last = reader.raw_elements(1 << log_last)
    channel.absorb(reader.data[start : reader.position])
    if not read_work(reader, channel, air.profile.work):
        return False
    half = 1 << log_rows + air.profile.log_blowup - 1
    queries = sorted({channel.draw_index(half) for _ in range(air.profile.queries)})
    sent = Commitments(
        trace_roots=trace_roots,
        composition_root=composition_root,
        point=point,
        trace_values=trace_values,
        part_values=part_values,
        gamma=gamma,
        layer_roots=layer_roots,
        folds=folds,
        last=last,
    )
    return check_queries(air, log_rows, sent, queries, reader)


def read_root(reader: ProofReader, channel: Channel) -> bytes:
    """Read a root and absorb it."""
    root = reader.take(NODE_SIZE)
    channel.absorb(root)
    return root


def read_elements(reader: ProofReader, channel: Channel, count: int) -> list[int]:
    """Read elements and absorb them one by one."""
    start = reader.position
    values = reader.elements(count)
    for position in range(start, reader.position, SIZE):
        channel.absorb(reader.data[position : position + SIZE])
    return values


def read_work(reader: ProofReader, channel: Channel, bits: int) -> bool:
    """Read a nonce, absorb it and return whether the work was done. Without work there is none."""
    if bits == 0:
        return True
    seed = channel.work_seed(bits)
    nonce = reader.take(NONCE_SIZE)
    channel.absorb(nonce)
    return work_is_done(seed, nonce, bits)


def draw_point(channel: Channel, log_rows: int, air: Air) -> int:
    """Draw the point outside the domain; again where a denominator would be zero."""
    size = 1 << log_rows + air.profile.log_blowup
    while True:
        point = channel.draw_element()
        power = pow(point, air.parts, P)
        on_coset = [pow(each * OFFSET_INVERSE, size, P) == 1 for each in (point, power)]
        if pow(point, 1 << log_rows, P) != 1 and not any(on_coset):
            return point


def check_queries(
    air: Air, log_rows: int, sent: Commitments, queries: list[int], reader: ProofReader
) -> bool:
    """Return whether all that the queries open fits what was sent before."""
    log_size = log_rows + air.profile.log_blowup
    rows: dict[int, list[int]] = {2 * q + side: [] for q in queries for side in (0, 1)}
    columns = (air.columns, air.second_columns)
    for root, count in zip(sent.trace_roots, columns, strict=False):
        if not open_rows(reader, root, log_size, count, rows):
            return False
    pairs: dict[int, list[int]] = {q: [] for q in queries}
    if not open_rows(reader, sent.composition_root, log_size - 1, 2 * air.parts, pairs):
        return False
    known = first_layer(air, log_rows, sent, rows, pairs)
    log_size -= 1
    for root, step, challenge in zip(
        sent.layer_roots, fold_steps(log_rows, air.profile)[1:], sent.folds[1:], strict=True
    ):
        opened = open_layer(reader, root, log_size, step, challenge, known)
        if opened is None:
            return False
        known = opened
        log_size -= step
    reader.finish()
    offset = pow(COSET_OFFSET, 1 << log_rows - log_last_layer(log_rows, air.profile), P)
    return is_last_layer(known, log_size, offset, sent.last)


def open_rows(
    reader: ProofReader, root: bytes, depth: int, count: int, rows: dict[int, list[int]]
) -> bool:
    """Append this many values to each row; return whether they are under the root."""
    hashes = {}
    for index, row in rows.items():
        start = reader.position
        row += reader.raw_elements(count)
        hashes[index] = keccak256(reader.data[start : reader.position])
    return root_of(hashes, depth, reader) == root


def first_layer(
    air: Air,
    log_rows: int,
    sent: Commitments,
    rows: dict[int, list[int]],
    pairs: dict[int, list[int]],
) -> dict[int, Opened]:
    """Return the first folded layer, from what the trace and the composition were opened to.

    It is made of quotients (f(x) - f(z)) / (x - z), one for each value that was claimed at a point
    z outside the domain, weighted by the powers of gamma.
    """
    width = len(air.offsets)
    weights = powers(sent.gamma, air.width * width + air.parts)
    by_offset = [weights[k : air.width * width : width] for k in range(width)]
    of_parts = weights[air.width * width :]
    claimed = [
        sum(map(mul, by_offset[k], [values[k] for values in sent.trace_values])) * TO_WIRE % P
        for k in range(width)
    ]
    claimed.append(sum(map(mul, of_parts, sent.part_values)) * TO_WIRE % P)
    step = root_of_unity(log_rows)
    places = [sent.point * pow(step, offset, P) % P for offset in air.offsets]
    places.append(pow(sent.point, air.parts, P))
    log_half = log_rows + air.profile.log_blowup - 1
    root = root_of_unity(log_half + 1)
    points = [COSET_OFFSET * pow(root, reversed_bits(q, log_half), P) % P for q in pairs]
    # Both points of a pair: x - z and x + z, whose quotients then change sign.
    denominators = [x + sign * z for x in points for z in places for sign in (-1, 1)]
    inverted = iter(inverses([x % P for x in [*points, *denominators]]))
    inverse_points = [next(inverted) for _ in points]
    known = {}
    for (query, parts), inverse in zip(pairs.items(), inverse_points, strict=True):
        at_x = at_opposite = 0
        for k, weight in enumerate([*by_offset, of_parts]):
            if k < width:
                left, right = rows[2 * query], rows[2 * query + 1]
            else:
                left, right = parts[: air.parts], parts[air.parts :]
            at_x += (sum(map(mul, weight, left)) - claimed[k]) % P * next(inverted)
            at_opposite -= (sum(map(mul, weight, right)) - claimed[k]) % P * next(inverted)
        value = (at_x + at_opposite + (at_x - at_opposite) % P * (sent.folds[0] * inverse % P)) % P
        known[query] = Opened(value=value, inverse=inverse * inverse % P)
    return known
