"""0x0300: IAIMining. Rewards for inference that was done, and transfers from other chains.

Rewards come from the balance that this address has in the first block, and from nowhere else:
nothing is minted. `work.py` tells what counts, `rewards.py` what it is worth, `teleports.py` how a
transfer arrives.
"""

from collections.abc import Mapping
from typing import Any

from ...gas import Constant, PerItem
from ...pq.ml_dsa import contract as ml_dsa
from ...pq.ml_dsa.parameters import BY_PUBLIC_KEY_SIZE
from ...precompile import Call, Precompile, Start, method
from . import rewards, store, teleports, work

POOL = 10**8 * 10**18
"""A tenth of the supply. At the target and full trust it lasts for eleven years."""
BASE_REWARD = 10**12
"""Of one unit, in wei: a thousand coins for an hour at the target."""
TARGET_UNITS = 10**9
EPOCH_SECONDS = 3_600
JOB_SECONDS = 3_600
DUE_SECONDS = 600
"""As long as a claim at 0x0304 may be challenged there."""

NAMES = {
    "baseReward": BASE_REWARD,
    "targetUnits": TARGET_UNITS,
    "epoch": EPOCH_SECONDS,
    "jobTime": JOB_SECONDS,
    "dueTime": DUE_SECONDS,
}
KEY_SIZE_MAX = 8_192
"""For `deriveAddress`: longer than any key, as long as the published vectors of BLAKE3 are."""

# Measured: docs/gas.md.
STEP_GAS = 1_500
PROOF_BYTE_GAS = 1


def genesis(settings: Mapping[str, Any]) -> Start:
    """Return the pool, and the storage that the settings ask for."""
    allowed = {"admin", "bridge", "pool", *NAMES}
    if unknown := set(settings) - allowed:
        raise ValueError(f"{min(unknown)}: no such setting")
    values = {name: settings.get(name, default) for name, default in NAMES.items()}
    values["pool"] = settings.get("pool", POOL)
    for name, value in values.items():
        if not isinstance(value, int) or not (0 if name == "pool" else 1) <= value < 1 << 96:
            raise ValueError(f"{name}: not a number from 1 to 2^96 - 1")
    for name in ("epoch", "jobTime", "dueTime"):
        if values[name] >> 32:
            raise ValueError(f"{name}: not a number of seconds below 2^32")
    times = values["epoch"] << 128 | values["jobTime"] << 64 | values["dueTime"]
    storage = {
        store.ADMIN: address_in(settings, "admin"),
        store.BRIDGE: address_in(settings, "bridge"),
        store.BASE: values["baseReward"],
        store.TARGET: values["targetUnits"],
        store.TIMES: times,
        store.DIFFICULTY: rewards.ONE,
    }
    return Start(storage=storage, balance=values["pool"])


def address_in(settings: Mapping[str, Any], name: str) -> int:
    """Return the address that a setting names, 0 for none."""
    text = settings.get(name, "0x" + "00" * 20)
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except (AttributeError, ValueError):
        found = b""
    if len(found) != 20:
        raise ValueError(f"{name}: not an address of 20 bytes in hex")
    return int.from_bytes(found, "big")


def mining_balance(call: Call, miner: bytes) -> int:
    """Return what a miner has earned and not been paid."""
    return call.host.load(store.balance_slot(miner))


def verify_ml_dsa(call: Call, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature holds, as 0x0602 does."""
    return ml_dsa.verify(call, public_key, message, signature)


def security_level(_: Call, public_key: bytes) -> int:
    """Return NIST's level of an ML-DSA key."""
    chosen = BY_PUBLIC_KEY_SIZE.get(len(public_key))
    if chosen is None:
        raise work.INVALID_PUBLIC_KEY_SIZE()
    return chosen.number


def derive_address(_: Call, public_key: bytes) -> bytes:
    """Return the address of a miner."""
    return work.address_of(public_key)


def work_of(call: Call, work_id: bytes) -> tuple[object, ...]:
    """Return work, and what became of it."""
    found, host = store.read_work(call.host.load, work_id), call.host
    if found.status == store.NO_WORK:
        raise work.UNKNOWN_WORK(work_id)
    packed = host.load(store.slot_of(work_id, store.MINER))
    return (
        *(found.opener, found.status, found.opened),
        store.word(host.load(store.slot_of(work_id, store.CONTEXT))),
        *((packed >> 96).to_bytes(20, "big"), packed & store.MASK_64),
        host.load(store.slot_of(work_id, store.REWARD)),
    )


def work_id_of(call: Call, device: bytes, nonce: bytes) -> bytes:
    """Return the id, and nullifier, of work on this chain."""
    return store.work_id(device, nonce, call.context.chain_id)


def work_message(call: Call, context_hash: bytes, output_hash: bytes, units: int) -> bytes:
    """Return what a miner signs of its work."""
    return work.message_of(call.context.chain_id, context_hash, output_hash, units)


def epoch_of(call: Call) -> tuple[int, int, int, int]:
    """Return the epoch that this block is in, as the next work will find it."""
    load = call.host.load
    target = load(store.TARGET)
    number = call.context.timestamp // store.read_times(load).epoch
    epoch = rewards.at(store.read_epoch(load), number, target)
    return epoch.number, epoch.units, epoch.difficulty, target


def pool_of(call: Call) -> tuple[int, int, int]:
    """Return what is left of the pool, what is promised, and what is held of teleports."""
    return work.unpromised(call), *store.read_promised(call.host.load)


def admin_of(call: Call) -> tuple[bytes, bytes]:
    """Return who names the bridge, and the bridge."""
    read = call.host.load
    return store.read_address(read, store.ADMIN), store.read_address(read, store.BRIDGE)


STEP = (Constant(amount=STEP_GAS),)
VIEW = (Constant(amount=500),)
SIGNED = {
    "publicKey": ml_dsa.VERIFYING["publicKey"],
    "message": ml_dsa.VERIFYING["message"],
    "signature": ml_dsa.VERIFYING["signature"],
}
KEY = {"publicKey": KEY_SIZE_MAX}

PRECOMPILE = Precompile(
    address=store.ADDRESS,
    family="ai",
    name="mining",
    interface="IAIMining",
    version=1,
    summary="AI mining: rewards for verified inference from a pool, ML-DSA keys, teleports",
    methods=(
        method(
            "miningBalance(address miner) returns (uint256 balance)",
            mutability="view",
            gas=VIEW,
            handler=mining_balance,
            summary="Return what a miner, by the address of its key, has earned and not been paid.",
        ),
        method(
            "verifyMLDSA(bytes publicKey, bytes message, bytes signature) returns (bool valid)",
            mutability="view",
            gas=ml_dsa.VERIFY_PRICE,
            handler=verify_ml_dsa,
            summary="Check an ML-DSA signature made with the empty context, as 0x0602 does.",
            bounds=SIGNED,
        ),
        method(
            "getSecurityLevel(bytes publicKey) returns (uint8 level)",
            mutability="pure",
            gas=(Constant(amount=300),),
            handler=security_level,
            summary="Return NIST's level, 2, 3 or 5, of an ML-DSA key.",
            bounds=KEY,
        ),
        method(
            "deriveAddress(bytes publicKey) returns (address miner)",
            mutability="pure",
            gas=(Constant(amount=300), PerItem(argument="publicKey", amount=1)),
            handler=derive_address,
            summary="Return the first 20 bytes of the BLAKE3 hash of a key.",
            bounds=KEY,
        ),
        method(
            "pendingTeleports(address recipient) returns (bytes32[] teleportIds)",
            mutability="view",
            gas=(Constant(amount=2 * STEP_GAS),),
            handler=teleports.pending,
            summary="Return the transfers that somebody may claim now.",
            bounds={"teleportIds": teleports.PENDING_MAX},
        ),
        method(
            "getTeleportDetails(bytes32 teleportId) returns (bytes32 sender, address recipient,"
            " uint256 amount, uint256 sourceChain, uint8 status)",
            mutability="view",
            gas=VIEW,
            handler=teleports.details,
            summary="Return a transfer. Status: 0 pending, 1 claimed, 2 expired.",
        ),
        method(
            "claimTeleport(bytes32 teleportId) returns (uint256 amount)",
            mutability="nonpayable",
            gas=STEP,
            handler=teleports.claim,
            summary="As recipient, take a transfer within 24 hours.",
        ),
        method(
            "batchClaimTeleports(bytes32[] teleportIds) returns (uint256 totalAmount)",
            mutability="nonpayable",
            gas=(*STEP, PerItem(argument="teleportIds", amount=STEP_GAS)),
            handler=teleports.claim_all,
            summary="As recipient, take several transfers, or none of them.",
            bounds={"teleportIds": teleports.PENDING_MAX},
        ),
        method(
            "submitWorkProof(bytes proof, bytes attestation) returns (uint256 reward)",
            mutability="nonpayable",
            gas=(
                Constant(amount=4 * STEP_GAS),
                PerItem(argument="proof", amount=PROOF_BYTE_GAS),
                PerItem(argument="attestation", amount=PROOF_BYTE_GAS),
            ),
            handler=work.submit,
            summary="Prove work on a job of the caller's: abi.encode(modelId, inputHash, deviceId,"
            " nonce, outputHash, uint64 units, claimId, input, publicKey, signature). The input is"
            " computed again, or a claim at 0x0304 stands for the output. The attestation is empty,"
            " or abi.encode(receipt, signature) for 0x0305.",
            bounds={"proof": work.PROOF_SIZE_MAX, "attestation": work.ATTESTATION_SIZE_MAX},
        ),
        method(
            "openJob(bytes32 modelId, bytes32 inputHash, bytes32 deviceId, bytes32 nonce)"
            " returns (bytes32 workId, bytes32 contextHash)",
            mutability="nonpayable",
            gas=STEP,
            handler=work.open_job,
            summary="Fix what is about to be computed. A device's nonce counts once.",
        ),
        method(
            "claim(bytes32[] workIds, address to, bytes publicKey, bytes signature)"
            " returns (uint256 amount)",
            mutability="nonpayable",
            gas=(*STEP, PerItem(argument="workIds", amount=STEP_GAS)),
            handler=work.claim,
            summary="Pay due rewards to an account, by the signature of the miner's key over"
            " keccak256(abi.encode(domain, chain id, keccak256(workIds), to)).",
            bounds={
                "workIds": work.WORKS_MAX,
                "publicKey": SIGNED["publicKey"],
                "signature": SIGNED["signature"],
            },
        ),
        method(
            "revoke(bytes32 workId) returns (uint256 reward)",
            mutability="nonpayable",
            gas=STEP,
            handler=work.revoke,
            summary="Take back the reward of work whose claim at 0x0304 was rejected.",
        ),
        method(
            "workOf(bytes32 workId) returns (address opener, uint8 status, uint64 opened,"
            " bytes32 context, address miner, uint64 due, uint256 reward)",
            mutability="view",
            gas=VIEW,
            handler=work_of,
            summary="Return work. Status: 1 open, 2 accepted, 3 paid, 4 revoked. Once accepted, the"
            " context is the claim that stands for it, or 0.",
        ),
        method(
            "workIdOf(bytes32 deviceId, bytes32 nonce) returns (bytes32 workId)",
            mutability="view",
            gas=(Constant(amount=400),),
            handler=work_id_of,
            summary="Return BLAKE3(device | nonce | chain id), the nullifier of work.",
        ),
        method(
            "workMessage(bytes32 contextHash, bytes32 outputHash, uint64 units)"
            " returns (bytes32 message)",
            mutability="view",
            gas=(Constant(amount=400),),
            handler=work_message,
            summary="Return what a miner signs of its work.",
        ),
        method(
            "epoch() returns (uint256 number, uint256 units, uint256 difficulty, uint256 target)",
            mutability="view",
            gas=VIEW,
            handler=epoch_of,
            summary="Return the epoch, its units so far, the difficulty with 18 decimals, and the"
            " target.",
        ),
        method(
            "pool() returns (uint256 left, uint256 promised, uint256 held)",
            mutability="view",
            gas=VIEW,
            handler=pool_of,
            summary="Return what of the balance is free, promised for work, and held of transfers.",
        ),
        method(
            "recordTeleport(bytes32 teleportId, bytes32 sender, address recipient,"
            " uint256 sourceChain)",
            mutability="payable",
            gas=STEP,
            handler=teleports.record,
            summary="As bridge, announce a transfer, with its amount as value.",
        ),
        method(
            "returnTeleport(bytes32 teleportId) returns (uint256 amount)",
            mutability="nonpayable",
            gas=STEP,
            handler=teleports.give_back,
            summary="Give an expired transfer back to the bridge.",
        ),
        method(
            "setBridge(address bridge)",
            mutability="nonpayable",
            gas=(Constant(amount=500),),
            handler=teleports.set_bridge,
            summary="As admin, name the bridge.",
        ),
        method(
            "admin() returns (address admin, address bridge)",
            mutability="view",
            gas=VIEW,
            handler=admin_of,
            summary="Return who names the bridge, and the bridge.",
        ),
    ),
    errors=(*work.ERRORS, *teleports.ERRORS),
    events=(
        teleports.TELEPORT_CLAIMED,
        work.MLDSA_VERIFIED,
        work.WORK_OPENED,
        work.WORK_ACCEPTED,
        work.WORK_REVOKED,
        work.REWARD_CLAIMED,
        teleports.TELEPORT_RECORDED,
        teleports.TELEPORT_RETURNED,
        teleports.BRIDGE_CHANGED,
    ),
    references=("PIP-0006", "IAIMining", "FIPS 204", "BLAKE3"),
    genesis=genesis,
)
