"""What makes random cases and compares engines on them: it must be exact, and reach everything."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from chain.differential import __main__ as campaign
from chain.differential import cases, differences
from chain.differential.cases import Case
from chain.differential.compare import compare
from chain.differential.embedded import run_py, run_watched
from chain.differential.engines import ENGINES
from chain.differential.generate import generate
from chain.differential.limits import limited
from chain.differential.results import Result
from chain.differential.shrink import shrink
from chain.encoding import keccak
from chain.evm import state_class
from chain.execution import State
from chain.forks import FORKS
from chain.frames import Begun, Left, View
from chain.opcodes import OPCODE_NAMES
from chain.state import World
from chain.statetest import FORK_NAMES, read_cases, run_case
from chain.tracing.recorder import Recorder
from chain.watched import stack_word

FORK_LIST = ("Berlin", "London", "Merge", "Shanghai", "Cancun", "Prague", "Osaka")
PINNED = {"Berlin": "25608a264a8fa8f2", "Prague": "986b7942c3bdc2ac", "Osaka": "3c79b7e394c77f33"}
"""So that a seed of a report still means its case: changed with the generator, on purpose."""


def digest(fork: str) -> str:
    made = [str(cases.to_json(generate(seed, fork))) for seed in range(20)]
    return keccak("".join(made).encode()).hex()[:16]


@pytest.mark.parametrize("fork", FORK_LIST)
def test_a_seed_always_makes_the_same_case(fork: str) -> None:
    assert digest(fork) == digest(fork)
    assert generate(1, fork) != generate(2, fork)


@pytest.mark.parametrize("fork", PINNED)
def test_a_seed_makes_the_case_that_it_made_elsewhere(fork: str) -> None:
    assert digest(fork) == PINNED[fork]


@pytest.mark.parametrize("seed", range(40))
def test_a_file_holds_the_whole_case(seed: int, tmp_path: Path) -> None:
    case = generate(seed, "Prague")
    result = run_py(case)
    last = result.ran[-1]
    path = tmp_path / "case.json"
    cases.write(path, case, result.root, last.logs, last.refused)

    again = cases.read(path)

    assert [tx.raw for tx in again.transactions] == [tx.raw for tx in case.transactions]
    assert (again.accounts, again.block, again.fork) == (case.accounts, case.block, case.fork)
    assert run_py(again) == result
    (replayed,) = read_cases(path)
    assert run_case(replayed) is None


# What the cases reach.


class Census(Recorder):
    """Counts what happens."""

    wants_frames = True
    wants_steps = True

    def __init__(self, counts: Counter[Any]) -> None:
        self.counts = counts
        self.open: list[Begun] = []
        self.created: set[bytes] = set()

    def begin(self, state: State) -> None:
        self.world = state.world

    def enter(self, begun: Begun) -> None:
        depth = len(self.open)
        self.open.append(begun)
        self.counts[begun.kind] += 1
        self.counts["depth", depth] += 1
        if begun.delegated:
            self.counts["delegated", "call" if depth else "transaction"] += 1
        if begun.is_create:
            self.created.add(begun.target)

    def leave(self, left: Left | None, error: Exception | None) -> None:
        begun = self.open.pop()
        self.counts["end", "" if error is None else type(error).__name__] += 1
        if left is not None and not begun.is_create:
            self.counts["at", int.from_bytes(begun.target, "big"), error is None] += 1

    def step(self, view: View, pc: int, opcode: int) -> None:
        self.counts[OPCODE_NAMES.get(opcode)] += 1
        words = view.stack()
        if opcode == 0x55 and len(words) > 1:
            slot, new = words[-1], words[-2]
            original = self.world.get_storage(view.address, slot, from_journal=False)
            self.counts["sstore", transition(original, view.slot(slot), new)] += 1

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None:
        self.counts["destroyed", address == beneficiary, address in self.created] += 1


def transition(original: int, current: int, new: int) -> str:
    """Name the net-metering class: 0, x the original, y another value, z one more."""
    names = {0: "0"}
    for value, name in ((original, "x"), (current, "y"), (new, "z")):
        names.setdefault(value, name)
    return names[original] + names[current] + names[new]


TRANSITIONS = {"000", "00z", "0y0", "0yy", "0yz", "x00", "x0x", "x0z"}
TRANSITIONS |= {"xx0", "xxx", "xxz", "xy0", "xyx", "xyy", "xyz"}
HALTS = {
    *("OutOfGas", "InsufficientStack", "FullStack", "InvalidJumpDestination", "OutOfBoundsRead"),
    *("InvalidInstruction", "WriteProtection", "Revert", "ContractCreationCollision"),
    *("ReservedBytesInCode", "InsufficientFunds", "StackDepthLimit", ""),
}


@pytest.fixture(scope="module")
def counts() -> Counter[Any]:
    """What happens in a thousand cases of the newest fork that reaches the depth of 1,024."""
    found: Counter[Any] = Counter()
    for seed in range(800):
        run_watched(generate(seed, "Prague"), lambda: Census(found))
    return found


def test_every_net_metering_transition_occurs(counts: Counter[Any]) -> None:
    assert {kind for kind in TRANSITIONS if counts["sstore", kind] < 3} == set()


def test_every_kind_of_halt_occurs(counts: Counter[Any]) -> None:
    assert {kind for kind in HALTS if counts["end", kind] < 3} == set()


def test_calls_nest_as_deep_as_they_may(counts: Counter[Any]) -> None:
    assert counts["depth", 1024] > 3
    assert counts["depth", 1025] > 3  # These are refused.
    assert counts["depth", 1026] == 0


def test_contracts_destroy_themselves_in_every_way(counts: Counter[Any]) -> None:
    ways = [(to_self, new) for to_self in (False, True) for new in (False, True)]
    assert [way for way in ways if not counts["destroyed", *way]] == []


def test_delegations_are_followed(counts: Counter[Any]) -> None:
    assert counts["delegated", "transaction"] > 3
    assert counts["delegated", "call"] > 3


def test_every_precompile_succeeds_and_fails(counts: Counter[Any]) -> None:
    never_fail = {2, 3, 4}  # But for gas.
    assert [n for n in range(1, 18) if not counts["at", n, True]] == []
    assert [n for n in range(1, 18) if not counts["at", n, False] and n not in never_fail] == []


def test_every_instruction_runs(counts: Counter[Any]) -> None:
    assert set(OPCODE_NAMES.values()) - {"CLZ"} - set(counts) == set()


@pytest.mark.parametrize("fork", ["Berlin", "Osaka"])
def test_every_instruction_of_the_fork_runs(fork: str) -> None:
    found: Counter[Any] = Counter()
    known = state_class(FORKS[FORK_NAMES[fork]]).computation_class.instructions
    missing = {OPCODE_NAMES[code] for code in known}
    for seed in range(1000):
        run_watched(generate(seed, fork), lambda: Census(found))
        missing -= set(found)
        if not missing:
            break
    assert missing == set()


# What the comparison sees.

Change = Callable[[Sequence[int]], int | None]
"""What a broken instruction leaves on the stack; None where it does what it should."""


def broken_instruction(opcode: int, change: Change) -> Callable[[Case, bool], Result]:
    """Return an engine one of whose instructions is wrong."""
    computation_class = state_class(FORKS["prague"]).computation_class
    instructions = computation_class.instructions
    watched = computation_class.watched_instructions
    original = instructions[opcode]

    def wrong(computation: Any) -> None:
        values = computation._stack.values
        operands = [stack_word(values, place) for place in range(3)]
        original(computation=computation)
        result = change(operands)
        if result is not None:
            values[-1] = result

    def engine(case: Case, steps: bool) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(instructions, opcode, wrong)
            patch.setitem(watched, opcode, wrong)
            return run_py(case, steps)

    return engine


def broken_world(name: str, wrong: Callable[..., Any]) -> Callable[[Case, bool], Result]:
    """Return an engine whose state does something wrong."""

    def engine(case: Case, steps: bool) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(World, name, wrong)
            return run_py(case, steps)

    return engine


def transient_for_ever(world: World, address: bytes, slot: int, value: bytes) -> None:
    world.transient[address, slot] = value


def warm_for_ever(world: World, address: bytes, slot: int) -> None:
    world.warm_slots.add((address, slot))


SEEDS = 1500
THEMES = {"storage is no collision": "create"}
"""Cases of which kind find it soonest."""
HIGH = 2**255
BROKEN = {
    "SDIV overflows": broken_instruction(
        0x05, lambda v: 0 if v[0] == HIGH and v[1] == 2**256 - 1 else None
    ),
    "MOD by zero": broken_instruction(0x06, lambda v: v[0] if v[0] and not v[1] else None),
    "ADDMOD wraps": broken_instruction(
        0x08, lambda v: (v[0] + v[1]) % 2**256 % v[2] if v[2] and v[0] + v[1] >= 2**256 else None
    ),
    "SLT unsigned": broken_instruction(0x12, lambda v: int(v[0] < v[1])),
    "SAR by 256": broken_instruction(0x1D, lambda v: 0 if v[0] == 256 and v[1] >= HIGH else None),
    "SHL by the low bits": broken_instruction(
        0x1B, lambda v: (v[1] << v[0] % 256) % 2**256 if v[0] >= 2**64 else None
    ),
    "BYTE 32": broken_instruction(0x1A, lambda v: v[1] % 256 if v[0] == 32 else None),
    "SIGNEXTEND 31": broken_instruction(
        0x0B, lambda v: v[1] % HIGH if v[0] == 31 and v[1] >= HIGH else None
    ),
    "slots stay warm": broken_world("mark_storage_warm", warm_for_ever),
    "transient storage stays": broken_world("set_transient_storage", transient_for_ever),
    "storage is no collision": broken_world("has_storage", lambda world, address: False),
    "destroyed storage stays": broken_world("delete_storage", lambda world, address: None),
}


RESULTS: dict[str, Result] = {}


def remembered(case: Case, steps: bool) -> Result:
    """Run a case on `py`, once for all broken engines."""
    if case.name not in RESULTS:
        RESULTS[case.name] = run_py(case, steps)
    return RESULTS[case.name]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_is_found_out(name: str) -> None:
    theme = "calculation" if name[:2].isupper() else THEMES.get(name, "journal")
    engines = {"py": remembered, "broken": BROKEN[name]}
    drawn = (generate(seed, "Prague") for seed in range(SEEDS))
    themed = (case for case in drawn if theme in case.name)
    found = next((found for case in themed if (found := compare(case, engines))), None)

    assert found is not None
    assert not any("broke:" in each for each in found)


def test_an_engine_that_raises_is_a_difference() -> None:
    def engine(case: Case, steps: bool) -> Result:
        raise IndexError("the stack")

    (told,) = differences(0, {"py": run_py, "broken": engine})

    assert "broken broke: IndexError: the stack" in told


def test_the_first_step_that_differs_is_told() -> None:
    engines = {"py": run_py, "broken": broken_instruction(0x01, lambda v: 7)}
    told = [differences(seed, engines, steps=True) for seed in range(15)]
    steps = [each for found in told for each in found if ": step " in each]

    assert steps
    assert all(", after ADD at pc " in each for each in steps)


def test_less_gas_ends_at_every_instruction() -> None:
    """With each limit, execution ends in another place, and never with more gas than allowed."""
    drawn = (generate(seed, "Prague") for seed in range(100))
    others = next(found for case in drawn if len(found := list(limited(case, 50))) == 50)
    ends = {(ran.gas_used, ran.error) for each in others for ran in run_py(each).ran[-1:]}

    assert len(ends) > 25


def test_a_case_is_made_smaller() -> None:
    engines = {"py": run_py, "broken": BROKEN["SLT unsigned"]}
    seed = next(seed for seed in range(2000) if differences(seed, engines))
    case = generate(seed, "Prague")

    small = shrink(case, lambda each: bool(compare(each, engines)))

    assert compare(small, engines)
    assert len(small.accounts) <= 2
    assert sum(len(each.code) for each in small.accounts.values()) < 300


# The command.


@pytest.fixture
def with_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "broken", lambda: nullcontext(BROKEN["SLT unsigned"]))


def test_a_campaign_prints_its_seeds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["--engines", "py,py", "--seed", "5", "--cases", "6", "--folder", str(tmp_path)]
    assert campaign.main([*arguments, "--forks", "London,Osaka"]) == 0
    shown = capsys.readouterr().out
    assert "first seed 5" in shown
    assert "6 cases, 0 differ" in shown
    assert shown.rstrip().endswith("next seed 8")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("with_broken")
def test_a_difference_is_kept_and_replays(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "SHRINK_SECONDS", 1)
    engines = {"py": run_py, "broken": BROKEN["SLT unsigned"]}
    seed = next(seed for seed in range(SEEDS) if differences(seed, engines))
    between = ["--engines", "py,broken", "--folder", str(tmp_path)]

    assert campaign.main([*between, "--seed", str(seed), "--cases", "1"]) == 1
    assert "1 cases, 1 differ" in capsys.readouterr().out

    kept = sorted(tmp_path.glob("*.json"))
    assert len(kept) == 2
    for path in kept:
        assert campaign.main([*between, "--replay", str(path)]) == 1
        (case,) = read_cases(path)
        assert run_case(case) is None  # It expects what the first engine did.


def test_a_missing_oracle_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARS_ORACLE", str(tmp_path / "python"))
    assert campaign.main(["--engines", "py,eels", "--folder", str(tmp_path)]) == 2
    assert "run `make oracle`" in capsys.readouterr().err


def test_an_engine_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        campaign.main(["--engines", "py,other"])
    assert "unknown: other" in capsys.readouterr().err


@pytest.mark.campaign  # A minute and a half, plain and with every instruction compared.
@pytest.mark.parametrize("options", [["--limits", "3"], ["--steps"]])
def test_the_core_does_as_its_twin_on_fresh_cases(options: list[str], tmp_path: Path) -> None:
    arguments = ["--engines", "py,core", "--forks", "Prague,Osaka,Berlin", "--seconds", "45"]
    assert campaign.main([*arguments, *options, "--folder", str(tmp_path)]) == 0
