"""A group from its key generation to what it does on the chain: the library and 0x0801."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eth_abi
import pytest

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.local_chain import LocalChain
from precompiles.precompile import Precompile
from precompiles.registry import find
from precompiles.threshold.frost import contract
from precompiles.threshold.frost.suites import SUITES
from precompiles.threshold.protocols import dkg, frost
from precompiles.threshold.protocols.dkg import MemberKey, Terms

ROOT = Path(__file__).parents[2]
MEMBERS = (1, 2, 3)
SIGNERS = (1, 3)
ENTRY: Precompile = find("frost")


def make_keys(number: int, draw: Callable[[int], bytes]) -> dict[int, MemberKey]:
    terms = Terms(suite=SUITES[number], threshold=2, members=3)
    dealt = {member: dkg.deal(terms, member, draw) for member in MEMBERS}
    announced = [announcement for _, announcement in dealt.values()]
    return {
        member: dkg.finish(
            terms,
            member,
            announced,
            {each: dkg.share_for(terms, dealing, member) for each, (dealing, _) in dealt.items()},
        )
        for member in MEMBERS
    }


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One signing: what was sent in both rounds, as the chain takes it."""

    hiding: list[bytes]
    binding: list[bytes]
    shares: list[bytes]
    signature: bytes


def sign(keys: dict[int, MemberKey], message: bytes, draw: Callable[[int], bytes]) -> Signed:
    suite = keys[1].terms.suite
    key = suite.group.decode(keys[1].public_key)
    rounds = {each: frost.commit(suite, each, keys[each].share, draw) for each in SIGNERS}
    sent = [commitment for _, commitment in rounds.values()]
    shares = {
        each: frost.sign(suite, each, keys[each].share, nonces, key, message, sent)
        for each, (nonces, _) in rounds.items()
    }
    public = {each: keys[1].public_share(each) for each in SIGNERS}
    return Signed(
        hiding=[suite.group.encode(each.hiding) for each in sent],
        binding=[suite.group.encode(each.binding) for each in sent],
        shares=[suite.encode_scalar(share) for share in shares.values()],
        signature=frost.aggregate(suite, key, message, sent, shares, public),
    )


@dataclass(frozen=True, kw_only=True)
class Registry:
    """0x0801, spoken to by hand."""

    chain: LocalChain

    def ask(self, name: str, *arguments: Any, write: bool = False) -> Any:
        (method,) = [each for each in ENTRY.methods if each.signature.name == name]
        types = [each.type.name for each in method.signature.inputs]
        data = method.signature.selector + eth_abi.encode(types, arguments)
        request = CallRequest(sender=self.chain.accounts[0], to=ENTRY.address, data=data)
        result = self.chain.call(request)
        assert result.success, result.output.hex()
        if write:
            self.chain.send(request)
            (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
            assert receipt.status == 1
        found = eth_abi.decode([each.type.name for each in method.signature.outputs], result.output)
        return found[0] if len(found) == 1 else found


@pytest.fixture
def registry(chain: LocalChain) -> Registry:
    return Registry(chain=chain)


@pytest.mark.parametrize("number", sorted(SUITES))
def test_a_group_made_off_chain_signs_on_chain(registry: Registry, number: int) -> None:
    draw = random.Random(number).randbytes
    keys = make_keys(number, draw)
    commitments = list(keys[1].commitments)
    group = registry.ask("register", number, len(MEMBERS), commitments, write=True)
    message = b"a message of the group"
    made = sign(keys, message, draw)
    assert registry.ask("verifyGroup", group, message, made.signature) is True
    assert registry.ask("verifyGroup", group, b"another", made.signature) is False
    sent = (list(SIGNERS), made.hiding, made.binding)
    assert registry.ask("aggregate", group, message, *sent, made.shares) == made.signature
    for signer, share in zip(SIGNERS, made.shares, strict=True):
        assert registry.ask("verifyShare", group, signer, message, *sent, share) is True
    assert registry.ask("verifyShare", group, 3, message, *sent, made.shares[0]) is False


def test_a_group_signs_a_price(
    documented: Any, vyper: Any, deploy: Any, registry: Registry
) -> None:
    draw = random.Random(1).randbytes
    keys = make_keys(3, draw)
    group = registry.ask("register", 3, len(MEMBERS), list(keys[1].commitments), write=True)
    prices = deploy(*vyper(documented("threshold.md", "SignedPrice.vy")), group)
    signature = sign(keys, prices.call("message", 1_234), draw).signature
    assert prices.refusal("publish", 1_235, signature)
    prices.send("publish", 1_234, signature)
    assert prices.call("price") == 1_234
    assert prices.refusal("publish", 1_234, signature)  # The round has moved.


def test_a_desk_names_who_signs_wrongly(
    documented: Any,
    solidity: Any,
    deploy: Any,
    registry: Registry,
    accounts: tuple[DevAccount, ...],
) -> None:
    draw = random.Random(2).randbytes
    keys = make_keys(2, draw)
    group = registry.ask("register", 2, len(MEMBERS), list(keys[1].commitments), write=True)
    compiled = solidity(documented("threshold.md", "SigningDesk.sol"))
    senders = {member: account.address for member, account in zip(MEMBERS, accounts, strict=False)}
    listed = ["0x" + address.hex() for address in senders.values()]
    made = sign(keys, b"a payment", draw)
    for spoiled in (False, True):
        desk = deploy(*compiled, group, b"a payment", listed)
        for position, signer in enumerate(SIGNERS):
            sent = made.hiding[position], made.binding[position]
            desk.send("commit", signer, *sent, sender=senders[signer])
        desk.send("close", sender=senders[1])
        desk.send("deliver", 0, made.shares[0], sender=senders[1])
        assert desk.refusal("deliver", 1, made.shares[1], sender=senders[2])
        assert desk.refusal("finish")
        wrong = bytes(31) + b"\5" if spoiled else made.shares[1]
        desk.send("deliver", 1, wrong, sender=senders[3])
        desk.send("finish")
        assert desk.call("signature") == (b"" if spoiled else made.signature)
        assert desk.call("culprit") == (3 if spoiled else 0)


def test_the_library_runs_as_documented() -> None:
    text = (ROOT / "docs" / "threshold.md").read_text("utf-8")
    (example,) = re.findall(r"(?ms)^```python\n(.*?import dkg, frost.*?)^```$", text)
    names: dict[str, Any] = {"draw": random.Random(3).randbytes, "message": b"documented"}
    exec(example, names)  # the documentation is what is tested
    key = names["keys"][1].public_key[1:]
    assert contract.verify(None, 2, key, b"documented", names["signature"])  # type: ignore[arg-type]
