"""A Vyper contract that imports the generated interfaces, calling real precompiles on the chain."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from chain.accounts import dev_accounts
from chain.calls import CallRequest, CallResult
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain

SOURCE = """
# pragma version ^0.4.3

import IEntityStore
import IFROST
import IPoseidon

# What a caller knows to be smaller, it may declare so.
interface Notes:
    def append(type_id: bytes32, row: Bytes[160], hints: DynArray[uint256, 1]) -> uint256: (
        nonpayable
    )
    def get(type_id: bytes32, id: uint256) -> Bytes[160]: view

POSEIDON: constant(address) = 0x0000000000000000000000000000000000000901
FROST: constant(address) = 0x0000000000000000000000000000000000000801
STORE: constant(address) = 0x0000000000000000000000000000000000000501

type_id: public(bytes32)


@external
def define():
    self.type_id = extcall IEntityStore(STORE).defineType("notes", ["text"], [4], 0)


@external
def note(text: Bytes[64]) -> uint256:
    row: Bytes[160] = abi_encode(text)
    if len(text) == 5:
        return extcall Notes(STORE).append(self.type_id, row, [])
    return extcall IEntityStore(STORE).append(self.type_id, row, [])


@external
@view
def read(id: uint256) -> Bytes[64]:
    return abi_decode(staticcall Notes(STORE).get(self.type_id, id), Bytes[64])


@external
@view
def ids() -> DynArray[uint256, 100]:
    return staticcall IEntityStore(STORE).page(self.type_id, 0, 10)


@external
@view
def digest(elements: DynArray[uint256, 16]) -> uint256:
    # Fill memory that the call's buffer may reuse.
    noise: DynArray[uint256, 64] = []
    for i: uint256 in range(64):
        noise.append(max_value(uint256) - i)
    assert len(noise) == 64
    return staticcall IPoseidon(POSEIDON).hash(1, elements)


@external
@view
def verify(key: Bytes[65], message: Bytes[4096], signature: Bytes[128]) -> bool:
    return staticcall IFROST(FROST).verify(1, key, message, signature)


@external
@view
def refused() -> uint256:
    return staticcall IPoseidon(POSEIDON).hash(9, [1])
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("contract")
    source = folder / "caller.vy"
    source.write_text(SOURCE)
    interfaces = Path(__file__).parents[2] / "contracts" / "interfaces"
    command = [sys.executable, "-m", "vyper.cli.vyper_compile", "-p", str(interfaces), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return bytes.fromhex(done.stdout.strip().removeprefix("0x"))


@pytest.fixture(scope="module")
def chain(code: bytes) -> LocalChain:
    accounts = dev_accounts(count=1)
    chain = LocalChain.open(pars_genesis(6133, [accounts[0].address]), accounts=accounts, loud=True)
    chain.send(CallRequest(sender=accounts[0].address, data=code))
    return chain


@pytest.fixture(scope="module")
def contract(chain: LocalChain) -> bytes:
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.contract_address is not None
    return receipt.contract_address


def encoded(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1]
    return keccak(text=signature)[:4] + eth_abi.encode(types.split(",") if types else [], arguments)


def ask(chain: LocalChain, contract: bytes, signature: str, *arguments: Any) -> CallResult:
    return chain.call(CallRequest(to=contract, data=encoded(signature, *arguments)))


def send(chain: LocalChain, contract: bytes, signature: str, *arguments: Any) -> None:
    data = encoded(signature, *arguments)
    chain.send(CallRequest(sender=chain.accounts[0], to=contract, data=data))
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.status == 1


def test_poseidon_with_every_number_of_elements(chain: LocalChain, contract: bytes) -> None:
    vectors = Path(__file__).parents[2] / "precompiles" / "zk" / "poseidon" / "vectors.json"
    hashes = [
        vector
        for vector in json.loads(vectors.read_text())["vectors"]
        if vector["name"].startswith("hash-derived")
    ]
    assert len(hashes) == 16
    for vector in hashes:
        data = bytes.fromhex(vector["input"][2:])
        (_, elements) = eth_abi.decode(["uint8", "uint256[]"], data[4:])
        result = ask(chain, contract, "digest(uint256[])", list(elements))
        assert "0x" + result.output.hex() == vector["output"]


VERIFY = keccak(text="verify(uint8,bytes,bytes,bytes)")[:4]


def test_frost_accepts_and_rejects(chain: LocalChain, contract: bytes) -> None:
    vectors = Path(__file__).parents[2] / "precompiles" / "threshold" / "frost" / "vectors.json"
    checked = set()
    for vector in json.loads(vectors.read_text())["vectors"]:
        data = bytes.fromhex(vector["input"][2:])
        first_suite = data[:4] == VERIFY and data[4:36] == (1).to_bytes(32, "big")
        if "output" not in vector or "a5a5a5" in vector["input"] or not first_suite:
            continue
        _, key, message, signature = eth_abi.decode(["uint8", "bytes", "bytes", "bytes"], data[4:])
        result = ask(chain, contract, "verify(bytes,bytes,bytes)", key, message, signature)
        assert "0x" + result.output.hex() == vector["output"], vector["name"]
        checked.add(vector["output"])
    assert len(checked) == 2


def test_entities_go_in_and_come_out(chain: LocalChain, contract: bytes) -> None:
    send(chain, contract, "define()")
    for text in (b"first", b"", b"x" * 64):
        send(chain, contract, "note(bytes)", text)
    ids = eth_abi.decode(["uint256[]"], ask(chain, contract, "ids()").output)[0]
    assert ids == (1, 2, 3)
    for identifier, text in zip(ids, (b"first", b"", b"x" * 64), strict=True):
        result = ask(chain, contract, "read(uint256)", identifier)
        assert eth_abi.decode(["bytes"], result.output)[0] == text


def test_a_refusal_reaches_the_caller(chain: LocalChain, contract: bytes) -> None:
    result = ask(chain, contract, "refused()")
    assert result.reverted
    assert result.output == encoded("InvalidInstance(uint8)", 9)
