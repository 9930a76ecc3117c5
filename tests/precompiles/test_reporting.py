"""Drafts of reports: when one is due, what their text may be, and what no draft can do."""

import json
import random
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.graph.feeds import reporting
from precompiles.graph.feeds.reporting import Draft, DraftError, Standing
from precompiles.graph.feeds.store import Settings
from precompiles.threshold.frost.suites import SUITES
from precompiles.threshold.protocols import dkg, frost
from precompiles.threshold.protocols.dkg import MemberKey, Terms

NOW = 1_700_000_000
KEYS = [PrivateKey(keccak(text=f"key {n}")) for n in range(5)]
ADDRESSES = tuple(keccak(key.public_key.format(compressed=False)[1:])[-20:] for key in KEYS)


def standing(**changes: Any) -> Standing:
    values: dict[str, Any] = {
        "feed_id": b"\1" * 32, "description": "feed", "decimals": 2, "config_digest": b"\2" * 32,
        "scheme": 1, "signers": ADDRESSES[:4], "members": 4, "faulty": 1,
        "settings": Settings(answer_min=-500, answer_max=500, heartbeat=60, deviation=100),
        "epoch_round": 7, "observed_at": NOW, "answer": 100,
    }  # fmt: skip
    return Standing(**{**values, **changes})


def drafted(of: Standing) -> Draft:
    return Draft(report=reporting.compose(of, {0: 30, 1: 10, 2: 20}, NOW, None))


def signed(of: Standing, draft: Draft, member: int) -> Draft:
    made = KEYS[member].sign_recoverable(draft.digest, hasher=None)
    return reporting.with_signature(of, draft, b"", made[:64] + bytes([27 + made[64]]))


@pytest.mark.parametrize(
    ("last", "answer", "seconds", "due"),
    [
        (None, 0, 0, True), (100, 100, 59, False), (100, 100, 60, True), (100, 101, 0, True),
        (100, 99, 0, True), (10_000, 10_099, 0, False), (10_000, 10_100, 0, True),
        (-10_000, -9_901, 0, False), (-10_000, -9_900, 0, True), (0, 0, 0, False),
        (0, 1, 0, True), (-1, 1, 0, True),
    ],
)  # fmt: skip
def test_a_report_is_due(last: int | None, answer: int, seconds: int, due: bool) -> None:
    assert reporting.is_due(standing(answer=last), answer, NOW + seconds) is due


def test_a_report_is_sorted_and_says_who_observed_what() -> None:
    report = drafted(standing()).report
    assert report.observations == (10, 20, 30)
    assert report.observers == bytes([1, 2, 0]) + bytes(29)
    assert (report.epoch_round, report.observed_at) == (8, NOW)
    assert reporting.compose(standing(), {0: 1, 1: 1, 2: 1}, NOW, 9).epoch_round == 9


@pytest.mark.parametrize(
    ("observed", "when", "number", "reason"),
    [
        ({}, NOW, None, "0 observations; it takes 3 to 4"),
        ({0: 1, 1: 2}, NOW, None, "2 observations"),
        ({0: 1, 1: 2, 4: 3}, NOW, None, "there is no member 4"),
        ({0: 1, 1: 2, -1: 3}, NOW, None, "there is no member -1"),
        ({0: 1, 1: 2, 2: 3}, NOW - 1, None, "older than the feed's last"),
        ({0: 1, 1: 2, 2: 3}, NOW, 7, "the feed is at round 7, and the report at 7"),
        ({0: 600, 1: 600, 2: 600}, NOW, None, "the answer 6.00 is not between -5.00 and 5.00"),
        ({0: 1, 1: 2, 2: 2**191}, NOW, None, "more than 192 bits"),
        ({0: 1, 1: 2, 2: -(2**191) - 1}, NOW, None, "more than 192 bits"),
    ],
)
def test_a_report_that_the_feed_would_refuse_is_not_made(
    observed: dict[int, int], when: int, number: int | None, reason: str
) -> None:
    with pytest.raises(DraftError, match=reason):
        reporting.compose(standing(), observed, when, number)


def test_a_quorum_is_sent_and_no_more() -> None:
    of = standing()
    draft = drafted(of)
    with pytest.raises(DraftError, match="0 of 2 signatures"):
        reporting.transmission(of, draft)
    parts = [signed(of, draft, member) for member in (3, 1, 2)]
    whole = reporting.merged(parts)
    method, (context, data, rs, ss, vs) = reporting.transmission(of, whole)
    assert (method, context, data) == (
        "transmit",
        reporting.context_of(draft.report),
        reporting.encoded(draft.report),
    )
    made = [whole.signatures[member][1] for member in (1, 2)]
    assert (rs, ss) == ([each[:32] for each in made], [each[32:64] for each in made])
    assert vs == bytes(each[64] - 27 for each in made) + bytes(30)
    assert reporting.from_text(of, reporting.to_text(whole)) == whole
    assert reporting.feed_in(reporting.to_text(whole)) == of.feed_id


def test_a_stranger_and_a_changed_signature_are_none_of_the_members() -> None:
    of = standing()
    draft = drafted(of)
    with pytest.raises(DraftError, match="none of the feed's signers"):
        signed(of, draft, 4)
    good = signed(of, draft, 0).signatures[0][1]
    for bad in (good[:-1], good + b"\0", good[:64] + b"\0", bytes(65), b""):
        with pytest.raises(DraftError):
            reporting.with_signature(of, draft, b"", bad)


# --- A group --------------------------------------------------------------------------------

SUITE = SUITES[3]


def group() -> list[MemberKey]:
    terms, draw = Terms(suite=SUITE, threshold=2, members=3), random.Random(5).randbytes
    dealt = {n: dkg.deal(terms, n, draw) for n in range(1, 4)}
    announced = [each for _, each in dealt.values()]
    return [
        dkg.finish(
            terms,
            receiver,
            announced,
            {n: dkg.share_for(terms, dealing, receiver) for n, (dealing, _) in dealt.items()},
        )
        for receiver in range(1, 4)
    ]


@cache
def group_draft() -> tuple[Standing, Draft]:
    """A draft that two members of a group have signed."""
    members, draw = group(), random.Random(6).randbytes
    of = standing(scheme=19, signers=(members[0].public_key,))
    draft = drafted(of)
    rounds = {
        each.identifier: frost.commit(SUITE, each.identifier, each.share, draw)
        for each in members[:2]
    }
    listed = [commitment for _, commitment in rounds.values()]
    shares = {
        each.identifier: frost.sign(
            SUITE,
            each.identifier,
            each.share,
            rounds[each.identifier][0],
            SUITE.group.decode(each.public_key),
            draft.digest,
            listed,
        )
        for each in members[:2]
    }
    return of, Draft(
        report=draft.report,
        group=members[0].commitments,
        commitments={each.identifier: (each.encoded[:32], each.encoded[32:]) for each in listed},
        shares={n: SUITE.encode_scalar(share) for n, share in shares.items()},
    )


def test_a_group_signs() -> None:
    of, draft = group_draft()
    method, (_, _, signature) = reporting.transmission(of, reporting.combined(of, draft))
    assert method == "transmitFrost"
    assert SUITE.verify(of.signers[0], draft.digest, signature)
    assert reporting.from_text(of, reporting.to_text(draft)) == draft


def test_who_signs_or_commits_twice_is_named() -> None:
    _, draft = group_draft()
    other = Draft(report=draft.report, shares={2: bytes(32)})
    with pytest.raises(DraftError, match="signer 2 committed or signed twice"):
        reporting.merged([draft, other])
    other = Draft(report=draft.report, group=draft.group[::-1])
    with pytest.raises(DraftError, match="different groups"):
        reporting.merged([draft, other])


@given(st.data())
def test_no_text_does_more_than_be_refused(data: st.DataObject) -> None:
    """Drafts come from others. Whatever they hold, the answer is a draft or a DraftError."""
    of, draft = group_draft()
    document = json.loads(reporting.to_text(draft))
    junk = st.sampled_from(
        ["", "00", "zz", "ff" * 32, "01" + "00" * 31, 5, -1, None, [], {}, [""], ["ff" * 32] * 2]
    ).map(deepcopy)
    for _ in range(data.draw(st.integers(1, 3))):
        field = data.draw(st.sampled_from(["group", "commitments", "shares", "signatures"]))
        held = document.get(field)
        if isinstance(held, dict) and held and data.draw(st.booleans()):
            names = [*held, "0", "32", "-1", "99999999999999999999", "x"]
            held[data.draw(st.sampled_from(names))] = data.draw(junk)
        elif isinstance(held, list) and held and data.draw(st.booleans()):
            held[data.draw(st.integers(0, len(held) - 1))] = data.draw(junk)
        else:
            document[field] = data.draw(junk)
    try:
        found = reporting.from_text(of, json.dumps(document))
        _, (_, _, signature) = reporting.transmission(of, reporting.combined(of, found))
    except DraftError:
        return
    assert SUITE.verify(of.signers[0], draft.digest, signature)


@given(st.text(max_size=60))
def test_any_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(DraftError):
        reporting.from_text(standing(), text)
    with pytest.raises(DraftError):
        reporting.feed_in(text)
    try:
        value = reporting.parse_answer(text, 4)
    except DraftError:
        return
    assert float(text) == pytest.approx(value / 10_000)
