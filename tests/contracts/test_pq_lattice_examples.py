"""The contracts of docs/pq.md for ML-KEM and ML-DSA, deployed and used."""

from collections.abc import Callable
from typing import Any

import eth_abi
from eth_utils import keccak

from chain.calls import CallRequest
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted
from precompiles.pq.ml_kem import kernel as ml_kem

ML_KEM = (0x0601).to_bytes(20, "big")


def test_lattice_account(
    documented: Callable[..., str], vyper: Callable[..., Any], deploy: Callable[..., Any]
) -> None:
    first, second = (ml_dsa.keygen(BY_NUMBER[3], bytes([i]) * 32) for i in (1, 2))
    account = deploy(*vyper(documented("pq.md", "LatticeAccount.vy")), keccak(first[0]))
    chain = account.chain
    chain.set_balance(account.address, 100)
    to = bytes.fromhex("11" * 20)

    def signature(action: bytes, nonce: int, keys: tuple[bytes, bytes] = first) -> bytes:
        message = eth_abi.encode(
            ["uint256", "address", "uint256", "bytes32"],
            [chain.chain_id, account.address, nonce, keccak(action)],
        )
        signed: bytes = ml_dsa.sign(keys[1], formatted(message, b""), bytes(32), 814)[0]
        return signed

    pay = eth_abi.encode(["address", "uint256", "bytes"], [to, 60, b""])
    good = signature(pay, 0)
    account.refusal("execute", to, 61, b"", first[0], good)
    account.refusal("execute", to, 60, b"", first[0], good[:-1] + bytes([good[-1] ^ 1]))
    account.refusal("execute", to, 60, b"", second[0], signature(pay, 0, second))
    account.send("execute", to, 60, b"", first[0], good)
    assert chain.state().balance(to) == 60
    account.refusal("execute", to, 60, b"", first[0], good)

    turn = eth_abi.encode(["string", "bytes32"], ["rotate", keccak(second[0])])
    account.send("rotate", keccak(second[0]), first[0], signature(turn, 1))
    rest = eth_abi.encode(["address", "uint256", "bytes"], [to, 40, b""])
    account.refusal("execute", to, 40, b"", first[0], signature(rest, 2))
    account.send("execute", to, 40, b"", second[0], signature(rest, 2, second))
    assert chain.state().balance(to) == 100


def test_key_directory(
    documented: Callable[..., str], solidity: Callable[..., Any], deploy: Callable[..., Any]
) -> None:
    directory = deploy(*solidity(documented("pq.md", "KeyDirectory.sol")))
    chain = directory.chain
    alice, bob = chain.accounts[:2]
    public, secret = ml_kem.keygen(3, b"\1" * 32, b"\2" * 32)
    directory.refusal("register", public[:-1])
    directory.send("register", public, sender=bob)
    assert directory.call("keyOf", bob) == public

    ciphertext, shared = directory.call("seal", bob, sender=alice)
    assert directory.call("seal", bob, sender=alice)[0] != ciphertext
    receipt = directory.send("post", bob, ciphertext, b"sealed", sender=alice)
    _, posted = eth_abi.decode(["bytes", "bytes"], receipt.logs[0].data)
    assert posted == b"sealed"
    data = keccak(text="decapsulate(bytes,bytes)")[:4]
    data += eth_abi.encode(["bytes", "bytes"], [secret, ciphertext])
    opened = chain.call(CallRequest(to=ML_KEM, data=data))
    assert eth_abi.decode(["bytes"], opened.output) == (shared,)

    data = keccak(text="seal(address)")[:4] + eth_abi.encode(["address"], [bob])
    chain.send(CallRequest(sender=alice, to=directory.address, data=data, gas=1_000_000))
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.status == 0
