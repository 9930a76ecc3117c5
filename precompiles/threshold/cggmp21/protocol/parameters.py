"""How large the numbers of the protocol are.

For a 256-bit curve the paper takes ell = 256, ell' = 5 ell and epsilon = 2 ell. Here epsilon is
384 and ell' is 1024: every statistical distance stays below 2**-128, and what a party decrypts when
others have stretched their masks as far as the proofs let pass still fits the range that it can
prove when it must show its innocence (`abort.py`) within a modulus of 2048 bits.
"""

from dataclasses import dataclass, fields
from typing import Any

from .faults import MisuseError

PARTIES_MAX = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Sizes in bits. A secret is below 2**ell; epsilon is the slack of a range proof."""

    name: str
    ell: int
    ell_prime: int
    """Of the masks that hide a product of two secrets."""
    epsilon: int
    challenge_bits: int
    modulus_bits: int
    repetitions: int
    """Of proofs in which a cheater passes one round with probability 1/2."""
    secure: bool

    @property
    def number_bits(self) -> int:
        """Return more than any number of an honest proof has; larger ones are not computed with."""
        return 3 * self.modulus_bits

    @property
    def ell_decrypted(self) -> int:
        """Return the size of what a party sums up after decryption, for all parties at most."""
        return self.ell_prime + self.epsilon + 16


STANDARD = Parameters(
    name="standard",
    ell=256,
    ell_prime=1024,
    epsilon=384,
    challenge_bits=256,
    modulus_bits=2048,
    repetitions=128,
    secure=True,
)
SMALL = Parameters(
    name="small",
    ell=256,
    ell_prime=704,
    epsilon=128,
    challenge_bits=64,
    modulus_bits=1024,
    repetitions=16,
    secure=False,
)
"""Fast and breakable: for tests only, and only where a caller allows it by name."""


def is_sized(parameters: Parameters, proof: Any) -> bool:
    """Return whether no number of a proof is so large that computing with it would take long."""
    numbers = (getattr(proof, field.name) for field in fields(proof))
    return all(
        each.bit_length() <= parameters.number_bits for each in numbers if isinstance(each, int)
    )


def check(parameters: Parameters, allow_insecure: bool) -> None:
    """Refuse parameters that protect nothing, unless the caller says that it knows."""
    if not parameters.secure and not allow_insecure:
        raise MisuseError(f"parameters {parameters.name!r} are insecure: for tests only")
