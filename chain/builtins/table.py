"""Which builtins answer under each fork, and at what price: Ethereum's history, top-down."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ..forks import BERLIN, BYZANTIUM, CANCUN, ISTANBUL, OSAKA, PRAGUE, Fork
from .bls12_381 import (
    G1ADD,
    G1MSM,
    G2ADD,
    G2MSM,
    MAP_FP2_TO_G2,
    MAP_FP_TO_G1,
    PAIRING_CHECK,
)
from .bn254 import (
    BYZANTIUM_ADD,
    BYZANTIUM_MULTIPLY,
    BYZANTIUM_PAIRING,
    ISTANBUL_ADD,
    ISTANBUL_MULTIPLY,
    ISTANBUL_PAIRING,
)
from .builtin import Builtin
from .hashes import BLAKE2F, IDENTITY, RIPEMD160, SHA256
from .kzg import POINT_EVALUATION
from .modexp import BERLIN_MODEXP, BYZANTIUM_MODEXP, OSAKA_MODEXP
from .signatures import ECRECOVER, P256VERIFY


@cache
def builtins_of(fork: Fork) -> Mapping[int, Builtin]:
    """Return the builtins of a fork by address."""
    table = {0x01: ECRECOVER, 0x02: SHA256, 0x03: RIPEMD160, 0x04: IDENTITY}
    if fork.since(BYZANTIUM):
        table |= {0x05: BYZANTIUM_MODEXP, 0x06: BYZANTIUM_ADD}
        table |= {0x07: BYZANTIUM_MULTIPLY, 0x08: BYZANTIUM_PAIRING}
    if fork.since(ISTANBUL):
        table |= {0x06: ISTANBUL_ADD, 0x07: ISTANBUL_MULTIPLY, 0x08: ISTANBUL_PAIRING}
        table |= {0x09: BLAKE2F}
    if fork.since(BERLIN):
        table |= {0x05: BERLIN_MODEXP}
    if fork.since(CANCUN):
        table |= {0x0A: POINT_EVALUATION}
    if fork.since(PRAGUE):
        table |= {0x0B: G1ADD, 0x0C: G1MSM, 0x0D: G2ADD, 0x0E: G2MSM}
        table |= {0x0F: PAIRING_CHECK, 0x10: MAP_FP_TO_G1, 0x11: MAP_FP2_TO_G2}
    if fork.since(OSAKA):
        table |= {0x05: OSAKA_MODEXP, 0x100: P256VERIFY}
    return MappingProxyType(table)
