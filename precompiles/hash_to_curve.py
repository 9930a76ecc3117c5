"""Hashing to the curve secp256k1: RFC 9380's suite secp256k1_XMD:SHA-256_SSWU_RO_.

The square root of the simplified SWU map is left to the native library: an x on the isogenous
curve belongs to a point exactly when its image belongs to one of secp256k1, and decompressing
that image takes a twentieth of a modular power in Python. Not constant in time. Knows no scheme.
"""

from collections.abc import Sequence

from .backends import secp256k1
from .backends.secp256k1 import Point
from .hash_to_field import expand_message_xmd

P = 2**256 - 2**32 - 977
ELEMENT_SIZE = 48  # Of uniform bytes: keeps the bias of an element below 2**-128.

# The isogenous curve y^2 = x^3 + A x + B, and Z: RFC 9380, section 8.7.
A = 0x3F8731ABDD661ADCA08A5558F0F5D272E953D363CB6F0E5D405447C01A444533
B = 1771
Z = P - 11

# The isogeny, appendix E.1: x_num(x) / (x - POLE)^2 and y y_num(x) / (x - POLE)^3. Coefficients
# stand from the highest power down.
X_NUM = (
    0x8E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38DAAAAA88C,
    0x534C328D23F234E6E2A413DECA25CAECE4506144037C40314ECBD0B53D9DD262,
    0x07D3D4C80BC321D5B9F315CEA7FD44C5D595D2FC0BF63B92DFFF1044F17C6581,
    0x8E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38E38DAAAAA8C7,
)
Y_NUM = (
    0x2F684BDA12F684BDA12F684BDA12F684BDA12F684BDA12F684BDA12F38E38D84,
    0x29A6194691F91A73715209EF6512E576722830A201BE2018A765E85A9ECEE931,
    0xC75E0C32D5CB7C0FA9D0A54B12A0A6D5647AB046D686DA6FDFFC90FC201D71A3,
    0x4BDA12F684BDA12F684BDA12F684BDA12F684BDA12F684BDA12F684B8E38E23C,
)
POLE = -0xEDADC6F64383DC1DF7C4B2D51B54225406D36B641F5E41BBC52A56612A8C6D14 * pow(2, -1, P) % P


def hash_to_curve(messages: Sequence[bytes], tag: bytes) -> list[Point]:
    """Return for each message a point of which nobody knows the logarithm.

    All at once, because they share their modular inversions. The tag has 1 to 255 bytes.
    """
    elements = [element for message in messages for element in hash_to_field(message, tag)]
    mapped = map_to_curve(elements)
    return [sum_of(mapped[i], mapped[i + 1]) for i in range(0, len(mapped), 2)]


def hash_to_field(message: bytes, tag: bytes) -> tuple[int, int]:
    """Return two field elements: section 5.2."""
    uniform = expand_message_xmd(message, tag, 2 * ELEMENT_SIZE)
    return (
        int.from_bytes(uniform[:ELEMENT_SIZE], "big") % P,
        int.from_bytes(uniform[ELEMENT_SIZE:], "big") % P,
    )


def sum_of(first: Point, second: Point) -> Point:
    """Return the sum of two points made from a hash."""
    total = secp256k1.add(first, second)
    assert total is not None, "the two points are opposite: chance 2**-256"
    return total


def map_to_curve(elements: Sequence[int]) -> list[Point]:
    """Return the image of each field element: section 6.6.3."""
    twists = [Z * u * u % P for u in elements]
    spreads = [(twist * twist + twist) % P for twist in twists]
    inverses = invert([-A * spread % P if spread else Z * A % P for spread in spreads])
    xs = [B * (s + 1) * inverse % P for s, inverse in zip(spreads, inverses, strict=True)]
    points = through_isogeny(xs, elements)
    # On the curve is either the first x or the second, whatever the element.
    missing = [i for i, point in enumerate(points) if point is None]
    others = through_isogeny(
        [twists[i] * xs[i] % P for i in missing], [elements[i] for i in missing]
    )
    for i, point in zip(missing, others, strict=True):
        points[i] = point
    return [point for point in points if point is not None]


def through_isogeny(xs: Sequence[int], signs: Sequence[int]) -> list[Point | None]:
    """Return the image of each (x, y) whose y has the parity of its sign; None when none exists.

    secp256k1 has a prime number of points, so no point of the isogenous curve goes to infinity
    and none has y = 0: a zero denominator means that x belongs to no point.
    """
    poles = [(x - POLE) % P for x in xs]
    y_nums = [polynomial(Y_NUM, x) for x in xs]
    denominators = [pole * y_num % P for pole, y_num in zip(poles, y_nums, strict=True)]
    inverses = invert([each or 1 for each in denominators])
    points: list[Point | None] = []
    for x, sign, pole, y_num, inverse in zip(xs, signs, poles, y_nums, inverses, strict=True):
        pole_inverse = inverse * y_num % P
        image_x = polynomial(X_NUM, x) * pole_inverse % P * pole_inverse % P
        image_y = secp256k1.even_y(image_x) if pole and y_num else None
        if image_y is None:
            points.append(None)
            continue
        y = image_y * (inverse * pole % P) * (pole * pole % P * pole % P) % P
        right = (y ^ sign) & 1 == 0
        points.append(secp256k1.from_affine(image_x, image_y if right else P - image_y))
    return points


def polynomial(coefficients: tuple[int, int, int, int], x: int) -> int:
    """Return the value of a cubic."""
    a, b, c, d = coefficients
    return (((a * x + b) * x % P + c) * x + d) % P


def invert(values: Sequence[int]) -> list[int]:
    """Return the inverses of values other than 0, with one inversion for all."""
    products = [1]
    for value in values:
        products.append(products[-1] * value % P)
    inverse = pow(products[-1], -1, P)
    inverses = []
    for value, before in zip(reversed(values), reversed(products[:-1]), strict=True):
        inverses.append(inverse * before % P)
        inverse = inverse * value % P
    return inverses[::-1]
