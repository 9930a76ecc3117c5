"""What one of Ethereum's own precompiles is: a price and a pure function, both of its input."""

from collections.abc import Callable
from dataclasses import dataclass


class BuiltinError(Exception):
    """Raised by a builtin for input that fails the call, which takes all of its gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """One precompile under the rules of one fork."""

    name: str
    """As EIP-7910 spells it."""
    price: Callable[[bytes], int]
    run: Callable[[bytes], bytes]
    """To be called once the price is paid; raises BuiltinError."""


def flat(gas: int) -> Callable[[bytes], int]:
    """Return a price that does not look at the input."""
    return lambda _: gas


def by_word(gas: int, gas_per_word: int) -> Callable[[bytes], int]:
    """Return a price that grows with every 32 bytes begun."""
    return lambda data: gas + gas_per_word * ((len(data) + 31) // 32)
