"""Polynomials of 256 coefficients modulo a small prime, on vectors of LLVM.

The transforms of ML-KEM and ML-DSA differ in prime, word and depth only; one emitter makes both.
A polynomial is an array of 256 signed words in the order of the standard. Products are those of
Montgomery: `forward` leaves its result multiplied by R = 2^bits, a product divides by R, so that
the product of a plain and a transformed polynomial is plain. Knows no scheme.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]  # ships no types

from .vectors import INDEX, Value, instruction

SIZE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Z_prime[X] / (X^256 + 1), split by roots of unity into 2^depth factors."""

    prime: int
    root: int
    """A primitive root of unity of order 2^(depth + 1)."""
    depth: int
    bits: int
    """Of the signed word that holds a coefficient."""
    lanes: int
    """Coefficients of one vector."""


Order = list[list[int]]
"""Which coefficient each lane of each vector holds."""


def zeta(ring: Ring, number: int) -> int:
    """Return the root at this place of the standard's table."""
    reversed_bits = int(f"{number:0{ring.depth}b}"[::-1], 2)
    return pow(ring.root, reversed_bits, ring.prime)


def lengths(ring: Ring) -> list[int]:
    """Return the distance of a butterfly's two coefficients, layer by layer."""
    return [SIZE >> (layer + 1) for layer in range(ring.depth)]


def order(ring: Ring, length: int) -> Order:
    """Return an order in which the two sides of each butterfly are the same lane of two vectors."""
    if length >= ring.lanes:
        found = list(range(SIZE))
    else:
        found = []
        for block in range(0, SIZE, 2 * ring.lanes):
            inside = range(block, block + 2 * ring.lanes)
            found += sorted(inside, key=lambda i: (i & length, i))
    return [found[i : i + ring.lanes] for i in range(0, SIZE, ring.lanes)]


def pairs(ring: Ring, length: int) -> list[tuple[int, int]]:
    """Return which vectors meet, in the order above."""
    stride = max(length // ring.lanes, 1)
    return [(i, i + stride) for i in range(SIZE // ring.lanes) if not i & stride]


def rearranged(builder: Any, values: list[Value], old: Order, new: Order) -> list[Value]:
    """Return the vectors in another order; none takes a lane from beyond its neighbour."""
    result = []
    for number, wanted in enumerate(new):
        if wanted == old[number]:
            result.append(values[number])
            continue
        first = number & ~1
        held = old[first] + old[first + 1]
        lanes = [held.index(coefficient) for coefficient in wanted]
        result.append(shuffle(builder, values[first], values[first + 1], lanes))
    return result


def shuffle(builder: Any, first: Value, second: Value, lanes: list[int]) -> Value:
    """Return these lanes of two vectors."""
    mask = ir.Constant(ir.VectorType(INDEX, len(lanes)), lanes)
    return builder.shuffle_vector(first, second, mask)


def signed(value: int, modulus: int) -> int:
    """Return the representative nearest to zero."""
    value %= modulus
    return value - modulus if value > modulus // 2 else value


def vector(bits: int, values: list[int]) -> Value:
    """Return a vector of constants."""
    return ir.Constant(ir.VectorType(ir.IntType(bits), len(values)), values)


def rows(builder: Any, data: Value, bits: int, lanes: int, count: int) -> list[Value]:
    """Return the addresses of an array's vectors."""
    word = ir.IntType(bits)
    kind = ir.VectorType(word, lanes).as_pointer()
    return [
        builder.bitcast(
            builder.gep(data, [ir.Constant(INDEX, lanes * row)], source_etype=word), kind
        )
        for row in range(count)
    ]


def load(builder: Any, ring: Ring, data: Value) -> list[Value]:
    """Return a polynomial's vectors."""
    addresses = rows(builder, data, ring.bits, ring.lanes, SIZE // ring.lanes)
    return [builder.load(each, align=ring.bits // 8) for each in addresses]


def store(builder: Any, ring: Ring, data: Value, values: list[Value]) -> None:
    """Write a polynomial's vectors."""
    addresses = rows(builder, data, ring.bits, ring.lanes, SIZE // ring.lanes)
    for each, value in zip(addresses, values, strict=True):
        builder.store(value, each, align=ring.bits // 8)


def low_word(builder: Any, wide: Value) -> Value:
    """Return the low half of each word, as a signed number of the whole word's size."""
    half = vector(wide.type.element.width, [wide.type.element.width // 2] * wide.type.count)
    return builder.ashr(builder.shl(wide, half), half)


def high_word(builder: Any, wide: Value) -> Value:
    """Return the high half of each word, as a signed number of the whole word's size."""
    half = vector(wide.type.element.width, [wide.type.element.width // 2] * wide.type.count)
    return builder.ashr(wide, half)


def split(builder: Any, value: Value) -> tuple[Value, Value]:
    """Return the even and the odd lanes, each sign-extended to twice the word."""
    bits, count = value.type.element.width, value.type.count
    wide = builder.bitcast(value, ir.VectorType(ir.IntType(2 * bits), count // 2))
    return low_word(builder, wide), high_word(builder, wide)


def joined(builder: Any, even: Value, odd: Value) -> Value:
    """Return words from the high halves of two vectors, the first giving the even lanes."""
    bits, count = even.type.element.width // 2, even.type.count
    kind = ir.VectorType(ir.IntType(bits), 2 * count)
    lanes = [each for i in range(count) for each in (2 * i + 1, 2 * count + 2 * i + 1)]
    return shuffle(builder, builder.bitcast(even, kind), builder.bitcast(odd, kind), lanes)


def reduced(builder: Any, ring: Ring, wide: Value) -> Value:
    """Return wide words whose high half is wide / R mod prime.

    |wide| is below R * prime / 2; the high half is then above -prime and below prime.
    """
    count = wide.type.count
    inverse = signed(pow(ring.prime, -1, 1 << ring.bits), 1 << ring.bits)
    multiple = low_word(builder, builder.mul(wide, vector(2 * ring.bits, [inverse] * count)))
    return builder.sub(wide, builder.mul(multiple, vector(2 * ring.bits, [ring.prime] * count)))


def times(builder: Any, ring: Ring, value: Value, factors: list[int]) -> Value:
    """Return value * factor mod prime, lane by lane, above -prime and below prime."""
    radix = 1 << ring.bits
    constants = [signed(factor * radix, ring.prime) for factor in factors]
    inverse = pow(ring.prime, -1, radix)
    helpers = [signed(constant * inverse, radix) for constant in constants]
    if ring.bits == 16:
        high = multiply_high(builder, value, vector(16, constants))
        low = builder.mul(value, vector(16, helpers))
        primes = vector(16, [ring.prime] * len(factors))
        return builder.sub(high, multiply_high(builder, low, primes))
    sides = []
    for side, half in enumerate(split(builder, value)):
        product = builder.mul(half, vector(64, constants[side::2]))
        multiple = low_word(builder, builder.mul(half, vector(64, helpers[side::2])))
        primes = vector(64, [ring.prime] * (len(factors) // 2))
        sides.append(builder.sub(product, builder.mul(multiple, primes)))
    return joined(builder, *sides)


def multiply_high(builder: Any, a: Value, b: Value) -> Value:
    """Return the high halves of the products of signed words."""
    wide = ir.VectorType(ir.IntType(2 * a.type.element.width), a.type.count)
    shift = vector(wide.element.width, [a.type.element.width] * a.type.count)
    product = builder.mul(builder.sext(a, wide), builder.sext(b, wide))
    return builder.trunc(builder.ashr(product, shift), a.type)


def factors_of(ring: Ring, length: int, coefficients: list[int], inverse: bool) -> list[int]:
    """Return the root, or its inverse, for each lane of a layer."""
    found = []
    for coefficient in coefficients:
        root = zeta(ring, SIZE // 2 // length + coefficient // (2 * length))
        found.append(pow(root, -1, ring.prime) if inverse else root)
    return found


def forward(ring: Ring) -> Callable[..., None]:
    """Return an instruction that transforms a polynomial in place, and multiplies it by R.

    |coefficients| are below the prime, before and after. A layer adds less than the prime to them.
    """

    def emit(builder: Any, data: Value) -> None:
        values = load(builder, ring, data)
        held = natural = order(ring, SIZE)
        for length in lengths(ring):
            wanted = order(ring, length)
            values, held = rearranged(builder, values, held, wanted), wanted
            for a, b in pairs(ring, length):
                factors = factors_of(ring, length, held[a], inverse=False)
                product = times(builder, ring, values[b], factors)
                values[a], values[b] = (
                    builder.add(values[a], product),
                    builder.sub(values[a], product),
                )
        values = rearranged(builder, values, held, natural)
        radix = [1 << ring.bits] * ring.lanes
        store(builder, ring, data, [times(builder, ring, value, radix) for value in values])

    return instruction(emit)


def backward(ring: Ring) -> Callable[..., None]:
    """Return an instruction that undoes a transform in place; it leaves no factor.

    |coefficients| are below the prime, before and after. A layer doubles them: 8 layers fill a word
    of 32 bits with ML-DSA's prime; ML-KEM's fills 16 bits in three, so every third layer reduces.
    """

    def emit(builder: Any, data: Value) -> None:
        values = load(builder, ring, data)
        held = natural = order(ring, SIZE)
        for layer, length in enumerate(reversed(lengths(ring)), start=1):
            wanted = order(ring, length)
            values, held = rearranged(builder, values, held, wanted), wanted
            for a, b in pairs(ring, length):
                factors = factors_of(ring, length, held[a], inverse=True)
                difference = builder.sub(values[a], values[b])
                values[a] = builder.add(values[a], values[b])
                values[b] = times(builder, ring, difference, factors)
                if ring.bits == 16 and layer % 3 == 0:
                    values[a] = times(builder, ring, values[a], [1] * ring.lanes)
        values = rearranged(builder, values, held, natural)
        scale = [pow(1 << ring.depth, -1, ring.prime)] * ring.lanes
        store(builder, ring, data, [times(builder, ring, value, scale) for value in values])

    return instruction(emit)


def multiply_add(ring: Ring) -> Callable[..., None]:
    """Return an instruction (a, b, total) that adds the product of transformed polynomials.

    `total` is 256 words of twice the size, first those of the even lanes of a vector, then those of
    the odd ones. One factor has a prime's size; |sums| stay below R * prime / 2 for 8 of them.
    """
    half = ring.lanes // 2
    linear = ring.depth == 7

    def emit(builder: Any, a: Value, b: Value, total: Value) -> None:
        sums = rows(builder, total, 2 * ring.bits, half, SIZE // half)
        left, right = load(builder, ring, a), load(builder, ring, b)
        for number, (x, y) in enumerate(zip(left, right, strict=True)):
            even, odd = split(builder, x)
            first, second = split(builder, y)
            if linear:
                turned = times(builder, ring, y, residues(ring, number))
                crossed = split(builder, turned)[1]
                products = (
                    builder.add(builder.mul(even, first), builder.mul(odd, crossed)),
                    builder.add(builder.mul(even, second), builder.mul(odd, first)),
                )
            else:
                products = (builder.mul(even, first), builder.mul(odd, second))
            for address, product in zip(sums[2 * number :], products, strict=False):
                before = builder.load(address, align=ring.bits // 8)
                builder.store(builder.add(before, product), address, align=ring.bits // 8)

    return instruction(emit)


def residues(ring: Ring, number: int) -> list[int]:
    """Return, for each lane of a vector, 1, or gamma where X^2 = gamma modulo the lane's factor."""
    found = []
    for factor in range(number * ring.lanes // 2, (number + 1) * ring.lanes // 2):
        gamma = zeta(ring, SIZE // 4 + factor // 2)
        found += [1, -gamma if factor % 2 else gamma]
    return found


def finish(ring: Ring) -> Callable[..., None]:
    """Return an instruction (total, result) that divides sums of products by R."""
    half = ring.lanes // 2

    def emit(builder: Any, total: Value, result: Value) -> None:
        addresses = rows(builder, total, 2 * ring.bits, half, SIZE // half)
        sums = [builder.load(each, align=ring.bits // 8) for each in addresses]
        wide = [reduced(builder, ring, each) for each in sums]
        values = [joined(builder, *wide[i : i + 2]) for i in range(0, len(wide), 2)]
        store(builder, ring, result, values)

    return instruction(emit)


def plain(ring: Ring) -> Callable[..., None]:
    """Return an instruction that divides a polynomial by R, in place, and makes it nonnegative."""

    def emit(builder: Any, data: Value) -> None:
        inverse = pow(1 << ring.bits, -1, ring.prime)
        result = []
        for value in load(builder, ring, data):
            smaller = times(builder, ring, value, [inverse] * ring.lanes)
            result.append(nonnegative(builder, ring, smaller))
        store(builder, ring, data, result)

    return instruction(emit)


def canonical(ring: Ring) -> Callable[..., None]:
    """Return an instruction that brings any words, in place, to 0 up to the prime."""

    def emit(builder: Any, data: Value) -> None:
        result = []
        for value in load(builder, ring, data):
            smaller = times(builder, ring, value, [1] * ring.lanes)
            result.append(nonnegative(builder, ring, smaller))
        store(builder, ring, data, result)

    return instruction(emit)


def centred(ring: Ring) -> Callable[..., None]:
    """Return an instruction that brings any words, in place, as near to zero as may be."""

    def emit(builder: Any, data: Value) -> None:
        half = vector(ring.bits, [ring.prime // 2] * ring.lanes)
        primes = vector(ring.bits, [ring.prime] * ring.lanes)
        shift = vector(ring.bits, [ring.bits - 1] * ring.lanes)
        result = []
        for value in load(builder, ring, data):
            smaller = times(builder, ring, value, [1] * ring.lanes)
            positive = nonnegative(builder, ring, smaller)
            above = builder.ashr(builder.sub(half, positive), shift)
            result.append(builder.sub(positive, builder.and_(above, primes)))
        store(builder, ring, data, result)

    return instruction(emit)


def nonnegative(builder: Any, ring: Ring, value: Value) -> Value:
    """Return the words, the prime added to those below zero."""
    sign = builder.ashr(value, vector(ring.bits, [ring.bits - 1] * ring.lanes))
    return builder.add(value, builder.and_(sign, vector(ring.bits, [ring.prime] * ring.lanes)))
