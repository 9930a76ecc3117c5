"""Which builtins answer under each fork, and at what price: Ethereum's history, top-down."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ..forks import BERLIN, BYZANTIUM, CANCUN, FORKS, ISTANBUL, Fork
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
        table |= {0x05: BYZANTIUM_MODEXP}
    if fork.since(ISTANBUL):
        table |= {0x09: BLAKE2F}
    if fork.since(BERLIN):
        table |= {0x05: BERLIN_MODEXP}
    if fork.since(CANCUN):
        table |= {0x0A: POINT_EVALUATION}
    osaka = FORKS.get("osaka")
    if osaka is not None and fork.since(osaka):
        table |= {0x05: OSAKA_MODEXP, 0x100: P256VERIFY}
    return MappingProxyType(table)
