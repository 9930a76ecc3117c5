"""Proofs that a session stands in an anchored epoch or does not, checked by the contract itself."""

from typing import Any

from node.session.anchoring import SessionLeaf

from .chain_client import ChainClient, hexed
from .contracts import Contracts
from .epochs import BuiltEpoch, Epochs, leaf_fields
from .errors import SourceError
from .source import Source

SEARCH_MAX = 1_024
"""Epochs that are searched, from the newest one back."""
NO_LEAF = (bytes(32), 0, bytes(32), bytes(32), bytes(32))


def made_proof(
    client: ChainClient,
    contracts: Contracts,
    source: Source,
    session_id: bytes,
    number: int | None,
) -> dict[str, Any]:
    """Return the proof for a session in an epoch; without one, of the newest that has it.

    Where none has it, the proof is that the newest one has not.
    """
    block = client.head().number
    last = client.call(block, contracts.anchor, "lastEpoch")
    if not last:
        raise SourceError("no epoch is anchored yet")
    if number is not None and number > last:
        raise SourceError(f"epoch {number} is not anchored; the newest is {last}")
    epochs = Epochs(source, contracts.chain_id)
    lowest = max(last - SEARCH_MAX + 1, 1)
    for candidate in [number] if number is not None else range(last, lowest - 1, -1):
        epoch = anchored_epoch(client, contracts, epochs, block, candidate)
        index, there = epoch.find(session_id)
        if there:
            return included(client, contracts, block, epoch, index)
    epoch = anchored_epoch(client, contracts, epochs, block, number or last)
    return absent(client, contracts, block, epoch, session_id)


def anchored_epoch(
    client: ChainClient, contracts: Contracts, epochs: Epochs, block: int, number: int
) -> BuiltEpoch:
    """Return an epoch of the source, if its root is the anchored one."""
    epoch = epochs.get(number)
    if epoch is None:
        raise SourceError(f"the source does not know epoch {number}")
    if client.call(block, contracts.anchor, "rootOf", number) != epoch.root:
        raise SourceError(f"epoch {number} of the source is not the one that is anchored")
    return epoch


def included(
    client: ChainClient, contracts: Contracts, block: int, epoch: BuiltEpoch, index: int
) -> dict[str, Any]:
    """Return the proof that a session stands there."""
    fields, proof = leaf_fields(epoch.leaves[index]), epoch.session_proof(index)
    asked = (epoch.number, fields, index, proof)
    if client.call(block, contracts.anchor, "verifySession", *asked) is not True:
        raise SourceError(f"epoch {epoch.number}: the contract does not accept the proof")
    return {
        **described(contracts, epoch),
        "included": True,
        "index": index,
        "leaf": told(epoch.leaves[index]),
        "proof": [hexed(each) for each in proof],
    }


def absent(
    client: ChainClient, contracts: Contracts, block: int, epoch: BuiltEpoch, session_id: bytes
) -> dict[str, Any]:
    """Return the proof that a session stands nowhere in an epoch."""
    index, _ = epoch.find(session_id)
    sides: list[tuple[SessionLeaf | None, list[bytes]]] = []
    for place in (index - 1, index):
        there = 0 <= place < len(epoch.leaves)
        sides.append((epoch.leaves[place], epoch.session_proof(place)) if there else (None, []))
    asked: list[Any] = [epoch.number, session_id, index]
    for leaf, proof in sides:
        asked += [NO_LEAF if leaf is None else leaf_fields(leaf), proof]
    if client.call(block, contracts.anchor, "verifyAbsence", *asked) is not True:
        raise SourceError(f"epoch {epoch.number}: the contract does not accept the proof")
    (left, left_proof), (right, right_proof) = sides
    return {
        **described(contracts, epoch),
        "included": False,
        "sessionId": hexed(session_id),
        "index": index,
        "left": None if left is None else told(left),
        "leftProof": [hexed(each) for each in left_proof],
        "right": None if right is None else told(right),
        "rightProof": [hexed(each) for each in right_proof],
    }


def described(contracts: Contracts, epoch: BuiltEpoch) -> dict[str, Any]:
    """Return which epoch of which chain a proof is about."""
    return {
        "chainId": contracts.chain_id,
        "contract": hexed(contracts.anchor.address),
        "epoch": epoch.number,
        "root": hexed(epoch.root),
        "count": len(epoch.leaves),
    }


def told(leaf: SessionLeaf) -> dict[str, Any]:
    """Return a leaf for a script."""
    return {
        "sessionId": hexed(leaf.session_id),
        "state": int(leaf.state),
        "outputHash": hexed(leaf.output_hash),
        "oracleRoot": hexed(leaf.oracle_root),
        "receiptsRoot": hexed(leaf.receipts_root),
    }


def show(found: dict[str, Any]) -> None:
    """Print a proof for a person."""
    where = f"epoch {found['epoch']} of chain {found['chainId']}"
    if found["included"]:
        print(f"{found['leaf']['sessionId']} stands in {where}: checked by the contract")
    else:
        print(f"{found['sessionId']} does not stand in {where}: checked by the contract")
    print(f"  root   {found['root']}, {found['count']:,} sessions")
    print(f"  index  {found['index']}")
    for name in ("leaf", "left", "right"):
        if found.get(name):
            fields = ", ".join(f"{key} {value}" for key, value in found[name].items())
            print(f"  {name:<6} {fields}")
    for name in ("proof", "leftProof", "rightProof"):
        for sibling in found.get(name, ()):
            print(f"  {name:<10} {sibling}")
