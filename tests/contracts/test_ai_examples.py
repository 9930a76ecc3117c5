"""The contracts of docs/ai.md, deployed and used with models that transactions brought in."""

import struct
from collections.abc import Callable
from typing import Any

import eth_abi
import numpy as np
from eth_utils import keccak

from chain.calls import CallRequest
from precompiles.ai.models import header, reference, weights_tree
from precompiles.ai.tools import chunks

REGISTRY = (0x0302).to_bytes(20, "big")


def transact(chain: Any, signature: str, *arguments: Any) -> None:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = keccak(text=signature)[:4] + eth_abi.encode(types, arguments)
    chain.send(CallRequest(sender=chain.accounts[0], to=REGISTRY, data=data))
    (receipt,) = chain.receipts(chain.head.hash)
    assert receipt.status == 1, signature


def bring_in(chain: Any, known: header.Header, weights: bytes) -> bytes:
    encoded, root = header.encode(known), weights_tree.root_of(weights)
    identity = weights_tree.model_id(encoded, root)
    transact(chain, "beginModel(bytes,bytes32,uint256)", encoded, root, 0)
    pieces = chunks.chunks_of(weights)
    for index, proof in enumerate(chunks.proofs_of(pieces)):
        put = "putChunk(bytes32,uint256,bytes,bytes32[])"
        transact(chain, put, identity, index, pieces[index], proof)
    transact(chain, "sealModel(bytes32)", identity)
    return identity


def test_assayer(
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
    chain: Any,
) -> None:
    layers = (
        header.Layer(outputs=16, rounding=header.BY_SHIFT, shift=7, activation=header.RELU),
        header.Layer(outputs=3, rounding=header.NOT_AT_ALL),
    )
    known = header.Dense(inputs=8, layers=layers)
    choose = np.random.default_rng(1)
    sizes = (16 * 8, 3 * 16)
    matrices = (choose.integers(0, 256, size, np.uint8).tobytes() for size in sizes)
    biases = (struct.pack(">16i", *range(0, 1600, 100)), bytes(12))
    pairs = zip(matrices, biases, strict=True)
    weights = b"".join(matrix + bias for matrix, bias in pairs)
    assayer = deploy(*vyper(documented("ai.md", "Assayer.vy")), bring_in(chain, known, weights))
    seen = set()
    for _ in range(12):
        row = choose.integers(-128, 128, 8).tolist()
        sums = reference.dense(known, weights, row)
        expected = reference.arg_max(sums)
        readings = struct.pack("8b", *row)
        assert assayer.call("judge", readings) == expected
        seen.add(expected)
    assert len(seen) > 1
    assayer.send("judge", readings)
    assert assayer.call("verdicts", chain.accounts[0]) == expected
    assayer.refusal("judge", readings[:7])


def test_scorer(
    documented: Callable[..., str],
    solidity: Callable[..., Any],
    deploy: Callable[..., Any],
    chain: Any,
) -> None:
    scorer = deploy(*solidity(documented("ai.md", "Scorer.sol")), chain.accounts[0])
    known = header.Linear(features=2, outputs=1, answer=header.SCORES)
    models = [
        bring_in(chain, known, struct.pack(">iiq", height, width, bias))
        for height, width, bias in ((3, -2, 10), (5, 7, -1))
    ]
    assert keccak(text="NoModel()")[:4] == scorer.refusal("newest", "area")
    for model in models:
        transact(chain, "publish(string,bytes32)", "area", model)
    assert scorer.call("newest", "area") == models[1]
    assert scorer.call("score", "area", 4, -6) == 5 * 4 + 7 * -6 - 1
    transact(chain, "retire(string,uint256)", "area", 2)
    assert scorer.call("newest", "area") == models[0]
    assert scorer.call("score", "area", -4, 6) == 3 * -4 - 2 * 6 + 10
    assert keccak(text="NoModel()")[:4] == scorer.refusal("newest", "volume")
