"""Reading a state from outside: accounts, slots, and their Merkle proofs (EIP-1186)."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import trie
from .encoding import keccak
from .state import EMPTY_ACCOUNT, Reader, slot_key


@dataclass(frozen=True, kw_only=True)
class StorageProof:
    """A slot, its value and the nodes that prove it."""

    key: int
    value: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class AccountProof:
    """An account, the nodes that prove it, and proofs of some of its slots."""

    address: bytes
    nonce: int
    balance: int
    code_hash: bytes
    storage_hash: bytes
    account_proof: tuple[bytes, ...]
    storage: tuple[StorageProof, ...]


class StateView:
    """The state of one root, read only."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def root(self) -> bytes:
        """The root that proofs lead to."""
        return self._reader.root

    def exists(self, address: bytes) -> bool:
        """Say whether there is an account."""
        return self._reader.account(address) is not None

    def balance(self, address: bytes) -> int:
        """Return the balance in wei."""
        return (self._reader.account(address) or EMPTY_ACCOUNT).balance

    def nonce(self, address: bytes) -> int:
        """Return the nonce."""
        return (self._reader.account(address) or EMPTY_ACCOUNT).nonce

    def code_hash(self, address: bytes) -> bytes:
        """Return the hash of the code."""
        return (self._reader.account(address) or EMPTY_ACCOUNT).code_hash

    def code(self, address: bytes) -> bytes:
        """Return the code."""
        return self._reader.code(self.code_hash(address))

    def storage(self, address: bytes, slot: int) -> int:
        """Return the word at a slot."""
        return self._reader.storage(address, slot)

    def proof(self, address: bytes, slots: Sequence[int]) -> AccountProof:
        """Return an account and slots with their proofs, also of absence."""
        nodes = self._reader.nodes
        nonce, balance, storage_root, code_hash = self._reader.account(address) or EMPTY_ACCOUNT
        return AccountProof(
            address=address,
            nonce=nonce,
            balance=balance,
            code_hash=code_hash,
            storage_hash=storage_root,
            account_proof=trie.prove(nodes, self._reader.root, keccak(address)),
            storage=tuple(
                StorageProof(
                    key=slot,
                    value=self._reader.storage(address, slot),
                    proof=trie.prove(nodes, storage_root, slot_key(slot)),
                )
                for slot in slots
            ),
        )
