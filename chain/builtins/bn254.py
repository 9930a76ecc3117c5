"""The operations on BN254 (EIP-196, EIP-197), and their prices before and after EIP-1108."""

from typing import Final

from precompiles.curves import bn254

from .builtin import Builtin, BuiltinError, flat

COORDINATE_SIZE: Final = 32
POINT_SIZE: Final = 64
PAIR_SIZE: Final = 192


def numbers(data: bytes) -> list[int]:
    """Return the coordinates; fail where one is not below the modulus."""
    starts = range(0, len(data), COORDINATE_SIZE)
    found = [int.from_bytes(data[i : i + COORDINATE_SIZE], "big") for i in starts]
    if max(found) >= bn254.P:
        raise BuiltinError("bn254: a coordinate is not below the modulus")
    return found


def parse(data: bytes) -> bn254.Point | None:
    """Return a point, which is infinity for zeros; fail where there is none."""
    x, y = numbers(data)
    if x == 0 == y:
        return None
    if not bn254.is_on_curve(x, y):
        raise BuiltinError("bn254: a point is not on the curve")
    return x, y


def parse_twist(data: bytes) -> bn254.TwistPoint | None:
    """Return a point of the twist, of whatever order. An imaginary part precedes the real one."""
    x1, x0, y1, y0 = numbers(data)
    if x0 == x1 == y0 == y1 == 0:
        return None
    if not bn254.is_on_twist((x0, x1), (y0, y1)):
        raise BuiltinError("bn254: a point is not on the twist")
    return (x0, x1), (y0, y1)


def encode(point: bn254.Point | None) -> bytes:
    """Return the 64 bytes of a point."""
    x, y = point or (0, 0)
    return x.to_bytes(COORDINATE_SIZE, "big") + y.to_bytes(COORDINATE_SIZE, "big")


def add(data: bytes) -> bytes:
    """Return the sum of two points; input that is missing is zero."""
    data = data[: 2 * POINT_SIZE].ljust(2 * POINT_SIZE, b"\0")
    return encode(bn254.add(parse(data[:POINT_SIZE]), parse(data[POINT_SIZE:])))


def multiply(data: bytes) -> bytes:
    """Return a multiple of a point, by a factor of any value; input that is missing is zero."""
    data = data[: POINT_SIZE + 32].ljust(POINT_SIZE + 32, b"\0")
    factor = int.from_bytes(data[POINT_SIZE:], "big")
    return encode(bn254.multiply(factor, parse(data[:POINT_SIZE])))


def pairing_check(data: bytes) -> bytes:
    """Return whether the product of the pairings of points of both groups is one."""
    if len(data) % PAIR_SIZE:
        raise BuiltinError(f"bn254: {len(data)} bytes are no pairs of points")
    pairs = []
    for i in range(0, len(data), PAIR_SIZE):
        point = parse(data[i : i + POINT_SIZE])
        twist = parse_twist(data[i + POINT_SIZE : i + PAIR_SIZE])
        if twist is not None:
            pairs.append((point, twist))
    holds = bn254.pairing_is_one(pairs)
    if holds is None:
        raise BuiltinError("bn254: a point of the twist is not in the subgroup")
    return holds.to_bytes(32, "big")


def byzantium_pairing_price(data: bytes) -> int:
    """Price by the number of pairs."""
    return 100_000 + 80_000 * (len(data) // PAIR_SIZE)


def istanbul_pairing_price(data: bytes) -> int:
    """Price by the number of pairs (EIP-1108)."""
    return 45_000 + 34_000 * (len(data) // PAIR_SIZE)


BYZANTIUM_ADD: Final = Builtin(name="BN254_ADD", price=flat(500), run=add)
BYZANTIUM_MULTIPLY: Final = Builtin(name="BN254_MUL", price=flat(40_000), run=multiply)
BYZANTIUM_PAIRING: Final = Builtin(
    name="BN254_PAIRING", price=byzantium_pairing_price, run=pairing_check
)
ISTANBUL_ADD: Final = Builtin(name="BN254_ADD", price=flat(150), run=add)
ISTANBUL_MULTIPLY: Final = Builtin(name="BN254_MUL", price=flat(6_000), run=multiply)
ISTANBUL_PAIRING: Final = Builtin(
    name="BN254_PAIRING", price=istanbul_pairing_price, run=pairing_check
)
