"""The contracts of docs/pq.md, deployed and used."""

from collections.abc import Callable
from typing import Any

import eth_abi

from precompiles.pq.slh_dsa import scheme
from precompiles.pq.slh_dsa.parameters import PARAMETER_SETS


def flipped(signature: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] ^ 1])


def test_cold_vault(
    documented: Callable[..., str], vyper: Callable[..., Any], deploy: Callable[..., Any]
) -> None:
    chosen = PARAMETER_SETS[0x00]
    public, secret = scheme.key_pair(chosen, bytes(range(48)))
    vault = deploy(*vyper(documented("pq.md", "ColdVault.vy")), public)
    vault.send("deposit", value=100)
    to = b"\x11" * 20

    def signature(nonce: int, amount: int) -> bytes:
        message = eth_abi.encode(
            ["uint256", "address", "uint256", "address", "uint256"],
            [vault.chain.chain_id, vault.address, nonce, to, amount],
        )
        return scheme.sign(chosen, secret, message, b"", public[:16])

    first = signature(0, 60)
    vault.refusal("withdraw", to, 61, first)
    vault.refusal("withdraw", to, 60, flipped(first))
    vault.send("withdraw", to, 60, first)
    assert vault.chain.state().balance(to) == 60
    vault.refusal("withdraw", to, 60, first)
    vault.send("withdraw", to, 40, signature(1, 40))
    assert vault.chain.state().balance(to) == 100


def test_register(
    documented: Callable[..., str], solidity: Callable[..., Any], deploy: Callable[..., Any]
) -> None:
    chosen = PARAMETER_SETS[0x11]
    public, secret = scheme.key_pair(chosen, bytes(range(48)))
    register = deploy(*solidity(documented("pq.md", "Register.sol")), public)
    document = b"\x22" * 32
    message = eth_abi.encode(
        ["uint256", "address", "bytes32"], [register.chain.chain_id, register.address, document]
    )
    elsewhere = scheme.sign(chosen, secret, message, b"registry", public[:16])
    register.refusal("record", document, elsewhere)
    register.send(
        "record", document, scheme.sign(chosen, secret, message, b"register", public[:16])
    )
    assert register.call("recordedIn", document) == register.chain.head.number
