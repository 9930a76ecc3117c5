"""0x0803: groups that hold an ECDSA key together, and what they sign.

A group is its Feldman commitments: the first is the public key, their number the threshold, and
F(j) = sum of j**k C_k the public share of member j, from 1. All of that is the registrar's word:
nothing here can see how many people hold the shares. A new epoch replaces the commitments and can
never change the key; the registrar may begin it, or anybody with a signature of the group on
`rotationDigest`. Child keys are those of BIP-32 that need no private key.
"""

from ... import abi
from ...backends import secp256k1_group as curve
from ...backends.keccak import keccak256
from ...backends.secp256k1_group import Point
from ...gas import Constant, PerItem
from ...precompile import Call, Host, Precompile, method
from .. import ecdsa_signature
from . import groups
from .child_keys import ExtendedKey, NoChildError, descend
from .groups import Group

PATH_MAX = 16
POINT_SIZE_MAX = 65  # So that an uncompressed point is refused by name.
ROTATION_TAG = b"PARS-THRESHOLD-ECDSA-ROTATE-V1"
MULTIPLICATION_GAS = 3_000

NOT_REGISTRAR = abi.error("NotRegistrar(address registrar)")
INVALID_GROUP_SIGNATURE = abi.error("InvalidGroupSignature()")
KEY_CHANGED = abi.error("KeyChanged()")
INVALID_MEMBER = abi.error("InvalidMember(uint256 member)")
NO_CHILD_KEY = abi.error("NoChildKey(uint32 index)")

GROUP_REGISTERED = abi.event(
    "GroupRegistered(bytes32 indexed groupId, address indexed registrar, bytes publicKey,"
    " uint16 threshold, uint16 members)",
    {"publicKey": curve.COMPRESSED_SIZE},
)
GROUP_ROTATED = abi.event(
    "GroupRotated(bytes32 indexed groupId, uint64 indexed epoch, uint16 threshold, uint16 members,"
    " bytes32 commitmentsHash)"
)


def register(call: Call, commitments: list[bytes], members: int, chain_code: bytes) -> bytes:
    """Write a new group and return its id."""
    groups.check(commitments, members)
    host, registrar = call.host, call.caller
    nonce = groups.take_nonce(host, registrar)
    identifier = groups.group_id(call.context.chain_id, registrar, nonce)
    groups.store(host, identifier, registrar, 0, members, commitments)
    groups.store_chain_code(host, identifier, chain_code)
    threshold = len(commitments)
    log = GROUP_REGISTERED.log(identifier, registrar, commitments[0], threshold, members)
    host.emit(*log)
    return identifier


def rotate(
    call: Call, identifier: bytes, commitments: list[bytes], members: int, signature: bytes
) -> int:
    """Begin the next epoch with new commitments to the same key, and return its number."""
    host = call.host
    group = groups.load(host, identifier)
    groups.check(commitments, members)
    key = groups.load_key(host, group)
    if commitments[0] != key:
        raise KEY_CHANGED()
    epoch = group.epoch + 1
    if signature:
        digest = rotation_message(call, identifier, epoch, commitments, members)
        if not ecdsa_signature.verify(point_of(key), digest, signature):
            raise INVALID_GROUP_SIGNATURE()
    elif call.caller != group.registrar:
        raise NOT_REGISTRAR(group.registrar)
    groups.store(host, identifier, group.registrar, epoch, members, commitments)
    groups.clear(host, group, len(commitments))
    threshold = len(commitments)
    log = GROUP_ROTATED.log(identifier, epoch, threshold, members, hash_of(commitments))
    host.emit(*log)
    return epoch


def rotation_digest(call: Call, identifier: bytes, commitments: list[bytes], members: int) -> bytes:
    """Return what the group signs to begin its next epoch."""
    group = groups.load(call.host, identifier)
    groups.check(commitments, members)
    return rotation_message(call, identifier, group.epoch + 1, commitments, members)


def rotation_message(
    call: Call, identifier: bytes, epoch: int, commitments: list[bytes], members: int
) -> bytes:
    """Hash everything that a rotation changes; the id binds chain and registrar."""
    numbers = epoch.to_bytes(32, "big") + members.to_bytes(32, "big")
    return keccak256(
        keccak256(ROTATION_TAG)
        + call.context.chain_id.to_bytes(32, "big")
        + identifier
        + numbers
        + hash_of(commitments)
    )


def hash_of(commitments: list[bytes]) -> bytes:
    """Hash commitments, all of 33 bytes."""
    return keccak256(b"".join(commitments))


def verify(call: Call, identifier: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether the group signed the digest."""
    return ecdsa_signature.verify(group_key(call, identifier), digest, signature)


def verify_child(
    call: Call, identifier: bytes, path: list[int], digest: bytes, signature: bytes
) -> bool:
    """Return whether the group signed the digest with a child key."""
    found = derive(call.host, groups.load(call.host, identifier), path)
    return ecdsa_signature.verify(found.key, digest, signature)


def address_of(call: Call, identifier: bytes) -> bytes:
    """Return the account of the group's key."""
    return ecdsa_signature.account(group_key(call, identifier))


def child_key(call: Call, identifier: bytes, path: list[int]) -> tuple[bytes, bytes, bytes]:
    """Return key, chain code and account at the end of a path."""
    found = derive(call.host, groups.load(call.host, identifier), path)
    return curve.encode(found.key), found.chain_code, ecdsa_signature.account(found.key)


def verify_share(call: Call, identifier: bytes, member: int, share: bytes) -> bool:
    """Return whether this is the public share of a member."""
    return public_share(call, identifier, member) == share


def share_of(call: Call, identifier: bytes, member: int) -> bytes:
    """Return the public share of a member."""
    return public_share(call, identifier, member)


def public_share(call: Call, identifier: bytes, member: int) -> bytes:
    """Return F(member); none at infinity, which is no share."""
    group = groups.load(call.host, identifier)
    if not 1 <= member <= group.members:
        raise INVALID_MEMBER(member)
    call.host.charge(MULTIPLICATION_GAS * group.threshold, "Feldman commitments")
    commitments = groups.load_commitments(call.host, group, group.threshold)
    share = groups.public_share(commitments, member)
    return b"" if share is None else curve.encode(share)


def group_of(call: Call, identifier: bytes) -> tuple[object, ...]:
    """Return what is known of a group."""
    group = groups.load(call.host, identifier)
    key = groups.load_key(call.host, group)
    chain_code = groups.load_chain_code(call.host, group)
    return key, chain_code, group.threshold, group.members, group.epoch, group.registrar


def commitments_of(call: Call, identifier: bytes) -> list[bytes]:
    """Return the commitments of the present epoch."""
    group = groups.load(call.host, identifier)
    call.host.charge(MEMORY_GAS * group.threshold, "commitments")
    return groups.load_commitments(call.host, group, group.threshold)


def next_group_id(call: Call, registrar: bytes) -> bytes:
    """Return the id that the registrar's next group gets."""
    nonce = groups.nonce_of(call.host, registrar)
    return groups.group_id(call.context.chain_id, registrar, nonce)


def group_key(call: Call, identifier: bytes) -> Point:
    """Return the group's public key as a point."""
    return point_of(groups.load_key(call.host, groups.load(call.host, identifier)))


def derive(host: Host, group: Group, path: list[int]) -> ExtendedKey:
    """Return the key at the end of a path, or refuse the index that has none."""
    root = ExtendedKey(
        key=point_of(groups.load_key(host, group)),
        chain_code=groups.load_chain_code(host, group),
    )
    try:
        return descend(root, path)
    except NoChildError as refused:
        raise NO_CHILD_KEY(refused.index) from None


def point_of(stored: bytes) -> Point:
    """Return a point that was checked when it was stored."""
    point = curve.parse(stored)
    assert point is not None
    return point


MEMORY_GAS = 50
COMMITMENT_BOUNDS: dict[str, abi.Bound] = {"commitments": (groups.MEMBERS_MAX, POINT_SIZE_MAX)}
SIGNATURE_BOUNDS: dict[str, abi.Bound] = {"signature": ecdsa_signature.SIGNATURE_SIZE_MAX}
WRITE_COMMITMENTS = PerItem(argument="commitments", amount=1_000)
VERIFY = Constant(amount=4_500)
DERIVE = PerItem(argument="path", amount=2_500)

PRECOMPILE = Precompile(
    address=(0x0803).to_bytes(20, "big"),
    family="threshold",
    name="ecdsa",
    interface="IThresholdECDSA",
    version=1,
    summary="Groups that hold an ECDSA key together: registry, epochs, signatures, child keys",
    methods=(
        method(
            "register(bytes[] commitments, uint16 members, bytes32 chainCode)"
            " returns (bytes32 groupId)",
            mutability="nonpayable",
            gas=(Constant(amount=2_500), WRITE_COMMITMENTS),
            handler=register,
            summary="Write a group of the caller's. The first commitment is the public key, their"
            " number the threshold, at most 150 members.",
            bounds=COMMITMENT_BOUNDS,
        ),
        method(
            "rotate(bytes32 groupId, bytes[] commitments, uint16 members, bytes signature)"
            " returns (uint64 epoch)",
            mutability="nonpayable",
            gas=(Constant(amount=6_000), WRITE_COMMITMENTS),
            handler=rotate,
            summary="Begin the next epoch with commitments to the same key. With an empty signature"
            " only the registrar may; with the group's on rotationDigest anybody.",
            bounds={**COMMITMENT_BOUNDS, **SIGNATURE_BOUNDS},
        ),
        method(
            "rotationDigest(bytes32 groupId, bytes[] commitments, uint16 members)"
            " returns (bytes32 digest)",
            mutability="view",
            gas=(Constant(amount=1_500), WRITE_COMMITMENTS),
            handler=rotation_digest,
            summary="Return what the group signs to begin its next epoch.",
            bounds=COMMITMENT_BOUNDS,
        ),
        method(
            "verify(bytes32 groupId, bytes32 digest, bytes signature) returns (bool valid)",
            mutability="view",
            gas=(VERIFY,),
            handler=verify,
            summary="Check a signature of the group, as 0x0802 checks one.",
            bounds=SIGNATURE_BOUNDS,
        ),
        method(
            "addressOf(bytes32 groupId) returns (address account)",
            mutability="view",
            gas=(Constant(amount=1_000),),
            handler=address_of,
            summary="Return the account of the group's key.",
        ),
        method(
            "childKey(bytes32 groupId, uint32[] path)"
            " returns (bytes publicKey, bytes32 chainCode, address account)",
            mutability="view",
            gas=(Constant(amount=1_500), DERIVE),
            handler=child_key,
            summary="Return the BIP-32 key at the end of a path of unhardened indices.",
            bounds={"path": PATH_MAX, "publicKey": curve.COMPRESSED_SIZE},
        ),
        method(
            "verifyChild(bytes32 groupId, uint32[] path, bytes32 digest, bytes signature)"
            " returns (bool valid)",
            mutability="view",
            gas=(VERIFY, DERIVE),
            handler=verify_child,
            summary="Check a signature made with a child key.",
            bounds={"path": PATH_MAX, **SIGNATURE_BOUNDS},
        ),
        method(
            "verifyShare(bytes32 groupId, uint16 member, bytes share) returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=1_500),),
            handler=verify_share,
            summary="Check a member's public share; costs 3,000 more for each commitment.",
            bounds={"share": POINT_SIZE_MAX},
        ),
        method(
            "shareOf(bytes32 groupId, uint16 member) returns (bytes share)",
            mutability="view",
            gas=(Constant(amount=1_500),),
            handler=share_of,
            summary="Return a member's public share; costs 3,000 more for each commitment.",
            bounds={"share": curve.COMPRESSED_SIZE},
        ),
        method(
            "groupOf(bytes32 groupId) returns (bytes publicKey, bytes32 chainCode,"
            " uint16 threshold, uint16 members, uint64 epoch, address registrar)",
            mutability="view",
            gas=(Constant(amount=1_000),),
            handler=group_of,
            summary="Return what is known of a group.",
            bounds={"publicKey": curve.COMPRESSED_SIZE},
        ),
        method(
            "commitmentsOf(bytes32 groupId) returns (bytes[] commitments)",
            mutability="view",
            gas=(Constant(amount=1_000),),
            handler=commitments_of,
            summary="Return the commitments of the present epoch.",
            bounds={"commitments": (groups.MEMBERS_MAX, curve.COMPRESSED_SIZE)},
        ),
        method(
            "nextGroupId(address registrar) returns (bytes32 groupId)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=next_group_id,
            summary="Return the id that the registrar's next group gets.",
        ),
    ),
    errors=(
        groups.INVALID_COMMITMENT,
        groups.INVALID_THRESHOLD,
        groups.UNKNOWN_GROUP,
        NOT_REGISTRAR,
        INVALID_GROUP_SIGNATURE,
        KEY_CHANGED,
        INVALID_MEMBER,
        NO_CHILD_KEY,
    ),
    events=(GROUP_REGISTERED, GROUP_ROTATED),
    references=(
        "BIP-32, public parent key to public child key",
        "ePrint 2021/060, figures 5 and 6",
    ),
)
