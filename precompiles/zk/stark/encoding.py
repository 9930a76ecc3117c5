"""The bytes of an AIR, as `air.py` describes and reads them."""

from collections.abc import Sequence

from .air import VERSION, Air, Boundary, Constraint, Node


def encode(air: Air) -> bytes:
    """Return the bytes of an AIR. `parse` is what checks one."""
    profile = air.profile
    head = (
        *(VERSION, air.least_log_rows, air.most_log_rows),
        *(air.columns, air.second_columns, air.challenges, air.parts),
        *(profile.log_blowup, profile.queries, profile.work, profile.log_fold, profile.log_last),
    )
    return b"".join(
        [
            bytes(head),
            listed(1, [offset.to_bytes(2, "big") for offset in air.offsets]),
            listed(1, [bytes([bits]) for bits in air.public_bits]),
            listed(1, [encode_periodic(values) for values in air.periodic]),
            listed(2, [encode_node(node) for node in air.nodes]),
            listed(2, [encode_constraint(each) for each in air.constraints]),
            listed(2, [encode_boundary(each) for each in air.boundaries]),
        ]
    )


def listed(size: int, items: Sequence[bytes]) -> bytes:
    """Return a count of this many bytes and the items."""
    return len(items).to_bytes(size, "big") + b"".join(items)


def encode_element(value: int) -> bytes:
    """Return a length byte and the value without leading zeros."""
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def encode_periodic(values: Sequence[int]) -> bytes:
    """Return a periodic column, whose length is a power of two."""
    log_length = len(values).bit_length() - 1
    assert len(values) == 1 << log_length
    return bytes([log_length]) + b"".join(encode_element(value) for value in values)


def encode_node(node: Node) -> bytes:
    """Return a node."""
    match node.kind:
        case 0:
            return bytes([node.kind]) + encode_element(node.a)
        case 1:
            return bytes([node.kind, node.a, node.b])
        case 2 | 3 | 4:
            return bytes([node.kind, node.a])
        case 5 | 6 | 7:
            return bytes([node.kind]) + node.a.to_bytes(2, "big") + node.b.to_bytes(2, "big")
        case 8:
            return bytes([node.kind]) + node.a.to_bytes(2, "big")
        case _:
            return bytes([node.kind]) + node.a.to_bytes(2, "big") + bytes([node.b])


def encode_constraint(constraint: Constraint) -> bytes:
    """Return a transition constraint."""
    return (
        constraint.node.to_bytes(2, "big")
        + bytes([constraint.log_period])
        + constraint.shift.to_bytes(4, "big")
        + bytes([constraint.exempt])
    )


def encode_boundary(boundary: Boundary) -> bytes:
    """Return a boundary constraint."""
    return (
        bytes([boundary.column, int(boundary.from_end)])
        + boundary.row.to_bytes(4, "big")
        + boundary.node.to_bytes(2, "big")
    )
