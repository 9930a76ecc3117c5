"""One layer of a quantised network: its weights turn these inputs into those outputs.

16 outputs, each the sum of 32 products of signed bytes, divided by 2**12 and rounded down. Public
inputs: the 32 inputs, then the 16 outputs, each plus 128, so that the type of 8 bits is their
range. The weights need not be sent, but they are not hidden: what a proof opens tells of them.

A row is one product. Nothing wraps around the field: a weight is eight bits of its own, so a sum is
at most 2**19 in size; plus 2**19, it is taken apart into 20 bits, one a row. The twelfth remainder
is then the output plus 128, and that it is a byte follows from the 20 bits.
"""

from collections.abc import Sequence

from ..air import Air, Profile
from ..graph import P100, Expression, Graph

INPUTS, OUTPUTS = 32, 16
LOG_INPUTS = 5
LOG_ROWS = 9

BYTE_BITS = 8
ZERO_POINT = 128
SUM_BITS = 20
SUM_ZERO = 1 << (SUM_BITS - 1)
SHIFT = 12

# Columns 0 to 7 are the bits of the weight plus 128, the low one first.
INPUT, SUM, TOTAL, REST, BIT = range(BYTE_BITS, BYTE_BITS + 5)


def weight(graph: Graph, offset: int) -> Expression:
    """Return a row's weight."""
    bits = [graph.cell(i, offset) * (1 << i) for i in range(BYTE_BITS)]
    return sum(bits[1:], bits[0]) - ZERO_POINT


def air(profile: Profile = P100) -> Air:
    """Return the AIR."""
    graph = Graph()
    inside = graph.repeating((1,) * (INPUTS - 1) + (0,))
    for column in (*range(BYTE_BITS), BIT):
        bit = graph.cell(column)
        graph.require(bit * (bit - 1))
    # The inputs are the same for each output; the first ones are public.
    graph.require(graph.cell(INPUT, INPUTS) - graph.cell(INPUT), exempt=INPUTS)
    for i in range(INPUTS):
        graph.require_cell(INPUT, i, graph.public(i, bits=BYTE_BITS) - ZERO_POINT)
    product = weight(graph, 1) * graph.cell(INPUT, 1)
    graph.require(graph.cell(SUM, 1) - inside * graph.cell(SUM) - product, exempt=1)
    first = weight(graph, 0) * graph.cell(INPUT)
    graph.require(graph.cell(SUM) - first, log_period=LOG_ROWS)
    # The total is that of the last product, and stands in all rows of its output.
    graph.require(inside * (graph.cell(TOTAL, 1) - graph.cell(TOTAL)), exempt=1)
    total = graph.cell(TOTAL)
    graph.require(total - graph.cell(SUM), log_period=LOG_INPUTS, shift=INPUTS - 1)
    rest = graph.cell(REST)
    graph.require(rest - total - SUM_ZERO, log_period=LOG_INPUTS)
    graph.require(inside * (rest - 2 * graph.cell(REST, 1) - graph.cell(BIT)), exempt=1)
    graph.require(rest, log_period=LOG_INPUTS, shift=SUM_BITS)
    for j in range(OUTPUTS):
        output = graph.public(INPUTS + j, bits=BYTE_BITS)
        graph.require_cell(REST, j * INPUTS + SHIFT, output)
    return graph.air(columns=BIT + 1, log_rows=(LOG_ROWS, LOG_ROWS), profile=profile)


def witness(
    weights: Sequence[Sequence[int]], inputs: Sequence[int]
) -> tuple[list[list[int]], list[int]]:
    """Return the columns and the public inputs, for 16 rows of 32 weights, all signed bytes."""
    columns: list[list[int]] = [[] for _ in range(BIT + 1)]
    outputs = []
    for row in weights:
        total = sum(w * x for w, x in zip(row, inputs, strict=True))
        outputs.append((total >> SHIFT) + ZERO_POINT)
        rest, partial = total + SUM_ZERO, 0
        for w, x in zip(row, inputs, strict=True):
            partial += w * x
            for i in range(BYTE_BITS):
                columns[i].append(w + ZERO_POINT >> i & 1)
            for column, value in ((INPUT, x), (SUM, partial), (TOTAL, total)):
                columns[column].append(value)
            columns[REST].append(rest)
            columns[BIT].append(rest & 1)
            rest >>= 1
    return columns, [x + ZERO_POINT for x in inputs] + outputs
