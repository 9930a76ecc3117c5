"""SLH-DSA, all twelve sets, beside pqcrypto."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from precompiles.pq.slh_dsa import scheme
from precompiles.pq.slh_dsa.parameters import PARAMETER_SETS, ParameterSet

from .rows import Row, compare, peer

MESSAGE = bytes(range(64))
GOAL = "less than pqcrypto"

Work = Callable[[], object]


def rows() -> list[Row]:
    return list(operations())


def operations() -> Iterator[Row]:
    for chosen in PARAMETER_SETS.values():
        peers = {name: found for name, found in contenders(chosen).items() if found}
        ours = own(chosen)
        short = chosen.name.removeprefix("SLH-DSA-")
        for operation, work in ours.items():
            others = {name: each[operation] for name, each in peers.items()}
            yield compare(f"{short} {operation}", work, others, goal=GOAL)


def own(chosen: ParameterSet) -> Mapping[str, Work]:
    """Return each operation as an entry of the registry does it, without the frame around it."""
    seeds = bytes(range(3 * chosen.n))
    public, secret = scheme.key_pair(chosen, seeds)
    pk_seed = public[: chosen.n]
    signature = scheme.sign(chosen, secret, MESSAGE, b"", pk_seed)
    return {
        "keyGen": lambda: scheme.key_pair(chosen, seeds),
        "sign": lambda: scheme.sign(chosen, secret, MESSAGE, b"", pk_seed),
        "verify": lambda: scheme.verify(chosen, public, MESSAGE, signature, b""),
    }


def contenders(chosen: ParameterSet) -> dict[str, Mapping[str, Work]]:
    """Return the operations of each peer that is installed."""
    name = chosen.name.lower().replace("-", "_")
    return {"pqcrypto": pqcrypto(peer(f"pqcrypto.sign.{name}"))}


def pqcrypto(module: Any) -> Mapping[str, Work]:
    """Return the operations of pqcrypto, whose signatures are randomised."""
    if module is None:
        return {}
    public, secret = module.keygen()
    signature = module.sign(secret, MESSAGE)
    return {
        "keyGen": module.keygen,
        "sign": lambda: module.sign(secret, MESSAGE),
        "verify": lambda: module.verify(public, MESSAGE, signature),
    }
