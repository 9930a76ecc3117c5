"""Each scenario at a small size: it holds, it repeats itself, and what is broken shows."""

import pytest

from node.crdt.states import LastWriter
from node.mesh.comparisons import Comparisons
from node.mesh.fetch import Fetch
from node.mesh.staged import Staged
from node.simulation.community import Community
from node.simulation.invariants import check
from node.simulation.nemesis import HOUR, Hardship, draw
from node.simulation.outcome import Settings, unseen
from node.simulation.scenarios import SCENARIOS
from node.simulation.world import World

SMALL = {
    "chaos": {"nodes": 6, "hours": 0.5, "work": 40},
    "gossip": {"nodes": 20, "work": 6},
    "dht": {"nodes": 10, "work": 10},
    "regrow": {"nodes": 6, "work": 10},
    "offline": {"nodes": 3, "hours": 2.0, "work": 20},
    "blackout": {"nodes": 8, "hours": 0.5, "work": 20},
}
LONGER = {"nodes": 8, "hours": 1.0, "work": 60}


def run(name: str, seed: int, **changed):
    return SCENARIOS[name].run(
        Settings(scenario=name, seed=seed, **{**SMALL[name], **changed}), unseen
    )


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_it_holds_and_repeats_itself(name: str) -> None:
    outcome = run(name, 1)

    assert outcome.violations == []
    assert outcome.messages > 0
    assert run(name, 1).to_json() == outcome.to_json()
    assert run(name, 2).trace != outcome.trace


@pytest.mark.parametrize("seed", range(10, 13))
def test_a_few_hours_of_chaos(seed: int) -> None:
    outcome = run("chaos", seed, nodes=10, hours=0.5, work=50)

    assert outcome.violations == []
    assert outcome.facts["promised"] > 0
    assert sum(outcome.faults.values()) > 0


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(1, 5))
def test_a_day_of_chaos(seed: int) -> None:
    assert run("chaos", seed, nodes=20, hours=24.0, work=0).violations == []


def test_gossip_reaches_everybody() -> None:
    outcome = run("gossip", 3)

    assert outcome.facts["delivered"] == outcome.facts["of"] == 120


def test_who_is_left_has_everything_and_so_have_the_newcomers() -> None:
    outcome = run("regrow", 3, nodes=10)

    assert outcome.facts["survivors"] == 2
    assert outcome.facts["newcomers"] == 8
    assert outcome.curve[-1][1] == 1.0
    assert outcome.virtual_ms > 30 * 24 * HOUR


def test_what_was_written_offline_is_acknowledged_though_the_power_fails() -> None:
    outcome = run("offline", 3)

    assert outcome.facts["not acknowledged on return"] == 20
    assert outcome.facts["not acknowledged at the end"] == 0
    assert outcome.facts["cut off while catching up"] > 0


# --- What is broken shows -------------------------------------------------------------------


def test_a_mesh_that_neither_asks_nor_compares_is_found_out(monkeypatch) -> None:
    monkeypatch.setattr(Fetch, "_want", lambda self, *given, needed: None)
    monkeypatch.setattr(Comparisons, "begin", lambda self, *given: None)
    monkeypatch.setattr("node.simulation.scenarios.chaos.QUIET_MAX_MS", 60_000)

    broken = [run("chaos", seed, **LONGER).violations for seed in (1, 2)]

    assert any("not come to the same" in text for texts in broken for text in texts)
    assert any("nothing_lost" in text for texts in broken for text in texts)


def test_a_mesh_that_tells_before_it_commits_is_found_out(monkeypatch) -> None:
    commit = Staged.commit
    forgets = iter(range(1 << 30))

    def lazy(self) -> None:
        if self.dirty and next(forgets) % 5 == 0:
            self._changes = {}  # it says so, and has not
        commit(self)

    monkeypatch.setattr(Staged, "commit", lazy)
    monkeypatch.setattr("node.simulation.scenarios.chaos.QUIET_MAX_MS", 60_000)

    with pytest.raises((AssertionError, KeyError)):
        assert run("chaos", 1, **LONGER).violations == []


def test_documents_that_hang_on_the_order_are_found_out(monkeypatch) -> None:
    def last_to_come(self, other) -> None:
        self._best = other

    monkeypatch.setattr(LastWriter, "_join", last_to_come)

    broken = [text for seed in (1, 2) for text in run("blackout", seed, **LONGER).violations]

    assert any("one_state_of_documents" in text for text in broken)


def test_a_vertex_that_only_a_ledger_knows_is_missed() -> None:
    world = World(1)
    community = Community(world)
    first, second = community.admit(), community.admit()
    world.keep(0, 1)
    world.run_for(60_000)
    name = community.edit(first, world.chance)
    world.run_for(60_000)
    assert check(community) == []

    second.seen.discard(name)
    first.arrived.reverse()

    broken = "\n".join(check(community))
    assert "nothing_lost: node 1" in broken


def test_whose_only_disk_is_gone_is_not_counted_as_lost() -> None:
    world = World(1)
    community = Community(world)
    alone, other = community.admit(), community.admit()
    community.edit(alone, world.chance)
    assert len(community.written) == 1

    community.damaged(alone)

    assert community.written == {}
    assert community.destroyed == 1
    assert other.seen == set()


# --- Plans ----------------------------------------------------------------------------------


def test_a_plan_follows_from_its_seed_and_stays_within_its_limits() -> None:
    plans = [draw(seed, 20, 24 * HOUR) for seed in range(40)]

    assert plans[3] == draw(3, 20, 24 * HOUR)
    assert len({plan.faults for plan in plans}) == 40
    assert max(len(plan.byzantine) for plan in plans) == 6
    kinds = {fault.kind for plan in plans for fault in plan.faults}
    assert len(kinds) == 11
    assert {strategy for plan in plans for strategy in plan.byzantine.values()} != set()
    for plan in plans:
        assert [fault.at for fault in plan.faults] == sorted(fault.at for fault in plan.faults)
        losses = [plan.terms, *(fault.terms for fault in plan.faults if fault.terms)]
        assert max(terms.loss for terms in losses) <= 0.4


def test_without_hardship_nothing_happens() -> None:
    none = Hardship(
        partition=0, crash=0, power=0, leave=0, skew=0, full=0, damage=0, weather=0, byzantine=0
    )

    plan = draw(1, 20, 24 * HOUR, none)

    assert plan.faults == ()
    assert plan.byzantine == {}
    assert set(plan.skews) == {0}
