"""0x0402: a list of hooks that anybody may enter. It grants nothing.

What a hook may do stands in its address (0x0403) and nowhere else; the pool manager never looks
here. An entry tells readers where a hook is, who brought it, what its code was then, and in a few
words what it does. The text is a claim of the owner, unless the owner is the hook itself.

Layout. Slot 0 counts the entries; hash(1, i) is the hook at place i. The slots of a hook are
counted from R = hash(2, hook), whose last hexadecimal digit is made 0.

    R + 0       owner (160 bits) | place + 1 (64) at 160 | length of the text (16) at 224
    R + 1       hash of its code when it was last entered
    R + 2 ...   the text, 32 bytes a slot
"""

from dataclasses import dataclass

from ... import abi
from ...backends.keccak import keccak256
from ...gas import Constant, PerUnit, PerWord
from ...precompile import Call, Host, Precompile, method
from ..hooks import flags as bits

TEXT_MAX = 256
PAGE_MAX = 100

COUNT = 0
PLACE_TAG, HOOK_TAG = 1, 2
CODE_HASH, TEXT = 1, 2
PLACE_SHIFT, LENGTH_SHIFT = 160, 224
PLACE_MASK = (1 << 64) - 1

NOT_A_HOOK = abi.error("NotAHook(address hook)")
ALREADY_REGISTERED = abi.error("AlreadyRegistered(address hook, address owner)")
NOT_REGISTERED = abi.error("NotRegistered(address hook)")
NOT_OWNER = abi.error("NotOwner(address owner)")
INVALID_PAGE_SIZE = abi.error("InvalidPageSize(uint256 count)")

HOOK_REGISTERED = abi.event(
    "HookRegistered(address indexed hook, address indexed owner, uint16 flags, bytes32 codeHash,"
    " string text)",
    {"text": TEXT_MAX},
)
HOOK_REMOVED = abi.event("HookRemoved(address indexed hook, address indexed owner)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the first slot of a hook says, and where it is."""

    slot: int
    owner: bytes
    place: int
    length: int


def register(call: Call, hook: bytes, text: str) -> int:
    """Enter a hook under the caller's name. The hook itself takes its entry over."""
    host = call.host
    entry = load(host, hook)
    if entry is None:
        place = host.load(COUNT)
        host.store(COUNT, place + 1)
        host.store(hashed(PLACE_TAG, place), int.from_bytes(hook, "big"))
        write(call, hook, place, 0, text)
        return place
    if call.caller != hook:
        raise ALREADY_REGISTERED(hook, entry.owner)
    write(call, hook, entry.place, entry.length, text)
    return entry.place


def update(call: Call, hook: bytes, text: str) -> None:
    """Replace the text of the caller's entry, and note the code as it is now."""
    entry = own(call, hook)
    write(call, hook, entry.place, entry.length, text)


def remove(call: Call, hook: bytes) -> None:
    """Take the caller's entry out; the last one moves to its place."""
    host = call.host
    entry = own(call, hook)
    last = host.load(COUNT) - 1
    host.store(COUNT, last)
    if entry.place != last:
        moved = host.load(hashed(PLACE_TAG, last))
        host.store(hashed(PLACE_TAG, entry.place), moved)
        moved_slot = entry_slot(moved)
        header = host.load(moved_slot) & ~(PLACE_MASK << PLACE_SHIFT)
        host.store(moved_slot, header | entry.place + 1 << PLACE_SHIFT)
    host.store(hashed(PLACE_TAG, last), 0)
    for part in range(parts(entry.length)):
        host.store(entry.slot + TEXT + part, 0)
    host.store(entry.slot + CODE_HASH, 0)
    host.store(entry.slot, 0)
    host.emit(*HOOK_REMOVED.log(hook, call.caller))


def get(call: Call, hook: bytes) -> tuple[object, ...]:
    """Return an entry."""
    entry = require(call.host, hook)
    content = b"".join(
        call.host.load(entry.slot + TEXT + part).to_bytes(32, "big")
        for part in range(parts(entry.length))
    )
    text = content[: entry.length].decode("utf-8")
    return entry.owner, bits.of(hook), code_hash_of(call.host, entry), text, entry.place


def is_registered(call: Call, hook: bytes) -> bool:
    """Return whether there is an entry."""
    return load(call.host, hook) is not None


def still_matches(call: Call, hook: bytes) -> bool:
    """Return whether the code is what it was when the entry was written."""
    entry = require(call.host, hook)
    return call.host.code_hash(hook) == code_hash_of(call.host, entry)


def count(call: Call) -> int:
    """Return the number of entries."""
    return call.host.load(COUNT)


def page(call: Call, first: int, length: int) -> list[bytes]:
    """Return hooks by place."""
    if not 1 <= length <= PAGE_MAX:
        raise INVALID_PAGE_SIZE(length)
    end = min(first + length, call.host.load(COUNT))
    words = (call.host.load(hashed(PLACE_TAG, place)) for place in range(first, end))
    return [word.to_bytes(20, "big") for word in words]


def load(host: Host, hook: bytes) -> Entry | None:
    """Return the entry of a hook, if it has one."""
    slot = entry_slot(int.from_bytes(hook, "big"))
    header = host.load(slot)
    if not header:
        return None
    return Entry(
        slot=slot,
        owner=(header & (1 << PLACE_SHIFT) - 1).to_bytes(20, "big"),
        place=(header >> PLACE_SHIFT & PLACE_MASK) - 1,
        length=header >> LENGTH_SHIFT,
    )


def require(host: Host, hook: bytes) -> Entry:
    """Return the entry that a hook must have."""
    entry = load(host, hook)
    if entry is None:
        raise NOT_REGISTERED(hook)
    return entry


def own(call: Call, hook: bytes) -> Entry:
    """Return an entry that must be the caller's."""
    entry = require(call.host, hook)
    if entry.owner != call.caller:
        raise NOT_OWNER(entry.owner)
    return entry


def write(call: Call, hook: bytes, place: int, length_before: int, text: str) -> None:
    """Write an entry of the caller. What has no code, or no address of a hook, is refused."""
    host = call.host
    if not host.code_size(hook) or not bits.usable(hook, bits.DYNAMIC_FEE):
        raise NOT_A_HOOK(hook)
    code_hash = host.code_hash(hook)
    content = text.encode("utf-8")
    slot = entry_slot(int.from_bytes(hook, "big"))
    header = len(content) << LENGTH_SHIFT | place + 1 << PLACE_SHIFT
    host.store(slot, header | int.from_bytes(call.caller, "big"))
    host.store(slot + CODE_HASH, int.from_bytes(code_hash, "big"))
    for part in range(max(parts(length_before), parts(len(content)))):
        piece = content[part * abi.WORD : (part + 1) * abi.WORD].ljust(abi.WORD, b"\0")
        host.store(slot + TEXT + part, int.from_bytes(piece, "big"))
    host.emit(*HOOK_REGISTERED.log(hook, call.caller, bits.of(hook), code_hash, text))


def code_hash_of(host: Host, entry: Entry) -> bytes:
    """Return the code hash that was noted."""
    return host.load(entry.slot + CODE_HASH).to_bytes(32, "big")


def parts(length: int) -> int:
    """Return how many slots a text takes."""
    return -(-length // abi.WORD)


def entry_slot(hook: int) -> int:
    """Return where an entry begins: nothing that is counted from there leaves the last digit."""
    return hashed(HOOK_TAG, hook) & ~0xF


def hashed(tag: int, number: int) -> int:
    """Return a slot that no other tag or number shares."""
    return int.from_bytes(keccak256(tag.to_bytes(32, "big") + number.to_bytes(32, "big")), "big")


WRITE_GAS = (Constant(amount=1_000), PerWord(amount=20))

PRECOMPILE = Precompile(
    address=(0x0402).to_bytes(20, "big"),
    family="dex",
    name="hook_registry",
    interface="IHookRegistry",
    version=1,
    summary="A list of hooks with the code they had: an index, never an authority",
    methods=(
        method(
            "register(address hook, string text) returns (uint256 place)",
            mutability="nonpayable",
            gas=WRITE_GAS,
            handler=register,
            summary="Enter a contract whose address is that of a hook. Who comes first owns the"
            " entry, until the hook itself enters itself.",
            bounds={"text": TEXT_MAX},
        ),
        method(
            "update(address hook, string text)",
            mutability="nonpayable",
            gas=WRITE_GAS,
            handler=update,
            summary="Replace the text of one's own entry, and note the hash of the code anew.",
            bounds={"text": TEXT_MAX},
        ),
        method(
            "remove(address hook)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000),),
            handler=remove,
            summary="Take one's own entry out. The last entry moves to its place.",
        ),
        method(
            "get(address hook) returns (address owner, uint16 flags, bytes32 codeHash, string text,"
            " uint256 place)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=get,
            summary="Return an entry.",
            bounds={"text": TEXT_MAX},
        ),
        method(
            "isRegistered(address hook) returns (bool registered)",
            mutability="view",
            gas=(Constant(amount=200),),
            handler=is_registered,
            summary="Return whether a hook has an entry.",
        ),
        method(
            "stillMatches(address hook) returns (bool unchanged)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=still_matches,
            summary="Return whether the code of a hook is the one that its entry notes.",
        ),
        method(
            "count() returns (uint256 entries)",
            mutability="view",
            gas=(Constant(amount=100),),
            handler=count,
            summary="Return the number of entries.",
        ),
        method(
            "page(uint256 first, uint256 length) returns (address[] hooks)",
            mutability="view",
            gas=(
                Constant(amount=300),
                PerUnit(argument="length", amount=100, maximum=PAGE_MAX),
            ),
            handler=page,
            summary="Return 1 to 100 hooks, from a place on; fewer at the end of the list.",
            bounds={"hooks": PAGE_MAX},
        ),
    ),
    errors=(NOT_A_HOOK, ALREADY_REGISTERED, NOT_REGISTERED, NOT_OWNER, INVALID_PAGE_SIZE),
    events=(HOOK_REGISTERED, HOOK_REMOVED),
    references=("Uniswap v4, hook addresses",),
)
