"""What a state root commits to: accounts, their slots and their code."""

from dataclasses import dataclass

from ..codec import Refused
from ..rlp import decode, encode, keccak, number, read_bytes, read_list, read_number
from .trie import EMPTY_ROOT, Proof

EMPTY_CODE = keccak(b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as the state's trie holds it."""

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes

    def encode(self) -> bytes:
        """Return the value in the trie."""
        numbers = number(self.nonce), number(self.balance)
        return encode([*numbers, self.storage_root, self.code_hash])

    @property
    def is_empty(self) -> bool:
        """Whether this is what an address has where no account is."""
        return self == NO_ACCOUNT


NO_ACCOUNT = Account(nonce=0, balance=0, storage_root=EMPTY_ROOT, code_hash=EMPTY_CODE)


def read_account(data: bytes) -> Account:
    """Read the value of an account."""
    nonce, balance, storage_root, code_hash = read_list(decode(data), 4)
    return Account(
        nonce=read_number(nonce, 8),
        balance=read_number(balance),
        storage_root=read_bytes(storage_root, 32),
        code_hash=read_bytes(code_hash, 32),
    )


def proved_account(proof: Proof, state_root: bytes, address: bytes) -> Account:
    """Return an account; where there is none, the proof shows that."""
    data = proof.get(state_root, keccak(address))
    return NO_ACCOUNT if data is None else read_account(data)


def proved_slot(proof: Proof, storage_root: bytes, slot: int) -> int:
    """Return a word of storage; zero where the proof shows that nothing was written."""
    data = proof.get(storage_root, keccak(slot.to_bytes(32, "big")))
    if data is None:
        return 0
    value = read_number(decode(data))
    if value == 0:
        raise Refused("state: a zero is not kept")
    return value
