"""The DAO is put on a chain whole, or nothing is: again, cut off, refused, in the way."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.dao.deploy import DeploymentError, described, run, unfinished
from chain.dao.genesis import rehearse, with_contracts
from chain.dao.manifest import manifest
from chain.dao.parameters import ParameterError, Parameters
from chain.dao.plan import plan
from chain.dao.steps import Creation, Plan
from chain.genesis import SUPPLY, Genesis
from chain.local_chain import LocalChain
from chain.remote import Remote
from chain.rpc.inside import transport
from precompiles.conformance.rpc import Client


def silent(*_: Any) -> None:
    """Tell nobody."""


def test_deployed_once(remote: Remote, made: Plan, nonce: Callable[[], int]) -> None:
    told: list[tuple[int, int]] = []
    done = run(remote, made, lambda number, count, *_: told.append((number, count)))
    assert nonce() == len(made.steps) == len(done)
    assert told == [(number, len(made.steps)) for number in range(1, len(made.steps) + 1)]
    assert all(each.transaction and each.gas_used for each in done)

    again = run(remote, made, silent)
    assert nonce() == len(made.steps), "a second run sends nothing"
    assert not any(each.transaction for each in again)
    first = manifest(remote, done, made.label, {})
    assert manifest(remote, again, made.label, first) == first
    assert set(first["contracts"]) == set(made.addresses)


def test_cut_off(remote: Remote, made: Plan, nonce: Callable[[], int]) -> None:
    begun = replace(made, steps=made.steps[:7])
    run(remote, begun, silent)
    assert unfinished(remote, made.steps) == made.steps[7:]

    run(remote, made, silent)
    assert unfinished(remote, made.steps) == []
    assert nonce() == len(made.steps)


def test_safe_has_owners_and_one_module(remote: Remote, made: Plan, parameters: Parameters) -> None:
    run(remote, made, silent)

    def ask(function: str, *arguments: Any) -> Any:
        safe = made.artifacts["Safe"]
        answer = remote.ask(made.addresses["Safe"], safe.call_data(function, arguments))
        return safe.output(function, answer)

    assert [bytes.fromhex(owner[2:]) for owner in ask("getOwners")] == list(parameters.owners)
    assert ask("getThreshold") == 3
    assert ask("isGoverned")
    assert ask("isModuleEnabled", made.addresses["Timelock"])
    assert not ask("isModuleEnabled", made.addresses["Governor"])
    assert ask("getGuard") == f"0x{made.addresses['Guard'].hex()}"


def test_everything_that_obeys_the_dao_is_protected(remote: Remote, made: Plan) -> None:
    run(remote, made, silent)
    guard = made.artifacts["Guard"]
    for name, artifact in made.artifacts.items():
        data = guard.call_data("isProtected", [made.addresses[name]])
        answer = guard.output("isProtected", remote.ask(made.addresses["Guard"], data))
        assert answer or not artifact.has("DAO"), name


def test_refused_before_anything_is_sent(parameters: Parameters, accounts: Any) -> None:
    classes = tuple((3_600, *each[1:]) for each in parameters.classes)
    made = plan(replace(parameters, classes=classes), 6133, accounts[0].address)
    with pytest.raises(DeploymentError, match=r"Charter.*charter: below the minimum"):
        rehearse(made, accounts[0].address)


def test_main_network_has_twenty_one_seats(parameters: Parameters, accounts: Any) -> None:
    fewer = replace(parameters, seats_min=20)
    with pytest.raises(ParameterError, match="at least 21 on the main network"):
        plan(fewer, 6133, accounts[0].address)
    assert plan(fewer, 6134, accounts[0].address).steps


def test_other_code_in_the_way(client: Client, remote: Remote, made: Plan) -> None:
    step = next(step for step in made.steps if isinstance(step, Creation))
    client("anvil_setCode", f"0x{step.address.hex()}", "0x00")
    with pytest.raises(DeploymentError, match=f"{step.name}: other code stands at"):
        run(remote, made, silent)


def test_other_chain(remote: Remote, parameters: Parameters, accounts: Any) -> None:
    made = plan(parameters, 6134, accounts[0].address)
    with pytest.raises(DeploymentError, match="the plan is for chain 6134, this is 6133"):
        run(remote, made, silent)


def test_no_address_is_the_same_on_another_chain(parameters: Parameters, accounts: Any) -> None:
    there, here = (plan(parameters, number, accounts[0].address) for number in (6134, 6133))
    assert not set(there.addresses.values()) & set(here.addresses.values())


def test_no_address_is_the_same_for_another_deployer(
    parameters: Parameters, made: Plan, accounts: Any
) -> None:
    """Who deploys sets the Safe up: nobody else's may stand where ours is expected."""
    other = plan(parameters, 6133, accounts[1].address)
    assert made.addresses["Safe"] != other.addresses["Safe"]


def test_another_label_is_another_dao(parameters: Parameters, made: Plan, accounts: Any) -> None:
    other = plan(replace(parameters, label="another"), 6133, accounts[0].address)
    assert not set(other.addresses.values()) & set(made.addresses.values())


def test_no_create2_deployer(client: Client, remote: Remote, made: Plan) -> None:
    client("anvil_setCode", "0x4e59b44847b379578588920cA78FbF26c0B4956C", "0x")
    with pytest.raises(DeploymentError, match="no CREATE2 deployer"):
        run(remote, made, silent)


def test_first_block(genesis: Genesis, bare: Genesis, made: Plan, accounts: Any) -> None:
    chain = LocalChain.open(genesis, accounts=accounts)
    remote = Remote(Client(transport(chain)), key=accounts[0].private_key)
    assert unfinished(remote, made.steps) == []
    assert sum(each.balance for each in genesis.alloc.values()) == SUPPLY
    for address, start in bare.alloc.items():
        assert genesis.alloc[address].balance == start.balance
        assert start.code or genesis.alloc[address] == start
    again = with_contracts(bare, made, accounts[0].address)
    assert LocalChain.open(again).genesis_hash == chain.genesis_hash


def test_steps_say_what_they_are(made: Plan) -> None:
    said = [described(step) for step in made.steps]
    assert said[0] == "Safe (Safe)"
    assert said[-1] == "Safe.setup"
    assert "Committee.KHAZ (Committee)" in said


def test_an_account_that_cannot_pay(client: Client, made: Plan, accounts: Any) -> None:
    poor = DevAccount(address=accounts[0].address, private_key=accounts[0].private_key)
    client("anvil_setBalance", f"0x{poor.address.hex()}", "0x1")
    with pytest.raises(DeploymentError, match="Safe"):
        run(Remote(client, key=poor.private_key), made, silent)
