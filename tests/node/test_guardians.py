"""Recovery through guardians: three of five give an account back, and two give nothing."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.guardians import (
    ANSWER,
    ANSWERS_MAX,
    BLOB,
    COOLDOWN,
    GUARDIANS_MAX,
    HOUR,
    NOTICE,
    REQUEST,
    STEP_MAX,
    WAIT,
    Blob,
    Guardianship,
    Recovery,
    Stage,
    appoint,
    cancel,
    code,
    combine,
    commitment,
    invert,
    multiply,
    split,
)
from node.identity import AccountKeys

SEED = b"\x07" * 32
ROOT = b"cancel root".ljust(32)
ACCOUNT = AccountKeys.from_seed(SEED).account_id
START = 1_800_000_000_000


def chance(seed):
    return random.Random(seed).randbytes


def refusal(work):
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


@pytest.fixture(scope="module")
def blobs():
    return appoint(SEED, ROOT, chance(1))


@pytest.fixture(scope="module")
def recovery():
    return Recovery.begin(ACCOUNT, chance(2))


def released(blob, request, seed=3):
    """Let a guardian confirm, wait and answer."""
    guardian, _ = Guardianship(blob).confirm(request, code(request), START)
    for hours in range(12, 49, 12):
        guardian = guardian.tick(START + hours * HOUR)
    return guardian.release(chance(seed))[1]


@pytest.fixture(scope="module")
def answers(blobs, recovery):
    return [released(blob, recovery.request) for blob in blobs]


# --- The scheme --------------------------------------------------------------------------------


def test_shares_of_the_internet_draft_combine():
    """draft-mcgrew-tss-03, section 9: the same field, values at 1 and 2."""
    shares = {1: bytes.fromhex("b9fa07e185"), 2: bytes.fromhex("f5409b4511")}

    assert combine(shares) == bytes.fromhex("7465737400")


def test_the_field_is_that_of_aes():
    """FIPS 197, section 4.2: 57 * 83 = c1, 57 * 13 = fe; and every inverse."""
    assert multiply(0x57, 0x83) == 0xC1
    assert multiply(0x57, 0x13) == 0xFE
    assert all(multiply(a, invert(a)) == 1 for a in range(1, 256))
    assert invert(0) == 0


def test_the_field_is_a_field():
    table = np.array([[multiply(a, b) for b in range(256)] for a in range(256)])

    assert (table == table.T).all()
    assert all(len(set(row)) == 256 for row in table[1:].tolist())
    a, b, c = np.ogrid[0:256:7, 0:256:5, 0:256:3]
    assert (table[table[a, b], c] == table[a, table[b, c]]).all()
    assert (table[a, b ^ c] == table[a, b] ^ table[a, c]).all()


@given(st.binary(min_size=1, max_size=40), st.data())
def test_any_threshold_of_shares_gives_the_secret(secret, data):
    count = data.draw(st.integers(2, GUARDIANS_MAX))
    threshold = data.draw(st.integers(2, count))
    points = data.draw(st.permutations(range(1, GUARDIANS_MAX + 1)))[:count]
    shares = split(secret, threshold, points, chance(data.draw(st.integers(0, 99))))
    chosen = data.draw(st.permutations(points))

    assert combine({x: shares[x] for x in chosen[:threshold]}) == secret
    assert combine(shares) == secret


def test_one_share_of_two_says_nothing():
    """Exhaustively: for each secret, each value of the share comes from exactly one polynomial."""
    for x in (1, 2, 255):
        values = [
            sorted(secret ^ multiply(slope, x) for slope in range(256))
            for secret in (0, 1, 77, 255)
        ]
        assert values == [list(range(256))] * 4


def test_two_shares_of_three_say_nothing():
    """Exhaustively: for each secret, all 65,536 pairs of values, each from one polynomial."""
    table = np.array([[multiply(a, b) for b in range(256)] for a in range(256)])
    first, second = np.meshgrid(np.arange(256), np.arange(256))
    for secret, (x, y) in ((0, (1, 2)), (77, (3, 16)), (255, (200, 7))):
        at_x = secret ^ table[first, x] ^ table[second, multiply(x, x)]
        at_y = secret ^ table[first, y] ^ table[second, multiply(y, y)]
        assert len(np.unique(at_x * 256 + at_y)) == 65_536


def test_split_computes_those_polynomials():
    """What the exhaustive tests are about is what `split` does, with the drawn coefficients."""
    drawn = iter([bytes([7]), bytes([9])])
    shares = split(bytes([5]), 3, [1, 6, 8], lambda _: next(drawn))
    for x, share in shares.items():
        assert share[0] == 5 ^ multiply(7, x) ^ multiply(9, multiply(x, x))


@pytest.mark.parametrize(
    ("threshold", "points"),
    [(1, [1, 2]), (3, [1, 2]), (2, [0, 1]), (2, list(range(1, GUARDIANS_MAX + 2)))],
)
def test_thresholds_have_bounds(threshold, points):
    with pytest.raises(ValueError, match="threshold"):
        split(SEED, threshold, points, chance(1))


# --- What guardians keep -----------------------------------------------------------------------


def test_blobs_name_nobody(blobs):
    """Neither the owner nor another guardian, nor how many there are."""
    for blob in blobs:
        assert len(blob) == BLOB
        assert ACCOUNT not in blob
        assert SEED not in blob
        assert ROOT not in blob
    others = appoint(SEED, ROOT, chance(9), threshold=2, count=16)
    assert {len(blob) for blob in others} == {BLOB}
    assert not set(Blob.decode(others[0]).commitments) & set(Blob.decode(blobs[0]).commitments)


def test_numbers_of_guardians_are_drawn():
    numbers = {Blob.decode(appoint(SEED, ROOT, chance(s))[0]).index for s in range(60)}

    assert len(numbers) > 10


def test_every_bit_of_a_share_is_committed_to(blobs):
    for place in (*range(1, 66, 5), 98 + 32 * (Blob.decode(blobs[0]).index - 1)):
        hit = blobs[0][:place] + bytes([blobs[0][place] ^ 1]) + blobs[0][place + 1 :]
        assert refusal(lambda hit=hit: Blob.decode(hit)) in (
            "guardians: share is not the one committed to",
            "guardians: damaged blob",
        )
    for wrong in (b"\2" + blobs[0][1:], b"\1\0" + blobs[0][2:], b"\1\x11" + blobs[0][2:]):
        assert refusal(lambda wrong=wrong: Blob.decode(wrong)) == "guardians: damaged blob"
    for size in range(0, BLOB, 13):
        assert refusal(lambda size=size: Blob.decode(blobs[0][:size])) == "codec: too short"
    assert refusal(lambda: Blob.decode(blobs[0] + b"\0")) == "codec: trailing bytes"


def test_secrets_are_in_no_repr(blobs, recovery):
    blob = Blob.decode(blobs[0])
    shown = repr(blob) + repr(recovery) + repr(Guardianship(blobs[0]))

    for secret in (blob.share, blob.blinding, blob.cancel_key, recovery.seed):
        assert repr(secret)[2:-1] not in shown


# --- Recovery ----------------------------------------------------------------------------------


def test_any_three_of_five_recover_after_48_hours(answers, recovery):
    for chosen in combinations(answers, 3):
        state, found = recovery, []
        for answer in chosen:
            state, seed = state.take(answer)
            state = Recovery.decode(state.encode())
            found.append(seed)
        assert found == [None, None, SEED]


def test_two_do_not(answers, recovery):
    for chosen in combinations(answers, 2):
        state = recovery
        for answer in (*chosen, *chosen):  # twice is not four
            state, seed = state.take(answer)
            assert seed is None


def test_more_than_enough_do(answers, recovery):
    state = recovery
    for answer in answers:
        state, seed = state.take(answer)
    assert seed == SEED


def test_a_request_is_of_one_time_and_names_nobody(recovery):
    again = Recovery.begin(ACCOUNT, chance(4))

    assert len(recovery.request) == REQUEST
    assert ACCOUNT not in recovery.request
    assert again.request != recovery.request
    assert code(again.request) != code(recovery.request)


def test_a_code_is_said_easily(recovery):
    said = code(recovery.request)

    assert len(said) == 14
    assert said[4] == said[9] == "-"
    for heard in (said.lower(), said.replace("-", " "), said.replace("-", "")):
        assert (
            Guardianship(bytes(BLOB)).confirm(recovery.request, heard, START)[0].stage
            == Stage.WAITING
        )


def test_a_wrong_share_is_found_by_its_commitment(blobs, recovery, answers):
    """A guardian who changes its share is refused, and who changes all it can changes nothing."""
    blob = Blob.decode(blobs[0])
    changed = blob.share[:-1] + bytes([blob.share[-1] ^ 1])
    liar = blobs[0].replace(blob.share, changed)
    with_commitment = liar.replace(
        blob.commitments[blob.index - 1], commitment(blob.index, changed, blob.blinding)
    )
    state = recovery
    assert (
        refusal(lambda: state.take(released(liar, recovery.request)))
        == "guardians: share is not the one committed to"
    )
    for answer in (answers[1], released(with_commitment, recovery.request), answers[2]):
        state, seed = state.take(answer)
        assert seed is None
    assert state.take(answers[3])[1] == SEED


def test_shares_of_two_appointments_do_not_mix(blobs, recovery, answers):
    other = appoint(SEED, ROOT, chance(8))
    state = recovery
    for answer in (answers[0], answers[1], released(other[0], recovery.request)):
        state, seed = state.take(answer)
        assert seed is None


def test_answers_open_for_their_request_only(answers, recovery):
    stranger = Recovery.begin(ACCOUNT, chance(5))

    assert refusal(lambda: stranger.take(answers[0])) == "crypto: not authentic"
    other_account = Recovery(bytes(32), recovery.seed)
    for answer in answers:
        other_account, seed = other_account.take(answer)
        assert seed is None


def test_every_field_of_an_answer_counts(answers, recovery):
    good = answers[0]
    for place in (1, 32, 33, 900, 1600, 1601, 1624, 1625, 2000, ANSWER - 1):
        hit = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        assert refusal(lambda hit=hit: recovery.take(hit)) == "crypto: not authentic"
    assert (
        refusal(lambda: recovery.take(b"\2" + good[1:])) == "guardians: answer of another version"
    )
    for size in range(0, ANSWER, 97):
        assert refusal(lambda size=size: recovery.take(good[:size])) == "codec: too short"
    assert refusal(lambda: recovery.take(good + b"\0")) == "codec: trailing bytes"


def test_answers_are_bounded(recovery):
    many = Recovery(ACCOUNT, recovery.seed, tuple(bytes([n]) for n in range(ANSWERS_MAX)))
    fresh = appoint(SEED, ROOT, chance(6))[0]

    assert (
        refusal(lambda: many.take(released(fresh, recovery.request)))
        == "guardians: too many answers"
    )


def test_the_stored_recovery_is_strict(answers, recovery):
    state, _ = recovery.take(answers[0])
    data = state.encode()

    assert Recovery.decode(data) == state
    for wrong in (b"\2" + data[1:], data + data[129:]):
        assert refusal(lambda wrong=wrong: Recovery.decode(wrong)) == "guardians: damaged recovery"
    for size in (0, 1, 100, 130, len(data) - 1):
        assert refusal(lambda size=size: Recovery.decode(data[:size])) == "codec: too short"


# --- Guarding ----------------------------------------------------------------------------------


@pytest.fixture
def waiting(blobs, recovery):
    return Guardianship(blobs[0]).confirm(recovery.request, code(recovery.request), START)


def watched(guardian, span):
    now = guardian.seen
    while now < START + span:
        now = min(now + STEP_MAX, START + span)
        guardian = guardian.tick(now)
    return guardian


def test_only_the_code_of_this_request_confirms(blobs, recovery):
    other = Recovery.begin(ACCOUNT, chance(5)).request
    for heard in ("", code(other), code(recovery.request)[:-1], code(recovery.request) + "0", "é"):
        assert (
            refusal(lambda h=heard: Guardianship(blobs[0]).confirm(recovery.request, h, START))
            == "guardians: code of another request"
        )


@pytest.mark.parametrize("request_", [b"", b"\1", b"\2" * REQUEST, b"\1" * (REQUEST + 1)])
def test_a_damaged_request_is_refused(blobs, request_):
    assert (
        refusal(lambda: Guardianship(blobs[0]).confirm(request_, code(request_), START))
        == "guardians: damaged request"
    )


def test_nothing_is_released_before_48_hours(waiting):
    guardian, notice = waiting

    assert len(notice) == NOTICE
    early = watched(guardian, WAIT - 1)
    assert refusal(lambda: early.release(chance(1))) == "guardians: before its 48 hours"
    after, answer = watched(guardian, WAIT).release(chance(1))
    assert len(answer) == ANSWER
    assert after == Guardianship(guardian.blob)


def test_a_clock_that_jumps_ends_no_wait(waiting):
    guardian, _ = waiting
    jumped = guardian.tick(START + 10**12)

    assert refusal(lambda: jumped.release(chance(1))) == "guardians: before its 48 hours"
    back = guardian.tick(START - 10**12)
    assert (back.waited, back.seen) == (0, START - 10**12)


def test_the_owner_cancels_and_nothing_begins_for_seven_days(waiting, recovery):
    guardian, notice = waiting
    index = Blob.decode(guardian.blob).index
    over = watched(guardian, WAIT).cancel(cancel(ROOT, index, notice))

    assert over.stage == Stage.CANCELLED
    assert refusal(lambda: over.release(chance(1))) == "guardians: before its 48 hours"
    soon = over
    while soon.waited < COOLDOWN - STEP_MAX:
        soon = soon.tick(soon.seen + STEP_MAX)
    assert (
        refusal(
            lambda: soon.confirm(recovery.request, code(recovery.request), soon.seen + STEP_MAX - 1)
        )
        == "guardians: a recovery was cancelled within seven days"
    )
    again, _ = soon.confirm(recovery.request, code(recovery.request), soon.seen + STEP_MAX)
    assert again.stage == Stage.WAITING


def test_nobody_else_cancels(waiting, blobs):
    guardian, notice = waiting
    index = Blob.decode(guardian.blob).index
    word = cancel(ROOT, index, notice)
    wrong = [
        cancel(ROOT, index % GUARDIANS_MAX + 1, notice),  # another guardian's
        cancel(b"x" * 32, index, notice),
        cancel(ROOT, index, b"\1" + bytes(32)),  # of another request
        word[:-1],
        word + b"\0",
        b"",
        *(word[:at] + bytes([word[at] ^ 1]) + word[at + 1 :] for at in range(0, len(word), 8)),
    ]
    for message in wrong:
        assert refusal(lambda m=message: guardian.cancel(m)) == "guardians: not the owner's word"
    assert refusal(lambda: Guardianship(blobs[0]).cancel(word)) == "guardians: nothing to cancel"
    assert (
        refusal(lambda: cancel(ROOT, 1, b"\2" + bytes(32)))
        == "guardians: notice of another version"
    )


def test_one_request_at_a_time(waiting):
    other = Recovery.begin(ACCOUNT, chance(5)).request

    assert (
        refusal(lambda: waiting[0].confirm(other, code(other), START))
        == "guardians: another request is waiting"
    )


def test_the_stored_guardianship_is_strict(waiting, blobs):
    states = [
        Guardianship(blobs[0]),
        waiting[0],
        Guardianship(blobs[0], Stage.CANCELLED, b"", 5, 6),
    ]
    for state in states:
        data = state.encode()
        assert Guardianship.decode(data) == state
        for size in range(0, 18 + BLOB, 61):
            assert refusal(lambda d=data, s=size: Guardianship.decode(d[:s])) == "codec: too short"
    idle, busy, over = (state.encode() for state in states)
    for wrong in (b"\2" + idle[1:], b"\1\3" + idle[2:], b"\1\1" + idle[2:], b"\1\0" + busy[2:]):
        assert refusal(lambda wrong=wrong: Guardianship.decode(wrong)) == "guardians: damaged state"
    assert refusal(lambda: Guardianship.decode(busy + b"\0")) == "guardians: damaged request"
    assert len(over) == len(idle)
