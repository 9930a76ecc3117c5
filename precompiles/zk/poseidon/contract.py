"""0x0901: the Poseidon hashes by instance number.

An element that is not below the field's order is refused: reduced, it would be a second encoding
of the same hash. The instances differ in more than parameters, so each method says what it is:
`hash` is the hash that users of the instance know, `compress` the node of their Merkle trees.
"""

from ... import abi
from ...gas import ByLength, Choice, Constant, Expression, PerBlock, PerItem, PerUnit, Term
from ...precompile import Call, Precompile, method
from .instances import (
    CIRCOM,
    CIRCOM_ELEMENTS_MAX,
    INSTANCES,
    POSEIDON2_BN254_3,
    POSEIDON2_BN254_4,
    POSEIDON2_GOLDILOCKS,
    STARKNET,
    Permutation,
    digest,
    is_digest,
    node,
    sponge,
)
from .parameters import FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH_MAX, WIDTH_MIN

ELEMENTS_MAX = 256
OUTPUTS_MAX = 64
LEAVES_MAX = 256
DEPTH_MAX = 64

INVALID_INSTANCE = abi.error("InvalidInstance(uint8 instance)")
NOT_CANONICAL = abi.error("NotCanonical(uint256 index)")
INVALID_COUNT = abi.error("InvalidCount(uint256 maximum, uint256 actual)")
NOT_A_POWER_OF_TWO = abi.error("NotAPowerOfTwo(uint256 count)")
INVALID_INDEX = abi.error("InvalidIndex(uint256 index)")


# --- Prices, measured: docs/gas.md ----------------------------------------------------------

BASE_GAS = 500
GAS_PER_MULTIPLICATION = 2


def circom_gas(width: int) -> int:
    """Return the price of one permutation, of its field multiplications."""
    full = FULL_ROUNDS * (3 * width + width * width)
    partial = PARTIAL_ROUNDS[width - WIDTH_MIN] * (3 + 2 * width - 1)
    return (full + partial) * GAS_PER_MULTIPLICATION


# By width, from 0; below the smallest width a call pays as the smallest does.
CIRCOM_GAS = tuple(circom_gas(max(width, WIDTH_MIN)) for width in range(WIDTH_MAX + 1))

PERMUTATION_GAS = {
    CIRCOM: CIRCOM_GAS[3],
    POSEIDON2_BN254_4: 1_700,
    POSEIDON2_BN254_3: 1_300,
    STARKNET: 1_100,
    POSEIDON2_GOLDILOCKS: 900,
}
"""Of the permutation that a sponge or a tree does."""


def by_instance(first: Term, blocks: str, outputs: str = "") -> Expression:
    """Return the price of a sponge over the argument `blocks`; circom's starts with `first`."""
    cases: list[tuple[int, Expression]] = []
    for number, amount in PERMUTATION_GAS.items():
        rate = INSTANCES[number].rate
        extra = 1 if number == STARKNET else 0
        absorb: Term = PerBlock(argument=blocks, size=rate, amount=amount, extra=extra)
        if number == CIRCOM and not outputs:
            absorb = first
        more = (PerUnit(argument=outputs, amount=amount // rate, maximum=OUTPUTS_MAX),)
        cases.append((number, (absorb, *more) if outputs else (absorb,)))
    return Constant(amount=BASE_GAS), Choice(argument="instance", cases=tuple(cases))


def per_node(argument: str) -> Expression:
    """Return the price of one compression for each item."""
    cases: list[tuple[int, Expression]] = [
        (number, (PerItem(argument=argument, amount=amount),))
        for number, amount in PERMUTATION_GAS.items()
    ]
    return Constant(amount=BASE_GAS), Choice(argument="instance", cases=tuple(cases))


def once(circom: Term) -> Expression:
    """Return the price of one permutation."""
    cases: list[tuple[int, Expression]] = [
        (number, (circom if number == CIRCOM else Constant(amount=amount),))
        for number, amount in PERMUTATION_GAS.items()
    ]
    return Constant(amount=BASE_GAS), Choice(argument="instance", cases=tuple(cases))


# --- Handlers -------------------------------------------------------------------------------


def hash_elements(_: Call, instance: int, elements: list[int]) -> int:
    """Return the hash of the elements."""
    check_instance(instance)
    if instance == CIRCOM and not elements:
        raise abi.INVALID_LENGTH(1, 0)
    if instance == CIRCOM and len(elements) > CIRCOM_ELEMENTS_MAX:
        raise abi.INVALID_LENGTH(CIRCOM_ELEMENTS_MAX, len(elements))
    check_elements(instance, elements)
    return digest(instance, permutation(instance), elements)


def compress(_: Call, instance: int, left: int, right: int) -> int:
    """Return the node over two digests."""
    check_instance(instance)
    check_digests(instance, [left, right])
    return node(instance, permutation(instance), left, right)


def permute(_: Call, instance: int, state: list[int]) -> list[int]:
    """Return all lanes after the permutation."""
    check_instance(instance)
    widths = INSTANCES[instance].widths
    if len(state) not in widths:
        nearest = min(widths, key=lambda width: abs(width - len(state)))
        raise abi.INVALID_LENGTH(nearest, len(state))
    check_elements(instance, state)
    return permutation(instance)(state)


def squeeze(_: Call, instance: int, elements: list[int], count: int) -> list[int]:
    """Return as many elements as are asked for."""
    check_instance(instance)
    if not 1 <= count <= OUTPUTS_MAX:
        raise INVALID_COUNT(OUTPUTS_MAX, count)
    check_elements(instance, elements)
    return sponge(instance, permutation(instance), elements, count)


def merkle_root(_: Call, instance: int, leaves: list[int]) -> int:
    """Return the root of a full binary tree."""
    check_instance(instance)
    # Padding would give two lists of leaves one root.
    if len(leaves).bit_count() != 1:
        raise NOT_A_POWER_OF_TWO(len(leaves))
    check_digests(instance, leaves)
    level = leaves
    permute_once = permutation(instance)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [node(instance, permute_once, left, right) for left, right in pairs]
    return level[0]


def verify_merkle(
    _: Call, instance: int, root: int, leaf: int, index: int, path: list[int]
) -> bool:
    """Return whether the leaf stands at the index of the tree with this root."""
    check_instance(instance)
    if not path:
        raise abi.INVALID_LENGTH(1, 0)
    if index >> len(path):
        raise INVALID_INDEX(index)
    check_digests(instance, [root, leaf, *path])
    permute_once = permutation(instance)
    current = leaf
    for height, sibling in enumerate(path):
        pair = (sibling, current) if index >> height & 1 else (current, sibling)
        current = node(instance, permute_once, *pair)
    return current == root


def check_instance(instance: int) -> None:
    """Refuse a number that no instance has."""
    if instance not in INSTANCES:
        raise INVALID_INSTANCE(instance)


def check_elements(instance: int, elements: list[int]) -> None:
    """Refuse an element that is not below the order."""
    order = INSTANCES[instance].order
    for index, element in enumerate(elements):
        if element >= order:
            raise NOT_CANONICAL(index)


def check_digests(instance: int, words: list[int]) -> None:
    """Refuse a word that is no digest of this instance."""
    for index, word in enumerate(words):
        if not is_digest(instance, word):
            raise NOT_CANONICAL(index)


def permutation(instance: int) -> Permutation:
    """Return the compiled permutation, loading the compiler at the first call only."""
    from . import kernel

    return kernel.PERMUTE[instance]


PRECOMPILE = Precompile(
    address=(0x0901).to_bytes(20, "big"),
    family="zk",
    name="poseidon",
    interface="IPoseidon",
    version=1,
    summary="Poseidon and Poseidon2 over BN254, felt252 and Goldilocks: hashes, sponges, trees",
    methods=(
        method(
            "hash(uint8 instance, uint256[] elements) returns (uint256 digest)",
            mutability="pure",
            gas=by_instance(ByLength(argument="elements", amounts=CIRCOM_GAS[1:]), "elements"),
            handler=hash_elements,
            summary="Hash field elements. Instance 1 is circom's, of 1 to 16; 2 Poseidon2 over"
            " BN254 in 4 lanes, as EIP-8182 has it; 3 in 3 lanes, as HorizenLabs has it; 4"
            " Starknet's poseidon_hash_many; 5 Poseidon2 over Goldilocks, four elements a word.",
            bounds={"elements": ELEMENTS_MAX},
        ),
        method(
            "compress(uint8 instance, uint256 left, uint256 right) returns (uint256 digest)",
            mutability="pure",
            gas=once(Constant(amount=PERMUTATION_GAS[CIRCOM])),
            handler=compress,
            summary="Hash two digests to a Merkle node, in one permutation. Of instances 1 and 2 it"
            " is hash of two; of 4 it is Starknet's poseidon_hash, which differs from it.",
        ),
        method(
            "permute(uint8 instance, uint256[] state) returns (uint256[] permuted)",
            mutability="pure",
            gas=once(ByLength(argument="state", amounts=CIRCOM_GAS)),
            handler=permute,
            summary="Permute all lanes: 2 to 17 of instance 1, 4 of 2, 3 of 3 and 4, 8 or 12 of 5.",
            bounds={"state": WIDTH_MAX, "permuted": WIDTH_MAX},
        ),
        method(
            "sponge(uint8 instance, uint256[] elements, uint256 count) returns (uint256[] output)",
            mutability="pure",
            gas=by_instance(Constant(amount=0), "elements", "count"),
            handler=squeeze,
            summary="Absorb the elements and return 1 to 64 others. The capacity lane starts with"
            " both lengths; Starknet's input ends with a 1 instead.",
            bounds={"elements": ELEMENTS_MAX, "output": OUTPUTS_MAX},
        ),
        method(
            "merkleRoot(uint8 instance, uint256[] leaves) returns (uint256 root)",
            mutability="pure",
            gas=per_node("leaves"),
            handler=merkle_root,
            summary="Return the root over 1, 2, 4, ... 256 leaves, with compress as node.",
            bounds={"leaves": LEAVES_MAX},
        ),
        method(
            "verifyMerkle(uint8 instance, uint256 root, uint256 leaf, uint256 index,"
            " uint256[] path) returns (bool valid)",
            mutability="pure",
            gas=per_node("path"),
            handler=verify_merkle,
            summary="Check that a leaf is at an index, by its siblings from the bottom up. The"
            " caller fixes the depth: a shorter path proves an inner node.",
            bounds={"path": DEPTH_MAX},
        ),
    ),
    errors=(
        INVALID_INSTANCE,
        NOT_CANONICAL,
        INVALID_COUNT,
        NOT_A_POWER_OF_TWO,
        INVALID_INDEX,
    ),
    references=(
        "Grassi et al., Poseidon, ePrint 2019/458; Poseidon2, ePrint 2023/323",
        "circom and circomlibjs; EIP-8182; HorizenLabs; Starknet; Plonky3",
    ),
)
