"""Ring signatures in plain integers: the twin of `scheme.py`, hashing to the curve included.

Slow, and only for tests: RFC 9380 is followed step by step, with its own square roots, and nothing
is shared between members.
"""

from collections.abc import Sequence

from ...backends.keccak import keccak256
from ...hash_to_field import expand_message_xmd
from ...threshold.frost.reference import G, N, P, Point, add, decode_point, multiply
from .scheme import HASH_TO_CURVE_TAG, TAG

A = 0x3F8731ABDD661ADCA08A5558F0F5D272E953D363CB6F0E5D405447C01A444533
B = 1771
Z = -11

# RFC 9380, appendix E.1, from the lowest power up.
X_NUM = (
    0x8E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38DAAAAA8C7,
    0x07D3D4C80BC321D5B9F315CEA7FD44C5D595D2FC0BF63B92DFFF1044F17C6581,
    0x534C328D23F234E6E2A413DECA25CAECE4506144037C40314ECBD0B53D9DD262,
    0x8E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38DAAAAA88C,
)
X_DEN = (
    0xD35771193D94918A9CA34CCBB7B640DD86CD409542F8487D9FE6B745781EB49B,
    0xEDADC6F64383DC1DF7C4B2D51B54225406D36B641F5E41BBC52A56612A8C6D14,
    1,
)
Y_NUM = (
    0x4BDA12F684BDA12F684BDA12F684BDA12F684BDA12F684BDA12F684B8E38E23C,
    0xC75E0C32D5CB7C0FA9D0A54B12A0A6D5647AB046D686DA6FDFFC90FC201D71A3,
    0x29A6194691F91A73715209EF6512E576722830A201BE2018A765E85A9ECEE931,
    0x2F684BDA12F684BDA12F684BDA12F684BDA12F684BDA12F684BDA12F38E38D84,
)
Y_DEN = (
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFF93B,
    0x7A06534BB8BDB49FD5E9E6632722C2989467C1BFC8E8D978DFB425D2685C2573,
    0x6484AA716545CA2CF3A70C3FA8FE337E0A3D21162F0D6299A7BF8192BFD2A76F,
    1,
)


def hash_to_curve(message: bytes, tag: bytes) -> Point:
    """Return RFC 9380's hash_to_curve, section 3."""
    uniform = expand_message_xmd(message, tag, 96)
    halves = (uniform[:48], uniform[48:])
    first, second = (map_to_curve(int.from_bytes(half, "big") % P) for half in halves)
    return add(first, second)


def map_to_curve(u: int) -> tuple[int, int]:
    """Return the simplified SWU map for A B = 0, sections 6.6.2 and 6.6.3."""
    spread = (Z**2 * u**4 + Z * u**2) % P
    x = B * pow(Z * A, -1, P) if spread == 0 else -B * pow(A, -1, P) * (1 + pow(spread, -1, P))
    y = square_root(x**3 + A * x + B)
    if y is None:
        x = Z * u**2 * x
        y = square_root(x**3 + A * x + B)
        assert y is not None, "one of the two is a square"
    if y % 2 != u % 2:
        y = P - y
    x %= P
    image_x = polynomial(X_NUM, x) * pow(polynomial(X_DEN, x), -1, P)
    image_y = y * polynomial(Y_NUM, x) * pow(polynomial(Y_DEN, x), -1, P)
    return image_x % P, image_y % P


def polynomial(coefficients: tuple[int, ...], x: int) -> int:
    """Return the value of a polynomial."""
    return sum(c * pow(x, power, P) for power, c in enumerate(coefficients)) % P


def square_root(value: int) -> int | None:
    """Return a square root, or None."""
    root = pow(value, (P + 1) // 4, P)
    return root if root * root % P == value % P else None


def verify(
    keys: Sequence[bytes], message: bytes, image: bytes, first: int, responses: Sequence[int]
) -> bool:
    """Return whether a signature holds. All parts have been checked on their own."""
    prefix = TAG + keccak256(b"".join(keys)) + image + message
    image_point = decode_point(image)
    c = first
    for key, s in zip(keys, responses, strict=True):
        left = add(multiply(s, G), multiply(c, decode_point(key)))
        base = hash_to_curve(key, HASH_TO_CURVE_TAG)
        right = add(multiply(s, base), multiply(c, image_point))
        if left is None or right is None:
            return False
        c = int.from_bytes(keccak256(prefix + encode(left) + encode(right)), "big") % N
    return c == first


def encode(point: tuple[int, int]) -> bytes:
    """Return the 33-byte encoding of a point."""
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")
