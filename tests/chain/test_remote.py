"""A node as the tools use it: calls by name, transactions by key or by node, refusals in words."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode

from chain.accounts import dev_accounts
from chain.conformance.cli import open_chain
from chain.encoding import keccak
from chain.remote import Remote, RemoteError, method_of, read_key
from precompiles.conformance.rpc import Client
from precompiles.registry import find

STORE = find("entity_store")
DEV = dev_accounts(count=2)
DEFINE = ("Price", ["value"], [0], 1)


@pytest.fixture
def client() -> Client:
    return Client(open_chain("call-only"))


@pytest.fixture(params=["key", "node"])
def remote(client: Client, request: pytest.FixtureRequest) -> Remote:
    return Remote(client, key=DEV[0].private_key if request.param == "key" else None)


def test_a_transaction_and_what_it_left(remote: Remote) -> None:
    assert (remote.sender, remote.chain_id) == (DEV[0].address, 6133)
    receipt = remote.transact(STORE, "defineType", *DEFINE)
    type_id = keccak(DEV[0].address + b"Price")
    assert [log[:2] for log in receipt.logs] == [
        (
            STORE.address,
            (
                keccak(b"TypeDefined(bytes32,address,string)"),
                type_id,
                bytes(12) + DEV[0].address,
            ),
        )
    ]
    assert (receipt.block_number, receipt.gas_used > 21_000) == (1, True)
    row = encode(["uint256"], [7])
    remote.transact(STORE, "append(bytes32,bytes,uint256[])", type_id, row, [])
    assert remote.call(STORE, "count", type_id) == 1
    assert remote.call(STORE, "get", type_id, 1) == row
    owner, name, columns, kinds, mask = remote.call(STORE, "typeOf", type_id)
    assert (owner, name, columns, kinds, mask) == (DEV[0].address, *DEFINE)


def test_a_refusal_is_told_in_words(remote: Remote) -> None:
    remote.transact(STORE, "defineType", *DEFINE)
    with pytest.raises(RemoteError, match=r"entity_store refuses: TypeExists\(0x"):
        remote.transact(STORE, "defineType", *DEFINE)
    with pytest.raises(RemoteError, match=r"entity_store refuses: UnknownType\(0x"):
        remote.call(STORE, "count", bytes(32))
    with pytest.raises(RemoteError, match="refuses: ValueRefused"):
        remote.transact(STORE, "defineType", *DEFINE, value=1)


def test_value_arrives(remote: Remote, client: Client) -> None:
    remote.send(b"\x11" * 20, b"", 5)
    assert client("eth_getBalance", "0x" + "11" * 20, "latest") == "0x5"


def test_an_unknown_method_is_a_mistake_of_the_caller(remote: Remote) -> None:
    with pytest.raises(KeyError, match="0 methods fly"):
        remote.call(STORE, "fly")
    assert method_of(STORE, "count(bytes32)") is method_of(STORE, "count")


NONSENSE: dict[str, tuple[Callable[[Remote], Any], dict[str, Any], str]] = {
    "no number": (lambda r: r.chain_id, {"eth_chainId": "many"}, "'many' is no number"),
    "no accounts": (lambda r: r.sender, {"eth_accounts": []}, "signs for no account"),
    "no hex": (
        lambda r: r.call(STORE, "count", bytes(32)),
        {"eth_call": "0xzz"},
        "'0xzz' is not hex",
    ),
    "no answer of this method": (
        lambda r: r.call(STORE, "count", bytes(32)),
        {"eth_call": "0x01"},
        "does not decode",
    ),
    "more gas than a transaction may have": (
        lambda r: r.send(b"\x11" * 20, b""),
        {"eth_accounts": ["0x" + "11" * 20], "eth_estimateGas": "0x1000001"},
        "needs 16,777,217 gas",
    ),
    "a failed transaction": (
        lambda r: r.send(b"\x11" * 20, b""),
        {
            "eth_accounts": ["0x" + "11" * 20],
            "eth_estimateGas": "0x5208",
            "eth_sendTransaction": "0x99",
            "eth_getTransactionReceipt": {"status": "0x0", "blockNumber": "0x7"},
        },
        "0x99 failed in block 7",
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_node_that_answers_nonsense(name: str) -> None:
    action, answers, complaint = NONSENSE[name]

    class Liar:
        def __call__(self, method: str, *params: Any) -> Any:
            return answers[method]

    with pytest.raises(RemoteError, match=complaint):
        action(Remote(Liar()))  # type: ignore[arg-type] - it is called like a client


def test_no_receipt_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"eth_estimateGas": "0x5208", "eth_sendTransaction": "0x99"}

    class Silent:
        def __call__(self, method: str, *params: Any) -> Any:
            return answers.get(method)

    monkeypatch.setattr("chain.remote.RECEIPT_SECONDS", 0.2)
    with pytest.raises(RemoteError, match="in no block after"):
        Remote(Silent(), sender=bytes(20)).send(b"\x11" * 20, b"")  # type: ignore[arg-type] - as above


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_text(text)
    os.chmod(path, mode)
    return path


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    for text in (DEV[0].private_key.hex(), f"0x{DEV[0].private_key.hex()}\n"):
        assert read_key(key_file(tmp_path, text)) == DEV[0].private_key


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        ("01" * 32, 0o644, "others can read it"),
        ("01" * 32, 0o620, "others can read it"),
        ("01" * 31, 0o600, "not a private key"),
        ("01" * 33, 0o600, "not a private key"),
        ("00" * 32, 0o600, "not a private key"),
        ("ff" * 32, 0o600, "not a private key"),
        ("zz" * 32, 0o600, "not a private key"),
        ("ä" * 32, 0o600, "not text"),
        ("", 0o600, "not a private key"),
    ],
)
def test_a_key_file_that_is_none(tmp_path: Path, text: str, mode: int, complaint: str) -> None:
    path = key_file(tmp_path, text, mode)
    with pytest.raises(RemoteError, match=complaint) as caught:
        read_key(path)
    assert text[:10] not in str(caught.value) or not text
    with pytest.raises(RemoteError, match="No such file"):
        read_key(tmp_path / "none")
