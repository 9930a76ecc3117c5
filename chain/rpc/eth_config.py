"""eth_config: the rules that hold now, next and last (EIP-7910)."""

import zlib
from typing import Final

from precompiles.registry import PRECOMPILES

from ..forks import BYZANTIUM, CANCUN, FRONTIER, ISTANBUL, OSAKA, PRAGUE, Fork
from ..genesis import Genesis
from ..system import (
    BEACON_ROOTS_ADDRESS,
    CONSOLIDATIONS_ADDRESS,
    HISTORY_ADDRESS,
    WITHDRAWALS_ADDRESS,
)
from .codec import hex_data
from .method import Method, Node
from .results import Json

# Names as EIP-7910 spells them, with the fork that brought each.
STANDARD_PRECOMPILES: Final = (
    (0x01, "ECREC", FRONTIER),
    (0x02, "SHA256", FRONTIER),
    (0x03, "RIPEMD160", FRONTIER),
    (0x04, "ID", FRONTIER),
    (0x05, "MODEXP", BYZANTIUM),
    (0x06, "BN254_ADD", BYZANTIUM),
    (0x07, "BN254_MUL", BYZANTIUM),
    (0x08, "BN254_PAIRING", BYZANTIUM),
    (0x09, "BLAKE2F", ISTANBUL),
    (0x0A, "KZG_POINT_EVALUATION", CANCUN),
    (0x0B, "BLS12_G1ADD", PRAGUE),
    (0x0C, "BLS12_G1MSM", PRAGUE),
    (0x0D, "BLS12_G2ADD", PRAGUE),
    (0x0E, "BLS12_G2MSM", PRAGUE),
    (0x0F, "BLS12_PAIRING_CHECK", PRAGUE),
    (0x10, "BLS12_MAP_FP_TO_G1", PRAGUE),
    (0x11, "BLS12_MAP_FP2_TO_G2", PRAGUE),
    (0x100, "P256VERIFY", OSAKA),
)


def fork_hash(genesis: Genesis, genesis_hash: bytes, until: int) -> bytes:
    """Return the checksum of all forks up to a time (EIP-6122)."""
    blocks = {block for block, _ in genesis.schedule.by_block if block > genesis.number}
    if genesis.schedule.merge_block:
        blocks.add(genesis.schedule.merge_block)
    times = {time for time, _ in genesis.schedule.by_time if genesis.timestamp < time <= until}
    checksum = zlib.crc32(genesis_hash)
    for activation in (*sorted(blocks), *sorted(times)):
        checksum = zlib.crc32(activation.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")


def fork_json(node: Node, time: int, fork: Fork) -> Json:
    """Return the description of one fork."""
    genesis = node.chain.genesis
    precompiles = {
        name: hex_data(address.to_bytes(20, "big"))
        for address, name, since in STANDARD_PRECOMPILES
        if fork.since(since)
    }
    if fork.pars:
        precompiles |= {entry.name: hex_data(entry.address) for entry in PRECOMPILES}
    contracts = {}
    if fork.since(CANCUN):
        contracts["BEACON_ROOTS_ADDRESS"] = BEACON_ROOTS_ADDRESS
    if fork.since(PRAGUE):
        contracts |= {
            "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS": CONSOLIDATIONS_ADDRESS,
            "DEPOSIT_CONTRACT_ADDRESS": genesis.deposit_address,
            "HISTORY_STORAGE_ADDRESS": HISTORY_ADDRESS,
            "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS": WITHDRAWALS_ADDRESS,
        }
    blobs = fork.blobs
    return {
        "activationTime": time,
        "blobSchedule": blobs
        and {
            "target": blobs.target,
            "max": blobs.max,
            "baseFeeUpdateFraction": blobs.base_fee_update_fraction,
        },
        "chainId": hex(node.chain.chain_id),
        "forkId": hex_data(fork_hash(genesis, node.chain.genesis_hash, time)),
        "precompiles": dict(sorted(precompiles.items())),
        "systemContracts": {name: hex_data(at) for name, at in contracts.items()},
    }


def config(node: Node) -> Json:
    """The rules that hold now, those of the next fork and of the last one known (EIP-7910)."""
    head = node.chain.head.header
    forks = node.chain.genesis.schedule.by_time
    due = [entry for entry in forks if entry[0] <= head.timestamp]
    later = [entry for entry in forks if entry[0] > head.timestamp]
    current = due[-1] if due else (0, node.chain.fork_of(head))
    following = [entry for entry in later if entry[0] == later[0][0]]
    return {
        "current": fork_json(node, *current),
        "next": fork_json(node, *following[-1]) if following else None,
        "last": fork_json(node, *later[-1]) if later else None,
    }


METHODS: Final = (Method(name="eth_config", run=config, inline=True),)
