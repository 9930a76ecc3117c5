"""Formats between members and in the store: all that is encoded is read again, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.session import closing, epochs, outcomes, shares
from node.session.attestations import Certificate, Statement
from node.session.closing import AHEAD_MAX, Agreement, Ballot
from node.session.entries import Entry, decode_entry
from node.session.epochs import ROUND_MS, Chain, Closed, Proposal, Vote
from node.session.ids import EMPTY, Domain
from node.session.messages import AttestationPayload
from node.session.outcomes import Emission, Outcome, Result, failure
from node.session.records import OracleRecord, OracleRequest, RequestKind
from node.session.shares import Share

CHAIN = Chain(chain_id=6133, anchor=b"\x01" * 20, relay=b"\x02" * 20)

ids = st.binary(min_size=32, max_size=32)
emissions = st.builds(
    Emission,
    kind=st.integers(0, 255),
    target=st.binary(min_size=20, max_size=20),
    payload=st.binary(max_size=50),
)
built = st.builds(
    Result,
    session_id=ids,
    epoch=st.integers(0, 2**64 - 1),
    outcome=st.builds(Outcome, digest=ids, events=st.lists(emissions, max_size=4).map(tuple)),
    oracle_root=ids,
    receipts_root=ids,
)
results = built | st.builds(failure, ids, st.integers(0, 2**64 - 1))


@given(results)
def test_a_result_survives(result):
    assert outcomes.decode_result(result.encode()) == result


@given(st.lists(results, max_size=5, unique_by=lambda result: result.session_id))
def test_the_order_of_results_does_not_matter(found):
    contents = [
        epochs.content_of(3, bytes(32), 7, order) for order in (found, list(reversed(found)))
    ]

    assert contents[0] == contents[1]
    assert contents[0].digest(CHAIN) == contents[1].digest(CHAIN)
    numbers = [event.number for event in contents[0].events]
    assert numbers == list(range(7, 7 + len(numbers)))


@pytest.fixture
def formats(h, session):
    """Every format with its reader: an example, and whether each of its bits counts."""
    result = Result(
        session_id=h("s"),
        epoch=4,
        outcome=Outcome(digest=h("d"), events=(Emission(kind=1, target=bytes(20), payload=b"p"),)),
    )
    proposal = Proposal(epoch=4, round=2, sessions=(bytes(32), h("s")))
    content = epochs.content_of(4, bytes(32), 9, [result, failure(h("f"), 3)])
    certificates = tuple(
        Certificate(statement=statement, bitmap=1, signatures=bytes(4627))
        for statement in content.statements(CHAIN)
    )
    record = OracleRecord(
        record_id=h("r"), request_id=h("q"), submitter_id=h("n"), data=b"x", data_hash=h("x")
    )
    request = OracleRequest(
        id=h("q"),
        service_id=h("s"),
        session_id=h("t"),
        step_index=0,
        retry_index=0,
        tx_id=h("u"),
        kind=RequestKind.READ,
        records=(record,),
    )
    said = AttestationPayload(
        session_id=h("t"),
        step_index=0,
        commit_root=h("c"),
        attestation_id=h("a"),
        output_hash=h("o"),
    )
    entry = Entry(
        session=session,
        creator=h("n"),
        deadline=7,
        asked_at=8,
        requests=(request,),
        completion=said,
        finishing=True,
    )
    statement = Statement(
        domain=Domain.EPOCH_BEACON, subject=h("s"), commitment=h("c"), epoch=2**64 - 1
    )
    return [
        (result, outcomes.decode_result),
        (failure(h("s"), 4), outcomes.decode_result),
        (proposal, epochs.decode_proposal),
        (Vote(epoch=4, round=2, digest=h("d")), epochs.decode_vote),
        (Ballot(proposal=proposal, signed=True), closing.decode_ballot),
        (Closed(content=content, certificates=certificates), epochs.decode_closed),
        (entry, decode_entry),
        (replace(entry, completion=None, requests=()), decode_entry),
        (Share(statement=statement, signature=bytes(4627)), shares.decode_share),
    ]


def test_every_format_survives(formats):
    for value, decode in formats:
        assert decode(value.encode()) == value


def test_what_is_cut_or_longer_is_refused(formats):
    for value, decode in formats:
        data = value.encode()
        for size in range(0, len(data), max(1, len(data) // 500)):
            with pytest.raises(Refused):
                decode(data[:size])
        with pytest.raises(Refused):
            decode(data[:-1])
        with pytest.raises(Refused):
            decode(data + b"\x00")


def test_a_bit_flipped_is_refused_or_another_value(formats):
    for value, decode in formats:
        data = value.encode()
        for at in range(min(len(data), 1200)):
            flipped = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
            try:
                other = decode(flipped)
            except Refused:
                continue
            assert other != value
            assert other.encode() == flipped


def test_sessions_are_in_order_and_there_once(h):
    for sessions in ((h("s"), h("s")), tuple(sorted((h("a"), h("b")), reverse=True))):
        with pytest.raises(Refused, match="out of order"):
            epochs.decode_proposal(Proposal(epoch=1, round=0, sessions=sessions).encode())


def test_an_epoch_holds_so_much_and_no_more(h, monkeypatch):
    payload = bytes(4096)
    found = {
        number.to_bytes(32, "big"): Result(
            session_id=number.to_bytes(32, "big"),
            epoch=1,
            outcome=Outcome(
                digest=EMPTY,
                events=(Emission(kind=1, target=bytes(20), payload=payload),) * 4,
            ),
        )
        for number in range(40)
    }
    chosen = epochs.choose(found)

    assert 0 < len(chosen) < 40
    content = epochs.content_of(1, EMPTY, 0, [found[name] for name in chosen])
    closed = Closed(content=content, certificates=())
    assert len(closed.encode()) < 2**20 - 2 * 21 * 4627
    with pytest.raises(Refused, match="too much"):
        epochs.content_of(1, EMPTY, 0, list(found.values()))
    monkeypatch.setattr(epochs, "LEAVES_MAX", 3)
    assert len(epochs.choose({name: failure(name, 1) for name in found})) == 3


def test_observations_have_bounds():
    for output, events in (
        (bytes(8193), ()),
        (b"", [Emission(kind=0, target=b"", payload=b"")] * 5),
    ):
        with pytest.raises(ValueError, match="too long"):
            outcomes.observation(output, events)


# --- Votes ----------------------------------------------------------------------------------

DUE = 10_000
A = Proposal(epoch=1, round=0, sessions=(bytes(32),))


@pytest.fixture
def agreement():
    return Agreement(epoch=1, opened=0, length=DUE, seats=4, quorum=3)


def test_turns_go_by_the_clock_and_by_what_honest_members_have_reached(agreement):
    assert agreement.round_at(DUE - 1) == -1
    assert [agreement.round_at(DUE + n * ROUND_MS) for n in range(3)] == [0, 1, 2]
    agreement.hear_vote(0, Vote(epoch=1, round=9, digest=EMPTY))
    assert agreement.round_at(DUE) == 0
    agreement.hear_vote(1, Vote(epoch=1, round=7, digest=EMPTY))
    assert agreement.round_at(DUE) == 7


def test_a_vote_is_cast_once_in_a_round_and_never_in_a_lower_one(agreement):
    assert not agreement.may_vote(A, DUE // 2 - 1)
    assert agreement.may_vote(A, DUE // 2)
    assert not agreement.may_vote(replace(A, round=AHEAD_MAX + 1), DUE)
    assert not agreement.may_vote(replace(A, epoch=2), DUE)
    agreement.ballot = Ballot(proposal=replace(A, round=1), signed=False)
    for number, allowed in ((0, False), (1, False), (2, True)):
        assert agreement.may_vote(replace(A, round=number, sessions=()), DUE) is allowed


def test_who_has_signed_votes_for_nothing_else(agreement):
    agreement.ballot = Ballot(proposal=A, signed=True)

    assert agreement.may_vote(replace(A, round=1), DUE)
    assert not agreement.may_vote(replace(A, round=1, sessions=()), DUE)
    assert agreement.to_propose(1, ()) == replace(A, round=1)


def test_a_quorum_of_an_older_round_moves_nobody(agreement, h):
    for seat in range(3):
        assert not agreement.has_quorum(0, h("d"))
        agreement.hear_vote(seat, Vote(epoch=1, round=0, digest=h("d")))
    assert agreement.has_quorum(0, h("d"))
    agreement.ballot = Ballot(proposal=replace(A, round=1), signed=False)
    assert not agreement.has_quorum(0, h("d"))


def test_a_seat_has_one_vote_in_a_round(agreement, h):
    agreement.hear_vote(0, Vote(epoch=1, round=1, digest=h("d")))
    for late in (Vote(epoch=1, round=1, digest=h("e")), Vote(epoch=1, round=0, digest=h("e"))):
        agreement.hear_vote(0, late)
    for seat in (1, 2):
        agreement.hear_vote(seat, Vote(epoch=1, round=1, digest=h("e")))
    agreement.hear_vote(3, Vote(epoch=2, round=1, digest=h("e")))

    assert not agreement.has_quorum(1, h("e"))


def test_what_a_quorum_favoured_is_proposed_again(agreement):
    agreement.favourite = A

    assert agreement.to_propose(4, ()) == replace(A, round=4)
    agreement.hear_proposal(0, replace(A, epoch=2))
    assert agreement.proposals == {}
