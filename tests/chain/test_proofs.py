"""Proofs against the `trie` package: presence, absence, edits, older blocks."""

from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from trie import HexaryTrie  # type: ignore[import-untyped]
from trie.exceptions import BadTrieProof, ValidationError  # type: ignore[import-untyped]

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.encoding import keccak
from chain.genesis import CREATE2_DEPLOYER
from chain.local_chain import LocalChain
from chain.proofs import AccountProof
from chain.trie import EMPTY_ROOT

HOLDER = b"\xab" * 20
NOBODY = b"\xba" * 20


def value_at(root: bytes, key: bytes, proof: tuple[bytes, ...]) -> bytes:
    """What a client that knows the root alone may believe."""
    nodes: list[Any] = [rlp.decode(node) for node in proof]
    return bytes(HexaryTrie.get_from_proof(root, keccak(key), nodes))


def verify(root: bytes, proof: AccountProof) -> None:
    account = value_at(root, proof.address, proof.account_proof)
    fields = [proof.nonce, proof.balance, proof.storage_hash, proof.code_hash]
    if account:
        assert rlp.decode(account) == [
            rlp.sedes.big_endian_int.serialize(f) if isinstance(f, int) else f for f in fields
        ]
    else:
        assert fields == [0, 0, EMPTY_ROOT, keccak(b"")]
    for slot in proof.storage:
        if proof.storage_hash == EMPTY_ROOT:
            assert (slot.value, slot.proof) == (0, ())
            continue
        word = value_at(proof.storage_hash, slot.key.to_bytes(32, "big"), slot.proof)
        assert (rlp.decode(word) if word else b"") == rlp.sedes.big_endian_int.serialize(slot.value)


def test_presence_and_absence_are_proved(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    for slot in range(40):
        chain.set_storage(HOLDER, slot * 2**40, slot + 1)
    chain.set_code(HOLDER, b"\x60")
    chain.mine()
    view = chain.state()
    assert view.root == chain.head.header.state_root
    wanted = [0, 2**40, 39 * 2**40, 1, 2**256 - 1]
    proof = view.proof(HOLDER, wanted)
    assert [slot.value for slot in proof.storage] == [1, 2, 40, 0, 0]
    verify(view.root, proof)
    for address in (accounts[0].address, CREATE2_DEPLOYER, NOBODY, bytes(20)):
        verify(view.root, view.proof(address, [0, 5]))


def test_a_proof_holds_for_its_own_block_alone(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    sender = accounts[0].address
    for _ in range(3):
        chain.send(CallRequest(sender=sender, to=HOLDER, value=7))
    for number in range(4):
        block = chain.block(number)
        assert block is not None
        proof = chain.state(number).proof(sender, [])
        assert proof.nonce == number
        verify(block.header.state_root, proof)
    latest = chain.state().proof(sender, [])
    first = chain.block(1)
    assert first is not None
    with pytest.raises(BadTrieProof):
        verify(first.header.state_root, latest)


def test_a_spoilt_proof_is_not_believed(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    view = chain.state()
    proof = view.proof(accounts[0].address, [])
    for index, node in enumerate(proof.account_proof):
        spoilt = list(proof.account_proof)
        spoilt[index] = node[:-1] + bytes((node[-1] ^ 1,))
        with pytest.raises((BadTrieProof, rlp.DecodingError, ValidationError)):
            value_at(view.root, proof.address, tuple(spoilt))


def test_an_edit_is_proved_against_the_edited_state(chain: LocalChain) -> None:
    chain.set_balance(NOBODY, 5)
    view = chain.state()
    proof = view.proof(NOBODY, [])
    assert proof.balance == 5
    verify(view.root, proof)
    chain.mine()
    assert chain.head.header.state_root == chain.state().root
    verify(chain.head.header.state_root, chain.state().proof(NOBODY, []))
