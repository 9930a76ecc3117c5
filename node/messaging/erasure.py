"""An erasure code: a block becomes up to 256 parts, and any PARTS of them make it again.

Parts are the values of polynomials over GF(256) at the points 0 to 255; the first PARTS of them
are the block itself, so nothing is computed as long as none is lost.
"""

from collections.abc import Mapping
from functools import lru_cache

from ..crypto import HYBRID_PUBLIC

PART = 32
BLOCK = HYBRID_PUBLIC
PARTS = BLOCK // PART
POINTS = 256
_FIELD = 0x11D  # x^8 + x^4 + x^3 + x^2 + 1, of which 2 is a generator


def _tables() -> tuple[list[int], list[int], list[bytes]]:
    exponentials, logarithms, power = [0] * 510, [0] * 256, 1
    for exponent in range(255):
        exponentials[exponent] = exponentials[exponent + 255] = power
        logarithms[power] = exponent
        power = power << 1 ^ (_FIELD if power & 0x80 else 0)
    products = [bytes(256)]
    for factor in range(1, 256):
        log = logarithms[factor]
        row = (exponentials[log + logarithms[value]] for value in range(1, 256))
        products.append(bytes((0, *row)))
    return exponentials, logarithms, products


_EXP, _LOG, _TIMES = _tables()


def part(block: bytes, point: int) -> bytes:
    """Return one of the 256 parts of a block."""
    if point < PARTS:
        return block[point * PART : (point + 1) * PART]
    whole = {at: block[at * PART : (at + 1) * PART] for at in range(PARTS)}
    return _values(whole, [point])[0]


def rebuild(parts: Mapping[int, bytes]) -> bytes:
    """Return the block of which these are parts, PARTS of them, by their points."""
    lost = [point for point in range(PARTS) if point not in parts]
    found = dict(zip(lost, _values(parts, lost), strict=True))
    return b"".join(found.get(point) or parts[point] for point in range(PARTS))


def _values(parts: Mapping[int, bytes], points: list[int]) -> list[bytes]:
    """Evaluate the polynomial through the parts at points that are not among them (Lagrange)."""
    own = _denominators(tuple(parts))
    values = []
    for point in points:
        whole = sum(_LOG[point ^ x] for x in parts)
        total = 0
        for (x, value), denominator in zip(parts.items(), own, strict=True):
            weight = _EXP[(whole - _LOG[point ^ x] - denominator) % 255]
            total ^= int.from_bytes(value.translate(_TIMES[weight]), "big")
        values.append(total.to_bytes(PART, "big"))
    return values


@lru_cache(maxsize=4)
def _denominators(points: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sum(_LOG[x ^ other] for other in points if other != x) for x in points)
