"""0x0703: linkable ring signatures. See `scheme.py`.

`verify` only looks. `spend` also stores the key image, under its caller and a scope of the caller's
choice, and binds the signature to both: what was signed for one contract and scope cannot be taken
to another. What is no ring, no image or no scalar is refused by name; a signature that does not
hold gives false, and makes `spend` revert.
"""

from collections.abc import Sequence

from ... import abi
from ...backends import secp256k1
from ...backends.keccak import keccak256
from ...backends.secp256k1 import Point
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from . import scheme, signing
from .scheme import KEY_SIZE, RING_MAX, RING_MIN

MESSAGE_SIZE_MAX = 4096
IMAGE_SIZE_MAX = 65  # So that an image of the wrong length is refused by name.
SPEND_TAG = b"PARS-LSAG-SPEND-V1"
SPENT = 1

INVALID_RING_SIZE = abi.error("InvalidRingSize(uint256 size)")
INVALID_RING_MEMBER = abi.error("InvalidRingMember(uint256 index)")
DUPLICATE_RING_MEMBER = abi.error("DuplicateRingMember(uint256 index)")
INVALID_KEY_IMAGE = abi.error("InvalidKeyImage()")
INVALID_SCALAR = abi.error("InvalidScalar(uint256 index)")
INVALID_SIGNATURE = abi.error("InvalidSignature()")
KEY_IMAGE_SPENT = abi.error("KeyImageSpent()")
INVALID_SECRET_KEY = abi.error("InvalidSecretKey()")
NOT_IN_RING = abi.error("NotInRing()")

SPENT_EVENT = abi.event(
    "Spent(address indexed spender, bytes32 indexed scope, bytes keyImage)",
    {"keyImage": KEY_SIZE},
)


def verify(
    _: Call, ring: bytes, message: bytes, image: bytes, first: int, responses: list[int]
) -> bool:
    """Return whether some member of the ring signed."""
    return holds(ring, message, image, first, responses)


def spend(
    call: Call,
    scope: bytes,
    ring: bytes,
    message: bytes,
    image: bytes,
    first: int,
    responses: list[int],
) -> None:
    """Check a signature made for the caller and the scope, and that its key made none before."""
    slot = slot_of(call.caller, scope, image)
    if call.host.load(slot) == SPENT:
        raise KEY_IMAGE_SPENT()
    bound = bound_message(call.context.chain_id, call.caller, scope, message)
    if not holds(ring, bound, image, first, responses):
        raise INVALID_SIGNATURE()
    call.host.store(slot, SPENT)
    call.host.emit(*SPENT_EVENT.log(call.caller, scope, image))


def is_spent(call: Call, spender: bytes, scope: bytes, image: bytes) -> bool:
    """Return whether a key has signed in a scope."""
    parse_image(image)
    return call.host.load(slot_of(spender, scope, image)) == SPENT


def spend_message(call: Call, spender: bytes, scope: bytes, message: bytes) -> bytes:
    """Return what is to be signed for `spend`."""
    return bound_message(call.context.chain_id, spender, scope, message)


def key_image(_: Call, secret: bytes) -> bytes:
    """Return the key image of a secret key."""
    return signing.key_image(parse_secret(secret))


def sign(
    _: Call, secret: bytes, ring: bytes, message: bytes, seed: bytes
) -> tuple[bytes, int, list[int]]:
    """Sign as a member of the ring."""
    scalar = parse_secret(secret)
    keys, _members = parse_ring(ring)
    if signing.public_key(scalar) not in keys:
        raise NOT_IN_RING()
    signature = signing.sign(scalar, keys, message, seed)
    return signature.image, signature.first, list(signature.responses)


def holds(ring: bytes, message: bytes, image: bytes, first: int, responses: Sequence[int]) -> bool:
    """Return whether a signature holds; refuse parts that none could have."""
    keys, members = parse_ring(ring)
    if len(responses) != len(keys):
        raise abi.INVALID_LENGTH(len(keys), len(responses))
    image_point = parse_image(image)
    for i, scalar in enumerate((first, *responses)):
        if not 0 < scalar < secp256k1.ORDER:
            raise INVALID_SCALAR(i)
    challenge = scheme.challenge_of(ring, image, message)
    bases = scheme.image_bases(keys)
    return scheme.closes(members, bases, image_point, challenge, first, responses)


def parse_ring(ring: bytes) -> tuple[list[bytes], list[Point]]:
    """Return the keys of a ring, compressed and as points."""
    count, rest = divmod(len(ring), KEY_SIZE)
    if rest or not RING_MIN <= count <= RING_MAX:
        raise INVALID_RING_SIZE(len(ring))
    keys = [ring[start : start + KEY_SIZE] for start in range(0, len(ring), KEY_SIZE)]
    seen = set()
    points = []
    for i, key in enumerate(keys):
        point = secp256k1.parse(key)
        if point is None:
            raise INVALID_RING_MEMBER(i)
        if key in seen:
            raise DUPLICATE_RING_MEMBER(i)
        seen.add(key)
        points.append(point)
    return keys, points


def parse_image(image: bytes) -> Point:
    """Return the point of a key image. The point at infinity has no such encoding."""
    if len(image) != KEY_SIZE:
        raise abi.INVALID_LENGTH(KEY_SIZE, len(image))
    point = secp256k1.parse(image)
    if point is None:
        raise INVALID_KEY_IMAGE()
    return point


def parse_secret(secret: bytes) -> int:
    """Return the scalar of a secret key."""
    scalar = int.from_bytes(secret, "big")
    if not 0 < scalar < secp256k1.ORDER:
        raise INVALID_SECRET_KEY()
    return scalar


def slot_of(spender: bytes, scope: bytes, image: bytes) -> int:
    """Return where the use of a key image is stored: a hash of parts of fixed size."""
    return int.from_bytes(keccak256(spender + scope + image), "big")


def bound_message(chain_id: int, spender: bytes, scope: bytes, message: bytes) -> bytes:
    """Return the hash that a signature for `spend` signs."""
    return keccak256(SPEND_TAG + chain_id.to_bytes(32, "big") + spender + scope + message)


BOUNDS: dict[str, abi.Bound] = {
    "ring": RING_MAX * KEY_SIZE + 1,  # So that one key too many is refused by name.
    "message": MESSAGE_SIZE_MAX,
    "keyImage": IMAGE_SIZE_MAX,
    "responses": RING_MAX,
}
MEMBER_GAS_PER_BYTE = 600  # 19,800 a member. Measured: docs/gas.md.
MESSAGE_GAS_PER_BYTE = 1
VERIFY_GAS = (
    Constant(amount=8_000),
    PerItem(argument="ring", amount=MEMBER_GAS_PER_BYTE),
    PerItem(argument="message", amount=MESSAGE_GAS_PER_BYTE),
)

PRECOMPILE = Precompile(
    address=(0x0703).to_bytes(20, "big"),
    family="privacy",
    name="ring",
    interface="IRing",
    version=1,
    summary="Linkable ring signatures, bLSAG on secp256k1",
    methods=(
        method(
            "verify(bytes ring, bytes message, bytes keyImage, uint256 challenge,"
            " uint256[] responses) returns (bool valid)",
            mutability="view",
            gas=VERIFY_GAS,
            handler=verify,
            summary="Check that one of 2 to 128 distinct keys signed. The ring is the keys,"
            " compressed, one after the other; signatures of one key share their key image.",
            bounds=BOUNDS,
        ),
        method(
            "spend(bytes32 scope, bytes ring, bytes message, bytes keyImage, uint256 challenge,"
            " uint256[] responses)",
            mutability="nonpayable",
            gas=VERIFY_GAS,
            handler=spend,
            summary="Check a signature of spendMessage(caller, scope, message), and store its key"
            " image. Reverts when it does not hold, or when the image is stored already.",
            bounds=BOUNDS,
        ),
        method(
            "isSpent(address spender, bytes32 scope, bytes keyImage) returns (bool spent)",
            mutability="view",
            gas=(Constant(amount=1_000),),
            handler=is_spent,
            summary="Return whether a spender has stored a key image in a scope.",
            bounds={"keyImage": IMAGE_SIZE_MAX},
        ),
        method(
            "spendMessage(address spender, bytes32 scope, bytes message) returns (bytes32 hash)",
            mutability="view",
            gas=(Constant(amount=600), PerItem(argument="message", amount=MESSAGE_GAS_PER_BYTE)),
            handler=spend_message,
            summary="Return what is to be signed for `spend`: a hash of the chain, the spender, the"
            " scope and the message.",
            bounds={"message": MESSAGE_SIZE_MAX},
        ),
        method(
            "keyImage(bytes32 secretKey) returns (bytes keyImage)",
            mutability="view",
            gas=(Constant(amount=20_000),),
            handler=key_image,
            summary="Return the key image of a secret key.",
            bounds={"keyImage": KEY_SIZE},
            secret=True,
        ),
        method(
            "sign(bytes32 secretKey, bytes ring, bytes message, bytes32 seed)"
            " returns (bytes keyImage, uint256 challenge, uint256[] responses)",
            mutability="view",
            gas=(Constant(amount=15_000), *VERIFY_GAS[1:]),
            handler=sign,
            summary="Sign as a member of the ring; the seed is fresh randomness.",
            bounds={
                "ring": BOUNDS["ring"],
                "message": MESSAGE_SIZE_MAX,
                "keyImage": KEY_SIZE,
                "responses": RING_MAX,
            },
            secret=True,
        ),
    ),
    errors=(
        INVALID_RING_SIZE,
        INVALID_RING_MEMBER,
        DUPLICATE_RING_MEMBER,
        INVALID_KEY_IMAGE,
        INVALID_SCALAR,
        INVALID_SIGNATURE,
        KEY_IMAGE_SPENT,
        INVALID_SECRET_KEY,
        NOT_IN_RING,
    ),
    events=(SPENT_EVENT,),
    references=(
        "Liu, Wei, Wong: ePrint 2004/027",
        "Back 2015: ring signature efficiency",
        "RFC 9380, section 8.7",
        "PIP-0102",
    ),
)
