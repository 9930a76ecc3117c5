"""Records what v4's pool manager answers to the scenes of our vectors.

    UNISWAP=.../node_modules/@uniswap python tests/chain/pool_manager/record.py

runs each scene on a fresh state of a chain and writes pool_manager_v4.json beside the builder of
the vectors, with the byte-code of the token and the hook that the scenes need.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import eth_abi
from vyper.compiler import compile_code

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
VECTORS = ROOT / "tests" / "precompiles" / "vectors"
TARGET = VECTORS / "pool_manager_v4.json"
sys.path[:0] = [str(HERE), str(VECTORS), str(ROOT)]

if not TARGET.exists():
    TARGET.write_text('{"contracts": {}, "answers": {}}\n')

import pool_manager as builder  # noqa: E402 - found through the lines above
from pool_scene import GAS, OURS, code_of  # noqa: E402 - as above

from chain.accounts import dev_accounts  # noqa: E402 - as above
from chain.blocks import Receipt  # noqa: E402 - as above
from chain.calls import CallRequest  # noqa: E402 - as above
from chain.genesis import pars_genesis  # noqa: E402 - as above
from chain.local_chain import LocalChain  # noqa: E402 - as above
from precompiles.conformance import forwarder  # noqa: E402 - as above

CONTRACTS = {"token": "Token", "puppet": "Puppet"}
RICH = 10**24


class Recorder:
    """A chain with the genuine contract."""

    def __init__(self, code: bytes) -> None:
        accounts = dev_accounts(count=1)
        self.sender = accounts[0].address
        genesis = pars_genesis(6133, [self.sender])
        self.chain = LocalChain.open(genesis, accounts=accounts, loud=True)
        self.manager = bytes(20)
        receipt = self.send(None, code + eth_abi.encode(["address"], [bytes(20)]))
        assert receipt.contract_address is not None
        self.manager = receipt.contract_address
        self.codes = {name: runtime(source) for name, source in CONTRACTS.items()}

    def send(self, to: bytes | None, data: bytes) -> Receipt:
        self.chain.send(CallRequest(sender=self.sender, to=to, data=data, gas=GAS))
        (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
        assert receipt.status == 1
        return receipt

    def forwarded(self, step: dict[str, Any]) -> tuple[bool, bytes, Receipt]:
        """Make one call of a scene through the forwarder at its caller."""
        caller = bytes.fromhex(step.get("caller", "0x" + builder.CALLER.hex())[2:])
        to = bytes.fromhex(step["to"][2:]) if "to" in step else self.manager
        value = step.get("value", 0)
        self.chain.set_code(caller, forwarder.CODE)
        self.chain.set_balance(caller, RICH)
        data = bytes.fromhex(step["input"][2:])
        request = forwarder.request(forwarder.CALL, to, 10_000_000, value, data)
        receipt = self.send(caller, request)
        report = forwarder.read(receipt.logs[-1].data, forwarder.CALL, value)
        assert report is not None
        return report.success, report.data, receipt

    def answer(self, scene: dict[str, Any]) -> dict[str, Any]:
        """Return what the vector of a scene must expect."""
        before = self.chain.snapshot()
        for name, account in scene.get("accounts", {}).items():
            address = bytes.fromhex(name[2:])
            if "code" in account:
                self.chain.set_code(address, self.codes[account["code"]])
            for slot, word in account.get("storage", {}).items():
                self.chain.set_storage(address, int(slot, 16), int(word, 16))
        for step in scene["before"]:
            success, output, _ = self.forwarded(step)
            assert success, (scene["name"], output.hex())
        success, output, receipt = self.forwarded(scene)
        logs = [
            {
                "topics": ["0x" + self.ours(topic).hex() for topic in log.topics],
                "data": "0x" + self.ours(log.data).hex(),
            }
            for log in receipt.logs
            if log.address == self.manager
        ]
        assert self.chain.revert(before)
        said = "0x" + self.ours(output).hex()
        return {"output": said, **({"logs": logs} if logs else {})} if success else {"error": said}

    def ours(self, data: bytes) -> bytes:
        return data.replace(self.manager, OURS)


def runtime(name: str) -> bytes:
    source = (HERE / f"{name}.vy").read_text("utf-8")
    made = compile_code(source, output_formats=["bytecode_runtime"])
    return bytes.fromhex(made["bytecode_runtime"].removeprefix("0x"))


def recorded(folder: Path) -> dict[str, Any]:
    """Return what the file holds, made anew."""
    artefact = folder / "v4-core" / "out" / "PoolManager.sol" / "PoolManager.json"
    recorder = Recorder(code_of(json.loads(artefact.read_text("utf-8"))))
    scenes = list(builder.scenes(recorder.manager))
    answers = {scene["name"]: recorder.answer(scene) for scene in scenes}
    assert len(answers) == len(scenes), "two scenes share a name"
    recorder.chain.close()
    contracts = {name: "0x" + code.hex() for name, code in recorder.codes.items()}
    return {"contracts": contracts, "answers": answers}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(recorded(Path(os.environ["UNISWAP"])), indent=1) + "\n")
