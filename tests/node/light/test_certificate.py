"""Certificates and votes: what a quorum signs, and everything that is not that."""

from dataclasses import replace

import pytest

from node.codec import Refused
from node.crypto import SIGNATURE, SigningKey, sha256, verify
from node.light.cache import Cache, of_headers
from node.light.certificate import (
    Certificate,
    check_certificate,
    check_header,
    read_certificate,
    statement_of,
)
from node.light.header import read_header
from node.light.trust import Checkpoint, Trust
from node.light.validator import Collector, Voter


@pytest.fixture
def header(net):
    return read_header(net.chain.block(10).header.encode())


@pytest.fixture
def signed(net):
    """Return a function that signs a statement as some seats."""

    def sign(statement, seats=(0, 1, 2), signing=None):
        keys = {key.public: key for key in net.keys}
        signing = signing or net.set
        return Certificate(
            statement=statement,
            seats=tuple(seats),
            signatures=tuple(
                keys[signing.seats[seat].key].sign(statement.message) for seat in seats
            ),
        )

    return sign


def test_a_quorum_certifies(net, header, signed):
    certificate = signed(statement_of(header, net.set, net.set.hash))
    check_certificate(certificate, net.set)
    check_certificate(read_certificate(certificate.raw), net.set)
    check_header(certificate.statement, header)


def test_a_short_or_forged_quorum_is_refused(net, header, signed):
    statement = statement_of(header, net.set, net.set.hash)
    for seats in ((0,), (0, 1), (1, 3)):
        with pytest.raises(Refused, match="no quorum"):
            check_certificate(signed(statement, seats), net.set)
    good = signed(statement)
    for place in range(3):
        bad = list(good.signatures)
        bad[place] = bytes([bad[place][0] ^ 1]) + bad[place][1:]
        with pytest.raises(Refused, match="wrong signature"):
            check_certificate(replace(good, signatures=tuple(bad)), net.set)
    # One signer in three seats, and signatures in each other's places.
    for signatures in ((good.signatures[0],) * 3, good.signatures[::-1]):
        with pytest.raises(Refused, match="wrong signature"):
            check_certificate(replace(good, signatures=signatures), net.set)
    with pytest.raises(Refused, match="no such seat"):
        check_certificate(replace(good, seats=(0, 1, 7)), net.set)


def test_one_certificate_does_for_one_statement_only(net, header, signed):
    statement = statement_of(header, net.set, net.set.hash)
    good = signed(statement)
    changes = {
        "number": 20,
        "block_hash": bytes(32),
        "state_root": bytes(32),
        "receipts_root": bytes(32),
        "next_set_hash": bytes(32),
    }
    for name, value in changes.items():
        with pytest.raises(Refused, match="wrong signature"):
            check_certificate(replace(good, statement=replace(statement, **{name: value})), net.set)
        if name != "next_set_hash":
            with pytest.raises(Refused, match="another header"):
                check_header(replace(statement, **{name: value}), header)
    for name, value, reason in (
        ("chain_id", 6134, "another chain"),
        ("epoch", 1, "another set"),
        ("set_hash", bytes(32), "another set"),
    ):
        with pytest.raises(Refused, match=reason):
            check_certificate(replace(good, statement=replace(statement, **{name: value})), net.set)


def test_a_few_rich_seats_do_not_decide(net, header, signed):
    rich = replace(net.set, seats=(replace(net.set.seats[0], stake=10**24), *net.set.seats[1:]))
    statement = statement_of(header, rich, rich.hash)
    with pytest.raises(Refused, match="no quorum"):
        check_certificate(signed(statement, (1, 2, 3), rich), rich)
    with pytest.raises(Refused, match="no quorum"):
        check_certificate(signed(statement, (0, 1), rich), rich)
    check_certificate(signed(statement, (0, 1, 2), rich), rich)


def header_of(net, number):
    return read_header(net.chain.block(number).header.encode())


@pytest.fixture
def long(net):
    """A chain with a checkpoint behind it."""
    net.mine(1_040 - net.chain.head.number)
    return net


def trusting(net, store):
    trust = Trust(store, net.checkpoint())
    trust.keep_set(trust.read_wanted_set(net.set.raw, net.set.hash, 0))
    return trust


def test_trust_goes_from_set_to_set_and_survives_a_restart(long, store, signed):
    trust = trusting(long, store)
    coming = long.make_set(1, stake=5 * 10**21)
    header = header_of(long, 1024)
    handover = signed(statement_of(header, long.set, coming.hash))
    trust.check(handover, header)
    trust.hand_over(handover, header, coming)
    later = header_of(long, 1030)
    certificate = signed(statement_of(later, coming, coming.hash))
    trust.check(certificate, later)
    assert trust.advance(certificate, later)
    assert not trust.advance(handover, header)  # never back

    again = Trust(store, long.checkpoint())
    assert again.head == later
    assert again.certificate == certificate
    assert again.epochs == trust.epochs
    again.check(handover, header)  # the old set, for its own time
    with pytest.raises(Refused, match="not in office"):
        again.check(signed(statement_of(later, long.set, long.set.hash)), later)
    with pytest.raises(Refused, match="not in office"):
        again.check(signed(statement_of(header, coming, coming.hash)), header)


def test_a_set_nobody_named_is_refused(long, store, signed):
    trust = trusting(long, store)
    other = long.make_set(1, stake=7)
    header = header_of(long, 1030)
    with pytest.raises(Refused, match="another set"):
        trust.check(signed(statement_of(header, other, other.hash)), header)
    with pytest.raises(Refused, match="another set"):
        trust.read_wanted_set(other.raw, long.set.hash, 0)
    wrong_epoch = long.make_set(3)
    with pytest.raises(Refused, match="another epoch"):
        trust.read_wanted_set(wrong_epoch.raw, wrong_epoch.hash, 1)


def test_two_certified_blocks_at_one_height_are_a_conflict(net, store, signed, header):
    trust = trusting(net, store)
    certificate = signed(statement_of(header, net.set, net.set.hash))
    trust.check(certificate, header)
    trust.advance(certificate, header)
    other = replace(header, extra_data=b"other")
    second = signed(statement_of(other, net.set, net.set.hash))
    with pytest.raises(Refused, match="two certified"):
        trust.check(second, other)
    assert trust.conflict.first == certificate
    assert trust.conflict.second == second
    assert trust.head == header


def test_a_newer_checkpoint_begins_anew(net, store, signed, header):
    trust = trusting(net, store)
    certificate = signed(statement_of(header, net.set, net.set.hash))
    trust.advance(certificate, header)
    assert Trust(store, net.checkpoint()).head == header
    newer = Checkpoint(
        chain_id=6133, number=20, block_hash=bytes(32), epoch=0, set_hash=net.set.hash
    )
    begun = Trust(store, newer)
    assert begun.head is None
    assert begun.missing_set() == net.set.hash
    begun.keep_set(net.set)
    twenty = header_of(net, 20)
    with pytest.raises(Refused, match="checkpoint's block"):
        begun.check(signed(statement_of(twenty, net.set, net.set.hash)), twenty)
    with pytest.raises(Refused, match="not in office"):
        begun.check(certificate, header)


def test_a_store_of_another_chain_is_refused(net, store):
    trusting(net, store)
    for number in (0, 10**6):
        with pytest.raises(Refused, match="another chain"):
            Trust(store, replace(net.checkpoint(), chain_id=6134, number=number))


def test_a_newer_checkpoint_forgets_what_the_old_one_proved(net, store, header):
    trusting(net, store)
    Cache(store).keep(*of_headers([header]))
    Trust(store, replace(net.checkpoint(), number=20))
    assert Cache(store).header(10) is None


# --- Votes ----------------------------------------------------------------------------------


def test_a_validator_never_says_two_things_of_one_height(net, store, header):
    voter = Voter(net.keys[0], store)
    statement = statement_of(header, net.set, net.set.hash)
    vote = voter.vote(statement, net.set)
    assert verify(net.keys[0].public, statement.message, vote.signature)
    assert voter.vote(statement, net.set).statement == statement  # the same again
    other = replace(statement, block_hash=bytes(32))
    for again in (voter, Voter(net.keys[0], store)):  # and after a restart
        with pytest.raises(Refused, match="voted at this height"):
            again.vote(other, net.set)
        with pytest.raises(Refused, match="voted at this height"):
            again.vote(replace(statement, number=0), net.set)
    assert voter.voted == 10
    with pytest.raises(Refused, match="not in this set"):
        Voter(SigningKey.from_seed(bytes(32)), store).vote(statement, net.set)


def test_what_is_signed_was_kept_before(net, header):
    """A crash in the commit leaves no signature."""

    class Crashing:
        def get(self, key):
            return None

        def scan(self, prefix):
            return []

        def commit(self, changes):
            raise OSError("crash")

    with pytest.raises(OSError, match="crash"):
        Voter(net.keys[0], Crashing()).vote(statement_of(header, net.set, net.set.hash), net.set)


def test_votes_make_a_certificate_once_a_quorum_agrees(net, header, make_store):
    statement = statement_of(header, net.set, net.set.hash)
    collector = Collector(net.set, above=-1)
    made = []
    for key in net.keys:
        vote = Voter(key, make_store()).vote(statement, net.set)
        try:
            made.append(collector.add(vote))
            collector.add(vote)
        except Refused as error:
            made.append(error.reason)
    assert made[:2] == [None, None]
    check_certificate(made[2], net.set)
    assert made[3] == "validator: vote out of range"


def test_votes_that_count_for_nothing(net, header, make_store):
    statement = statement_of(header, net.set, net.set.hash)
    collector = Collector(net.set, above=-1)
    vote = Voter(net.keys[0], make_store()).vote(statement, net.set)
    for wrong, reason in (
        (replace(vote, signature=bytes(SIGNATURE)), "wrong signature"),
        (replace(vote, seat=(vote.seat + 1) % 4), "wrong signature"),
        (replace(vote, seat=4), "another set"),
        (replace(vote, statement=replace(statement, epoch=1)), "another set"),
        (replace(vote, statement=replace(statement, chain_id=1)), "another set"),
        (replace(vote, statement=replace(statement, set_hash=bytes(32))), "another set"),
        (replace(vote, statement=replace(statement, number=10_000)), "out of range"),
    ):
        with pytest.raises(Refused, match=reason):
            collector.add(wrong)


def test_a_double_vote_is_evidence_once(net, header, make_store):
    statement = statement_of(header, net.set, net.set.hash)
    collector = Collector(net.set, above=-1)
    for other in (
        statement,
        *(replace(statement, block_hash=sha256(bytes([n]))) for n in range(3)),
    ):
        assert collector.add(Voter(net.keys[0], make_store()).vote(other, net.set)) is None
    (evidence,) = collector.evidence
    assert evidence.number == 10
    assert evidence.digests[0] == statement.digest
