"""Committees: whole key generations, what members can do wrong, and what is then done with the key.

Points are computed anew with the plain integers of FROST's twin, not with the native library.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_abi import decode, encode
from eth_utils import keccak

from precompiles.conformance.embedded import CONTEXT, Outcome, World, call_precompile
from precompiles.registry import find
from precompiles.threshold.committee import member, proofs
from precompiles.threshold.committee.contract import PRECOMPILE
from precompiles.threshold.committee.member import Dealer, Place, WrongShareError
from precompiles.threshold.frost import reference

ADDRESS = find("committee").address
BLOCKS = (10, 10, 10)
START = CONTEXT.block_number
REGISTER = "register(address[],uint16,uint64,uint64,uint64)"
COMMIT = "submitCommitment(bytes32,uint16,bytes,bytes,bytes)"
DEAL = "submitShares(bytes32,uint16,bytes)"
COMPLAIN = "submitComplaint(bytes32,uint16,uint16,bytes,bytes,bytes,bytes)"
PARTIAL = "submitPartialDecryption(bytes32,uint16,bytes,bytes,bytes)"
VERIFY = "verifyPartialDecryption(bytes32,uint16,bytes,bytes,bytes)"
COMBINE = "combine(bytes32,bytes,uint16[],bytes[])"
STATUS = "statusOf(bytes32)"
COMMITTING, DEALING, COMPLAINING, FINALIZING, READY, FAILED = range(6)


def account(number: int) -> bytes:
    return number.to_bytes(20, "big")


def types_of(signature: str) -> list[str]:
    inner = signature[signature.index("(") + 1 : -1]
    return inner.split(",") if inner else []


class RefusedError(Exception):
    """The precompile reverted."""


@dataclass
class Chain:
    """A world with one committee, and its members."""

    size: int
    threshold: int
    world: World = field(default_factory=World)
    block: int = START
    identifier: bytes = b""
    dealers: dict[int, Dealer] = field(default_factory=dict)
    sent_shares: dict[int, bytes] = field(default_factory=dict)
    draw: Callable[[int], bytes] = field(default_factory=lambda: random.Random(810).randbytes)

    def ask(self, caller: int, signature: str, *arguments: Any) -> Outcome:
        data = keccak(text=signature)[:4] + encode(types_of(signature), arguments)
        return call_precompile(
            self.world,
            ADDRESS,
            data,
            caller=account(caller),
            context={"block_number": self.block},
        )

    def do(self, caller: int, signature: str, *arguments: Any) -> bytes:
        outcome = self.ask(caller, signature, *arguments)
        if outcome.status != "success":
            raise RefusedError(name_of(outcome.data))
        return outcome.data

    def register(self) -> None:
        members = [f"0x{account(j).hex()}" for j in range(1, self.size + 1)]
        self.identifier = self.do(1, REGISTER, members, self.threshold, *BLOCKS)

    def place(self, number: int) -> Place:
        return Place(chain_id=CONTEXT.chain_id, committee=self.identifier, member=number)

    def commit(self, number: int) -> None:
        dealer = member.begin(self.place(number), self.threshold, self.draw)
        self.dealers[number] = dealer
        proof = member.prove_possession(dealer, self.draw)
        key, commitments = dealer.encryption_key(), dealer.commitments()
        self.do(number, COMMIT, self.identifier, number, key, commitments, proof)

    def shares_of(self, number: int) -> bytes:
        keys = {j: each.encryption_key() for j, each in self.dealers.items()}
        return member.deal(self.dealers[number], keys, self.size)

    def deal(self, number: int, spoil: Sequence[int] = ()) -> None:
        shares = bytearray(self.shares_of(number))
        for recipient in spoil:
            shares[32 * recipient - 1] ^= 1
        self.sent_shares[number] = bytes(shares)
        self.do(number, DEAL, self.identifier, number, bytes(shares))

    def complain(self, number: int, dealer: int) -> bytes:
        sender = self.dealers[dealer]
        shared, proof = member.complain(self.dealers[number], sender.encryption_key(), self.draw)
        sent = (sender.commitments(), self.sent_shares[dealer])
        return self.do(number, COMPLAIN, self.identifier, number, dealer, *sent, shared, proof)

    def finalize(self, dealers: Sequence[int]) -> bool:
        commitments = b"".join(self.dealers[j].commitments() for j in dealers)
        data = self.do(99, "finalize(bytes32,bytes)", self.identifier, commitments)
        return bool(decode(["bool"], data)[0])

    def status(self) -> tuple[int, ...]:
        return decode(["uint8"] + ["uint256"] * 5, self.do(99, STATUS, self.identifier))

    def key_share(self, number: int, dealers: Sequence[int]) -> int:
        own = self.dealers[number]
        shares = [
            member.open_share(
                own,
                j,
                self.dealers[j].encryption_key(),
                self.dealers[j].commitments(),
                self.sent_shares[j],
            )
            for j in dealers
            if j != number
        ]
        return member.key_share([*shares, member.own_share(own)])


def name_of(data: bytes) -> str:
    names = {each.signature.selector: each.signature.name for each in PRECOMPILE.errors}
    return names.get(data[:4], data.hex())


def begun(size: int, threshold: int) -> Chain:
    chain = Chain(size, threshold)
    chain.register()
    return chain


def dealt(size: int, threshold: int) -> Chain:
    chain = begun(size, threshold)
    everybody = range(1, size + 1)
    for j in everybody:
        chain.commit(j)
    for j in everybody:
        chain.deal(j)
    return chain


def finished(size: int, threshold: int) -> Chain:
    chain = dealt(size, threshold)
    for j in range(1, size + 1):
        chain.do(j, "approve(bytes32,uint16)", chain.identifier, j)
    assert chain.finalize(range(1, size + 1))
    return chain


# --- The way it is meant --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "threshold"), [(1, 1), (3, 2), (15, 10), (15, 11), (21, 14), (21, 15)]
)
def test_a_committee_makes_a_key_and_decrypts(size: int, threshold: int) -> None:
    chain = finished(size, threshold)
    everybody = range(1, size + 1)
    key = decode(["bytes"], chain.do(99, "publicKeyOf(bytes32)", chain.identifier))[0]
    secret = sum(dealer.coefficients[0] for dealer in chain.dealers.values()) % reference.N
    assert reference.decode_point(key) == reference.multiply(secret, reference.G)

    ephemeral, sealed = member.encrypt(key, b"the vote", chain.draw)
    helpers = random.Random(size).sample(everybody, threshold)
    partials = []
    for j in helpers:
        share = chain.key_share(j, everybody)
        public = chain.do(99, "verificationKeyOf(bytes32,uint16)", chain.identifier, j)
        expected = reference.multiply(share, reference.G)
        assert reference.decode_point(decode(["bytes"], public)[0]) == expected
        partial, proof = member.partial_decryption(chain.place(j), share, ephemeral, chain.draw)
        arguments = (chain.identifier, j, ephemeral, partial, proof)
        assert decode(["bool"], chain.do(99, VERIFY, *arguments)) == (True,)
        assert chain.do(j, PARTIAL, *arguments) == keccak(ephemeral)
        partials.append(partial)
    combined = chain.do(99, COMBINE, chain.identifier, ephemeral, helpers, partials)
    shared = decode(["bytes"], combined)[0]
    assert shared == member.combined(helpers, partials)
    assert member.apply_key(ephemeral, shared, sealed) == b"the vote"
    assert chain.status()[0] == READY


def test_phases_end_early_when_all_are_done() -> None:
    chain = begun(2, 2)
    assert chain.status() == (COMMITTING, 2, 2, 0, 0, 0)
    chain.commit(1)
    assert chain.status()[0] == COMMITTING
    chain.commit(2)
    assert chain.status() == (DEALING, 2, 2, 0b110, 0, 0)
    chain.deal(1)
    chain.deal(2)
    assert chain.status() == (COMPLAINING, 2, 2, 0b110, 0b110, 0b110)
    chain.do(1, "approve(bytes32,uint16)", chain.identifier, 1)
    assert chain.status()[0] == COMPLAINING
    chain.do(2, "approve(bytes32,uint16)", chain.identifier, 2)
    assert chain.status()[0] == FINALIZING


def test_phases_end_at_their_blocks() -> None:
    chain = begun(3, 2)
    chain.commit(1)
    chain.commit(3)
    chain.block = START + 10
    assert chain.status()[0] == COMMITTING
    chain.block = START + 11
    assert chain.status()[0] == DEALING
    with pytest.raises(RefusedError, match="WrongPhase"):
        chain.commit(2)
    del chain.dealers[2]
    chain.deal(1)
    assert chain.status()[0] == DEALING
    chain.deal(3)
    assert chain.status()[0] == COMPLAINING
    chain.block = START + 30
    assert chain.status()[0] == COMPLAINING
    with pytest.raises(RefusedError, match="WrongPhase"):
        chain.finalize([1, 3])
    chain.block = START + 31
    assert chain.finalize([1, 3])
    assert chain.status() == (READY, 2, 3, 0b1010, 0b1010, 0b1010)


def test_a_committee_that_nobody_joins_fails() -> None:
    chain = begun(2, 1)
    chain.block = START + 11
    assert chain.status()[0] == FINALIZING
    assert chain.finalize([]) is False
    assert chain.status()[0] == FAILED
    with pytest.raises(RefusedError, match="WrongPhase"):
        chain.finalize([])
    with pytest.raises(RefusedError, match="NoKey"):
        chain.do(99, "publicKeyOf(bytes32)", chain.identifier)


# --- Cheaters -------------------------------------------------------------------------------


def test_a_wrong_share_is_shown_and_its_dealer_left_out() -> None:
    chain = begun(4, 2)
    for j in (1, 2, 3, 4):
        chain.commit(j)
    for j in (1, 3, 4):
        chain.deal(j)
    chain.deal(2, spoil=[3])
    cheat, honest = chain.dealers[2], chain.dealers[3]
    with pytest.raises(WrongShareError) as caught:
        member.open_share(
            honest, 2, cheat.encryption_key(), cheat.commitments(), chain.sent_shares[2]
        )
    assert caught.value.dealer == 2
    chain.complain(3, 2)
    assert chain.status()[5] == 0b11010
    with pytest.raises(RefusedError, match="NotDealt"):
        chain.complain(3, 2)
    chain.block = START + 31
    with pytest.raises(RefusedError, match="NotWhatWasSent"):
        chain.finalize([1, 2, 3])
    assert chain.finalize([1, 3, 4])
    key = decode(["bytes"], chain.do(99, "publicKeyOf(bytes32)", chain.identifier))[0]
    secret = sum(chain.dealers[j].coefficients[0] for j in (1, 3, 4)) % reference.N
    assert reference.decode_point(key) == reference.multiply(secret, reference.G)


def test_a_complaint_about_an_honest_dealer_is_refused() -> None:
    chain = dealt(3, 2)
    with pytest.raises(RefusedError, match="UnfoundedComplaint"):
        chain.complain(3, 2)
    assert chain.status()[5] == 0b1110


def test_too_many_cheaters_end_without_a_key() -> None:
    chain = begun(3, 2)
    for j in (1, 2, 3):
        chain.commit(j)
    chain.deal(1)
    chain.deal(2, spoil=[1])
    chain.deal(3, spoil=[1, 2])
    chain.complain(1, 2)
    chain.complain(2, 3)
    chain.block = START + 31
    assert chain.finalize([]) is False


def test_a_complaint_needs_the_point_that_both_share() -> None:
    chain = begun(3, 2)
    for j in (1, 2, 3):
        chain.commit(j)
    for j in (1, 3):
        chain.deal(j)
    chain.deal(2, spoil=[3])
    cheat, honest = chain.dealers[2], chain.dealers[3]
    shared, proof = member.complain(honest, cheat.encryption_key(), chain.draw)
    other, other_proof = member.complain(chain.dealers[1], cheat.encryption_key(), chain.draw)
    sent = (cheat.commitments(), chain.sent_shares[2])

    def complain(error: str, number: int, dealer: int, *arguments: bytes) -> None:
        with pytest.raises(RefusedError, match=error):
            chain.do(number, COMPLAIN, chain.identifier, number, dealer, *arguments)

    complain("InvalidProof", 3, 2, *sent, other, proof)
    complain("InvalidProof", 3, 2, *sent, other, other_proof)
    complain("InvalidProof", 1, 2, *sent, shared, proof)
    complain("InvalidProof", 3, 2, *sent, shared, proof[:63])
    complain("InvalidProof", 3, 2, *sent, shared[:32], proof)
    for position in (0, 31, 32, 63):
        spoiled = bytearray(proof)
        spoiled[position] ^= 1
        complain("InvalidProof", 3, 2, *sent, shared, bytes(spoiled))
    complain("NotWhatWasSent", 3, 2, sent[0], chain.sent_shares[1], shared, proof)
    complain("NotWhatWasSent", 3, 2, chain.dealers[1].commitments(), sent[1], shared, proof)
    for dealer in (0, 4, 300):
        complain("NotDealt", 3, dealer, *sent, shared, proof)
    chain.complain(3, 2)


def test_a_copied_commitment_is_refused() -> None:
    """Whoever commits to somebody else's key, to cancel it, does not know its secret."""
    chain = begun(2, 1)
    chain.commit(1)
    first = chain.dealers[1]
    proof = member.prove_possession(first, chain.draw)
    key, commitments = first.encryption_key(), first.commitments()
    with pytest.raises(RefusedError, match="InvalidProof"):
        chain.do(2, COMMIT, chain.identifier, 2, key, commitments, proof)


def test_a_proof_of_another_committee_is_refused() -> None:
    chain = begun(2, 1)
    other = Place(chain_id=CONTEXT.chain_id, committee=keccak(b"other"), member=1)
    chained = Place(chain_id=1, committee=chain.identifier, member=1)
    for place in (other, chained, chain.place(2)):
        dealer = member.begin(place, 1, chain.draw)
        proof = member.prove_possession(dealer, chain.draw)
        key, commitments = dealer.encryption_key(), dealer.commitments()
        with pytest.raises(RefusedError, match="InvalidProof"):
            chain.do(1, COMMIT, chain.identifier, 1, key, commitments, proof)


# --- Refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "threshold", "blocks", "error"),
    [
        ([1, 2], 0, BLOCKS, "InvalidThreshold"),
        ([1, 2], 3, BLOCKS, "InvalidThreshold"),
        ([], 1, BLOCKS, "InvalidThreshold"),
        (range(1, 151), 28, BLOCKS, "InvalidThreshold"),
        ([1, 1], 1, BLOCKS, "InvalidMembers"),
        ([1, 0], 1, BLOCKS, "InvalidMembers"),
        ([1], 1, (0, 1, 1), "InvalidDeadlines"),
        ([1], 1, (1, 0, 1), "InvalidDeadlines"),
        ([1], 1, (1, 1, 0), "InvalidDeadlines"),
        ([1], 1, (1, 1, 2**40 + 1), "InvalidDeadlines"),
    ],
)
def test_register_refuses(
    members: Sequence[int], threshold: int, blocks: Sequence[int], error: str
) -> None:
    chain = Chain(1, 1)
    accounts = [f"0x{account(j).hex()}" for j in members]
    with pytest.raises(RefusedError, match=error):
        chain.do(1, REGISTER, accounts, threshold, *blocks)


def test_the_largest_committee_registers() -> None:
    chain = begun(150, 27)
    assert chain.status() == (COMMITTING, 27, 150, 0, 0, 0)


def test_only_members_may_act_and_only_for_themselves() -> None:
    chain = dealt(3, 2)
    for caller, number in ((1, 2), (9, 1), (1, 0), (1, 4), (1, 65535)):
        with pytest.raises(RefusedError, match="NotMember"):
            chain.do(caller, "approve(bytes32,uint16)", chain.identifier, number)
    with pytest.raises(RefusedError, match="UnknownCommittee"):
        chain.do(1, "approve(bytes32,uint16)", keccak(b"none"), 1)


def test_nothing_is_done_twice() -> None:
    chain = begun(2, 1)
    chain.commit(1)
    with pytest.raises(RefusedError, match="AlreadyDone"):
        chain.commit(1)
    chain = begun(2, 1)
    chain.commit(1)
    chain.commit(2)
    chain.deal(1)
    with pytest.raises(RefusedError, match="AlreadyDone"):
        chain.deal(1)
    chain.deal(2)
    chain.do(1, "approve(bytes32,uint16)", chain.identifier, 1)
    with pytest.raises(RefusedError, match="AlreadyDone"):
        chain.do(1, "approve(bytes32,uint16)", chain.identifier, 1)


def test_malformed_commitments_and_shares_are_refused() -> None:
    chain = begun(2, 2)
    dealer = member.begin(chain.place(1), 2, chain.draw)
    proof = member.prove_possession(dealer, chain.draw)
    key, commitments = dealer.encryption_key(), dealer.commitments()
    infinity = commitments[:33] + bytes(33)
    for error, *arguments in (
        ("5b7232fa", key[:32], commitments, proof),
        ("InvalidPoint", b"\4" + key[1:], commitments, proof),
        ("5b7232fa", key, commitments[:33], proof),
        ("5b7232fa", key, commitments + key, proof),
        ("InvalidPoint", key, infinity, proof),
        ("InvalidProof", key, commitments[33:] + commitments[:33], proof),
        ("InvalidProof", key, commitments, proof[:32] + reference.N.to_bytes(32, "big")),
        ("InvalidProof", key, commitments, b""),
    ):
        with pytest.raises(RefusedError, match=error):
            chain.do(1, COMMIT, chain.identifier, 1, *arguments)
    chain.commit(1)
    chain.commit(2)
    good = chain.shares_of(1)
    order = reference.N.to_bytes(32, "big")
    for error, shares in (
        ("5b7232fa", good[:-1]),
        ("5b7232fa", good + bytes(32)),
        ("InvalidShare", good[:32] + order),
        ("InvalidShare", b"\1" + good[1:]),
    ):
        with pytest.raises(RefusedError, match=error):
            chain.do(1, DEAL, chain.identifier, 1, shares)
    chain.deal(1)


def test_parts_in_a_decryption_are_checked() -> None:
    chain = finished(3, 2)
    ephemeral, _ = member.encrypt(
        decode(["bytes"], chain.do(9, "publicKeyOf(bytes32)", chain.identifier))[0], b"", chain.draw
    )
    share = chain.key_share(1, (1, 2, 3))
    partial, proof = member.partial_decryption(chain.place(1), share, ephemeral, chain.draw)

    def verdict(number: int, *arguments: bytes) -> bool:
        data = chain.do(9, VERIFY, chain.identifier, number, *arguments)
        return bool(decode(["bool"], data)[0])

    assert verdict(1, ephemeral, partial, proof)
    assert not verdict(2, ephemeral, partial, proof)
    assert not verdict(0, ephemeral, partial, proof)
    assert not verdict(4, ephemeral, partial, proof)
    assert not verdict(1, partial, ephemeral, proof)
    assert not verdict(1, ephemeral, ephemeral, proof)
    assert not verdict(1, bytes(33), partial, proof)
    assert not verdict(1, ephemeral, partial, proof + b"\0")
    with pytest.raises(RefusedError, match="InvalidProof"):
        chain.do(1, PARTIAL, chain.identifier, 1, ephemeral, ephemeral, proof)
    chain.do(1, PARTIAL, chain.identifier, 1, ephemeral, partial, proof)
    with pytest.raises(RefusedError, match="AlreadyDone"):
        chain.do(1, PARTIAL, chain.identifier, 1, ephemeral, partial, proof)
    for error, members, partials in (
        ("TooFewPartials", [1], [partial]),
        ("5b7232fa", [1, 2], [partial]),
        ("InvalidMembers", [1, 1], [partial, partial]),
        ("NotWhatWasSent", [1, 2], [partial, partial]),
        ("NotWhatWasSent", [1, 65535], [partial, b""]),
    ):
        with pytest.raises(RefusedError, match=error):
            chain.do(9, COMBINE, chain.identifier, ephemeral, members, partials)


def test_secrets_are_not_shown() -> None:
    draw = random.Random(7).randbytes
    dealer = member.begin(Place(chain_id=1, committee=bytes(32), member=1), 2, draw)
    assert str(dealer.decryption_key) not in repr(dealer)
    assert "coefficients" not in repr(dealer)


def test_bytes_that_are_no_proof_or_point_prove_nothing() -> None:
    place = Place(chain_id=1, committee=bytes(32), member=1)
    choose = random.Random(3).randbytes
    for size in (0, 63, 64, 65):
        for key in (bytes(33), b"\2" + choose(32), choose(33), b""):
            proof = choose(size)
            statement = place.stated(proofs.PARTIAL)
            assert not proofs.knows(statement, key, proof)
            assert not proofs.same_secret(statement, key, key, key, proof)
