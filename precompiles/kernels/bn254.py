"""The scalar field of BN254 on four 64-bit limbs, little end first, in Montgomery form.

An element x is held as x * 2**256 mod R. Every argument and result is below R, but where a
docstring asks for less. Knows no algorithm that uses it; `x * y % R` is its twin.
"""

import numpy as np
import numpy.typing as npt

from .jit import kernel, multiply_add

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617

Limbs = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
Elements = npt.NDArray[np.uint64]
"""Elements in rows of four limbs."""


def limbs(value: int) -> Limbs:
    """Split an integer below 2**256 into limbs."""
    words = np.frombuffer(value.to_bytes(32, "little"), dtype="<u8").astype(np.uint64)
    return words[0], words[1], words[2], words[3]


# Numba types a bare literal as int64, and int64 with uint64 makes float64: constants are uint64.
ZERO = np.uint64(0)
ONE = np.uint64(1)
R0, R1, R2, R3 = limbs(R)
NEGATIVE_INVERSE = np.uint64(-pow(R, -1, 1 << 64) % (1 << 64))  # -1/R mod 2**64.
S0, S1, S2, S3 = limbs(pow(1 << 256, 2, R))  # Takes an element into Montgomery form.

LIMBS_4 = "UniTuple(uint64, 4)(uint64, uint64, uint64, uint64, uint64, uint64, uint64, uint64)"


@kernel("UniTuple(uint64, 4)(uint64, uint64, uint64, uint64)")
def reduce_once(t0: np.uint64, t1: np.uint64, t2: np.uint64, t3: np.uint64) -> Limbs:
    """Return t mod R, for t below 2 R."""
    d0 = t0 - R0
    borrow = ONE if t0 < R0 else ZERO
    d1 = t1 - R1 - borrow
    borrow = ONE if t1 < R1 or (t1 == R1 and borrow == ONE) else ZERO
    d2 = t2 - R2 - borrow
    borrow = ONE if t2 < R2 or (t2 == R2 and borrow == ONE) else ZERO
    d3 = t3 - R3 - borrow
    below = t3 < R3 or (t3 == R3 and borrow == ONE)
    return (t0, t1, t2, t3) if below else (d0, d1, d2, d3)


@kernel(LIMBS_4)
def add(
    a0: np.uint64,
    a1: np.uint64,
    a2: np.uint64,
    a3: np.uint64,
    b0: np.uint64,
    b1: np.uint64,
    b2: np.uint64,
    b3: np.uint64,
) -> Limbs:
    """Return a + b mod R. The sum fits 256 bits because R is below 2**254."""
    t0, carry = multiply_add(a0, ONE, b0, ZERO)
    t1, carry = multiply_add(a1, ONE, b1, carry)
    t2, carry = multiply_add(a2, ONE, b2, carry)
    t3, carry = multiply_add(a3, ONE, b3, carry)
    return reduce_once(t0, t1, t2, t3)


@kernel(LIMBS_4)
def multiply(
    a0: np.uint64,
    a1: np.uint64,
    a2: np.uint64,
    a3: np.uint64,
    b0: np.uint64,
    b1: np.uint64,
    b2: np.uint64,
    b3: np.uint64,
) -> Limbs:
    """Return a * b / 2**256 mod R: Montgomery multiplication, operand scanning.

    Only a needs to be below R; b may be any 256-bit number. No fifth limb is kept between the
    rows: what is carried from row to row stays below 2 R, which is below 2**255.
    """
    t0 = t1 = t2 = t3 = ZERO
    for b in (b0, b1, b2, b3):
        t0, carry = multiply_add(a0, b, t0, ZERO)
        m = t0 * NEGATIVE_INVERSE
        _, fold = multiply_add(m, R0, t0, ZERO)
        t1, carry = multiply_add(a1, b, t1, carry)
        t0, fold = multiply_add(m, R1, t1, fold)
        t2, carry = multiply_add(a2, b, t2, carry)
        t1, fold = multiply_add(m, R2, t2, fold)
        t3, carry = multiply_add(a3, b, t3, carry)
        t2, fold = multiply_add(m, R3, t3, fold)
        t3 = carry + fold
    return reduce_once(t0, t1, t2, t3)


@kernel("void(uint64[:, ::1])")
def to_montgomery(elements: Elements) -> None:
    """Replace every row x by x * 2**256 mod R. A row may be any 256-bit number."""
    for i in range(elements.shape[0]):
        row = elements[i]
        row[0], row[1], row[2], row[3] = multiply(S0, S1, S2, S3, row[0], row[1], row[2], row[3])


@kernel("void(uint64[:, ::1])")
def from_montgomery(elements: Elements) -> None:
    """Replace every row x * 2**256 by x."""
    for i in range(elements.shape[0]):
        row = elements[i]
        row[0], row[1], row[2], row[3] = multiply(
            row[0], row[1], row[2], row[3], ONE, ZERO, ZERO, ZERO
        )


def pack(values: list[int]) -> Elements:
    """Return the values as rows of limbs, not in Montgomery form."""
    joined = b"".join(value.to_bytes(32, "little") for value in values)
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64).reshape(-1, 4)


def unpack(elements: Elements) -> list[int]:
    """Return the rows as integers."""
    joined = elements.astype("<u8").tobytes()
    return [int.from_bytes(joined[i : i + 32], "little") for i in range(0, len(joined), 32)]
