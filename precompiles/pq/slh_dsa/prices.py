"""What an operation costs for each set: the hashes it makes, eight at a time, times their price.

Measured: docs/gas.md.
"""

from .parameters import CHECKSUM_DIGITS, WINTERNITZ, ParameterSet

BASE_GAS = 2_000

# Of eight hashes side by side, and of one alone, which takes as long.
SHA_256_GAS = 40
SHA_512_GAS = 70
SHAKE_GAS = 60

LANES = 8
LANES_USED = 6
"""In each step of verifying chains, as their lengths differ. A chain has 8 steps on average."""


def block_gas(chosen: ParameterSet, values: int) -> int:
    """Return the price of hashing that many values as one message, in each lane."""
    size = values * chosen.n
    if chosen.hash == "SHAKE":
        return SHAKE_GAS * (1 + (chosen.n + 32 + size) // 136)
    if chosen.n == 16 or values == 1:
        return SHA_256_GAS * (1 + (22 + size + 8) // 64)
    return SHA_512_GAS * (1 + (22 + size + 16) // 128)


def tree(chosen: ParameterSet) -> int:
    """Return the price of one tree of the hypertree, leaves and all."""
    leaf = chosen.chains * WINTERNITZ * block_gas(chosen, 1) + block_gas(chosen, chosen.chains)
    return (leaf + block_gas(chosen, 2)) * (1 << chosen.tree_height) // LANES


def key_gen(chosen: ParameterSet) -> int:
    """Return the price of a key pair: of the highest tree."""
    return BASE_GAS + tree(chosen)


def sign(chosen: ParameterSet) -> int:
    """Return the price of a signature but for the message: of FORS, and a tree in each layer."""
    leaf = 2 * block_gas(chosen, 1) + block_gas(chosen, 2)
    fors = chosen.k * leaf * (1 << chosen.a) // LANES
    return BASE_GAS + fors + chosen.d * tree(chosen)


def verify(chosen: ParameterSet) -> int:
    """Return the price of a check, but for the message, with chains of average length.

    Whoever grinds messages for long chains gains little: their lengths add up over all layers.
    """
    climbs = -(-chosen.k // LANES)
    fors = climbs * (block_gas(chosen, 1) + chosen.a * block_gas(chosen, 2))
    fors += block_gas(chosen, chosen.k)
    steps = (2 * chosen.n * (WINTERNITZ // 2) + CHECKSUM_DIGITS * WINTERNITZ) // LANES_USED
    layer = steps * block_gas(chosen, 1) + block_gas(chosen, chosen.chains)
    layer += chosen.tree_height * block_gas(chosen, 2)
    return BASE_GAS + fors + chosen.d * layer
