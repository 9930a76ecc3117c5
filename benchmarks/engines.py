"""The engines that `engine.py` times at calls, each in a process of its own.

Run as `python -m benchmarks.engines NAME` with a scene on standard input: prints one JSON object,
by the name of the call: seconds, gas, output. A scene is plain data, so that engines which live in
other environments, or behind a socket, run the same bytes. Imports nothing that py-evm is made of:
what that is, is decided at its first import.
"""

import contextlib
import gc
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from .contenders import our_chain, stock_chain, stock_only

SECONDS_MIN = 1.0
"""How long to go on asking; a slow engine is asked once."""

REPEATS_MAX = 5_000


CALL_GAS = 16_000_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """One thing to ask; `warm` is a shorter form of it, to warm up with."""

    name: str
    sender: str
    to: str
    data: str
    warm: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Accounts as `LocalChain.dump_state` writes them, and calls that leave them as they are."""

    accounts: dict[str, Any]
    calls: list[Call]

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def scene_from(text: str) -> Scene:
    """Read a scene that another process made."""
    read = json.loads(text)
    return Scene(accounts=read["accounts"], calls=[Call(**call) for call in read["calls"]])


class Engine(Protocol):
    """What is timed."""

    def load(self, scene: Scene) -> None:
        """Take the accounts in."""
        ...

    def call(self, sender: bytes, to: bytes, data: bytes) -> tuple[bytes, int]:
        """Return the output and the gas that the code used; leave no trace."""
        ...


def intrinsic_gas(data: bytes) -> int:
    """Return what a transaction with this data pays before its code runs."""
    return 21_000 + 4 * data.count(0) + 16 * (len(data) - data.count(0))


class Ours:
    """Our chain, as `eth_call` asks it."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def load(self, scene: Scene) -> None:
        self._chain = our_chain(self._engine, question_seconds=600.0)
        self._chain.load_state({"accounts": scene.accounts})

    def call(self, sender: bytes, to: bytes, data: bytes) -> tuple[bytes, int]:
        from chain.calls import CallRequest

        request = CallRequest(sender=sender, to=to, data=data, gas=CALL_GAS)
        result = self._chain.call(request)
        assert result.success, result.error
        return result.output, result.gas_used - intrinsic_gas(data)


class Stock:
    """py-evm's own virtual machine."""

    def load(self, scene: Scene) -> None:
        self._chain = stock_chain(
            {
                bytes.fromhex(address[2:]): {
                    "balance": int(account["balance"], 16),
                    "nonce": account["nonce"],
                    "code": bytes.fromhex(account["code"][2:]),
                    "storage": {
                        int(slot, 16): int(word, 16) for slot, word in account["storage"].items()
                    },
                }
                for address, account in scene.accounts.items()
            }
        )

    def call(self, sender: bytes, to: bytes, data: bytes) -> tuple[bytes, int]:
        vm = self._chain.get_vm()
        state = vm.state
        for address in (sender, to):
            state.mark_address_warm(address)
        computation = vm.execute_bytecode(
            origin=sender,
            gas_price=0,
            gas=CALL_GAS - intrinsic_gas(data),
            to=to,
            sender=sender,
            value=0,
            data=data,
            code=state.get_code(to),
        )
        assert computation.is_success, computation.error
        return bytes(computation.output), computation.get_gas_used()


class Pyrevm:
    """revm behind a Python module. What it was loaded with is warm to it, so its gas is less."""

    def load(self, scene: Scene) -> None:
        import pyrevm

        self._evm = pyrevm.EVM(spec_id="CANCUN", gas_limit=2**63 - 1)
        for address, account in scene.accounts.items():
            info = pyrevm.AccountInfo(
                balance=int(account["balance"], 16),
                nonce=account["nonce"],
                code=bytes.fromhex(account["code"][2:]),
            )
            self._evm.insert_account_info(address, info)
            for slot, word in account["storage"].items():
                self._evm.insert_account_storage(address, int(slot, 16), int(word, 16))

    def call(self, sender: bytes, to: bytes, data: bytes) -> tuple[bytes, int]:
        evm = self._evm
        mark = evm.snapshot()
        output = evm.message_call(
            caller="0x" + sender.hex(), to="0x" + to.hex(), calldata=data, gas=CALL_GAS
        )
        gas = evm.result.gas_used - intrinsic_gas(data)
        evm.revert(mark)
        return bytes(output), gas


class Titanoboa:
    """The Vyper interpreter's environment: py-evm without transactions and blocks.

    What it was loaded with it takes for written in the same transaction, so its gas is less.
    """

    def load(self, scene: Scene) -> None:
        import boa
        from boa.util.abi import Address

        self._env, self._address = boa.env, Address
        for address, account in scene.accounts.items():
            self._env.set_balance(Address(address), int(account["balance"], 16))
            self._env.set_code(Address(address), bytes.fromhex(account["code"][2:]))
            for slot, word in account["storage"].items():
                self._env.set_storage(Address(address), int(slot, 16), int(word, 16))

    def call(self, sender: bytes, to: bytes, data: bytes) -> tuple[bytes, int]:
        with self._env.anchor():
            computation = self._env.execute_code(
                self._address("0x" + to.hex()),
                self._address("0x" + sender.hex()),
                CALL_GAS - intrinsic_gas(data),
                0,
                data,
            )
        assert computation.is_success, computation.error
        return bytes(computation.output), computation.get_gas_used()


def measure(engine: Engine, scene: Scene) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ask for every call of the scene, for a while, and return the median times."""
    for call in scene.calls:
        sender, to = bytes.fromhex(call.sender), bytes.fromhex(call.to)
        data = bytes.fromhex(call.data)
        engine.call(sender, to, bytes.fromhex(call.warm))
        gc.collect()
        times: list[float] = []
        answers = set()
        while sum(times) < SECONDS_MIN and len(times) < REPEATS_MAX:
            start = time.perf_counter()
            answer = engine.call(sender, to, data)
            times.append(time.perf_counter() - start)
            answers.add(answer)
        assert len(answers) == 1, f"{call.name}: a call left something behind"
        ((output, gas),) = answers
        seconds = statistics.median(times)
        yield call.name, {"seconds": seconds, "gas": gas, "output": output.hex()}


def main() -> None:
    """Time the engine that the command line names."""
    name = sys.argv[1]
    if name == "stock":
        stock_only()
    engines = {"stock": Stock, "pyrevm": Pyrevm, "titanoboa": Titanoboa}
    engine: Engine = engines[name]() if name in engines else Ours(name)
    scene = scene_from(sys.stdin.read())
    with contextlib.redirect_stdout(sys.stderr):
        engine.load(scene)
        figures = dict(measure(engine, scene))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
