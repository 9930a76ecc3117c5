"""The constraints of an AIR at one point: what the composition must be there."""

from collections.abc import Sequence

from .air import Air, Constraint, Node
from .field import P, inverses, powers, root_of_unity


def composition_at(
    air: Air,
    log_rows: int,
    point: int,
    trace_values: Sequence[Sequence[int]],
    public: Sequence[int],
    challenges: Sequence[int],
    beta: int,
) -> int:
    """Return the sum of beta**i times constraint i over its zeros, transitions first."""
    rows = 1 << log_rows
    root = root_of_unity(log_rows)
    periodic = [periodic_at(values, pow(point, rows // len(values), P)) for values in air.periodic]
    values = node_values(air.nodes, trace_values, public, periodic, challenges)
    numerators, denominators = [], []
    for constraint in air.constraints:
        exempt, zeros = zeros_at(constraint, log_rows, point)
        numerators.append(values[constraint.node] * exempt)
        denominators.append(zeros)
    for boundary in air.boundaries:
        numerators.append(trace_values[boundary.column][0] - values[boundary.node])
        denominators.append((point - pow(root, boundary.place(rows), P)) % P)
    weights = powers(beta, len(numerators))
    terms = zip(weights, numerators, inverses(denominators), strict=True)
    return sum(weight * a % P * b for weight, a, b in terms) % P


def node_values(
    nodes: Sequence[Node],
    trace_values: Sequence[Sequence[int]],
    public: Sequence[int],
    periodic: Sequence[int],
    challenges: Sequence[int],
) -> list[int]:
    """Return the value of each node."""
    found: list[int] = []
    for node in nodes:
        a, b = node.a, node.b
        match node.kind:
            case 0:
                value = a
            case 1:
                value = trace_values[a][b]
            case 2:
                value = public[a]
            case 3:
                value = periodic[a]
            case 4:
                value = challenges[a]
            case 5:
                value = (found[a] + found[b]) % P
            case 6:
                value = (found[a] - found[b]) % P
            case 7:
                value = found[a] * found[b] % P
            case 8:
                value = -found[a] % P
            case _:
                value = pow(found[a], b, P)
        found.append(value)
    return found


def periodic_at(values: Sequence[int], point: int) -> int:
    """Return the polynomial through these values on the roots of unity, by the barycentric formula.

    The point is no root of unity of that order.
    """
    count = len(values)
    roots = powers(root_of_unity(count.bit_length() - 1), count)
    inverted = inverses([(point - root) % P for root in roots])
    total = sum(
        value * root % P * inverse
        for value, root, inverse in zip(values, roots, inverted, strict=True)
    )
    return total * (pow(point, count, P) - 1) * pow(count, -1, P) % P


def zeros_at(constraint: Constraint, log_rows: int, point: int) -> tuple[int, int]:
    """Return the polynomial that vanishes on the exempt rows, and on all rows, of a constraint."""
    root = root_of_unity(log_rows)
    count = 1 << log_rows - constraint.log_period
    zeros = (pow(point, count, P) - pow(root, constraint.shift * count, P)) % P
    exempt, period = 1, 1 << constraint.log_period
    place = pow(root, constraint.shift + (count - 1) * period, P)
    back = pow(root, -period, P)
    for _ in range(constraint.exempt):
        exempt = exempt * (point - place) % P
        place = place * back % P
    return exempt, zeros
