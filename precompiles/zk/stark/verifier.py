"""The protocol of the Stone prover, as its verifier runs it.

Commit to the trace (in one or two phases), to the composition of all constraints; check it at a
random point outside the domain; test with FRI that all that was committed to has low degree. Where
something does not hold the answer is False. Bytes that are no proof at all raise Revert.
"""

from collections.abc import Sequence
from operator import mul

from ...backends.keccak import keccak256
from .air import Air
from .channel import NONCE_SIZE, Channel, open_channel, work_is_done
from .constraints import composition_at
from .field import COSET_OFFSET, SIZE, P, powers
from .fri import fold_steps, log_last_layer
from .queries import Commitments, check_queries
from .reader import NODE_SIZE, ProofReader

STATEMENT_TAG = b"PARS-STARK-V1"
OFFSET_INVERSE = pow(COSET_OFFSET, -1, P)


def statement_seed(air_id: bytes, log_rows: int, public: Sequence[int]) -> bytes:
    """Return what a channel starts from, so that a proof holds for this statement only."""
    words = [1 << log_rows, *public]
    return keccak256(STATEMENT_TAG + air_id + b"".join(word.to_bytes(32, "big") for word in words))


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
