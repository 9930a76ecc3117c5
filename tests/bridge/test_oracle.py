"""Answers to contracts: pending, unknown, failed and stale told apart, and no money lost."""

import pytest

PENDING, ANSWERED, FAILED_CALLBACK, EXPIRED = 1, 2, 3, 4
HEAR, FAIL, BURN = 0, 1, 2


def states(made) -> dict[str, int]:
    """Make a pass, and return how open requests stand."""
    made.once()
    found: dict[str, int] = made.standing.parts["oracle"]["states"]
    return found


def test_a_request_is_answered_once_its_session_is_anchored(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(5))))
    number = world.request(3)

    made.once()  # anchors
    made.once()  # answers

    assert world.ask("oracle", "statusOf", number) == ANSWERED
    held = sources.leaf(3)
    told = world.ask("oracle", "answerOf", number)
    assert told == (1, 3, bytes.fromhex(held["outputHash"]))
    assert world.heard() == 1
    assert world.ask("oracle", "owed", made.address) == 10**17


def test_an_answer_never_costs_more_than_its_fee(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(5))))
    poor, rich = world.request(1, fee=10**15), world.request(2, fee=10**17)
    made.once()
    made.once()
    made.once()

    assert world.ask("oracle", "statusOf", poor) == ANSWERED  # gas costs little here
    assert world.ask("oracle", "statusOf", rich) == ANSWERED
    world.mine(2)
    before = made.journal.ledger.tally.spent
    world.client.ask("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
    world.mine()
    late = world.request(3, fee=10**15)
    made.once()

    assert world.ask("oracle", "statusOf", late) == PENDING
    assert any("are the most it may cost" in reason for reason in made.standing.refused)
    assert made.journal.ledger.tally.spent >= before


def test_for_the_operator_s_own_money_it_answers_all(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(5))), at_a_loss=True)
    made.once()
    world.client.ask("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
    world.mine()
    number = world.request(3, fee=10**15)

    made.once()

    assert world.ask("oracle", "statusOf", number) == ANSWERED


def test_unknown_pending_stale_and_ready_are_told_apart(world, bridges, tell, sources) -> None:
    held = sources.epoch(1, [1, sources.leaf(2, state=1), sources.leaf(3, state=4), 4])
    made = bridges(tell(held))
    made.once()
    world.later(1_000)
    unknown = world.request(99)
    pending = world.request(2)
    stale = world.request(1, max_age=10)
    ready = world.request(3)

    found = states(made)

    assert found == {"unknown": 1, "pending": 1, "stale": 1, "ready": 1}
    for number in (unknown, pending, stale):
        assert world.ask("oracle", "statusOf", number) == PENDING
    assert world.ask("oracle", "statusOf", ready) == ANSWERED
    assert world.ask("oracle", "answerOf", ready)[1] == 4  # a session that failed is an outcome


def test_a_later_epoch_answers_what_waited(world, bridges, tell, sources) -> None:
    first = sources.epoch(1, [sources.leaf(2, state=1)])
    made = bridges(tell(first))
    made.once()
    number = world.request(2)
    assert states(made) == {"pending": 1}

    tell(first, sources.epoch(2, [2]))
    made.once()
    made.once()

    assert world.ask("oracle", "answerOf", number)[0] == 2


def test_a_session_that_is_anchored_again_is_fresh_again(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, [1])))
    made.once()
    world.later(1_000)
    number = world.request(1, max_age=100)
    assert states(made) == {"stale": 1}

    tell(sources.epoch(1, [1]), sources.epoch(2, [1]))
    made.once()
    made.once()

    assert world.ask("oracle", "answerOf", number)[0] == 2


def test_what_is_overdue_is_ended_only_for_the_operator_s_money(
    world, bridges, tell, sources
) -> None:
    path = tell(sources.epoch(1))
    saving, spending = bridges(path, account=5), bridges(path, account=6, at_a_loss=True)
    number = world.request(7, timeout=60)
    saving.once()
    world.later(61)

    assert states(saving) == {"overdue": 1}
    assert world.ask("oracle", "statusOf", number) == PENDING
    spending.once()
    assert world.ask("oracle", "statusOf", number) == EXPIRED
    assert world.ask("oracle", "owed", world.accounts[8].address) == 10**17


def test_a_failed_callback_is_made_again_when_it_can_succeed(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3))), at_a_loss=True)
    made.once()
    world.behave(FAIL)
    number = world.request(1)
    made.once()
    assert world.ask("oracle", "statusOf", number) == FAILED_CALLBACK

    # It is simulated, and nothing is sent while it would fail.
    world.mine(8)
    assert states(made) == {"failed callback": 1}
    assert not any(line.startswith("retry-callback") for line in made.said)
    assert any("callback failed again" in reason for reason in made.standing.refused)

    world.behave(HEAR)
    world.mine(8)
    made.once()
    assert world.ask("oracle", "statusOf", number) == ANSWERED
    assert world.heard() == 1


def test_a_callback_that_burns_its_gas_gets_no_more_than_that(
    world, bridges, tell, sources
) -> None:
    made = bridges(tell(sources.epoch(1, range(3))))
    made.once()
    world.behave(BURN)
    number = world.request(1, callback_gas=200_000)

    made.once()
    world.mine(3)
    made.once()

    assert world.ask("oracle", "statusOf", number) == FAILED_CALLBACK
    assert made.journal.ledger.tally.failed == 0


def test_fees_are_collected_when_that_pays(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3))))
    made.once()
    world.request(1, fee=10**18)
    made.once()
    assert world.ask("oracle", "owed", made.address) == 10**18

    before = world.client.balance(made.address, world.client.head().number)
    made.once()

    assert world.ask("oracle", "owed", made.address) == 0
    after = world.client.balance(made.address, world.client.head().number)
    assert after > before + 99 * 10**16


def test_two_relayers_answer_once(world, bridges, tell, sources) -> None:
    path = tell(sources.epoch(1, range(9)))
    one, other = bridges(path, account=5), bridges(path, account=6)
    one.once()
    for number in range(6):
        world.request(number)
    for _ in range(3):
        one.once()
        other.once()

    assert world.heard() == 6
    for number in range(1, 7):
        assert world.ask("oracle", "statusOf", number) == ANSWERED
    assert one.journal.ledger.tally.failed + other.journal.ledger.tally.failed == 0


def test_requests_that_are_done_with_are_forgotten(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(5))))
    for number in range(4):
        world.request(number)
    unknown = world.request(99)
    for _ in range(3):
        made.once()
    world.mine(3)
    made.once()
    made.once()

    assert made.journal.ledger.cursors["requests"] == unknown - 1
    assert made.standing.parts["oracle"]["open"] == 1


def test_no_request_is_lost_by_a_restart(world, bridges, tell, sources) -> None:
    path = tell(sources.epoch(1, range(5)))
    made = bridges(path)
    number = world.request(7)
    made.once()
    world.mine(3)
    made.once()
    made.journal.close()
    tell(sources.epoch(1, range(5)), sources.epoch(2, [7]))

    again = bridges(path)
    again.once()
    again.once()

    assert world.ask("oracle", "statusOf", number) == ANSWERED


@pytest.mark.parametrize("count", [300])
def test_more_requests_than_a_pass_looks_at_all_have_their_turn(
    world, bridges, tell, sources, count
) -> None:
    made = bridges(tell(sources.epoch(1, range(3))))
    made.once()
    for number in range(count):
        world.request(1_000 + number, callback=False)
    number = world.request(1)

    for _ in range(4):
        made.once()

    assert made.standing.parts["oracle"]["states"]["unknown"] == count
    assert world.ask("oracle", "statusOf", number) == ANSWERED


def test_many_events_do_not_keep_an_answer_waiting(world, bridges, tell, sources) -> None:
    told = [sources.event(each, world.listener) for each in range(40)]
    made = bridges(tell(sources.epoch(1, range(5), told)))
    made.once()
    made.once()
    number = world.request(3)
    world.automine(False)

    made.once()
    made.once()
    world.mine()

    assert world.ask("oracle", "statusOf", number) == ANSWERED
    assert 0 < world.ask("relay", "nextNumber") <= 16
