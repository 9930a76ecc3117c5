"""The parameter sets of ML-KEM (FIPS 203, table 2) and the sizes that follow."""

from dataclasses import dataclass

Q = 3329
N = 256
SEED_SIZE = 32
SHARED_SECRET_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One set. `number` is what the chain calls it: NIST's level."""

    number: int
    name: str
    k: int
    eta1: int
    du: int
    dv: int

    @property
    def public_key_size(self) -> int:
        """Of ek: k polynomials of 12 bits, and rho."""
        return 384 * self.k + 32

    @property
    def secret_key_size(self) -> int:
        """Of dk: k polynomials of 12 bits, ek, its hash, and z."""
        return 768 * self.k + 96

    @property
    def ciphertext_size(self) -> int:
        """Of c: k polynomials of du bits and one of dv."""
        return 32 * (self.du * self.k + self.dv)


SETS = (
    Parameters(number=2, name="ML-KEM-512", k=2, eta1=3, du=10, dv=4),
    Parameters(number=3, name="ML-KEM-768", k=3, eta1=2, du=10, dv=4),
    Parameters(number=5, name="ML-KEM-1024", k=4, eta1=2, du=11, dv=5),
)

BY_NUMBER = {each.number: each for each in SETS}
BY_K = {each.k: each for each in SETS}
BY_PUBLIC_KEY_SIZE = {each.public_key_size: each for each in SETS}
BY_SECRET_KEY_SIZE = {each.secret_key_size: each for each in SETS}
