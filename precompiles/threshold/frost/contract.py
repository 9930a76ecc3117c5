"""0x0801: FROST signatures by ciphersuite number, and the groups that make them: RFC 9591.

`verify` and `verifyBatch` check the one signature that a group makes together; they say nothing of
threshold or group size. A signature that does not hold, of whatever length, gives false; a public
key that is not one is refused, because it is the caller's mistake.

A group is its Feldman commitments: the first is the public key, their number the threshold, and the
verification share of a member follows from all of them. That the members really hold such shares is
the registrar's word. With a group known, a share of a signature can be checked on its own, so that
a failed signature has a culprit.
"""

from collections.abc import Mapping, Sequence

from ... import abi
from ...gas import Choice, Constant, Listed, PerItem
from ...precompile import Call, Host, Precompile, method
from ..ecdsa.groups import group_id, take_nonce
from . import groups, prices, signing
from .groups import Group
from .signing import Commitment, Session
from .suites import SUITES, Element, Suite

KEY_SIZE_MAX = 65  # So that an uncompressed key is refused for its length, by name.
SIGNATURE_SIZE_MAX = 128
MESSAGE_SIZE_MAX = 4096
MEMBERS_MAX = 150
BATCH_MAX = 32
BATCH_MESSAGE_SIZE_MAX = 1024

INVALID_SUITE = abi.error("InvalidSuite(uint8 suite)")
INVALID_PUBLIC_KEY = abi.error("InvalidPublicKey()")
INVALID_THRESHOLD = abi.error("InvalidThreshold(uint256 threshold, uint256 members)")
INVALID_COMMITMENT = abi.error("InvalidCommitment(uint256 position)")
INVALID_SIGNERS = abi.error("InvalidSigners()")
INVALID_SHARE = abi.error("InvalidShare(uint256 identifier)")
INVALID_MEMBER = abi.error("InvalidMember(uint256 identifier)")

GROUP_REGISTERED = abi.event(
    "GroupRegistered(bytes32 indexed groupId, address indexed registrar, uint8 suite,"
    " bytes publicKey, uint16 threshold, uint16 members)",
    {"publicKey": 33},
)


# --- Signatures -----------------------------------------------------------------------------


def verify(_: Call, number: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature holds."""
    suite = find_suite(number)
    if len(public_key) != suite.key_size:
        raise abi.INVALID_LENGTH(suite.key_size, len(public_key))
    element = suite.parse_key(public_key)
    if element is None:
        raise INVALID_PUBLIC_KEY()
    return holds(suite, element, public_key, message, signature)


def verify_batch(
    call: Call,
    number: int,
    public_keys: list[bytes],
    messages: list[bytes],
    signatures: list[bytes],
) -> list[bool]:
    """Return for each signature whether it holds."""
    for given in (messages, signatures):
        if len(given) != len(public_keys):
            raise abi.INVALID_LENGTH(len(public_keys), len(given))
    rows = zip(public_keys, messages, signatures, strict=True)
    return [verify(call, number, *row) for row in rows]


def find_suite(number: int) -> Suite:
    """Return the suite of this number, or refuse it."""
    suite = SUITES.get(number)
    if suite is None:
        raise INVALID_SUITE(number)
    return suite


def holds(
    suite: Suite, element: Element, public_key: bytes, message: bytes, signature: bytes
) -> bool:
    """Return whether a signature of any length holds, for a key decoded and as given."""
    if len(signature) != suite.signature_size:
        return False
    return suite.verify_with(element, public_key, message, signature)


def holds_for(host: Host, group: Group, message: bytes, signature: bytes) -> bool:
    """Return whether a signature of any length holds for a group."""
    host.charge(prices.VERIFY[group.suite.number], "signature")
    element, _ = group.suite.normal(key_of(host, group))
    return holds(group.suite, element, group.suite.encode_key(element), message, signature)


# --- Groups ---------------------------------------------------------------------------------


def register(call: Call, number: int, members: int, commitments: list[bytes]) -> bytes:
    """Write a new group and return its id."""
    suite = find_suite(number)
    if not 1 <= len(commitments) <= members <= MEMBERS_MAX:
        raise INVALID_THRESHOLD(len(commitments), members)
    for position, each in enumerate(commitments):
        if suite.group.decode(each) is None:
            raise INVALID_COMMITMENT(position)
    host, registrar = call.host, call.caller
    identifier = group_id(call.context.chain_id, registrar, take_nonce(host, registrar))
    groups.store(host, identifier, registrar, suite, members, commitments)
    key = commitments[0][1:] if suite.x_only else commitments[0]
    threshold = len(commitments)
    host.emit(*GROUP_REGISTERED.log(identifier, registrar, number, key, threshold, members))
    return identifier


def group_of(call: Call, identifier: bytes) -> tuple[int, int, int, bytes, bytes]:
    """Return suite, threshold, members, registrar and public key."""
    group = groups.load(call.host, identifier)
    key = group.suite.encode_key(key_of(call.host, group))
    return group.suite.number, group.threshold, group.members, group.registrar, key


def verify_group(call: Call, identifier: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the group signed the message."""
    group = groups.load(call.host, identifier)
    return holds_for(call.host, group, message, signature)


def verification_share_of(call: Call, identifier: bytes, member: int) -> bytes:
    """Return the public share of a member."""
    group = groups.load(call.host, identifier)
    if not 1 <= member <= group.members:
        raise INVALID_MEMBER(member)
    share = verification_share(call.host, group, member)
    if share is None:
        raise INVALID_MEMBER(member)
    return group.suite.group.encode(share)


def verify_share(
    call: Call,
    identifier: bytes,
    member: int,
    message: bytes,
    signers: list[int],
    hiding: list[bytes],
    binding: list[bytes],
    share: bytes,
) -> bool:
    """Return whether this is the member's share of the group's signature."""
    group = groups.load(call.host, identifier)
    session, commitments = begin(call.host, group, message, signers, hiding, binding)
    if member not in signers:
        raise INVALID_MEMBER(member)
    value = group.suite.parse_scalar(share)
    if value is None:
        return False
    return share_holds(call.host, group, session, commitments[signers.index(member)], value)


def aggregate(
    call: Call,
    identifier: bytes,
    message: bytes,
    signers: list[int],
    hiding: list[bytes],
    binding: list[bytes],
    shares: list[bytes],
) -> bytes:
    """Return the signature that the shares make, or name the first signer whose share is wrong."""
    group = groups.load(call.host, identifier)
    session, commitments = begin(call.host, group, message, signers, hiding, binding)
    if len(shares) != len(signers):
        raise abi.INVALID_LENGTH(len(signers), len(shares))
    suite, values = group.suite, []
    for signer, share in zip(signers, shares, strict=True):
        value = suite.parse_scalar(share)
        if value is None:
            raise INVALID_SHARE(signer)
        values.append(value)
    result = signing.signature(suite, session, values)
    if holds_for(call.host, group, message, result):
        return result
    for commitment, value in zip(commitments, values, strict=True):
        if not share_holds(call.host, group, session, commitment, value):
            raise INVALID_SHARE(commitment.identifier)
    # Enough shares that all hold make a signature that holds.
    raise INVALID_SIGNERS()


def begin(
    host: Host,
    group: Group,
    message: bytes,
    signers: Sequence[int],
    hiding: Sequence[bytes],
    binding: Sequence[bytes],
) -> tuple[Session, list[Commitment]]:
    """Return what follows from round one, or refuse signers and commitments."""
    for given in (hiding, binding):
        if len(given) != len(signers):
            raise abi.INVALID_LENGTH(len(signers), len(given))
    if (
        list(signers) != sorted(set(signers))
        or len(signers) < group.threshold
        or signers[0] < 1
        or signers[-1] > group.members
    ):
        raise INVALID_SIGNERS()
    suite = group.suite
    gas = prices.SUM[suite.number] + prices.ROUND_ONE[suite.number] * len(signers)
    host.charge(gas, "commitments")
    commitments = []
    for position, (signer, *encoded) in enumerate(zip(signers, hiding, binding, strict=True)):
        elements = [suite.group.decode(each) for each in encoded]
        if elements[0] is None or elements[1] is None:
            raise INVALID_COMMITMENT(position)
        commitments.append(
            Commitment(
                identifier=signer,
                hiding=elements[0],
                binding=elements[1],
                encoded=b"".join(encoded),
            )
        )
    session = signing.begin(suite, key_of(host, group), message, commitments)
    if session is None:
        raise INVALID_SIGNERS()
    return session, commitments


def share_holds(
    host: Host, group: Group, session: Session, commitment: Commitment, value: int
) -> bool:
    """Return whether a share holds."""
    host.charge(prices.share(group.suite.number, len(session.identifiers)), "share")
    expected = verification_share(host, group, commitment.identifier)
    if expected is None:
        return False
    return signing.share_holds(group.suite, session, commitment, expected, value)


def verification_share(host: Host, group: Group, member: int) -> Element | None:
    """Return the public share of a member; None at the identity."""
    number = group.suite.number
    gas = prices.SUM[number] + prices.TERM[number] * group.threshold
    host.charge(gas, "Feldman commitments")
    encoded = groups.load_commitments(host, group, group.threshold)
    elements = [group.suite.group.decode(each) for each in encoded]
    return signing.evaluate(group.suite, elements, member)


def key_of(host: Host, group: Group) -> Element:
    """Return the group's public key as it was committed to."""
    return group.suite.group.decode(groups.load_commitments(host, group, 1)[0])


def for_each(argument: str, amounts: Mapping[int, int]) -> Choice:
    """Return a price for each item of an argument, by the suite."""
    cases = [
        (number, (PerItem(argument=argument, amount=amount),)) for number, amount in amounts.items()
    ]
    return Choice(argument="suite", cases=tuple(cases))


SIGNER_LISTS: dict[str, abi.Bound] = {
    "signers": MEMBERS_MAX,
    "hiding": (MEMBERS_MAX, KEY_SIZE_MAX),
    "binding": (MEMBERS_MAX, KEY_SIZE_MAX),
}
MESSAGE_GAS = PerItem(argument="message", amount=1)

PRECOMPILE = Precompile(
    address=(0x0801).to_bytes(20, "big"),
    family="threshold",
    name="frost",
    interface="IFROST",
    version=1,
    summary="FROST threshold Schnorr signatures, RFC 9591",
    methods=(
        method(
            "verify(uint8 suite, bytes publicKey, bytes message, bytes signature)"
            " returns (bool valid)",
            mutability="view",
            gas=(
                Listed(argument="suite", amounts=tuple(prices.VERIFY.items()), otherwise=1_000),
                MESSAGE_GAS,
            ),
            handler=verify,
            summary="Check a signature. Suites: 1 secp256k1 with SHA-256, 2 secp256k1 as BIP 340"
            " has it, 3 Ed25519 with SHA-512, 4 P-256 with SHA-256, 5 ristretto255 with SHA-512.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                "message": MESSAGE_SIZE_MAX,
                "signature": SIGNATURE_SIZE_MAX,
            },
        ),
        method(
            "verifyBatch(uint8 suite, bytes[] publicKeys, bytes[] messages, bytes[] signatures)"
            " returns (bool[] valid)",
            mutability="view",
            gas=(
                Constant(amount=200),
                for_each("publicKeys", prices.VERIFY),
            ),
            handler=verify_batch,
            summary="Check up to 32 signatures of one suite.",
            bounds={
                "publicKeys": (BATCH_MAX, KEY_SIZE_MAX),
                "messages": (BATCH_MAX, BATCH_MESSAGE_SIZE_MAX),
                "signatures": (BATCH_MAX, SIGNATURE_SIZE_MAX),
                "valid": BATCH_MAX,
            },
        ),
        method(
            "register(uint8 suite, uint16 members, bytes[] commitments) returns (bytes32 groupId)",
            mutability="nonpayable",
            gas=(
                Constant(amount=1_000),
                for_each("commitments", prices.ELEMENT),
            ),
            handler=register,
            summary="Register a group of at most 150 by its Feldman commitments: as many as"
            " signers are needed, the public key first.",
            bounds={"commitments": (MEMBERS_MAX, KEY_SIZE_MAX)},
        ),
        method(
            "groupOf(bytes32 groupId) returns (uint8 suite, uint16 threshold, uint16 members,"
            " address registrar, bytes publicKey)",
            mutability="view",
            gas=(Constant(amount=prices.LOOK),),
            handler=group_of,
            summary="Return what is known of a group.",
            bounds={"publicKey": 33},
        ),
        method(
            "verifyGroup(bytes32 groupId, bytes message, bytes signature) returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=500), MESSAGE_GAS),
            handler=verify_group,
            summary="Check a signature of a group.",
            bounds={"message": MESSAGE_SIZE_MAX, "signature": SIGNATURE_SIZE_MAX},
        ),
        method(
            "verificationShareOf(bytes32 groupId, uint16 identifier) returns (bytes publicShare)",
            mutability="view",
            gas=(Constant(amount=prices.LOOK),),
            handler=verification_share_of,
            summary="Return the public share of a member.",
            bounds={"publicShare": 33},
        ),
        method(
            "verifyShare(bytes32 groupId, uint16 identifier, bytes message, uint16[] signers,"
            " bytes[] hiding, bytes[] binding, bytes32 share) returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=500), MESSAGE_GAS),
            handler=verify_share,
            summary="Check a member's share of a signature, given what all signers committed to.",
            bounds={"message": MESSAGE_SIZE_MAX, **SIGNER_LISTS},
        ),
        method(
            "aggregate(bytes32 groupId, bytes message, uint16[] signers, bytes[] hiding,"
            " bytes[] binding, bytes32[] shares) returns (bytes signature)",
            mutability="view",
            gas=(Constant(amount=500), MESSAGE_GAS),
            handler=aggregate,
            summary="Make the signature of its shares; a wrong one reverts with the signer's"
            " identifier.",
            bounds={
                "message": MESSAGE_SIZE_MAX,
                **SIGNER_LISTS,
                "shares": MEMBERS_MAX,
                "signature": KEY_SIZE_MAX,
            },
        ),
    ),
    errors=(
        INVALID_SUITE,
        INVALID_PUBLIC_KEY,
        INVALID_THRESHOLD,
        INVALID_COMMITMENT,
        INVALID_SIGNERS,
        INVALID_SHARE,
        INVALID_MEMBER,
        groups.UNKNOWN_GROUP,
    ),
    events=(GROUP_REGISTERED,),
    references=(
        "RFC 9591",
        "RFC 9380, section 5",
        "RFC 8032, section 5.1.7",
        "RFC 9496",
        "BIP 340",
    ),
)
