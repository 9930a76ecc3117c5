"""Writes proofs.json: honest proofs of small statements, and what dishonest provers would send.

Run as a script from the root of a checkout. A dishonest prover is ours with one step replaced, so
that all else of its proof is as it should be, and just one check of a verifier can see the fault.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[3]))

from precompiles.zk.stark.air import Air, Profile  # noqa: E402 - as above
from precompiles.zk.stark.encoding import encode as encode_air  # noqa: E402 - as above
from precompiles.zk.stark.examples import fibonacci  # noqa: E402 - as above
from precompiles.zk.stark.field import P  # noqa: E402 - as above
from precompiles.zk.stark.graph import Graph  # noqa: E402 - as above
from precompiles.zk.stark.prover import prove as prover  # noqa: E402 - as above

# Small proofs, so that a file can hold many: few rows, a large domain, much work.
SMALL = Profile(log_blowup=4, queries=43, work=22, log_fold=1, log_last=0)
WIDE = Profile(log_blowup=4, queries=43, work=22, log_fold=2, log_last=0)
TAIL = Profile(log_blowup=4, queries=43, work=22, log_fold=3, log_last=2)
RAW_SEED = b"a seed of the caller's"


def permuted() -> Air:
    """Column 1 has the values of column 0 in another order, by a product in a second phase."""
    graph = Graph()
    gap = graph.challenge(0)
    product, following = graph.cell(2), graph.cell(2, 1)
    graph.require(following * (graph.cell(1) + gap) - product * (graph.cell(0) + gap), exempt=1)
    last = graph.cell(2) * (graph.cell(0) + gap) - (graph.cell(1) + gap)
    graph.require_cell(2, 0, 1)
    # On the last row only: the product closes.
    graph.require(last, log_period=3, shift=7)
    return graph.air(columns=2, second_columns=1, challenges=1, log_rows=(3, 3), profile=TAIL)


def products(left: list[int], right: list[int]) -> Callable[[list[int]], list[list[int]]]:
    def second(challenges: list[int]) -> list[list[int]]:
        column = [1]
        for a, b in zip(left, right, strict=True):
            column.append(column[-1] * (a + challenges[0]) * pow(b + challenges[0], -1, P) % P)
        return [column[:-1]]

    return second


def counted() -> Air:
    """A counter that a periodic column steps, with a public input of 16 bits and three parts."""
    graph = Graph()
    step = graph.repeating((1, 2, 3, 5))
    here = graph.cell(0)
    graph.require((graph.cell(0, 1) - here - step) * (here + 1) ** 3, exempt=1)
    graph.require(here - graph.cell(0, 2) + step + 2, log_period=2, exempt=1)
    graph.require(graph.cell(0, 1) - here - step, log_period=1, shift=1, exempt=1)
    graph.require_cell(0, 0, graph.public(0, bits=16))
    graph.require_cell(0, 1, 17, from_end=True)
    return graph.air(columns=1, log_rows=(3, 4), profile=TAIL)


def counters(first: int) -> list[list[int]]:
    column = [first]
    for step in [1, 2, 3, 5] * 2:
        column.append(column[-1] + step)
    return [column[:8]]


def record(air: Air, log_rows: int, public: list[int], proof: bytes) -> dict[str, Any]:
    return {
        "air": encode_air(air).hex(),
        "logRows": log_rows,
        "public": [str(value) for value in public],
        "proof": proof.hex(),
    }


def honest() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, profile, log_rows in (("fibonacci", SMALL, 2), ("wide-folds", WIDE, 4)):
        air = fibonacci.air((log_rows, log_rows), profile)
        columns, public = fibonacci.witness(log_rows, 1, 1)
        sizes: list[tuple[str, int]] = []
        with replaced(prover, "openings", measured(prover.openings, sizes)):
            proof = prover.prove(air, columns, public)
        yield name, record(air, log_rows, public, proof) | {"openings": dict(sizes)}
    air = fibonacci.air((2, 2), SMALL)
    columns, public = fibonacci.witness(2, 1, 1)
    yield "raw", record(air, 2, public, prover.prove_raw(air, columns, public, RAW_SEED))
    left, right = [5, 6, 7, 8, 9, 10, 11, 12], [12, 5, 11, 6, 10, 7, 9, 8]
    proof = prover.prove(permuted(), [left, right], [], second=products(left, right))
    yield "two-phases", record(permuted(), 3, [], proof)
    proof = prover.prove(counted(), counters(3), [3])
    yield "periodic", record(counted(), 3, [3], proof)


def measured(real: Callable[..., bytes], sizes: list[tuple[str, int]]) -> Callable[..., bytes]:
    """Note the sizes of what the queries open, in order."""

    def openings(air: Air, log_rows: int, trees: Any, layers: Any, queries: list[int]) -> bytes:
        rows = [2 * query + side for query in queries for side in (0, 1)]
        for name, tree, indices in (("trace", trees[0], rows), ("parts", trees[1], queries)):
            sizes.append((f"{name}-values", sum(len(tree.leaf(index)) for index in indices)))
            sizes.append((f"{name}-path", len(tree.path(indices))))
        return real(air, log_rows, trees, layers, queries)

    return openings


# --- Dishonest ------------------------------------------------------------------------------


@contextmanager
def replaced(place: object, name: str, value: object) -> Iterator[None]:
    kept = getattr(place, name)
    setattr(place, name, value)
    try:
        yield
    finally:
        setattr(place, name, kept)


def raised(values: Any) -> Any:
    """Add 1 to every value: the degree stays low."""
    return prover.encode([value + 1 for value in prover.decode(values)])


def lifted_deep(air: Air, columns: list[list[int]], public: list[int]) -> bytes:
    """Fold something else than the quotients that were claimed."""
    real = prover.deep_layer
    with replaced(prover, "deep_layer", lambda *arguments: raised(real(*arguments))):
        return prover.prove(air, columns, public)


def lifted_fold(air: Air, columns: list[list[int]], public: list[int], number: int) -> bytes:
    """Go on with something else after this many halvings."""
    real = prover.transforms.fold_pairs
    count = 0

    def fold(values: Any, inverses: Any, challenge: Any, out: Any) -> None:
        nonlocal count
        real(values, inverses, challenge, out)
        count += 1
        if count == number:
            out[:] = raised(out)

    with replaced(prover.transforms, "fold_pairs", fold):
        return prover.prove(air, columns, public)


def idle(air: Air, columns: list[list[int]], public: list[int]) -> bytes:
    """Send a nonce that shows no work."""
    with replaced(prover, "find_nonce", lambda *_: (1).to_bytes(8, "big")):
        return prover.prove(air, columns, public)


def short(real: Callable[..., Any]) -> Callable[..., Any]:
    """Drop all coefficients of a last layer but the first."""

    def cut(values: Any, offset: int) -> Any:
        found = real(values, offset)
        if len(values) <= 1 << 5:
            found[1:] = 0
        return found

    return cut


SEEN: dict[str, Any] = {}


def forged_value(air: Air, public: list[int]) -> Callable[..., int]:
    """Claim of the composition's one part what the claims of the trace ask for."""
    real, at = prover.value_at, prover.composition_at
    claims: list[int] = []
    width = len(air.offsets)

    def value_at(polynomial: Any, point: int) -> int:
        if len(claims) == air.width * width:
            grouped = [claims[i : i + width] for i in range(0, len(claims), width)]
            return at(air, SEEN["log_rows"], point, grouped, public, [], SEEN["beta"])
        claims.append(real(polynomial, point))
        return claims[-1]

    return value_at


def forged_composition(air: Air, columns: list[list[int]], public: list[int]) -> bytes:
    """Prove a trace that breaks a constraint, claiming a composition that would fit."""
    real = prover.composition_parts

    def parts(air: Air, domain: Any, *arguments: Any) -> Any:
        SEEN.update(log_rows=domain.log_rows, beta=arguments[-1])
        return real(air, domain, *arguments)

    with (
        replaced(prover, "composition_parts", parts),
        replaced(prover, "value_at", forged_value(air, public)),
        replaced(prover, "coset_coefficients", short(prover.coset_coefficients)),
    ):
        return prover.prove(air, columns, public)


def broken_trace(air: Air, columns: list[list[int]], public: list[int]) -> bytes:
    """Prove a trace that breaks a constraint, hiding nothing."""
    with replaced(prover, "composition_at", Agreeable()):
        return prover.prove(air, columns, public)


class Agreeable:
    """What the composition must be: whatever it is compared with."""

    def __call__(self, *_: Any) -> "Agreeable":
        return self

    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    __hash__ = object.__hash__


def dishonest() -> Iterator[tuple[str, dict[str, Any]]]:
    air = fibonacci.air((2, 2), SMALL)
    columns, public = fibonacci.witness(2, 1, 1)
    yield "deep", record(air, 2, public, lifted_deep(air, columns, public))
    yield "first-fold", record(air, 2, public, lifted_fold(air, columns, public, 1))
    yield "last-fold", record(air, 2, public, lifted_fold(air, columns, public, 2))
    yield "no-work", record(air, 2, public, idle(air, columns, public))
    broken = [list(column) for column in columns]
    broken[1][2] += 1
    yield "broken-trace", record(air, 2, public, broken_trace(air, broken, public))
    yield "forged-composition", record(air, 2, public, forged_composition(air, broken, public))
    air = fibonacci.air((4, 4), WIDE)
    columns, public = fibonacci.witness(4, 1, 1)
    yield "wide-fold", record(air, 4, public, lifted_fold(air, columns, public, 3))


def document() -> str:
    return json.dumps({"honest": dict(honest()), "dishonest": dict(dishonest())}, indent=1) + "\n"


if __name__ == "__main__":
    (HERE / "proofs.json").write_text(document())
    print("proofs.json")
