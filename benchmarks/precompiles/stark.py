"""STARK proofs of eight columns at the 100-bit profile: making them, by size, and checking them."""

from collections.abc import Iterator
from statistics import median
from time import perf_counter_ns

from precompiles.zk.stark import air as airs
from precompiles.zk.stark import verifier
from precompiles.zk.stark.air import Air, Profile
from precompiles.zk.stark.encoding import encode as encode_air
from precompiles.zk.stark.field import P
from precompiles.zk.stark.graph import P100, P128, Graph
from precompiles.zk.stark.prover.prove import prove

from .rows import Row, compare

WIDTH = 8
SIZES = range(10, 19)
RUNS = 3
GOAL_SIZE = 16


def mixing(profile: Profile) -> Air:
    """Each column becomes its product with the next one, plus the one after that."""
    graph = Graph()
    cells = [graph.cell(column) for column in range(WIDTH)]
    for column in range(WIDTH):
        product = cells[column] * cells[(column + 1) % WIDTH]
        graph.require(
            graph.cell(column, 1) - product - cells[(column + 2) % WIDTH],
            exempt=1,
        )
        graph.require_cell(column, 0, graph.public(column))
    return graph.air(columns=WIDTH, log_rows=(6, 20), profile=profile)


def trace(log_rows: int, start: list[int]) -> list[list[int]]:
    row, rows = start, []
    for _ in range(1 << log_rows):
        rows.append(row)
        row = [(row[j] * row[(j + 1) % WIDTH] + row[(j + 2) % WIDTH]) % P for j in range(WIDTH)]
    return [list(column) for column in zip(*rows, strict=True)]


def rows() -> list[Row]:
    return list(proofs())


def proofs() -> Iterator[Row]:
    start = list(range(3, 3 + WIDTH))
    air = mixing(P100)
    prove(air, trace(SIZES[0], start), start)
    before = 0.0
    made = {}
    for log_rows in SIZES:
        columns = trace(log_rows, start)
        times = []
        for _ in range(RUNS):
            begun = perf_counter_ns()
            made[log_rows] = prove(air, columns, start)
            times.append(perf_counter_ns() - begun)
        spent = median(times)
        goal = "under 15 s" if log_rows == GOAL_SIZE else ""
        if before:
            growth = spent / before / (2 * log_rows / (log_rows - 1))
            goal = f"{growth:.2f} of n log n; {goal}".removesuffix("; ")
        before = spent
        size = len(made[log_rows]) / 1024
        operation = f"prove 2^{log_rows} rows, {size:.0f} KiB"
        yield Row(operation=operation, ours=spent, peers={}, goal=goal)
    for log_rows in (SIZES[0], GOAL_SIZE, SIZES[-1]):
        goal = "under 10 ms" if log_rows == GOAL_SIZE else ""
        yield checking(air, log_rows, start, made[log_rows], goal)
    strong = mixing(P128)
    proof = prove(strong, trace(GOAL_SIZE, start), start)
    yield checking(strong, GOAL_SIZE, start, proof, f"{len(proof) / 1024:.0f} KiB, 127 bits")


def checking(air: Air, log_rows: int, start: list[int], proof: bytes, goal: str) -> Row:
    seed = verifier.statement_seed(airs.air_id(encode_air(air)), log_rows, start)

    def check() -> None:
        assert verifier.verify(air, log_rows, seed, start, proof[1:])

    return compare(f"verify 2^{log_rows} rows", check, {}, goal=goal)
