"""What tracers see on the core must be what they see on its twin, py-evm's loop."""

import json
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey

from chain.calls import AccountOverride, CallRequest, Overrides
from chain.differential.cases import Account, Block, Case, Signed
from chain.differential.compare import compare
from chain.differential.embedded import run_core, run_py, run_watched
from chain.differential.generate import generate
from chain.differential.limits import limited
from chain.differential.results import Result
from chain.engine import driver
from chain.frames import Cancelled
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.tracing.frames import CallList, CallTree
from chain.tracing.options import TracerOptions
from chain.tracing.prestate import Prestate
from chain.tracing.recorder import Budget, Mux, Recorder
from chain.transactions import LEGACY, Fields

FORKS = ("Berlin", "London", "Merge", "Shanghai", "Cancun", "Prague", "Osaka")
UNDERFLOW, NO_GAS = "stack underflow", "out of gas"
PLACE: dict[str, Any] = {}


def tracers() -> Recorder:
    def options(**config: Any) -> TracerOptions:
        return TracerOptions(config=config)

    return Mux(
        {
            "calls": CallTree(options(withLog=True), Budget(), 0),
            "flat": CallList(options(includePrecompiles=True), Budget(), 0, PLACE),
            "before": Prestate(options(includeEmpty=True), Budget()),
            "changes": Prestate(options(diffMode=True), Budget()),
        }
    )


def alike(result: Result) -> Any:
    """Leave out which of two faults counts where an instruction has both: all gas goes anyway.

    The core looks at the stack first, as geth does, and py-evm at the gas.
    """
    return json.loads(json.dumps([each.trace for each in result.ran]).replace(UNDERFLOW, NO_GAS))


@pytest.mark.parametrize("fork", FORKS)
def test_each_step_is_the_same(fork: str) -> None:
    engines = {"py": run_py, "core": run_core}
    for seed in range(40):
        assert compare(generate(seed, fork), engines, steps=True) == []


@pytest.mark.parametrize("fork", FORKS)
def test_calls_and_states_before_are_the_same(fork: str) -> None:
    for seed in range(40):
        case = generate(seed, fork)
        for each in (case, *limited(case, 2)):
            here, twin = run_watched(each, tracers, "core"), run_watched(each, tracers, "py")
            assert alike(here) == alike(twin), each.name


def test_a_power_that_is_two_gas_short_is_out_of_gas() -> None:
    """Two short is no other answer of the core's own."""
    to, key = bytes(19) + b"\xc0", b"\x01" * 32
    sender = PrivateKey(key).public_key.to_canonical_address()
    accounts = {
        sender: Account(balance=10**18),
        to: Account(code=bytes.fromhex("60ff60020a00")),  # 2 ** 255, for 10 + 50 gas.
    }
    for gas in range(21_000, 21_070):
        fields = Fields(
            type=LEGACY,
            chain_id=1,
            nonce=0,
            gas=gas,
            to=to,
            value=0,
            data=b"",
            gas_price=1000,
            max_fee_per_gas=1000,
            max_priority_fee_per_gas=1000,
        )
        signed = Signed(fields=fields, key=key)
        case = Case(
            name=f"{gas}",
            fork="Prague",
            block=Block(),
            accounts=accounts,
            transactions=(signed,),
        )
        result = run_core(case, True)
        assert result == run_py(case, True)
        assert result.ran[0].success is (gas >= 21_066)


def test_a_long_list_of_steps_is_cut_off_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps take their time, so that the clock is looked at far more often than else."""
    to, looks = bytes(19) + b"\xc0", []

    def look(deadline: float) -> None:
        looks.append(deadline)
        if len(looks) == 3:
            raise Cancelled("enough")

    chain = LocalChain.open(pars_genesis(6133, []), mining="manual")
    overrides = Overrides(accounts={to: AccountOverride(code=bytes.fromhex("5b5f56"))})
    monkeypatch.setattr(driver, "check_time", look)
    with pytest.raises(Cancelled):
        chain.trace_call(CallRequest(to=to, gas=10**6), "latest", overrides, TracerOptions())
    assert len(looks) == 3
    chain.close()
