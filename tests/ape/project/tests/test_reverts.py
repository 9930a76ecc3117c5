"""What a revert becomes: reasons, dev-strings, checks of the compiler, errors of precompiles."""

import ape
import pytest
from ape.exceptions import ContractLogicError
from ape_vyper import exceptions as checks

from ape_pars import precompiles


def test_reason(counter, owner):
    with ape.reverts("limits: too much"):
        counter.set(1001, sender=owner)


def test_raise(counter, owner):
    with ape.reverts("limits: unlucky"):
        counter.set(13, sender=owner)


def test_reason_of_a_call(counter, owner):
    with ape.reverts("limits: too much"):
        counter.set.call(1001, sender=owner)


def test_reason_from_below(caller, counter, owner):
    with ape.reverts("limits: too much"):
        caller.set(counter, 1001, sender=owner)


def test_reason_of_a_creation(project, owner):
    with ape.reverts("counter: no owner"):
        owner.deploy(project.Counter, "0x" + 40 * "0")


def test_wrong_expectation_fails(counter, owner):
    with pytest.raises(AssertionError, match="too much"), ape.reverts("something else"):
        counter.set(1001, sender=owner)


def test_no_revert_fails(counter, owner):
    with pytest.raises(AssertionError, match="did not revert"), ape.reverts():
        counter.set(1, sender=owner)


def test_dev_string(counter, other):
    with ape.reverts(dev_message="dev: not the owner"):
        counter.set_as_owner(1, sender=other)


@pytest.mark.parametrize(
    ("method", "number", "error"),
    [
        ("subtract", 1, checks.IntegerUnderflowError),
        ("divide", 0, checks.DivisionByZeroError),
        ("remainder", 0, checks.ModuloByZeroError),
        ("multiply", 2**255, checks.IntegerOverflowError),
        ("narrow", 256, checks.IntegerBoundsCheck),
        ("pick", 0, checks.IndexOutOfRangeError),
    ],
)
def test_checks_of_the_compiler(counter, owner, method, number, error):
    with pytest.raises(error):
        getattr(counter, method)(number, sender=owner)


@pytest.mark.in_process
def test_unreachable(counter, owner):
    with pytest.raises(ContractLogicError, match="invalid opcode"):
        counter.never(5, sender=owner)


def test_value_that_is_not_wanted(counter, owner):
    with pytest.raises(checks.InvalidCalldataOrValueError):
        counter.set(5, sender=owner, value=1)


def test_error_of_a_precompile():
    poseidon = precompiles.poseidon
    with ape.reverts(poseidon.InvalidInstance, instance=9):
        poseidon.hash(9, [1])


@pytest.mark.in_process
def test_error_of_a_precompile_from_below(caller, owner):
    with ape.reverts(precompiles.mldsa.UnknownKeySize, size=0):
        caller.sign_badly.call(sender=owner)


@pytest.mark.in_process
def test_lines_that_are_gone(chain, counter, owner):
    with pytest.raises(ContractLogicError) as caught, chain.isolate():
        counter.set(13, sender=owner)
    assert list(caught.value.__notes__) == []


@pytest.mark.in_process
def test_secret_that_would_be_published(caller, owner):
    with ape.reverts(precompiles.mldsa.SecretOperationOnChain):
        caller.sign_badly(sender=owner)


def test_lines_that_led_there(caller, counter, owner):
    with pytest.raises(ContractLogicError) as caught:
        caller.set(counter, 13, sender=owner)
    shown = "\n".join(caught.value.__notes__)
    places = [line.strip() for line in shown.splitlines() if "File" in line]
    assert [place.rsplit("/", 1)[-1] for place in places] == [
        "Caller.vy, in set",
        "Counter.vy, in set",
        "limits.vy, in _check",
    ]
    assert 'raise "limits: unlucky"' in shown


def test_lines_of_a_failure_that_was_caught(caller, counter, owner):
    with pytest.raises(ContractLogicError) as caught:
        caller.try_to_set(counter, 13, sender=owner)
    assert str(caught.value) == "caller: it would not"
    shown = "\n".join(caught.value.__notes__)
    assert 'assert done, "caller: it would not"' in shown
    assert "limits.vy" not in shown
