"""The contracts of docs/privacy.md at work, in both languages."""

from collections.abc import Callable
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from chain.calls import CallRequest
from precompiles.backends import secp256k1
from precompiles.privacy.ecies import suite
from precompiles.privacy.ring import contract as ring
from precompiles.privacy.ring import signing
from precompiles.registry import find

LANGUAGES = [("vyper", ".vy"), ("solidity", ".sol")]
SECRETS = [11, 22, 33]
KEYS = [signing.public_key(secret) for secret in SECRETS]

Deployer = Callable[..., Any]


@pytest.fixture(params=LANGUAGES, ids=[language for language, _ in LANGUAGES])
def written(
    request: pytest.FixtureRequest, documented: Callable[[str, str], str], deploy: Deployer
) -> Deployer:
    """Deploy a contract of the page in this language."""
    language, suffix = request.param

    def run(name: str, *arguments: Any) -> Any:
        compiler = request.getfixturevalue(language)
        return deploy(*compiler(documented("privacy.md", name + suffix)), *arguments)

    return run


def test_a_voter_votes_once(written: Deployer) -> None:
    voters = b"".join(KEYS)
    ballot = written("AnonymousBallot", keccak(voters))

    def ballot_paper(secret: int, choice: int) -> list[Any]:
        message = ring.bound_message(6133, ballot.address, bytes(32), choice.to_bytes(32, "big"))
        made = signing.sign(secret, KEYS, message, bytes(32))
        return [choice, voters, made.image, made.first, list(made.responses)]

    ballot.send("vote", *ballot_paper(SECRETS[0], 7))
    ballot.send("vote", *ballot_paper(SECRETS[2], 7))
    again = ballot.refusal("vote", *ballot_paper(SECRETS[0], 8))
    assert again == keccak(text="KeyImageSpent()")[:4]
    changed = [9, *ballot_paper(SECRETS[1], 8)[1:]]
    assert ballot.refusal("vote", *changed) == keccak(text="InvalidSignature()")[:4]
    ballot.refusal("vote", 8, voters[:66], *ballot_paper(SECRETS[1], 8)[2:])
    assert (ballot.call("votes", 7), ballot.call("votes", 8)) == (2, 0)


def test_bids_open_to_what_was_sealed(written: Deployer, chain: Any, accounts: Any) -> None:
    key = secp256k1.base_multiple(4242)
    closing = chain.head.header.timestamp + 100_000
    auction = written("SealedBids", secp256k1.encode_uncompressed(key), closing)
    openings = []
    for i, amount in enumerate((50, 70)):
        text, r = amount.to_bytes(32, "big"), 1000 + i
        bidder = accounts[i].address
        message = suite.seal(key, r, bytes(16), auction.address + bidder, text)
        assert suite.unseal(4242, secp256k1.base_multiple(r), auction.address + bidder, message)
        auction.send("bid", message, sender=bidder)
        openings.append(r.to_bytes(32, "big"))
    auction.refusal("reveal", openings[0], 50)
    chain.mine(timestamp=closing)
    auction.refusal("reveal", openings[0], 51)
    auction.refusal("reveal", openings[1], 50)
    auction.refusal("reveal", openings[0], 50, sender=accounts[1].address)
    for i, amount in enumerate((50, 70)):
        auction.send("reveal", openings[i], amount, sender=accounts[i].address)
    assert auction.call("best") == 70
    assert bytes.fromhex(auction.call("winner")[2:]) == accounts[1].address


def test_a_note_is_read_by_its_recipient(written: Deployer, chain: Any, accounts: Any) -> None:
    hpke = find("hpke")
    derive = keccak(text="deriveKeyPair(uint16,bytes)")[:4]
    made = chain.call(
        CallRequest(
            sender=accounts[0].address,
            to=hpke.address,
            data=derive + eth_abi.encode(["uint16", "bytes"], [0x20, b"\7" * 32]),
        )
    )
    secret, public = eth_abi.decode(["bytes", "bytes"], made.output)
    mailbox = written("Mailbox")
    recipient = "0x" + accounts[2].address.hex()
    wrapped = mailbox.call("wrap", public, recipient, b"meet at noon", b"\3" * 32)
    mailbox.send("deliver", recipient, *wrapped)
    assert mailbox.call("read", recipient, 0, secret) == b"meet at noon"
    refused = mailbox.refusal("read", recipient, 0, b"\5" * 32)
    assert refused == keccak(text="OpenFailed()")[:4]
