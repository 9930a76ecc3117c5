"""ML-KEM and ML-DSA through a chain: where a secret may be, and what a node keeps of it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from eth_abi import decode, encode
from eth_account import Account
from eth_utils import keccak

from chain.blocks import Receipt
from chain.calls import NO_OVERRIDES, CallFailed, CallRequest
from chain.errors import RejectedTransaction
from chain.local_chain import LocalChain
from chain.simulation import SimulatedBlock
from chain.tracing.options import TracerOptions
from precompiles.pq.ml_dsa import kernel as ml_dsa_kernel
from precompiles.pq.ml_dsa.parameters import SETS, formatted
from precompiles.pq.ml_kem import kernel as ml_kem_kernel

NewChain = Callable[..., LocalChain]

ML_KEM = (0x0601).to_bytes(20, "big")
ML_DSA = (0x0602).to_bytes(20, "big")
REFUSED = keccak(text="SecretOperationOnChain()")[:4]
FLAG = keccak(text="PublicRandomness(bytes4,bytes32)")

EK, DK = ml_kem_kernel.keygen(2, bytes(32), b"\1" * 32)
CIPHERTEXT, SHARED = ml_kem_kernel.encapsulate(EK, b"\2" * 32)
PK, SK = ml_dsa_kernel.keygen(SETS[0], b"\3" * 32)
MESSAGE = b"to the chain"
SIGNATURE, _ = ml_dsa_kernel.sign(SK, formatted(MESSAGE, b""), bytes(32), 814)


def calldata(signature: str, *values: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + encode(types, values)


SECRETS = {
    "ml-kem-fresh-key": (ML_KEM, calldata("keyGen(uint8)", 2)),
    "ml-kem-key": (ML_KEM, calldata("keyGen(uint8,bytes)", 2, bytes(64))),
    "ml-kem-fresh-encapsulation": (ML_KEM, calldata("encapsulate(bytes)", EK)),
    "ml-kem-encapsulation": (ML_KEM, calldata("encapsulate(bytes,bytes32)", EK, bytes(32))),
    "ml-kem-decapsulation": (ML_KEM, calldata("decapsulate(bytes,bytes)", DK, CIPHERTEXT)),
    "ml-dsa-fresh-key": (ML_DSA, calldata("keyGen(uint8)", 2)),
    "ml-dsa-key": (ML_DSA, calldata("keyGen(uint8,bytes32)", 2, bytes(32))),
    "ml-dsa-sign": (ML_DSA, calldata("sign(bytes,bytes)", SK, MESSAGE)),
    "ml-dsa-sign-in-context": (ML_DSA, calldata("sign(bytes,bytes,bytes)", SK, MESSAGE, b"c")),
    "ml-dsa-sign-with-randomness": (
        ML_DSA,
        calldata("sign(bytes,bytes,bytes,bytes32)", SK, MESSAGE, b"", bytes(32)),
    ),
}
EVERY_SECRET = pytest.mark.parametrize(("to", "data"), SECRETS.values(), ids=SECRETS)
VERIFY = calldata("verify(bytes,bytes,bytes)", PK, MESSAGE, SIGNATURE)


def forwarder(to: bytes) -> bytes:
    """Code that calls an entry with its own call data, and answers as it is answered."""
    copy_in, copy_out = "365f5f37", "3d5f5f3e"
    run = "5f5f365f5f" + "61" + to[-2:].hex() + "5af1"
    code = copy_in + run + copy_out
    answer = len(code) // 2 + 6
    return bytes.fromhex(code + f"60{answer:02x}57" + "3d5ffd" + "5b" + "3d5ff3")


def receipt_of_last(chain: LocalChain) -> Receipt:
    """The receipt of the one transaction in the head block."""
    (receipt,) = chain.receipts(chain.head.hash) or ()
    return receipt


def signed(chain: LocalChain, to: bytes, data: bytes) -> bytes:
    """A raw transaction of the chain's first account."""
    sender = chain.accounts[0]
    account = Account.from_key(chain._keys[sender])
    fields = {
        "chainId": chain.chain_id,
        "nonce": chain.state().nonce(sender),
        "to": to,
        "data": "0x" + data.hex(),
        "gas": 5_000_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 0,
        "value": 0,
    }
    return bytes(account.sign_transaction(fields).raw_transaction)


# --- Chain 6133: secrets in calls only --------------------------------------------------------


@EVERY_SECRET
def test_a_call_works_for_real(chain: LocalChain, to: bytes, data: bytes) -> None:
    result = chain.call(CallRequest(to=to, data=data))
    assert result.success
    assert result.logs == ()


@EVERY_SECRET
def test_whatever_makes_or_foretells_a_block_refuses(
    chain: LocalChain, to: bytes, data: bytes
) -> None:
    request = CallRequest(sender=chain.accounts[0], to=to, data=data)
    with pytest.raises(CallFailed) as failure:
        chain.estimate_gas(request)
    assert failure.value.result.output == REFUSED
    assert chain.create_access_list(request).error is not None
    traced: Any = chain.trace_call(
        request, "latest", NO_OVERRIDES, TracerOptions(tracer="callTracer")
    )
    assert traced["output"] == "0x" + REFUSED.hex()
    ((_, (result,)),) = chain.simulate([SimulatedBlock(calls=(request,))])
    assert result.output == REFUSED


@EVERY_SECRET
def test_the_pool_refuses_what_would_publish_it(chain: LocalChain, to: bytes, data: bytes) -> None:
    with pytest.raises(RejectedTransaction, match="would publish a secret"):
        chain.send_raw(signed(chain, to, data))
    with pytest.raises(RejectedTransaction, match="would publish a secret"):
        chain.send(CallRequest(sender=chain.accounts[0], to=to, data=data, gas=5_000_000))
    assert chain.head.header.number == 0


@EVERY_SECRET
def test_a_contract_that_asks_in_a_transaction_is_refused(
    chain: LocalChain, to: bytes, data: bytes
) -> None:
    """The pool sees only the target; the rule of consensus holds behind any contract."""
    at = bytes.fromhex("ee" * 20)
    chain.set_code(at, forwarder(to))
    assert chain.call(CallRequest(to=at, data=data)).success
    chain.send_raw(signed(chain, at, data))
    assert receipt_of_last(chain).status == 0


def test_verification_is_for_everyone(chain: LocalChain) -> None:
    request = CallRequest(sender=chain.accounts[0], to=ML_DSA, data=VERIFY)
    assert int.from_bytes(chain.call(request).output, "big") == 1
    assert chain.estimate_gas(request) > 21_000
    chain.send_raw(signed(chain, ML_DSA, VERIFY))
    assert receipt_of_last(chain).status == 1


def test_two_calls_make_two_keys_and_both_work(chain: LocalChain) -> None:
    to, data = SECRETS["ml-kem-fresh-key"]
    outputs = [chain.call(CallRequest(to=to, data=data)).output for _ in range(2)]
    assert outputs[0] != outputs[1]
    for output in outputs:
        ek, dk = decode(["bytes", "bytes"], output)
        sent = chain.call(CallRequest(to=to, data=calldata("encapsulate(bytes)", ek)))
        ciphertext, shared = decode(["bytes", "bytes"], sent.output)
        opened = calldata("decapsulate(bytes,bytes)", dk, ciphertext)
        assert decode(["bytes"], chain.call(CallRequest(to=to, data=opened)).output) == (shared,)


def test_signing_is_the_same_each_time(chain: LocalChain) -> None:
    to, data = SECRETS["ml-dsa-sign"]
    outputs = {chain.call(CallRequest(to=to, data=data)).output for _ in range(3)}
    assert [decode(["bytes"], output)[0] for output in outputs] == [SIGNATURE]


# --- Chain 6134: secrets are public -----------------------------------------------------------


def test_keys_made_in_public_are_flagged_and_differ(new_chain: NewChain) -> None:
    chain = new_chain(6134)
    to, data = SECRETS["ml-kem-fresh-key"]
    seen = []
    for _ in range(2):
        foretold = chain.call(CallRequest(sender=chain.accounts[0], to=to, data=data))
        chain.send_raw(signed(chain, to, data))
        receipt = receipt_of_last(chain)
        assert receipt.status == 1
        (log,) = receipt.logs
        assert foretold.success
        assert (log.address, log.topics[0]) == (to, FLAG)
        assert log.topics[1] == data[:4] + bytes(28)
        seen.append(log.topics[2])
    assert seen[0] != seen[1]


def test_two_nodes_agree_on_a_key_made_in_a_block(new_chain: NewChain) -> None:
    first, second = new_chain(6134, clock=lambda: 0.0), new_chain(6134, clock=lambda: 0.0)
    to, data = SECRETS["ml-dsa-fresh-key"]
    raw = signed(first, to, data)
    for chain in (first, second):
        chain.send_raw(raw)
    assert first.head.header.number == 1
    assert first.head.hash == second.head.hash


@EVERY_SECRET
def test_a_transaction_may_carry_it(new_chain: NewChain, to: bytes, data: bytes) -> None:
    chain = new_chain(6134)
    chain.send_raw(signed(chain, to, data))
    assert receipt_of_last(chain).status == 1


# --- What a node keeps ------------------------------------------------------------------------


def test_nothing_of_a_call_is_logged(chain: LocalChain, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for to, data in SECRETS.values():
        chain.call(CallRequest(to=to, data=data))
    bad = calldata("decapsulate(bytes,bytes)", DK[:-33] + b"\0" + DK[-32:], CIPHERTEXT)
    assert not chain.call(CallRequest(to=ML_KEM, data=bad)).success
    for secret in (DK, SK, SHARED):
        assert secret.hex()[:32] not in caplog.text
        assert repr(secret[:8])[2:-1] not in caplog.text
