"""0x0902: Pedersen commitments on BN254 and secp256k1, and Starknet's Pedersen hash.

A commitment is a point, not a hash of one, so that commitments can be added. It hides its value as
long as the blinding is random and kept, and binds as long as nobody finds logarithms; neither
survives a quantum computer. What a transaction sends is public: a blinding that was sent blinds
nothing.
"""

from ... import abi
from ...gas import Choice, Constant, Expression, PerItem
from ...precompile import Call, Precompile, method
from ..poseidon.parameters import STARK_PRIME
from .commitment import SCHEMES, Scheme
from .generators import BN254, SECP256K1, VALUES_MAX, Affine

ELEMENTS_MAX = 256

INVALID_CURVE = abi.error("InvalidCurve(uint8 curve)")
NOT_ON_CURVE = abi.error("NotOnCurve(uint256 index)")
NOT_CANONICAL = abi.error("NotCanonical(uint256 index)")

# Measured: docs/gas.md.
BASE_GAS = 400
COMMIT_GAS = {BN254: 3_200, SECP256K1: 7_000}
SUM_GAS = {BN254: 2_600, SECP256K1: 2_200}
VALUE_GAS = {BN254: 1_500, SECP256K1: 3_500}
STARKNET_GAS = 1_900


def by_curve(
    amounts: dict[int, int], argument: str = "", each: dict[int, int] | None = None
) -> Expression:
    """Return an amount for each curve, and another for each item of an argument."""
    cases: list[tuple[int, Expression]] = []
    for curve, amount in amounts.items():
        per_item = (PerItem(argument=argument, amount=each[curve]),) if each else ()
        cases.append((curve, (Constant(amount=amount), *per_item)))
    return Constant(amount=BASE_GAS), Choice(argument="curve", cases=tuple(cases))


# --- Commitments ----------------------------------------------------------------------------


def commit(_: Call, curve: int, value: int, blinding: int) -> Affine:
    """Return value * G + blinding * H."""
    scheme = scheme_of(curve)
    check_scalars(scheme, [value, blinding])
    return scheme.commit(value, blinding)


def verify_opening(_: Call, curve: int, x: int, y: int, value: int, blinding: int) -> bool:
    """Return whether the point is the commitment to this value with this blinding."""
    scheme = scheme_of(curve)
    check_points(scheme, [(x, y)])
    check_scalars(scheme, [value, blinding])
    return scheme.commit(value, blinding) == (x, y)


def vector_commit(_: Call, curve: int, values: list[int], blinding: int) -> Affine:
    """Return the sum of each value times its own point, and blinding * H."""
    scheme = scheme_of(curve)
    if not values:
        raise abi.INVALID_LENGTH(1, 0)
    check_scalars(scheme, [*values, blinding])
    return scheme.vector_commit(values, blinding)


def add(_: Call, curve: int, ax: int, ay: int, bx: int, by: int) -> Affine:
    """Return the sum of two points."""
    scheme = scheme_of(curve)
    check_points(scheme, [(ax, ay), (bx, by)])
    return scheme.sum_of([(ax, ay), (bx, by)])


def subtract(_: Call, curve: int, ax: int, ay: int, bx: int, by: int) -> Affine:
    """Return the difference of two points."""
    scheme = scheme_of(curve)
    check_points(scheme, [(ax, ay), (bx, by)])
    return scheme.sum_of([(ax, ay), scheme.negative((bx, by))])


def scheme_of(curve: int) -> Scheme:
    """Return what a curve's number stands for, or refuse it."""
    if curve not in SCHEMES:
        raise INVALID_CURVE(curve)
    return SCHEMES[curve]


def check_scalars(scheme: Scheme, scalars: list[int]) -> None:
    """Refuse a scalar that is not below the order: it would open what another one opens."""
    for index, scalar in enumerate(scalars):
        if scalar >= scheme.order:
            raise NOT_CANONICAL(index)


def check_points(scheme: Scheme, points: list[Affine]) -> None:
    """Refuse coordinates that are no point of the curve; (0, 0) is the point at infinity."""
    for index, point in enumerate(points):
        if not scheme.holds(point):
            raise NOT_ON_CURVE(index)


# --- Starknet's hash ------------------------------------------------------------------------


def starknet_hash(_: Call, a: int, b: int) -> int:
    """Return Starknet's Pedersen hash of a pair."""
    check_felts([a, b])
    return starknet_chain(a, [b])


def starknet_hash_many(_: Call, elements: list[int]) -> int:
    """Return the hash of a list as Starknet makes it: from 0 through all, then its length."""
    check_felts(elements)
    return starknet_chain(0, [*elements, len(elements)])


def check_felts(elements: list[int]) -> None:
    """Refuse an element that is not below the prime."""
    for index, element in enumerate(elements):
        if element >= STARK_PRIME:
            raise NOT_CANONICAL(index)


def starknet_chain(start: int, elements: list[int]) -> int:
    """Run the kernel, loading the compiler at the first call only."""
    from . import kernel

    return kernel.starknet_chain(start, elements)


PRECOMPILE = Precompile(
    address=(0x0902).to_bytes(20, "big"),
    family="zk",
    name="pedersen",
    interface="IPedersen",
    version=1,
    summary="Pedersen commitments on BN254 and secp256k1 as points, and Starknet's Pedersen hash",
    methods=(
        method(
            "commit(uint8 curve, uint256 amount, uint256 blinding) returns (uint256 x, uint256 y)",
            mutability="pure",
            gas=by_curve(COMMIT_GAS),
            handler=commit,
            summary="Commit to an amount: amount * G + blinding * H. Curve 1 is BN254, 2"
            " secp256k1; G is the curve's generator, H hashed to it; (0, 0) is infinity.",
        ),
        method(
            "verifyOpening(uint8 curve, uint256 x, uint256 y, uint256 amount, uint256 blinding)"
            " returns (bool valid)",
            mutability="pure",
            gas=by_curve(COMMIT_GAS),
            handler=verify_opening,
            summary="Check that a point commits to an amount with this blinding.",
        ),
        method(
            "vectorCommit(uint8 curve, uint256[] values, uint256 blinding)"
            " returns (uint256 x, uint256 y)",
            mutability="pure",
            gas=by_curve(COMMIT_GAS, "values", VALUE_GAS),
            handler=vector_commit,
            summary="Commit to 1 to 32 values, each with a point of its own that is hashed to the"
            " curve; none of these is G.",
            bounds={"values": VALUES_MAX},
        ),
        method(
            "add(uint8 curve, uint256 ax, uint256 ay, uint256 bx, uint256 by)"
            " returns (uint256 x, uint256 y)",
            mutability="pure",
            gas=by_curve(SUM_GAS),
            handler=add,
            summary="Add two commitments: the sum commits to the sums of values and blindings.",
        ),
        method(
            "sub(uint8 curve, uint256 ax, uint256 ay, uint256 bx, uint256 by)"
            " returns (uint256 x, uint256 y)",
            mutability="pure",
            gas=by_curve(SUM_GAS),
            handler=subtract,
            summary="Subtract the second commitment from the first.",
        ),
        method(
            "starknetHash(uint256 a, uint256 b) returns (uint256 digest)",
            mutability="pure",
            gas=(Constant(amount=BASE_GAS + STARKNET_GAS),),
            handler=starknet_hash,
            summary="Return Starknet's Pedersen hash of two field elements.",
        ),
        method(
            "starknetHashMany(uint256[] elements) returns (uint256 digest)",
            mutability="pure",
            gas=(
                Constant(amount=BASE_GAS + STARKNET_GAS),
                PerItem(argument="elements", amount=STARKNET_GAS),
            ),
            handler=starknet_hash_many,
            summary="Return Starknet's compute_hash_on_elements: the hash chain from 0 through the"
            " elements and their number.",
            bounds={"elements": ELEMENTS_MAX},
        ),
    ),
    errors=(INVALID_CURVE, NOT_ON_CURVE, NOT_CANONICAL),
    references=(
        "Pedersen, Non-interactive and information-theoretic secure verifiable secret sharing",
        "RFC 9380, sections 6.6.1 and 8.7",
        "StarkWare: pedersen_params.json, compute_hash_on_elements",
    ),
)
