"""Every Poseidon permutation, compiled, by instance number."""

from . import circom, goldilocks, poseidon2, starknet
from .instances import (
    CIRCOM,
    POSEIDON2_BN254_3,
    POSEIDON2_BN254_4,
    POSEIDON2_GOLDILOCKS,
    STARKNET,
)

PERMUTE = {
    CIRCOM: circom.permute,
    POSEIDON2_BN254_4: poseidon2.permute,
    POSEIDON2_BN254_3: poseidon2.permute,
    STARKNET: starknet.permute,
    POSEIDON2_GOLDILOCKS: goldilocks.permute,
}

KNOWN_FIRST_LANES = (
    (CIRCOM, 3, 0x115CC0F5E7D690413DF64C6B9662E9CF2A3617F2743245519E19607A4417189A),
    (POSEIDON2_BN254_4, 4, 0x01BD538C2EE014ED5141B29E9AE240BF8DB3FE5B9A38629A9647CF8D76C01737),
    (POSEIDON2_BN254_3, 3, 0x0BB61D24DACA55EEBCB1929A82650F328134334DA98EA4F847F760054F4A3033),
    (STARKNET, 3, 0x05134197931125E849424475AA20CD6CA0CE8603B79177C3F76E2119C8F98C53),
    (POSEIDON2_GOLDILOCKS, 8, 0x020CF04A1B214D14),
    (POSEIDON2_GOLDILOCKS, 12, 0xF292AB67C0F14B03),
)
"""What circomlibjs, Barretenberg, HorizenLabs, poseidon-py and Plonky3 give for 0, 1, 2, ..."""


def self_test() -> bool:
    """Return whether the compiled code gives the published answers."""
    return all(
        PERMUTE[instance](list(range(width)))[0] == first
        for instance, width, first in KNOWN_FIRST_LANES
    )
