"""The fields above BN254's base field: quadratic, sextic and twelfth, for pairings.

    Fp2 = Fp[u] / (u^2 + 1)      Fp6 = Fp2[v] / (v^3 - xi)      Fp12 = Fp6[w] / (w^2 - v)

with xi = 9 + u. Elements stand in rows of one array, in the form of `limbs.py`: 2, 6 and 12 rows,
the real part first. A function takes the array and the first rows of result and arguments, which
may be the same, and of the rows it may spoil, which are others. Integers modulo P are the twin.
Knows no curve.
"""

from .bn254_base import P, add_limbs, multiply_limbs, subtract_limbs
from .jit import kernel
from .limbs import ONE, RADIX, UNARY, ZERO, Elements, Limbs, get, limbs, put

ROWS2, ROWS6, ROWS12 = 2, 6, 12
SPOILT6 = 12
"""Rows that a product or inverse in Fp6 spoils."""
SPOILT12 = 3 * ROWS6 + SPOILT6
"""Rows that a function on Fp12 spoils."""

INTO = limbs(RADIX * RADIX % P)
"""Takes an element into Montgomery form."""
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)
NOTHING: Limbs = (ZERO, ZERO, ZERO, ZERO)
LESS_TWO = limbs(P - 2)

ROW1 = "void(uint64[:, ::1], int64, int64)"
ROW2 = "void(uint64[:, ::1], int64, int64, int64)"
ROW3 = "void(uint64[:, ::1], int64, int64, int64, int64)"


@kernel(UNARY)
def inverse(a: Limbs) -> Limbs:
    """Return 1 / a, by Fermat; 0 for 0."""
    result = multiply_limbs(INTO, PLAIN_UNIT)
    base = a
    for limb in LESS_TWO:
        bits = limb
        for _ in range(64):
            if bits & ONE:
                result = multiply_limbs(result, base)
            bits >>= ONE
            base = multiply_limbs(base, base)
    return result


# --- Fp2 ------------------------------------------------------------------------------------


@kernel(ROW2)
def add2(w: Elements, d: int, a: int, b: int) -> None:
    """Write a + b."""
    real = add_limbs(get(w, a), get(w, b))
    put(w, d + 1, add_limbs(get(w, a + 1), get(w, b + 1)))
    put(w, d, real)


@kernel(ROW2)
def subtract2(w: Elements, d: int, a: int, b: int) -> None:
    """Write a - b."""
    real = subtract_limbs(get(w, a), get(w, b))
    put(w, d + 1, subtract_limbs(get(w, a + 1), get(w, b + 1)))
    put(w, d, real)


@kernel(ROW1)
def negate2(w: Elements, d: int, a: int) -> None:
    """Write -a."""
    put(w, d, subtract_limbs(NOTHING, get(w, a)))
    put(w, d + 1, subtract_limbs(NOTHING, get(w, a + 1)))


@kernel(ROW1)
def copy2(w: Elements, d: int, a: int) -> None:
    """Write a."""
    put(w, d, get(w, a))
    put(w, d + 1, get(w, a + 1))


@kernel(ROW1)
def conjugate2(w: Elements, d: int, a: int) -> None:
    """Write a ** P: the imaginary part negated."""
    put(w, d, get(w, a))
    put(w, d + 1, subtract_limbs(NOTHING, get(w, a + 1)))


@kernel(ROW2)
def multiply2(w: Elements, d: int, a: int, b: int) -> None:
    """Write a * b."""
    a0, a1, b0, b1 = get(w, a), get(w, a + 1), get(w, b), get(w, b + 1)
    real, imaginary = multiply_limbs(a0, b0), multiply_limbs(a1, b1)
    cross = multiply_limbs(add_limbs(a0, a1), add_limbs(b0, b1))
    put(w, d, subtract_limbs(real, imaginary))
    put(w, d + 1, subtract_limbs(subtract_limbs(cross, real), imaginary))


@kernel(ROW1)
def square2(w: Elements, d: int, a: int) -> None:
    """Write a * a."""
    a0, a1 = get(w, a), get(w, a + 1)
    cross = multiply_limbs(a0, a1)
    put(w, d, multiply_limbs(add_limbs(a0, a1), subtract_limbs(a0, a1)))
    put(w, d + 1, add_limbs(cross, cross))


@kernel(ROW2)
def scale2(w: Elements, d: int, a: int, b: int) -> None:
    """Write a * b for b in the base field."""
    factor = get(w, b)
    put(w, d, multiply_limbs(get(w, a), factor))
    put(w, d + 1, multiply_limbs(get(w, a + 1), factor))


@kernel(ROW1)
def multiply_xi(w: Elements, d: int, a: int) -> None:
    """Write (9 + u) * a."""
    a0, a1 = get(w, a), get(w, a + 1)
    real, imaginary = add_limbs(a0, a0), add_limbs(a1, a1)
    real, imaginary = add_limbs(real, real), add_limbs(imaginary, imaginary)
    real, imaginary = add_limbs(real, real), add_limbs(imaginary, imaginary)
    put(w, d, subtract_limbs(add_limbs(real, a0), a1))
    put(w, d + 1, add_limbs(add_limbs(imaginary, a1), a0))


@kernel(ROW1)
def inverse2(w: Elements, d: int, a: int) -> None:
    """Write 1 / a; 0 for 0."""
    a0, a1 = get(w, a), get(w, a + 1)
    norm = inverse(add_limbs(multiply_limbs(a0, a0), multiply_limbs(a1, a1)))
    put(w, d, multiply_limbs(a0, norm))
    put(w, d + 1, subtract_limbs(NOTHING, multiply_limbs(a1, norm)))


# --- Fp6 ------------------------------------------------------------------------------------


@kernel(ROW2)
def add6(w: Elements, d: int, a: int, b: int) -> None:
    """Write a + b."""
    for i in range(ROWS6):
        put(w, d + i, add_limbs(get(w, a + i), get(w, b + i)))


@kernel(ROW2)
def subtract6(w: Elements, d: int, a: int, b: int) -> None:
    """Write a - b."""
    for i in range(ROWS6):
        put(w, d + i, subtract_limbs(get(w, a + i), get(w, b + i)))


@kernel(ROW1)
def multiply_v(w: Elements, d: int, a: int) -> None:
    """Write v * a, not over a."""
    multiply_xi(w, d, a + 4)
    copy2(w, d + 2, a)
    copy2(w, d + 4, a + 2)


@kernel(ROW3)
def multiply6(w: Elements, d: int, a: int, b: int, t: int) -> None:
    """Write a * b: Karatsuba's way, as six products in Fp2."""
    v0, v1, v2, left, right, x = t, t + 2, t + 4, t + 6, t + 8, t + 10
    multiply2(w, v0, a, b)
    multiply2(w, v1, a + 2, b + 2)
    multiply2(w, v2, a + 4, b + 4)
    add2(w, left, a + 2, a + 4)
    add2(w, right, b + 2, b + 4)
    multiply2(w, x, left, right)  # The first third of the result; the others need a and b still.
    subtract2(w, x, x, v1)
    subtract2(w, x, x, v2)
    multiply_xi(w, x, x)
    add2(w, x, x, v0)
    add2(w, left, a, a + 4)
    add2(w, right, b, b + 4)
    multiply2(w, left, left, right)
    subtract2(w, left, left, v0)
    subtract2(w, left, left, v2)
    add2(w, left, left, v1)
    add2(w, right, a, a + 2)
    add2(w, d + 2, b, b + 2)
    multiply2(w, right, right, d + 2)
    subtract2(w, right, right, v0)
    subtract2(w, right, right, v1)
    multiply_xi(w, v2, v2)
    add2(w, d + 2, right, v2)
    copy2(w, d, x)
    copy2(w, d + 4, left)


@kernel(ROW3)
def multiply6_by_two(w: Elements, d: int, a: int, b: int, t: int) -> None:
    """Write a * (b0 + b1 v), for b0 and b1 in Fp2, not over a: five products."""
    v0, v1, left, right = t, t + 2, t + 4, t + 6
    multiply2(w, v0, a, b)
    multiply2(w, v1, a + 2, b + 2)
    add2(w, left, a, a + 2)
    add2(w, right, b, b + 2)
    multiply2(w, d + 2, left, right)
    subtract2(w, d + 2, d + 2, v0)
    subtract2(w, d + 2, d + 2, v1)
    multiply2(w, left, a + 4, b + 2)
    multiply_xi(w, left, left)
    add2(w, d, left, v0)
    multiply2(w, right, a + 4, b)
    add2(w, d + 4, right, v1)


@kernel(ROW2)
def inverse6(w: Elements, d: int, a: int, t: int) -> None:
    """Write 1 / a; 0 for 0."""
    c0, c1, c2, x, y = t, t + 2, t + 4, t + 6, t + 8
    square2(w, c0, a)
    multiply2(w, x, a + 2, a + 4)
    multiply_xi(w, x, x)
    subtract2(w, c0, c0, x)
    square2(w, c1, a + 4)
    multiply_xi(w, c1, c1)
    multiply2(w, x, a, a + 2)
    subtract2(w, c1, c1, x)
    square2(w, c2, a + 2)
    multiply2(w, x, a, a + 4)
    subtract2(w, c2, c2, x)
    multiply2(w, x, a + 4, c1)
    multiply2(w, y, a + 2, c2)
    add2(w, x, x, y)
    multiply_xi(w, x, x)
    multiply2(w, y, a, c0)
    add2(w, x, x, y)
    inverse2(w, x, x)
    multiply2(w, d, c0, x)
    multiply2(w, d + 2, c1, x)
    multiply2(w, d + 4, c2, x)


# --- Fp12 -----------------------------------------------------------------------------------


@kernel(ROW1)
def copy12(w: Elements, d: int, a: int) -> None:
    """Write a."""
    for i in range(ROWS12):
        put(w, d + i, get(w, a + i))


@kernel(ROW1)
def conjugate12(w: Elements, d: int, a: int) -> None:
    """Write a ** (P ** 6): the inverse too, where the norm to Fp6 is 1."""
    for i in range(ROWS6):
        put(w, d + i, get(w, a + i))
        put(w, d + ROWS6 + i, subtract_limbs(NOTHING, get(w, a + ROWS6 + i)))


@kernel(ROW3)
def multiply12(w: Elements, d: int, a: int, b: int, t: int) -> None:
    """Write a * b: three products in Fp6."""
    low, high, x, inner = t, t + ROWS6, t + 2 * ROWS6, t + 3 * ROWS6
    multiply6(w, low, a, b, inner)
    multiply6(w, high, a + ROWS6, b + ROWS6, inner)
    add6(w, x, a, a + ROWS6)
    add6(w, d, b, b + ROWS6)
    multiply6(w, x, x, d, inner)
    subtract6(w, x, x, low)
    subtract6(w, d + ROWS6, x, high)
    multiply_v(w, x, high)
    add6(w, d, low, x)


@kernel(ROW2)
def square12(w: Elements, d: int, a: int, t: int) -> None:
    """Write a * a: two products in Fp6."""
    cross, x, y, inner = t, t + ROWS6, t + 2 * ROWS6, t + 3 * ROWS6
    multiply6(w, cross, a, a + ROWS6, inner)
    add6(w, x, a, a + ROWS6)
    multiply_v(w, y, a + ROWS6)
    add6(w, y, y, a)
    multiply6(w, x, x, y, inner)
    multiply_v(w, y, cross)
    subtract6(w, x, x, cross)
    subtract6(w, d, x, y)
    add6(w, d + ROWS6, cross, cross)


@kernel(ROW2)
def multiply12_by_line(w: Elements, a: int, line: int, t: int) -> None:
    """Replace a by a * (c0 + (c1 + c2 v) w), for c0 to c2 in Fp2: thirteen products there."""
    low, high, x, inner = t, t + ROWS6, t + 2 * ROWS6, t + 3 * ROWS6
    for i in range(0, ROWS6, ROWS2):
        multiply2(w, low + i, a + i, line)
    multiply6_by_two(w, high, a + ROWS6, line + 2, inner)
    add6(w, x, a, a + ROWS6)
    add2(w, line + 2, line, line + 2)
    multiply6_by_two(w, a, x, line + 2, inner)
    subtract6(w, a, a, low)
    subtract6(w, a + ROWS6, a, high)
    multiply_v(w, x, high)
    add6(w, a, low, x)


@kernel(ROW2)
def inverse12(w: Elements, d: int, a: int, t: int) -> None:
    """Write 1 / a; 0 for 0."""
    norm, x, inner = t, t + ROWS6, t + 3 * ROWS6
    multiply6(w, norm, a, a, inner)
    multiply6(w, x, a + ROWS6, a + ROWS6, inner)
    multiply_v(w, x + ROWS6, x)
    subtract6(w, norm, norm, x + ROWS6)
    inverse6(w, norm, norm, inner)
    multiply6(w, d, a, norm, inner)
    multiply6(w, x, a + ROWS6, norm, inner)
    for i in range(ROWS6):
        put(w, d + ROWS6 + i, subtract_limbs(NOTHING, get(w, x + i)))


@kernel("void(uint64[:, ::1], int64, int64, int64, boolean)")
def frobenius12(w: Elements, d: int, a: int, factors: int, odd: bool) -> None:
    """Write a ** (P ** n), given what each power of w, from the lowest, is to be multiplied by."""
    for i in range(ROWS6):
        part = (i >> 1) * ROWS2 + (i & 1) * ROWS6  # Of w ** i.
        if odd:
            conjugate2(w, d + part, a + part)
            multiply2(w, d + part, d + part, factors + ROWS2 * i)
        else:
            multiply2(w, d + part, a + part, factors + ROWS2 * i)


@kernel(ROW3)
def triple_less(w: Elements, d: int, x: int, a: int, sign: int) -> None:
    """Write 3 x - 2 a, or, where the sign is not 0, 3 x + 2 a."""
    for i in range(ROWS2):
        value, old = get(w, x + i), get(w, a + i)
        triple = add_limbs(add_limbs(value, value), value)
        double = add_limbs(old, old)
        put(w, d + i, add_limbs(triple, double) if sign else subtract_limbs(triple, double))


@kernel(ROW3)
def square4(w: Elements, d: int, a: int, b: int, t: int) -> None:
    """Write (a + b s) ** 2 for s ** 2 = xi, as two elements of Fp2."""
    square2(w, d, a)
    square2(w, t, b)
    add2(w, d + 2, a, b)
    square2(w, d + 2, d + 2)
    subtract2(w, d + 2, d + 2, d)
    subtract2(w, d + 2, d + 2, t)
    multiply_xi(w, t, t)
    add2(w, d, d, t)


@kernel(ROW1)
def square_cyclotomic(w: Elements, a: int, t: int) -> None:
    """Replace a by a * a, where a ** (P**4 - P**2 + 1) is 1: Granger and Scott, 2010."""
    first, second, third, inner = t, t + 4, t + 8, t + 12
    square4(w, first, a, a + 8, inner)
    square4(w, second, a + 6, a + 4, inner)
    square4(w, third, a + 2, a + 10, inner)
    triple_less(w, a, first, a, 0)
    triple_less(w, a + 8, first + 2, a + 8, 1)
    triple_less(w, a + 2, second, a + 2, 0)
    triple_less(w, a + 10, second + 2, a + 10, 1)
    triple_less(w, a + 4, third, a + 4, 0)
    multiply_xi(w, third + 2, third + 2)
    triple_less(w, a + 6, third + 2, a + 6, 1)
