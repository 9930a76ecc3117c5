"""Quorums, certificates, signing once, and evidence against who signed twice."""

from dataclasses import replace
from hashlib import sha256

import pytest

from node.codec import Refused
from node.crypto import SIGNATURE
from node.session.attestations import (
    Guard,
    Statement,
    assemble,
    check,
    check_step,
    decode_certificate,
    equivocations,
    to_record,
)
from node.session.committees import quorum_size, select_committee
from node.session.ids import EMPTY, Domain
from node.session.records import StepKind


@pytest.fixture(scope="module")
def statement(h):
    return Statement(
        domain=Domain.SESSION_COMPLETE, subject=h("subject"), commitment=h("commit"), epoch=9
    )


@pytest.fixture(scope="module")
def signed(signing_keys, statement):
    """Every seat's signature of the statement."""
    return {seat: key.sign(statement.payload()) for seat, key in enumerate(signing_keys)}


@pytest.fixture(scope="module")
def keys(signing_keys):
    return [key.public for key in signing_keys]


def test_a_quorum_is_exact():
    for seats in range(1, 400):
        quorum = quorum_size(seats)
        assert 3 * quorum > 2 * seats >= 3 * (quorum - 1)
    assert quorum_size(21) == 15
    with pytest.raises(ValueError, match="no seat"):
        quorum_size(0)


def test_fifteen_of_21_are_enough_and_14_are_not(statement, signed, keys):
    check(assemble(statement, {seat: signed[seat] for seat in range(6, 21)}), keys)
    with pytest.raises(Refused, match="no quorum"):
        check(assemble(statement, {seat: signed[seat] for seat in range(14)}), keys)


def test_a_certificate_survives_its_bytes(statement, signed, keys):
    certificate = assemble(statement, dict(list(signed.items())[:15]))
    data = certificate.encode()

    assert decode_certificate(data) == certificate
    assert certificate.by_seat() == {seat: signed[seat] for seat in range(15)}
    for size in [*range(90), len(data) - SIGNATURE, len(data) - 1]:
        with pytest.raises(Refused):
            decode_certificate(data[:size])
    with pytest.raises(Refused, match="trailing"):
        decode_certificate(data + b"\x00")


def test_any_bit_of_a_certificate_matters(statement, signed, keys):
    data = assemble(statement, dict(list(signed.items())[:15])).encode()
    for at in [*range(78), 78, 78 + SIGNATURE, len(data) - 1]:
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(Refused):
            check(decode_certificate(flipped), keys)


def test_seats_that_there_are_not(statement, signed, keys):
    certificate = assemble(statement, signed)

    with pytest.raises(Refused, match="no such seat"):
        check(certificate, keys[:20])
    with pytest.raises(Refused, match="no such seat"):
        decode_certificate(replace(certificate, bitmap=1 << 21).encode())


def test_signatures_in_another_order_or_too_few(statement, signed, keys):
    swapped = {**signed, 0: signed[1], 1: signed[0]}
    with pytest.raises(Refused, match="bad signature"):
        check(assemble(statement, swapped), keys)
    certificate = assemble(statement, signed)
    short = replace(certificate, signatures=certificate.signatures[:-SIGNATURE])
    with pytest.raises(Refused, match="wrong length"):
        check(short, keys)


def test_a_signature_is_for_one_domain(statement, signed, keys):
    for domain in set(Domain) - {statement.domain}:
        with pytest.raises(Refused, match="bad signature"):
            check(assemble(replace(statement, domain=domain), signed), keys)


def test_a_step_is_attested_by_its_own_statement(step, statement):
    right = replace(statement, domain=Domain.ORACLE_WRITE, subject=step.request_id)
    check_step(step, right)
    with pytest.raises(Refused, match="other domain"):
        check_step(step, replace(right, domain=Domain.ORACLE_READ))
    with pytest.raises(Refused, match="other subject"):
        check_step(step, replace(right, subject=EMPTY))
    with pytest.raises(Refused, match="other domain"):
        check_step(replace(step, kind=StepKind.COMPUTE), right)
    with pytest.raises(Refused, match="other subject"):
        check_step(replace(step, request_id=EMPTY), replace(right, subject=EMPTY))


def test_a_member_signs_once(signing_keys, statement, h):
    guard, key = Guard(), signing_keys[0]
    _, stored = guard.sign(key, statement)
    other = replace(statement, commitment=h("other"))

    with pytest.raises(Refused, match="signed another"):
        guard.sign(key, other)
    assert guard.sign(key, statement)[1] == stored
    assert not guard.may(other)
    assert guard.has(statement)
    for free in (
        replace(other, epoch=10),
        replace(other, subject=h("another")),
        replace(other, domain=Domain.EPOCH_BEACON),
    ):
        assert guard.may(free)


def test_a_member_that_was_restarted_remembers(signing_keys, statement, h):
    _, stored = Guard().sign(signing_keys[0], statement)
    restarted = Guard(stored.items())

    with pytest.raises(Refused, match="signed another"):
        restarted.sign(signing_keys[0], replace(statement, commitment=h("other")))
    assert restarted.forget(statement.epoch) == {}
    assert set(restarted.forget(statement.epoch + 1)) == set(stored)
    assert len(restarted) == 0


def test_a_damaged_guard_is_refused():
    for entry in ((b"session/guard/", bytes(32)), (b"session/guard/" + bytes(40), b"short")):
        with pytest.raises(Refused, match="damaged"):
            Guard([entry])


@pytest.fixture
def accusation(signing_keys, statement, signed, keys, h):
    """Make two records by these seats of statements that differ in these fields."""
    nodes = [sha256(key).digest() for key in keys]
    by_node = dict(zip(nodes, keys, strict=True))

    def make(first_seats, second_seats, **changes):
        other = replace(statement, **changes)
        second = {seat: signing_keys[seat].sign(other.payload()) for seat in second_seats}
        first = {seat: signed[seat] for seat in first_seats}
        records = (
            to_record(assemble(statement, first), nodes, 0),
            to_record(assemble(other, second), nodes, 0),
        )
        return (*records, by_node), nodes

    return make


def test_who_signs_two_commitments_is_named(accusation, h):
    (first, second, keys), nodes = accusation([0, 1, 2], [2, 3], commitment=h("other"))
    (evidence,) = equivocations(first, second, keys, 77)

    assert (evidence.node_id, evidence.detected_at) == (nodes[2], 77)
    assert (evidence.first, evidence.second) == (first, second)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"epoch": 10},
        {"subject": bytes(32)},
        {"domain": Domain.ORACLE_READ},
        {"epoch": 10, "commitment": bytes(32)},
        {"subject": bytes(32), "commitment": bytes(31) + b"\x01"},
    ],
)
def test_what_is_no_equivocation(accusation, changes):
    (first, second, keys), _ = accusation([0, 1], [0, 1], **changes)

    assert equivocations(first, second, keys, 0) == []


def test_nobody_is_accused_by_a_signature_that_is_not_theirs(accusation, h):
    (first, second, keys), nodes = accusation([0, 1], [0], commitment=h("other"))
    forged = replace(second, signers=(nodes[1],))

    assert equivocations(first, forged, keys, 0) == []
    assert equivocations(first, replace(second, signature=b""), keys, 0) == []
    assert equivocations(first, second, {}, 0) == []


def test_committees_have_bounds(h):
    nodes = [h(str(number)) for number in range(30)]

    assert len(select_committee(h("r"), h("s"), 1, nodes)) == 21
    assert select_committee(h("r"), h("s"), 1, nodes[::-1]) == select_committee(
        h("r"), h("s"), 1, nodes
    )
    with pytest.raises(ValueError, match="3 are needed"):
        select_committee(h("r"), h("s"), 1, nodes[:2])
    with pytest.raises(ValueError, match="named twice"):
        select_committee(h("r"), h("s"), 1, [*nodes, nodes[0]])
    for seats in (2, 22):
        with pytest.raises(ValueError, match="3 to 21"):
            select_committee(h("r"), h("s"), 1, nodes, seats_max=seats)
