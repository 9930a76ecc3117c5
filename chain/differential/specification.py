"""The engine `eels`: Ethereum's executable specification, in a process of its own environment.

Started once and asked case after case; `oracle.py` is the other end.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from .cases import CHAIN_ID, Case
from .results import Engine, EngineGone, NoAnswer, Ran, Result, Step

SCRIPT: Final = Path(__file__).with_name("oracle.py")
INTERPRETER: Final = "PARS_ORACLE"
"""Names, in the environment, the Python that has the specification."""


@contextmanager
def open_specification() -> Iterator[Engine]:
    """Start the specification's process; yield what runs a case on it."""
    python = os.environ.get(INTERPRETER) or str(Path(".oracle", "bin", "python"))
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own interpreter, our own script
            [python, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    except OSError as error:
        raise EngineGone(
            f"{python}: {error.strerror}; run `make oracle`, or name an interpreter that has"
            f" ethereum-execution in {INTERPRETER}"
        ) from None
    with process:
        requests, answers = process.stdin, process.stdout
        assert requests is not None
        assert answers is not None
        yield lambda case, steps: _ask(requests, answers, case, steps)


def _ask(requests: IO[str], answers: IO[str], case: Case, steps: bool) -> Result:
    try:
        requests.write(json.dumps(_request(case, steps)) + "\n")
        requests.flush()
    except BrokenPipeError:
        raise EngineGone("the specification's process has ended") from None
    line = answers.readline()
    if not line:
        raise EngineGone(f"the specification's process ended at {case.name}")
    answer = json.loads(line)
    if "broke" in answer:
        raise NoAnswer(answer["broke"])
    ran = tuple(_ran(each, steps) for each in answer["ran"])
    return Result(root=bytes.fromhex(answer["root"]), ran=ran)


def _request(case: Case, steps: bool) -> dict[str, Any]:
    block = case.block
    return {
        "fork": case.fork,
        "steps": steps,
        "block": {
            "chain_id": CHAIN_ID,
            "number": block.number,
            "timestamp": block.timestamp,
            "coinbase": block.coinbase.hex(),
            "gas_limit": block.gas_limit,
            "base_fee": block.base_fee,
            "randao": block.randao,
            "excess_blob_gas": block.excess_blob_gas,
        },
        "accounts": {
            address.hex(): {
                "balance": account.balance,
                "nonce": account.nonce,
                "code": account.code.hex(),
                "storage": account.storage,
            }
            for address, account in case.accounts.items()
        },
        "transactions": [tx.raw.hex() for tx in case.transactions],
    }


def _ran(answer: dict[str, Any], steps: bool) -> Ran:
    if "refused" in answer:
        return Ran(refused=answer["refused"])
    return Ran(
        success=answer["success"],
        gas_used=answer["gas_used"],
        output=bytes.fromhex(answer["output"]),
        logs=bytes.fromhex(answer["logs"]),
        error=answer["error"],
        steps=tuple(Step(*each) for each in answer["steps"]) if steps else None,
    )
