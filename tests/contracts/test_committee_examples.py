"""A committee makes its key on a chain, and a contract shows what it decrypts."""

import random
from collections.abc import Callable
from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.local_chain import LocalChain
from precompiles.registry import find
from precompiles.threshold.committee import member
from precompiles.threshold.committee.member import ORDER, Place
from precompiles.threshold.protocols.shamir import random_scalar

COMMITTEE = find("committee").address
SECRET = b"thirty-two bytes for the public!"


GENERATOR = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")


def encoded(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + encode(types, arguments)


def test_sealed_secret(
    documented: Callable[[str, str], str],
    vyper: Callable[[str], Any],
    deploy: Callable[..., Any],
    chain: LocalChain,
    accounts: tuple[DevAccount, ...],
) -> None:
    members = [account.address for account in accounts[:3]]
    draw = random.Random(810).randbytes

    def ask(signature: str, *arguments: Any) -> bytes:
        request = CallRequest(sender=members[0], to=COMMITTEE, data=encoded(signature, *arguments))
        result = chain.call(request)
        assert result.success
        return result.output

    def send(sender: bytes, signature: str, *arguments: Any) -> None:
        data = encoded(signature, *arguments)
        chain.send(CallRequest(sender=sender, to=COMMITTEE, data=data))
        (receipt,) = chain.receipts(chain.head.hash) or ()
        assert receipt.status == 1, signature

    register = "register(address[],uint16,uint64,uint64,uint64)"
    terms = ([f"0x{each.hex()}" for each in members], 2, 50, 50, 50)
    identifier = ask(register, *terms)
    send(members[0], register, *terms)

    places = [Place(chain_id=6133, committee=identifier, member=j) for j in (1, 2, 3)]
    dealers = [member.begin(place, 2, draw) for place in places]
    for account, dealer in zip(members, dealers, strict=True):
        proof = member.prove_possession(dealer, draw)
        sent = (dealer.encryption_key(), dealer.commitments(), proof)
        commit = "submitCommitment(bytes32,uint16,bytes,bytes,bytes)"
        send(account, commit, identifier, dealer.place.member, *sent)
    keys = {dealer.place.member: dealer.encryption_key() for dealer in dealers}
    shares = {dealer.place.member: member.deal(dealer, keys, 3) for dealer in dealers}
    for j, account in enumerate(members, start=1):
        send(account, "submitShares(bytes32,uint16,bytes)", identifier, j, shares[j])
    for j, account in enumerate(members, start=1):
        send(account, "approve(bytes32,uint16)", identifier, j)
    commitments = b"".join(dealer.commitments() for dealer in dealers)
    send(members[2], "finalize(bytes32,bytes)", identifier, commitments)
    key = decode(["bytes"], ask("publicKeyOf(bytes32)", identifier))[0]

    secret = random_scalar(ORDER, draw)
    ephemeral = member.times(GENERATOR, secret)
    mask = keccak(member.times(key, secret))
    sealed = bytes(a ^ b for a, b in zip(SECRET, mask, strict=True))
    source = documented("threshold.md", "SealedSecret.vy")
    contract = deploy(*vyper(source), identifier, ephemeral, sealed)

    parts = []
    for j in (1, 3):
        own = dealers[j - 1]
        received = [
            member.open_share(own, k, keys[k], dealers[k - 1].commitments(), shares[k])
            for k in (1, 2, 3)
            if k != j
        ]
        share = member.key_share([*received, member.own_share(own)])
        part, proof = member.partial_decryption(own.place, share, ephemeral, draw)
        submit = "submitPartialDecryption(bytes32,uint16,bytes,bytes,bytes)"
        send(members[j - 1], submit, identifier, j, ephemeral, part, proof)
        parts.append(part)
    contract.send("open", [1, 3], parts)
    assert contract.call("secret") == SECRET
