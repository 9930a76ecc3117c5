"""Development accounts from a mnemonic. Their keys are public knowledge: never send them value."""

from dataclasses import dataclass, field
from typing import Final

from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.types import Language
from eth_utils.exceptions import ValidationError

from . import signatures
from .errors import InvalidMnemonic

TEST_MNEMONIC: Final = "test test test test test test test test test test test junk"
"""What anvil and Hardhat use, so that addresses in people's scripts and heads stay the same."""

PATH: Final = "m/44'/60'/0'/0/{}"
ACCOUNTS_MAX: Final = 1000


@dataclass(frozen=True, kw_only=True)
class DevAccount:
    """An account whose key this process holds."""

    address: bytes
    private_key: bytes = field(repr=False)


def dev_accounts(
    mnemonic: str = TEST_MNEMONIC, count: int = 10, path: str = PATH
) -> tuple[DevAccount, ...]:
    """Derive the first accounts of a mnemonic (BIP-39, BIP-32, BIP-44)."""
    if not 0 <= count <= ACCOUNTS_MAX:
        raise InvalidMnemonic(f"cannot derive {count} accounts: 0 to {ACCOUNTS_MAX} are possible")
    words = " ".join(mnemonic.split())
    try:
        if not Mnemonic(Language.ENGLISH).is_mnemonic_valid(words):
            raise InvalidMnemonic(
                "not a BIP-39 mnemonic: 12 to 24 English words whose last one checks the others"
            )
    except ValidationError as error:
        raise InvalidMnemonic(f"not a BIP-39 mnemonic: {error}") from None
    seed = seed_from_mnemonic(words, "")
    keys = [key_from_seed(seed, path.format(index)) for index in range(count)]
    return tuple(DevAccount(address=signatures.address_of(key), private_key=key) for key in keys)
