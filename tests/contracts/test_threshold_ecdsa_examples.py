"""A group from its key generation to what it does on the chain: the library, 0x0802 and 0x0803."""

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.local_chain import LocalChain
from precompiles.backends import secp256k1_group as curve
from precompiles.registry import find
from precompiles.threshold.cggmp21 import contract
from precompiles.threshold.cggmp21.protocol import keygen, presign, refresh, sign
from precompiles.threshold.cggmp21.protocol.auxiliary import AuxiliaryInfo
from precompiles.threshold.cggmp21.protocol.keygen import KeyShare
from precompiles.threshold.cggmp21.protocol.paillier import PaillierSecret
from precompiles.threshold.cggmp21.protocol.parameters import SMALL
from precompiles.threshold.cggmp21.protocol.presign import SigningShare
from precompiles.threshold.cggmp21.protocol.ring_pedersen import generate

ROOT = Path(__file__).parents[2]
PRIMES = json.loads((ROOT / "tests/precompiles/vectors/safe_primes.json").read_text())["small"]
PARTIES = (1, 2, 3)
SIGNERS = (1, 3)


def messages(states: Mapping[int, Any]) -> dict[int, Any]:
    return {party: state.message for party, state in states.items()}


def given(shares: Mapping[int, Mapping[int, int]], to: int) -> dict[int, int]:
    return {dealer: each[to] for dealer, each in shares.items() if dealer != to}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Three parties, two of which sign. Their moduli are taken on trust, and small."""

    shares: dict[int, KeyShare]
    auxiliaries: dict[int, AuxiliaryInfo]
    draw: Callable[[int], bytes]

    def presign(self, path: tuple[int, ...] = ()) -> dict[int, SigningShare]:
        session = self.draw(32)
        begun = {
            party: presign.begin(
                session,
                keygen.child_share(self.shares[party], path),
                self.auxiliaries[party],
                SIGNERS,
                self.draw,
            )
            for party in SIGNERS
        }
        first = messages(begun)
        multiplied = {p: presign.multiply(state, first, self.draw) for p, state in begun.items()}
        second = messages(multiplied)
        shown = {p: presign.show(state, second, self.draw) for p, state in multiplied.items()}
        return {party: presign.finish(state, messages(shown)) for party, state in shown.items()}

    def sign(self, digest: bytes, path: tuple[int, ...] = ()) -> bytes:
        signing = self.presign(path)
        sigmas = {party: sign.sign(share, digest) for party, share in signing.items()}
        return sign.combine(signing[1], digest, sigmas)


def make_key(draw: Callable[[int], bytes]) -> dict[int, KeyShare]:
    begun = {party: keygen.begin(b"key", party, PARTIES, 2, draw) for party in PARTIES}
    opened, shares = {}, {}
    for party in PARTIES:
        opened[party], shares[party] = keygen.open_commitment(begun[party], messages(begun))
    proven = {
        party: keygen.prove(opened[party], messages(opened), given(shares, party))
        for party in PARTIES
    }
    return {party: keygen.finish(proven[party], messages(proven)) for party in PARTIES}


def make_refresh(group: Group) -> Group:
    begun = {p: refresh.begin(b"refresh", share, group.draw) for p, share in group.shares.items()}
    opened, shares = {}, {}
    for party in PARTIES:
        opened[party], shares[party] = refresh.open_commitment(begun[party], messages(begun))
    moved = {
        party: refresh.move(opened[party], messages(opened), given(shares, party))
        for party in PARTIES
    }
    new = {party: refresh.finish(moved[party], messages(moved)) for party in PARTIES}
    return Group(shares=new, auxiliaries=group.auxiliaries, draw=group.draw)


@pytest.fixture(scope="module")
def group() -> Group:
    draw = random.Random(2021).randbytes
    secrets = {
        party: PaillierSecret(p=int(p, 16), q=int(q, 16))
        for party, (p, q) in zip(PARTIES, PRIMES, strict=False)
    }
    public = {party: generate(secret, draw)[0] for party, secret in secrets.items()}
    auxiliaries = {
        party: AuxiliaryInfo(party=party, parameters=SMALL, secret=secret, public=public)
        for party, secret in secrets.items()
    }
    return Group(shares=make_key(draw), auxiliaries=auxiliaries, draw=draw)


@dataclass(frozen=True, kw_only=True)
class Registry:
    """0x0803, spoken to by hand: its interface is Solidity's."""

    chain: LocalChain
    send: Callable[..., Any]

    def encoded(self, name: str, *arguments: Any) -> bytes:
        (method,) = [each for each in find("ecdsa").methods if each.signature.name == name]
        types = [each.type.name for each in method.signature.inputs]
        return method.signature.selector + eth_abi.encode(types, arguments)

    def write(self, name: str, *arguments: Any, **options: Any) -> None:
        self.send(to=find("ecdsa").address, data=self.encoded(name, *arguments), **options)

    def read(self, name: str, *arguments: Any) -> Any:
        data = self.encoded(name, *arguments)
        result = self.chain.call(CallRequest(to=find("ecdsa").address, data=data))
        assert result.success, result.output.hex()
        (method,) = [each for each in find("ecdsa").methods if each.signature.name == name]
        found = eth_abi.decode([each.type.name for each in method.signature.outputs], result.output)
        return found[0] if len(found) == 1 else found


@pytest.fixture
def registry(chain: LocalChain) -> Registry:
    def send(**request: Any) -> None:
        chain.send(CallRequest(**{"sender": chain.accounts[0], **request}))
        (receipt,) = chain.receipts(chain.head.hash) or ()
        assert receipt.status == 1

    return Registry(chain=chain, send=send)


def registered(registry: Registry, group: Group) -> bytes:
    share = group.shares[1]
    identifier: bytes = registry.read("nextGroupId", "0x" + registry.chain.accounts[0].hex())
    registry.write("register", share.commitments, len(PARTIES), share.chain_code)
    return identifier


def test_a_group_pays_from_its_wallet(
    documented: Any, vyper: Any, deploy: Any, registry: Registry, group: Group
) -> None:
    identifier = registered(registry, group)
    key = curve.parse(group.shares[1].public_key)
    assert key is not None
    address = keccak(curve.encode_uncompressed(key)[1:])[12:]
    assert registry.read("addressOf", identifier) == "0x" + address.hex()
    for party, share in group.shares.items():
        public = curve.base(share.secret)
        assert public is not None
        assert registry.read("verifyShare", identifier, party, curve.encode(public)) is True
    wallet = deploy(*vyper(documented("threshold.md", "GroupWallet.vy")), identifier)
    registry.send(to=wallet.address, value=5)
    receiver = bytes.fromhex("ab" * 20)
    to = "0x" + receiver.hex()
    digest = wallet.call("digest", to, 3)
    signature = group.sign(digest)
    # What the group signs, a contract takes too that knows only ecrecover.
    data = digest + signature[64].to_bytes(32, "big") + signature[:64]
    request = CallRequest(to=(1).to_bytes(20, "big"), data=data)
    assert registry.chain.call(request).output[12:] == address
    assert wallet.refusal("pay", to, 4, signature)
    wallet.send("pay", to, 3, signature)
    assert registry.chain.state().balance(receiver) == 3
    assert wallet.refusal("pay", to, 3, signature)  # The counter has moved.


def test_the_protocol_runs_as_documented(group: Group) -> None:
    text = (ROOT / "docs" / "threshold.md").read_text("utf-8")
    found = re.findall(r"(?ms)^```python\n(.*?)^```$", text)
    (example,) = [each for each in found if "cggmp21" in each]
    digest = keccak(text="documented")
    names = {"draw": group.draw, "auxiliaries": group.auxiliaries, "digest": digest}
    exec(example, names)  # the documentation is what is tested
    key = names["keys"][1].public_key  # type: ignore[index]
    assert contract.verify(None, key, digest, names["signature"])  # type: ignore[arg-type]


def test_a_child_key_signs(registry: Registry, group: Group) -> None:
    identifier = registered(registry, group)
    digest = keccak(text="from the account of a customer")
    signature = group.sign(digest, path=(3, 14))
    assert registry.read("verifyChild", identifier, [3, 14], digest, signature) is True
    assert registry.read("verify", identifier, digest, signature) is False
    key, chain_code, _ = registry.read("childKey", identifier, [3, 14])
    child = keygen.child_share(group.shares[2], (3, 14))
    assert (key, chain_code) == (child.public_key, child.chain_code)


def test_a_refreshed_group_rotates_by_its_own_signature(
    registry: Registry, group: Group, accounts: tuple[DevAccount, ...]
) -> None:
    identifier = registered(registry, group)
    moved = make_refresh(group)
    commitments = moved.shares[1].commitments
    digest = registry.read("rotationDigest", identifier, commitments, len(PARTIES))
    signature = group.sign(digest)
    registry.write(
        "rotate", identifier, commitments, len(PARTIES), signature, sender=accounts[2].address
    )
    public = {party: curve.base(share.secret) for party, share in moved.shares.items()}
    old = curve.base(group.shares[2].secret)
    assert old is not None
    for party, point in public.items():
        assert point is not None
        assert registry.read("verifyShare", identifier, party, curve.encode(point)) is True
    assert registry.read("verifyShare", identifier, 2, curve.encode(old)) is False
    assert registry.read("groupOf", identifier)[4] == 1
    digest = keccak(text="signed with the new shares")
    assert registry.read("verify", identifier, digest, moved.sign(digest)) is True


def test_a_cheating_signer_loses_its_bond(
    documented: Any, solidity: Any, deploy: Any, group: Group, accounts: tuple[DevAccount, ...]
) -> None:
    digest = keccak(text="what the group signs")
    signing = group.presign()
    sigmas = [sign.sign(signing[party], digest) for party in SIGNERS]
    presignature = signing[1].presignature
    nonce = curve.encode(presignature.nonce)
    rbar, share = ([curve.encode(pair[at]) for pair in presignature.shares] for at in (0, 1))
    signers = [account.address for account in accounts[:2]]
    compiled = solidity(documented("threshold.md", "SigningBond.sol"))
    listed = ["0x" + each.hex() for each in signers]
    agreed = keccak(
        eth_abi.encode(["bytes32", "bytes", "bytes[]", "bytes[]"], [digest, nonce, rbar, share])
    )
    for spoiled, culprits in ((0, ()), (1, (1,))):
        bond = deploy(*compiled, listed)
        for position, signer in enumerate(signers):
            bond.send("deposit", sender=signer, value=10)
            bond.send("confirm", agreed, sender=signer)
            value = sigmas[position] + (spoiled if position == 1 else 0)
            if position == 1:
                assert bond.refusal("settle", digest, nonce, rbar, share)
            bond.send("deliver", position, value, sender=signer)
        assert bond.call("settle", digest, nonce, rbar, share) == culprits
        bond.send("settle", digest, nonce, rbar, share)
        left = [bond.call("bond", each) for each in listed]
        assert left == [10, 0 if spoiled else 10]
