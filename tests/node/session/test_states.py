"""The table of states, every edge of it and every edge that is not in it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.session.states import (
    TERMINAL,
    TRANSITIONS,
    Event,
    Illegal,
    SessionState,
    next_state,
)

EDGES = {
    ("pending", "START", "running"),
    ("pending", "FAIL", "failed"),
    ("running", "ISSUE_IO", "waiting_io"),
    ("running", "COMPUTE_DONE", "running"),
    ("running", "FINALIZE", "finalized"),
    ("running", "FAIL", "failed"),
    ("waiting_io", "STEP_ATTESTED", "running"),
    ("waiting_io", "FINALIZE", "finalized"),
    ("waiting_io", "RETRY", "waiting_io"),
    ("waiting_io", "FAIL", "failed"),
}


def test_the_table_has_these_edges_and_no_other():
    table = {(str(state), event.name, str(after)) for (state, event), after in TRANSITIONS.items()}

    assert table == EDGES


@pytest.mark.parametrize(("state", "event"), list(product(SessionState, Event)))
def test_every_pair(state, event):
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Illegal, match=f"{state}: cannot {event.name.lower()}"):
            next_state(state, event)


def test_numbers_and_names_are_those_of_the_record():
    assert [(int(state), str(state)) for state in SessionState] == [
        (0, "pending"),
        (1, "running"),
        (2, "waiting_io"),
        (3, "finalized"),
        (4, "failed"),
    ]


@given(st.lists(st.sampled_from(Event), max_size=20))
def test_nothing_leads_out_of_an_end(events):
    state = SessionState.PENDING
    for event in events:
        before = state
        try:
            state = next_state(state, event)
        except Illegal:
            continue
        assert before not in TERMINAL
