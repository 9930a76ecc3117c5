"""Vectors of the hook registry, worked out by hand from its description."""

from collections.abc import Iterator

from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak

from precompiles.conformance.forwarder import CODE as FORWARDER

REGISTER = "register(address,string)"
UPDATE = "update(address,string)"
REMOVE = "remove(address)"
GET = "get(address)"
MATCHES = "stillMatches(address)"
PAGE = "page(uint256,uint256)"

CONTRACTS = {
    "hook": "0x600160005260206000f3",
    # Takes its entry over: sends what it is called with to the registry.
    "forward": "0x3660006000376000600036600060006104025af160005260206000f3",
}
CODE = bytes.fromhex(CONTRACTS["hook"][2:])
FORWARD = bytes.fromhex(CONTRACTS["forward"][2:])

SWAPS = b"\x51" * 18 + b"\x00\xc0"
FEES = b"\x52" * 18 + b"\x40\x00"
ALL = b"\x53" * 18 + b"\xff\xff"
ITSELF = b"\x54" * 18 + b"\x20\x00"
BAD = b"\x55" * 18 + b"\x00\x08"
EMPTY = b"\x56" * 18 + b"\x00\x80"
STRANGER = b"\x77" * 20
LONG = "A hook that does very much. " * 9 + "1234"

SOURCE = "worked out by hand from the description in precompiles/dex/hook_registry"
OWNER = "0x" + CALLER.hex()

ACCOUNTS = {
    **{hexed(hook): {"code": "hook"} for hook in (SWAPS, FEES, ALL, BAD)},
    hexed(ITSELF): {"code": "forward"},
    hexed(EMPTY): {"balance": 1},
}


def shown(hook: bytes) -> str:
    return "0x" + hook.hex()


def step(data: bytes, caller: bytes = CALLER) -> Case:
    return {"input": hexed(data), "caller": hexed(caller)}


def entered(hook: bytes, owner: bytes, flags: int, code: bytes, text: str) -> Case:
    topic = keccak(text="HookRegistered(address,address,uint16,bytes32,string)")
    data = encode(["uint16", "bytes32", "string"], [flags, keccak(code), text])
    return logged(topic, hook, owner, data)


def removed(hook: bytes, owner: bytes) -> Case:
    return logged(keccak(text="HookRemoved(address,address)"), hook, owner, b"")


def logged(topic: bytes, hook: bytes, owner: bytes, data: bytes) -> Case:
    topics = [topic, hook.rjust(32, b"\0"), owner.rjust(32, b"\0")]
    return {"topics": [hexed(each) for each in topics], "data": hexed(data)}


def cases() -> Iterator[Case]:
    for each in listed():
        asked = str([each["input"], each.get("before")])
        used = {at: hook for at, hook in ACCOUNTS.items() if at[2:] in asked}
        used |= each.get("accounts", {})
        yield {**each, "accounts": used} if used else each


def listed() -> Iterator[Case]:
    for name, hook, flags, text in (
        ("swaps", SWAPS, 0x00C0, "swaps"),
        ("no-flags", FEES, 0, "for dynamic fees"),
        ("all", ALL, 0x3FFF, ""),
        ("text-of-256", SWAPS, 0x00C0, LONG),
        ("text-of-33", SWAPS, 0x00C0, "thirty-three bytes, one too many."),
    ):
        log = entered(hook, CALLER, flags, CODE, text)
        yield case(f"register-{name}", call(REGISTER, hook, text), ["uint256"], 0, logs=[log])
    three = [step(call(REGISTER, hook, f"hook {n}")) for n, hook in enumerate((SWAPS, FEES, ALL))]
    data = call(REGISTER, ITSELF, "me")
    log = entered(ITSELF, CALLER, 0x2000, FORWARD, "me")
    yield case("register-fourth", data, ["uint256"], 3, before=three, logs=[log])
    yield from read(three)
    yield from changed(three)
    yield from taken_out(three)
    yield from itself([{**each, "caller": OWNER} for each in three])
    long = [step(call(REGISTER, SWAPS, LONG))]
    removal = call(REMOVE, SWAPS)
    yield case("remove-long", removal, [], before=long, logs=[removed(SWAPS, CALLER)])
    yield from not_taken(three)


def read(three: list[Case]) -> Iterator[Case]:
    types = ["address", "uint16", "bytes32", "string", "uint256"]
    entry = (OWNER, 0x3FFF, keccak(CODE), "hook 2", 2)
    yield case("get", call(GET, ALL), types, *entry, before=three)
    long = [step(call(REGISTER, SWAPS, LONG))]
    entry = (OWNER, 0x00C0, keccak(CODE), LONG, 0)
    yield case("get-long", call(GET, SWAPS), types, *entry, before=long)
    for hook, registered in ((FEES, True), (ITSELF, False), (bytes(20), False)):
        data = call("isRegistered(address)", hook)
        name = f"registered-{hook.hex()[:2]}"
        yield case(name, data, ["bool"], registered, before=three)
    yield case("matches", call(MATCHES, FEES), ["bool"], True, before=three)
    yield case("count-none", call("count()"), ["uint256"], 0)
    yield case("count", call("count()"), ["uint256"], 3, before=three)
    hooks = [shown(hook) for hook in (SWAPS, FEES, ALL)]
    for first, length in ((0, 100), (0, 1), (1, 1), (1, 2), (2, 9), (3, 1), (2**256 - 1, 100)):
        data = call(PAGE, first, length)
        name = f"page-{min(first, 99)}-{length}"
        expected = hooks[first : first + length]
        yield case(name, data, ["address[]"], expected, before=three)


def changed(three: list[Case]) -> Iterator[Case]:
    types = ["address", "uint16", "bytes32", "string", "uint256"]
    for name, text in (("shorter", ""), ("longer", LONG)):
        data = call(UPDATE, FEES, text)
        log = entered(FEES, CALLER, 0, CODE, text)
        yield case(f"update-{name}", data, [], before=three, logs=[log])
    both = [*three, step(call(UPDATE, ALL, LONG)), step(call(UPDATE, ALL, "x"))]
    entry = (OWNER, 0x3FFF, keccak(CODE), "x", 2)
    yield case("updated-twice", call(GET, ALL), types, *entry, before=both)
    # The hook of the fourth entry registers itself, and is then its owner.
    first = [step(call(REGISTER, ITSELF, "mine, says somebody"), STRANGER)]
    own = call(REGISTER, ITSELF, "my own words")
    claimed = [*first, {"to": hexed(ITSELF), "input": hexed(own)}]
    entry = (shown(ITSELF), 0x2000, keccak(FORWARD), "my own words", 0)
    yield case("taken-over", call(GET, ITSELF), types, *entry, before=claimed)
    yield case("taken-over-count", call("count()"), ["uint256"], 1, before=claimed)
    late = call(UPDATE, ITSELF, "again")
    yield refused("taken-over-update", late, "NotOwner(address)", shown(ITSELF), before=claimed,
                  caller=hexed(STRANGER))  # fmt: skip


def itself(three: list[Case]) -> Iterator[Case]:
    """A hook takes over an entry that is not the first and has a longer text."""
    forwarder = {hexed(ITSELF): {"code": hexed(FORWARDER)}}
    before = [step(call(REGISTER, ITSELF, LONG), STRANGER)]
    for name, text in (("shorter", "my words"), ("none", "")):
        data = call(REGISTER, ITSELF, text)
        log = entered(ITSELF, ITSELF, 0x2000, FORWARDER, text)
        yield case(f"take-over-{name}", data, ["uint256"], 3, before=[*three, *before],
                   logs=[log], caller=hexed(ITSELF), accounts=forwarder)  # fmt: skip


def taken_out(three: list[Case]) -> Iterator[Case]:
    for hook, left in ((SWAPS, (ALL, FEES)), (FEES, (SWAPS, ALL)), (ALL, (SWAPS, FEES))):
        name = f"remove-{hook.hex()[:2]}"
        data = call(REMOVE, hook)
        yield case(name, data, [], before=three, logs=[removed(hook, CALLER)])
        gone = [*three, step(data)]
        hooks = [shown(each) for each in left]
        yield case(f"{name}-page", call(PAGE, 0, 9), ["address[]"], hooks, before=gone)
        yield refused(f"{name}-twice", data, "NotRegistered(address)", shown(hook), before=gone)
        moved = [*gone, step(call(REMOVE, left[0]))]
        rest = [shown(left[1])]
        yield case(f"{name}-and-next", call(PAGE, 0, 9), ["address[]"], rest, before=moved)
        log = entered(hook, CALLER, int.from_bytes(hook[-2:], "big") & 0x3FFF, CODE, "back")
        again = call(REGISTER, hook, "back")
        yield case(f"{name}-and-back", again, ["uint256"], 2, before=gone, logs=[log])


def not_taken(three: list[Case]) -> Iterator[Case]:
    for name, hook in (("no-code", EMPTY), ("nobody", b"\x57" * 20), ("delta-alone", BAD),
                       ("zero", bytes(20))):  # fmt: skip
        data = call(REGISTER, hook, "no")
        yield refused(f"register-{name}", data, "NotAHook(address)", shown(hook))
    again = call(REGISTER, FEES, "again")
    for caller in (CALLER, STRANGER):
        yield refused(f"register-twice-{caller.hex()[:2]}", again,
                      "AlreadyRegistered(address,address)", shown(FEES), OWNER,
                      before=[{**each, "caller": OWNER} for each in three],
                      caller=hexed(caller))  # fmt: skip
    for name, data in (("update", call(UPDATE, FEES, "x")), ("remove", call(REMOVE, FEES))):
        yield refused(f"{name}-by-stranger", data, "NotOwner(address)", OWNER, before=three,
                      caller=hexed(STRANGER))  # fmt: skip
        yield refused(f"{name}-static", data, "WriteProtection()", before=three, static=True)
    unknown = shown(ITSELF)
    for signature, more in ((UPDATE, ("x",)), (REMOVE, ()), (GET, ()), (MATCHES, ())):
        data = call(signature, ITSELF, *more)
        name = signature[: signature.index("(")]
        yield refused(f"{name}-unknown", data, "NotRegistered(address)", unknown, before=three)
    for length in (0, 101, 2**256 - 1):
        data = call(PAGE, 0, length)
        name = f"page-of-{min(length, 102)}"
        yield refused(name, data, "InvalidPageSize(uint256)", length, before=three)
    long = call(REGISTER, SWAPS, "x" * 257)
    yield refused("text-of-257", long, "InvalidLength(uint256,uint256)", 256, 257)
