"""What the queries of a proof open: prepared for `kernel.py`, and its findings put into errors."""

from dataclasses import dataclass
from operator import mul

from .air import Air
from .field import COSET_OFFSET, P, powers, root_of_unity
from .fri import fold_steps, log_last_layer
from .reader import NOT_CANONICAL, PROOF_TOO_LONG, PROOF_TRUNCATED, ProofReader


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


def weights(air: Air, gamma: int) -> tuple[list[list[int]], list[int]]:
    """Return the powers of gamma by row offset and column, and those of the parts."""
    width = len(air.offsets)
    found = powers(gamma, air.width * width + air.parts)
    own = air.width * width
    return [found[k:own:width] for k in range(width)], found[own:]


def claimed_sums(air: Air, sent: Commitments) -> list[int]:
    """Return the weighted sums of what was claimed, by row offset, then of the parts."""
    by_offset, of_parts = weights(air, sent.gamma)
    sums = [
        sum(map(mul, chosen, [values[k] for values in sent.trace_values])) % P
        for k, chosen in enumerate(by_offset)
    ]
    return [*sums, sum(map(mul, of_parts, sent.part_values)) % P]


def claimed_places(air: Air, log_rows: int, point: int) -> list[int]:
    """Return where: the point moved by each row offset, then its power for the parts."""
    step = root_of_unity(log_rows)
    places = [point * pow(step, offset, P) % P for offset in air.offsets]
    return [*places, pow(point, air.parts, P)]


def check_queries(
    air: Air, log_rows: int, sent: Commitments, queries: list[int], reader: ProofReader
) -> bool:
    """Return whether all that the queries open fits what was sent before."""
    from . import kernel

    by_offset, of_parts = weights(air, sent.gamma)
    status, position = kernel.check(
        data=reader.data,
        position=reader.position,
        log_size=log_rows + air.profile.log_blowup,
        queries=queries,
        trace_roots=sent.trace_roots,
        widths=[air.columns, air.second_columns][: len(sent.trace_roots)],
        parts=air.parts,
        parts_root=sent.composition_root,
        weights=by_offset,
        part_weights=of_parts,
        claimed=claimed_sums(air, sent),
        places=claimed_places(air, log_rows, sent.point),
        layer_roots=sent.layer_roots,
        steps=fold_steps(log_rows, air.profile),
        challenges=sent.folds,
        last_offset=pow(COSET_OFFSET, 1 << log_rows - log_last_layer(log_rows, air.profile), P),
        last=sent.last,
    )
    match status:
        case kernel.TRUNCATED:
            raise PROOF_TRUNCATED(len(reader.data))
        case kernel.HIGH:
            raise NOT_CANONICAL(position)
        case kernel.TOO_LONG:
            raise PROOF_TOO_LONG(position)
        case _:
            return status == kernel.HOLDS
