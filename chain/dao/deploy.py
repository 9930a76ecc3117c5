"""Carries out a plan on a node: sends what is missing, and checks that all of it stands.

A run that was cut off is run again: what stands already is left alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import ChainError
from ..genesis import CREATE2_DEPLOYER
from ..remote import Remote, RemoteError
from .steps import Creation, Plan, Setting, Step

Tell = Callable[[int, int, Step, str], None]
"""Is told of each step: its number, how many there are, the step, the transaction's hash or ''."""


class DeploymentError(ChainError):
    """What stands on the chain is not what the plan says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step that was carried out, now or before."""

    step: Step
    transaction: str
    """Its hash; empty if it had been done before."""
    gas_used: int


def run(remote: Remote, plan: Plan, tell: Tell) -> list[Done]:
    """Carry out the steps that are missing, then check all of them."""
    if remote.chain_id != plan.chain_id:
        raise DeploymentError(f"the plan is for chain {plan.chain_id}, this is {remote.chain_id}")
    if not remote.code(CREATE2_DEPLOYER):
        raise DeploymentError(f"no CREATE2 deployer stands at 0x{CREATE2_DEPLOYER.hex()}")
    done = []
    for number, step in enumerate(plan.steps, start=1):
        result = Done(step=step, transaction="", gas_used=0)
        if not stands(remote, step):
            try:
                receipt = remote.send(*sent(step))
            except RemoteError as error:
                raise DeploymentError(
                    f"{described(step)}: {refusal(remote, step, error)}"
                ) from None
            result = Done(step=step, transaction=receipt.hash, gas_used=receipt.gas_used)
        done.append(result)
        tell(number, len(plan.steps), step, result.transaction)
    missing = unfinished(remote, plan.steps)
    if missing:
        raise DeploymentError(f"{described(missing[0])} was sent, and does not stand")
    return done


def refusal(remote: Remote, step: Step, error: RemoteError) -> str:
    """Return why a step was refused: the CREATE2 deployer hides a constructor's reason."""
    if isinstance(step, Creation):
        try:
            remote.ask(None, step.init_code)
        except RemoteError as told:
            return str(told)
    return str(error)


def sent(step: Step) -> tuple[bytes, bytes]:
    """Return to whom a step's transaction goes, and with what."""
    if isinstance(step, Creation):
        return CREATE2_DEPLOYER, step.data
    return step.to, step.data


def unfinished(remote: Remote, steps: Sequence[Step]) -> list[Step]:
    """Return the steps whose result does not stand on the chain."""
    return [step for step in steps if not stands(remote, step)]


def stands(remote: Remote, step: Step) -> bool:
    """Say whether a step's result stands; refuse what stands there in its place."""
    if isinstance(step, Setting):
        try:
            answer = remote.ask(step.to, step.question)
        except RemoteError:  # Some say so that they know nothing of it yet.
            return False
        return any(answer) if step.answer is None else answer == step.answer
    code = remote.code(step.address)
    # The address is the hash of the code that made it. What it says is still compared, since a
    # chain may have been given any state at its start.
    if code and not code.startswith(step.artifact.runtime):
        raise DeploymentError(f"{step.name}: other code stands at 0x{step.address.hex()}")
    return bool(code)


def described(step: Step) -> str:
    """Name a step."""
    if isinstance(step, Creation):
        return f"{step.name} ({step.artifact.name})"
    return f"{step.name}.{step.function}"
