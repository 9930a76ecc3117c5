"""0x0901: the Poseidon hash by instance number. Instance 1 is circom's over BN254.

An element that is not below the field's order is refused: reduced, it would be a second encoding
of the same hash.
"""

from ... import abi
from ...gas import ByLength
from ...precompile import Call, Precompile, method
from .parameters import FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH_MAX, WIDTH_MIN, R

CIRCOM = 1

INVALID_INSTANCE = abi.error("InvalidInstance(uint8 instance)")
NOT_CANONICAL = abi.error("NotCanonical(uint256 index)")

# Measured: docs/gas.md.
BASE_GAS = 500
GAS_PER_TWO_MULTIPLICATIONS = 3


def permutation_gas(width: int) -> int:
    """Return the price of one permutation: of its field multiplications."""
    full = FULL_ROUNDS * (3 * width + width * width)
    partial = PARTIAL_ROUNDS[width - WIDTH_MIN] * (3 + 2 * width - 1)
    return BASE_GAS + (full + partial) * GAS_PER_TWO_MULTIPLICATIONS // 2


# By width, from 0; below the smallest width a call pays as the smallest does.
PERMUTATION_GAS = tuple(permutation_gas(max(width, WIDTH_MIN)) for width in range(WIDTH_MAX + 1))


def hash_elements(_: Call, instance: int, elements: list[int]) -> int:
    """Return lane 0 after permuting a zero lane followed by the elements."""
    check(instance, elements, WIDTH_MIN - 1)
    return permuted([0, *elements])[0]


def permute(_: Call, instance: int, state: list[int]) -> list[int]:
    """Return all lanes after the permutation."""
    check(instance, state, WIDTH_MIN)
    return permuted(state)


def check(instance: int, elements: list[int], count_min: int) -> None:
    """Refuse an unknown instance, too few elements, and an element not below R."""
    if instance != CIRCOM:
        raise INVALID_INSTANCE(instance)
    if len(elements) < count_min:
        raise abi.INVALID_LENGTH(count_min, len(elements))
    for index, element in enumerate(elements):
        if element >= R:
            raise NOT_CANONICAL(index)


def permuted(state: list[int]) -> list[int]:
    """Run the kernel, loading the compiler at the first call only."""
    from . import kernel

    return kernel.permute(state)


PRECOMPILE = Precompile(
    address=(0x0901).to_bytes(20, "big"),
    family="zk",
    name="poseidon",
    interface="IPoseidon",
    version=1,
    summary="Poseidon hash over the scalar field of BN254, as circom has it",
    methods=(
        method(
            "hash(uint8 instance, uint256[] elements) returns (uint256 digest)",
            mutability="pure",
            gas=(ByLength(argument="elements", amounts=PERMUTATION_GAS[1:]),),
            handler=hash_elements,
            summary="Hash 1 to 16 field elements. Instance 1 is circom's.",
            bounds={"elements": WIDTH_MAX - 1},
        ),
        method(
            "permute(uint8 instance, uint256[] state) returns (uint256[] permuted)",
            mutability="pure",
            gas=(ByLength(argument="state", amounts=PERMUTATION_GAS),),
            handler=permute,
            summary="Permute 2 to 17 lanes; lane 0 is the capacity.",
            bounds={"state": WIDTH_MAX, "permuted": WIDTH_MAX},
        ),
    ),
    errors=(INVALID_INSTANCE, NOT_CANONICAL),
    references=(
        "Grassi et al., Poseidon, ePrint 2019/458",
        "circom and circomlibjs: parameters for widths 2 to 17",
    ),
)
