"""Traces: calls within calls, precompiles by name, arguments decoded, gas of each."""

import io

import pytest

from ape_pars import precompiles


def shown(receipt):
    text = io.StringIO()
    receipt.show_trace(file=text)
    return text.getvalue()


def test_tree(caller, counter, owner):
    text = shown(caller.set(counter, 7, sender=owner))
    assert "Caller.set(counter=Counter, number=7) -> 0" in text
    assert "Counter.set(number=7) -> 0" in text
    assert "Set(" in text


def test_precompile(caller, owner):
    receipt = caller.hash(1, 2, sender=owner)
    text = "".join(shown(receipt).split())
    assert "Poseidon.hash(instance=1,elements=[1,2])" in text
    assert str(precompiles.poseidon.hash(1, [1, 2])) in text


def test_inner_gas(caller, counter, owner):
    receipt = caller.set(counter, 7, sender=owner)
    report = receipt.trace.get_gas_report()
    (outer,), (inner,) = report["Caller"]["set"], report["Counter"]["set"]
    assert receipt.gas_used == outer > inner > 22_000


def test_failing_tree(caller, counter, owner):
    receipt = caller.set(counter, 13, sender=owner, raise_on_revert=False)
    assert "limits: unlucky" in shown(receipt)


def test_steps(counter, owner):
    frames = list(counter.set(7, sender=owner).trace.get_raw_frames())
    assert frames[0]["pc"] == 0
    assert "SSTORE" in {frame["op"] for frame in frames}


@pytest.mark.in_process
def test_trace_of_a_call(caller, counter, owner, capfd):
    caller.set.call(counter, 7, sender=owner, show_trace=True)
    assert "Counter.set(number=7)" in capfd.readouterr().out


def test_addresses(caller, counter, owner):
    used = set(caller.set(counter, 7, sender=owner).trace.get_addresses_used())
    assert counter.address in used


def test_every_precompile_has_a_name(chain):
    for name in dir(precompiles):
        contract = getattr(precompiles, name)
        assert chain.contracts.get(contract.address).name == contract.contract_type.name
        assert contract.is_contract


def test_names_of_precompiles():
    assert precompiles.ml_dsa == precompiles.mldsa == precompiles.MLDSA
    assert precompiles.feeds == precompiles.oracle_feeds
    assert "poseidon" in dir(precompiles)


def test_no_such_precompile():
    with pytest.raises(AttributeError, match="no precompile is called 'rsa'"):
        getattr(precompiles, "rsa")  # noqa: B009 - the attribute is what is tried
