"""The shared modules of contracts/modules, through one contract that opens them to calls."""

from collections.abc import Callable
from typing import Any

import eth_abi
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DIGEST = keccak(b"what is signed")
SIGNER = Account.from_key("0x" + "11" * 32)

OPENED = """
# pragma version 0.4.3
from modules import ecdsa
from modules import eip712
from modules import pq_keys
from modules import signature_checker

initializes: eip712
exports: eip712.eip712Domain

@deploy
def __init__():
    eip712.__init__("Opened", "1")

@external
@pure
def recover(digest: bytes32, v: uint256, r: uint256, s: uint256) -> address:
    return ecdsa._recover(digest, v, r, s)

@external
@pure
def try_recover(digest: bytes32, signature: Bytes[65]) -> address:
    return ecdsa._try_recover_bytes(digest, signature)

@external
@view
def digest(struct_hash: bytes32) -> bytes32:
    return eip712._digest(struct_hash)

@external
@view
def is_valid(signer: address, digest: bytes32, signature: Bytes[8192]) -> bool:
    return signature_checker._is_valid(signer, digest, signature)

@external
@view
def is_valid_of_signer(signer: Bytes[2692], digest: bytes32, signature: Bytes[8192]) -> bool:
    return signature_checker._is_valid_of_signer(signer, digest, signature)

@external
def store(key: Bytes[2592]) -> address:
    return pq_keys._store(key)

@external
@view
def load(blob: address) -> Bytes[2592]:
    return pq_keys._load(blob)

@external
@view
def verify(blob: address, message: Bytes[512], signature: Bytes[4627]) -> bool:
    return pq_keys._verify(blob, message, signature)

@external
@view
def verify_with(key: Bytes[2592], message: Bytes[512], signature: Bytes[4627]) -> bool:
    return pq_keys._verify_with(key, message, signature)
"""

ANSWERS = """
# pragma version 0.4.3
# Gives what it is told to whoever asks, and keeps to ERC-1271 and ERC-7913 where told nothing.
answer: Bytes[64]

@external
def tell(answer: Bytes[64]):
    self.answer = answer

@external
@view
@raw_return
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> Bytes[64]:
    assert signature == concat(digest, b"")
    if len(self.answer) == 0:
        return abi_encode(0x1626ba7e)
    return self.answer

@external
@view
@raw_return
def verify(key: Bytes[1024], digest: bytes32, signature: Bytes[1024]) -> Bytes[64]:
    assert keccak256(concat(key, digest)) == keccak256(signature)
    if len(self.answer) == 0:
        return abi_encode(0x024ad318)
    return self.answer
"""


def signed(digest: bytes = DIGEST) -> tuple[int, int, int]:
    made = SIGNER.unsafe_sign_hash(digest)
    return made.v, made.r, made.s


def packed(v: int, r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])


def error(reason: str) -> bytes:
    return keccak(text="Error(string)")[:4] + eth_abi.encode(["string"], [reason])


@pytest.fixture(scope="module")
def compiled(vyper: Callable[..., Any]) -> dict[str, Any]:
    return {source: vyper(source) for source in (OPENED, ANSWERS)}


@pytest.fixture
def opened(compiled: dict[str, Any], deploy: Callable[..., Any]) -> Any:
    return deploy(*compiled[OPENED])


@pytest.fixture
def answers(compiled: dict[str, Any], deploy: Callable[..., Any]) -> Any:
    return deploy(*compiled[ANSWERS])


# --- ECDSA ------------------------------------------------------------------------------------


def test_a_digest_gives_its_signer(opened: Any) -> None:
    assert opened.call("recover", DIGEST, *signed()) == SIGNER.address.lower()
    assert opened.call("try_recover", DIGEST, packed(*signed())) == SIGNER.address.lower()
    assert opened.call("recover", keccak(DIGEST), *signed()) != SIGNER.address.lower()


def test_high_s_is_no_signature(opened: Any) -> None:
    v, r, s = signed()
    other = 55 - v, r, ORDER - s
    assert opened.refusal("recover", DIGEST, *other) == error("ecdsa: high s")
    assert int(opened.call("try_recover", DIGEST, packed(*other)), 16) == 0
    half = ORDER // 2
    assert opened.refusal("recover", DIGEST, v, r, half + 1) == error("ecdsa: high s")
    opened.call("recover", DIGEST, v, r, half)


@pytest.mark.parametrize(
    ("v", "r", "s"), [(0, 1, 1), (26, 1, 1), (29, 1, 1), (27, 0, 1), (27, 1, 0)]
)
def test_nobody_is_no_signer(opened: Any, v: int, r: int, s: int) -> None:
    assert opened.refusal("recover", DIGEST, v, r, s) == error("ecdsa: no signer")
    assert int(opened.call("try_recover", DIGEST, packed(v, r, s)), 16) == 0


def test_wrong_lengths_are_of_nobody(opened: Any) -> None:
    assert int(opened.call("try_recover", DIGEST, packed(*signed())[:-1]), 16) == 0
    assert int(opened.call("try_recover", DIGEST, b""), 16) == 0


# --- Typed data -------------------------------------------------------------------------------


def test_digest_is_that_of_wallets(opened: Any) -> None:
    typed = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Ballot": [{"name": "support", "type": "uint8"}],
        },
        "primaryType": "Ballot",
        "domain": {
            "name": "Opened",
            "version": "1",
            "chainId": opened.chain.chain_id,
            "verifyingContract": "0x" + opened.address.hex(),
        },
        "message": {"support": 1},
    }
    struct = keccak(keccak(text="Ballot(uint8 support)") + (1).to_bytes(32, "big"))
    message = encode_typed_data(full_message=typed)
    expected = keccak(b"\x19" + message.version + message.header + message.body)
    assert opened.call("digest", struct) == expected


def test_domain_describes_itself(opened: Any) -> None:
    fields, name, version, chain_id, contract, salt, extensions = opened.call("eip712Domain")
    assert (fields, name, version, chain_id) == (b"\x0f", "Opened", "1", opened.chain.chain_id)
    assert (contract, salt, extensions) == ("0x" + opened.address.hex(), bytes(32), ())


# --- Signers ----------------------------------------------------------------------------------


def test_plain_accounts_sign_by_ecdsa(opened: Any) -> None:
    good = packed(*signed())
    for signer in (SIGNER.address, bytes.fromhex(SIGNER.address[2:])):
        ask = "is_valid" if isinstance(signer, str) else "is_valid_of_signer"
        assert opened.call(ask, signer, DIGEST, good)
        assert not opened.call(ask, signer, keccak(DIGEST), good)
        assert not opened.call(ask, signer, DIGEST, good + b"\0")
        assert not opened.call(ask, signer, DIGEST, b"")
    v, r, s = signed()
    assert not opened.call("is_valid", SIGNER.address, DIGEST, packed(55 - v, r, ORDER - s))
    assert not opened.call("is_valid", bytes(20), DIGEST, packed(29, r, s))


def test_accounts_with_code_answer_for_themselves(opened: Any, answers: Any) -> None:
    assert opened.call("is_valid", answers.address, DIGEST, DIGEST)
    assert opened.call("is_valid_of_signer", answers.address, DIGEST, DIGEST)
    assert not opened.call("is_valid", answers.address, DIGEST, packed(*signed()))


@pytest.mark.parametrize(
    "answer",
    [
        bytes.fromhex("1626ba7e"),
        bytes.fromhex("1626ba7e") + bytes(27),
        bytes.fromhex("1626ba7e") + bytes(29),
        bytes.fromhex("1626ba7e") + bytes(27) + b"\1",
        bytes(28) + bytes.fromhex("1626ba7e"),
        bytes.fromhex("024ad318") + bytes(28),
        (1).to_bytes(32, "big"),
    ],
    ids=bytes.hex,
)
def test_any_other_answer_is_no(opened: Any, answers: Any, answer: bytes) -> None:
    answers.send("tell", answer)
    assert not opened.call("is_valid", answers.address, DIGEST, DIGEST)


def test_keys_without_account_are_verified_by_a_contract(opened: Any, answers: Any) -> None:
    signer = answers.address + b"key"
    good = b"key" + DIGEST
    assert opened.call("is_valid_of_signer", signer, DIGEST, good)
    assert not opened.call("is_valid_of_signer", answers.address + b"yek", DIGEST, good)
    assert not opened.call("is_valid_of_signer", signer, keccak(DIGEST), good)
    answers.send("tell", bytes.fromhex("1626ba7e") + bytes(28))
    assert not opened.call("is_valid_of_signer", signer, DIGEST, good)


def test_a_verifier_has_code_and_knows_the_question(opened: Any) -> None:
    good = packed(*signed())
    plain = bytes.fromhex(SIGNER.address[2:])
    for verifier in (plain, (1).to_bytes(20, "big"), (0x0602).to_bytes(20, "big"), bytes(20)):
        assert not opened.call("is_valid_of_signer", verifier + b"key", DIGEST, good)
    for signer in (b"", plain[:19]):
        assert not opened.call("is_valid_of_signer", signer, DIGEST, good)


# --- ML-DSA keys ------------------------------------------------------------------------------


def test_a_kept_key_verifies(opened: Any) -> None:
    public, secret = ml_dsa.keygen(BY_NUMBER[5], b"\1" * 32)
    other, _ = ml_dsa.keygen(BY_NUMBER[5], b"\2" * 32)
    message = b"for this chain, contract and purpose"
    good: bytes = ml_dsa.sign(secret, formatted(message, b""), bytes(32), 814)[0]
    blob = opened.call("store", public)
    receipt = opened.send("store", public)
    assert receipt.gas_used < 800_000
    assert opened.chain.state().code(bytes.fromhex(blob[2:])) == b"\0" + public
    assert opened.call("load", blob) == public
    assert opened.call("verify", blob, message, good)
    assert opened.call("verify_with", public, message, good)
    assert not opened.call("verify", blob, message + b"!", good)
    assert not opened.call("verify", blob, message, good[:-1])
    assert not opened.call("verify", blob, message, good[:-1] + bytes([good[-1] ^ 1]))
    assert not opened.call("verify_with", other, message, good)
    assert not opened.call("verify_with", public[:-1], message, good)
    assert opened.refusal("store", public[:-1]) == error("pq_keys: wrong key size")
