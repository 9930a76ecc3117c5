"""The twelve parameter sets of FIPS 205, table 2, by the number the ABI gives them."""

from dataclasses import dataclass
from typing import Literal

WINTERNITZ = 16
"""w: every set has chains of 16 values, so a chain signs four bits."""

CHECKSUM_DIGITS = 3
"""len_2: how many digits the checksum has, for every n."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """One set, in the letters of the standard."""

    name: str
    hash: Literal["SHA2", "SHAKE"]
    n: int
    """Bytes of a hash value."""
    h: int
    """Height of the hypertree."""
    d: int
    """Layers of trees in it."""
    a: int
    """Height of a FORS tree."""
    k: int
    """How many FORS trees there are."""

    @property
    def tree_height(self) -> int:
        """Return h', the height of one tree of the hypertree."""
        return self.h // self.d

    @property
    def chains(self) -> int:
        """Return len, the chains of a WOTS+ key."""
        return 2 * self.n + CHECKSUM_DIGITS

    @property
    def fors_digest_size(self) -> int:
        """Return how many bytes of the digest choose FORS leaves."""
        return -(-self.k * self.a // 8)

    @property
    def tree_digest_size(self) -> int:
        """Return how many bytes of the digest choose a tree of the lowest layer."""
        return -(-(self.h - self.tree_height) // 8)

    @property
    def leaf_digest_size(self) -> int:
        """Return how many bytes of the digest choose a leaf of that tree."""
        return -(-self.tree_height // 8)

    @property
    def digest_size(self) -> int:
        """Return m, the bytes of the message digest."""
        return self.fors_digest_size + self.tree_digest_size + self.leaf_digest_size

    @property
    def public_key_size(self) -> int:
        """Return the bytes of PK.seed and PK.root."""
        return 2 * self.n

    @property
    def secret_key_size(self) -> int:
        """Return the bytes of SK.seed, SK.prf, PK.seed and PK.root."""
        return 4 * self.n

    @property
    def signature_values(self) -> int:
        """Return how many hash values a signature has: R, the FORS part, and one per layer."""
        return 1 + self.k * (1 + self.a) + self.h + self.d * self.chains

    @property
    def signature_size(self) -> int:
        """Return the bytes of a signature."""
        return self.n * self.signature_values


SHAPES = (
    ("128s", 16, 63, 7, 12, 14),
    ("128f", 16, 66, 22, 6, 33),
    ("192s", 24, 63, 7, 14, 17),
    ("192f", 24, 66, 22, 8, 33),
    ("256s", 32, 64, 8, 14, 22),
    ("256f", 32, 68, 17, 9, 35),
)

FIRST_SHA2 = 0x00
FIRST_SHAKE = 0x10


def parameter_sets() -> dict[int, ParameterSet]:
    """Return all sets by number."""
    sets: dict[int, ParameterSet] = {}
    families: tuple[tuple[int, Literal["SHA2", "SHAKE"]], ...] = (
        (FIRST_SHA2, "SHA2"),
        (FIRST_SHAKE, "SHAKE"),
    )
    for first, family in families:
        for i, (suffix, n, h, d, a, k) in enumerate(SHAPES):
            name = f"SLH-DSA-{family}-{suffix}"
            sets[first + i] = ParameterSet(name=name, hash=family, n=n, h=h, d=d, a=a, k=k)
    return sets


PARAMETER_SETS = parameter_sets()

SIGNATURE_SIZE_MAX = max(each.signature_size for each in PARAMETER_SETS.values())
PUBLIC_KEY_SIZE_MAX = max(each.public_key_size for each in PARAMETER_SETS.values())
SECRET_KEY_SIZE_MAX = max(each.secret_key_size for each in PARAMETER_SETS.values())
