"""The contracts of docs/ai.md about proven answers, deployed and used."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import eth_abi
import numpy as np
import pytest
from eth_utils import keccak

from chain.calls import CallRequest
from precompiles.ai.models import header
from precompiles.ai.tools import proving
from precompiles.ai.tools.model_file import ModelFile, Notes, Scaling
from precompiles.backends.blake3 import blake3
from precompiles.registry import find

ETHER = 10**18


def network() -> ModelFile:
    known = header.Dense(inputs=4, layers=(header.Layer(outputs=3, rounding=header.NOT_AT_ALL),))
    weights = np.random.default_rng(3).integers(0, 256, header.weights_size(known), np.uint8)
    scaling = Scaling(scale=(1.0,) * 4, zero=(0,) * 4)
    notes = Notes(inputs=scaling, output_scale=1.0)
    return ModelFile(header=header.encode(known), weights=weights.tobytes(), notes=notes)


MODEL, INPUT = network(), b"\1\2\3\4"


@dataclass
class Desk:
    """Transactions to precompiles, by their signature."""

    chain: Any

    def send(
        self, name: str, signature: str, *arguments: Any, value: int = 0, sender: int = 0
    ) -> None:
        inner = signature[signature.index("(") + 1 : -1]
        data = keccak(text=signature)[:4] + eth_abi.encode(inner.split(","), arguments)
        to, account = find(name).address, self.chain.accounts[sender]
        self.chain.send(CallRequest(sender=account, to=to, data=data, value=value))
        (receipt,) = self.chain.receipts(self.chain.head.hash)
        assert receipt.status == 1, signature

    def bring_in(self) -> None:
        begin = "beginModel(bytes,bytes32,uint256)"
        self.send("model_registry", begin, MODEL.header, MODEL.root, 0)
        put = "putChunk(bytes32,uint256,bytes,bytes32[])"
        self.send("model_registry", put, MODEL.model_id, 0, MODEL.weights, [])
        self.send("model_registry", "sealModel(bytes32)", MODEL.model_id)


@pytest.fixture(scope="module")
def desk(chain: Any) -> Desk:
    made = Desk(chain=chain)
    made.bring_in()
    return made


def test_bounty(
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
    desk: Desk,
    chain: Any,
) -> None:
    proven = proving.prove(MODEL, INPUT)
    tag = b"PARS/verification/job".ljust(32, b"\0")
    job = keccak(tag + MODEL.model_id + proven.input_hash + (1).to_bytes(32, "big"))
    bounty = deploy(*vyper(documented("ai.md", "Bounty.vy")), job)
    chain.set_balance(bounty.address, ETHER)
    desk.send("verification", "openJob(bytes32,bytes)", MODEL.model_id, INPUT)
    commit = "commitResult(bytes32,bytes32,bytes32,uint256)"
    arguments = (job, proven.output_hash, proven.root, 1)
    desk.send("verification", commit, *arguments, value=ETHER)
    bounty.refusal("collect", proven.output)
    chain.increase_time(601)
    chain.mine()
    tag = b"PARS/verification/claim".ljust(32, b"\0")
    claim = keccak(tag + job + chain.accounts[0].rjust(32, b"\0"))
    desk.send("verification", "finalize(bytes32)", claim)
    bounty.refusal("collect", proven.output[:-1] + b"\0")
    bounty.send("collect", proven.output)
    assert chain.state().balance(bounty.address) == 0
    assert bounty.call("answer") == proven.output
    bounty.refusal("collect", proven.output)


def test_panel(
    documented: Callable[..., str],
    solidity: Callable[..., Any],
    deploy: Callable[..., Any],
    desk: Desk,
    chain: Any,
) -> None:
    """Three of four agree."""
    nodes = list(chain.accounts[:4])
    panel = deploy(*solidity(documented("ai.md", "Panel.sol")), nodes)
    receipt = panel.send("ask", MODEL.model_id, blake3(INPUT), value=ETHER)
    (log,) = receipt.logs
    job = bytes(log.topics[1])
    output = blake3(proving.prove(MODEL, INPUT).output)
    told = [output, output, keccak(text="lie"), output]
    for number, (node, answer) in enumerate(zip(nodes, told, strict=True)):
        sealed = keccak(job + node.rjust(32, b"\0") + answer + bytes(32))
        desk.send("compute", "commit(bytes32,bytes32)", job, sealed, value=ETHER, sender=number)
    panel.refusal("approve", job, output)
    for number, answer in enumerate(told):
        reveal = "reveal(bytes32,bytes32,bytes32)"
        desk.send("compute", reveal, job, answer, bytes(32), sender=number)
    desk.send("compute", "settle(bytes32)", job)
    panel.refusal("approve", job, told[2])
    panel.send("approve", job, output)
    assert panel.call("approved", job) is True
