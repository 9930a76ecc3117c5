"""The operations on BLS12-381 (EIP-2537), and what they cost.

A coordinate comes in 64 bytes, of which the first 16 are zero. Additions take any points of the
curves; sums of multiples and pairings only those of the subgroups.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from precompiles.backends import bls12_381
from precompiles.backends.bls12_381 import G1Point, G2Point, Point

from .builtin import Builtin, BuiltinError, flat

PADDED_SIZE: Final = 64
PADDING: Final = bytes(PADDED_SIZE - bls12_381.COORDINATE_SIZE)
FACTOR_SIZE: Final = 32
G1_SIZE: Final = 2 * PADDED_SIZE
G2_SIZE: Final = 4 * PADDED_SIZE
PAIR_SIZE: Final = G1_SIZE + G2_SIZE

Group = type[G1Point] | type[G2Point]
SIZES: Final[dict[Group, int]] = {G1Point: G1_SIZE, G2Point: G2_SIZE}
NAMES: Final[dict[Group, str]] = {G1Point: "g1", G2Point: "g2"}

# Of the price of a single multiple, in thousandths, by the number of points; the last holds on.
G1_DISCOUNTS: Final = (
    *(1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677),
    *(673, 669, 665, 661, 658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627),
    *(625, 623, 621, 619, 617, 615, 613, 611, 609, 608, 606, 604, 603, 601, 599, 598),
    *(596, 595, 593, 592, 591, 589, 588, 586, 585, 584, 582, 581, 580, 579, 577, 576),
    *(575, 574, 573, 572, 570, 569, 568, 567, 566, 565, 564, 563, 562, 561, 560, 559),
    *(558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547, 547, 546, 545, 544),
    *(543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531),
    *(530, 529, 528, 528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519),
)
G2_DISCOUNTS: Final = (
    *(1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717),
    *(711, 704, 699, 693, 688, 683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646),
    *(643, 640, 637, 634, 632, 629, 627, 624, 622, 620, 618, 615, 613, 611, 609, 607),
    *(606, 604, 602, 600, 598, 597, 595, 593, 592, 590, 589, 587, 586, 584, 583, 582),
    *(580, 579, 578, 576, 575, 574, 573, 571, 570, 569, 568, 567, 566, 565, 563, 562),
    *(561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552, 551, 550, 549, 548, 547),
    *(546, 545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535),
    *(534, 533, 532, 532, 531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524),
)


def unpadded(data: bytes) -> bytes:
    """Return the coordinates without their padding."""
    starts = range(0, len(data), PADDED_SIZE)
    if any(data[i : i + len(PADDING)] != PADDING for i in starts):
        raise BuiltinError("bls12_381: the top 16 bytes of a field element are not zero")
    return b"".join(data[i + len(PADDING) : i + PADDED_SIZE] for i in starts)


def padded(coordinates: bytes) -> bytes:
    """Return the coordinates with their padding."""
    size = bls12_381.COORDINATE_SIZE
    return b"".join(PADDING + coordinates[i : i + size] for i in range(0, len(coordinates), size))


def parse(group: type[Point], data: bytes, *, in_subgroup: bool) -> Point:
    """Return a point; fail where there is none."""
    point = bls12_381.parse(group, unpadded(data), in_subgroup=in_subgroup)
    if point is None:
        where = "in the subgroup" if in_subgroup else "on the curve"
        raise BuiltinError(f"bls12_381: no point {where} of {NAMES[group]}")
    return point


def add(group: type[Point], data: bytes) -> bytes:
    """Return the sum of two points of a curve."""
    size = SIZES[group]
    if len(data) != 2 * size:
        raise BuiltinError(f"bls12_381: {len(data)} bytes are not two points of {NAMES[group]}")
    first = parse(group, data[:size], in_subgroup=False)
    second = parse(group, data[size:], in_subgroup=False)
    return padded(bls12_381.add(first, second))


def combine(group: type[Point], data: bytes) -> bytes:
    """Return the sum of multiples of points, each followed by its factor."""
    size = SIZES[group]
    each = size + FACTOR_SIZE
    if not data or len(data) % each:
        raise BuiltinError(f"bls12_381: {len(data)} bytes are no multiples in {NAMES[group]}")
    starts = range(0, len(data), each)
    points = [parse(group, data[i : i + size], in_subgroup=True) for i in starts]
    return padded(bls12_381.combine(points, [data[i + size : i + each] for i in starts]))


def combination_price(group: Group, discounts: tuple[int, ...], gas: int, data: bytes) -> int:
    """Price by the number of multiples, with a discount for many."""
    count = len(data) // (SIZES[group] + FACTOR_SIZE)
    if count == 0:
        return 0
    return count * gas * discounts[min(count, len(discounts)) - 1] // 1_000


def pairing_check(data: bytes) -> bytes:
    """Return whether the product of the pairings of points of both curves is one."""
    if not data or len(data) % PAIR_SIZE:
        raise BuiltinError(f"bls12_381: {len(data)} bytes are no pairs of points")
    pairs = []
    for i in range(0, len(data), PAIR_SIZE):
        middle = i + G1_SIZE
        first = parse(G1Point, data[i:middle], in_subgroup=True)
        pairs.append((first, parse(G2Point, data[middle : i + PAIR_SIZE], in_subgroup=True)))
    return bls12_381.pairing_is_one(pairs).to_bytes(32, "big")


def pairing_price(data: bytes) -> int:
    """Price by the number of pairs."""
    return 37_700 + 32_600 * (len(data) // PAIR_SIZE)


def map_to_curve(size: int, to_point: Callable[[bytes], bytes | None], data: bytes) -> bytes:
    """Return the point for a field element."""
    if len(data) != size:
        raise BuiltinError(f"bls12_381: {len(data)} bytes are no field element, which has {size}")
    point = to_point(unpadded(data))
    if point is None:
        raise BuiltinError("bls12_381: a field element is not below the modulus")
    return padded(point)


G1ADD: Final = Builtin(name="BLS12_G1ADD", price=flat(375), run=partial(add, G1Point))
G1MSM: Final = Builtin(
    name="BLS12_G1MSM",
    price=partial(combination_price, G1Point, G1_DISCOUNTS, 12_000),
    run=partial(combine, G1Point),
)
G2ADD: Final = Builtin(name="BLS12_G2ADD", price=flat(600), run=partial(add, G2Point))
G2MSM: Final = Builtin(
    name="BLS12_G2MSM",
    price=partial(combination_price, G2Point, G2_DISCOUNTS, 22_500),
    run=partial(combine, G2Point),
)
PAIRING_CHECK: Final = Builtin(name="BLS12_PAIRING_CHECK", price=pairing_price, run=pairing_check)
MAP_FP_TO_G1: Final = Builtin(
    name="BLS12_MAP_FP_TO_G1",
    price=flat(5_500),
    run=partial(map_to_curve, PADDED_SIZE, bls12_381.map_to_g1),
)
MAP_FP2_TO_G2: Final = Builtin(
    name="BLS12_MAP_FP2_TO_G2",
    price=flat(23_800),
    run=partial(map_to_curve, 2 * PADDED_SIZE, bls12_381.map_to_g2),
)
