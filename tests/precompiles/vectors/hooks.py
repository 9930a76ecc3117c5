"""Vectors of the hook library: EIP-1014's examples, v4's rules for addresses, searched salts."""

from collections.abc import Iterator

from cases import Case, call, case, hexed, refused
from eth_utils import keccak

COMPUTE = "computeAddress(address,bytes32,bytes32)"
FIND = "find(address,uint16,bytes32,uint256,uint256)"
VALIDATE = "validate(address,uint16)"
IS_VALID = "isValid(address,uint24)"

SOURCE = "the rules of Uniswap v4-core 1.0.2 (Hooks.sol) and EIP-1014, worked out by hand"

EIP_1014 = (
    ("00" * 20, "00" * 32, "00", "4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"),
    ("deadbeef" + "00" * 16, "00" * 32, "00", "b928f69bb1d91cd65274e3c79d8986362984fda3"),
    (
        "deadbeef" + "00" * 16,
        "00" * 12 + "feed" + "00" * 18,
        "00",
        "d04116cdd17bebe565eb2422f2497e06cc1c9833",
    ),
    ("00" * 20, "00" * 32, "deadbeef", "70f2b2914a2a4b783faefb75f459a580616fcb5e"),
    (
        "00" * 16 + "deadbeef",
        "00" * 28 + "cafebabe",
        "deadbeef",
        "60f3f640a8508fc6a86d45df051962668e1e8ac7",
    ),
    (
        "00" * 16 + "deadbeef",
        "00" * 28 + "cafebabe",
        "deadbeef" * 11,
        "1d8bfdc5d46dc4f61d6b6115972536ebe6a8854c",
    ),
    ("00" * 20, "00" * 32, "", "e33c0c7f7df4809055c3eba6c09cfe4baf1bd9e0"),
)

DEPLOYER = bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c")
CODE_HASH = keccak(text="code")
TRIES_MAX = 1 << 18

# Each flag that returns a delta, and the flag that it needs.
PAIRS = ((0x0008, 0x0080), (0x0004, 0x0040), (0x0002, 0x0400), (0x0001, 0x0100))


def hook(flags: int) -> bytes:
    return b"\x99" * 18 + flags.to_bytes(2, "big")


def created(deployer: bytes, salt: int, code_hash: bytes) -> bytes:
    return keccak(b"\xff" + deployer + salt.to_bytes(32, "big") + code_hash)[12:]


def cases() -> Iterator[Case]:
    for index, (deployer, salt, code, address) in enumerate(EIP_1014):
        hashed = keccak(bytes.fromhex(code))
        data = call(COMPUTE, bytes.fromhex(deployer), bytes.fromhex(salt), hashed)
        published = bytes.fromhex(address)
        yield case(f"create2-{index}", data, ["address"], published, source="EIP-1014, examples")
    yield from looked_at()
    yield from searched()


def looked_at() -> Iterator[Case]:
    for flags in (0, 0x3FFF, 0x2AAA, *(1 << bit for bit in range(14))):
        expected = [flags >> 13 - place & 1 == 1 for place in range(14)]
        # Bits 14 and 15 of an address belong to nobody.
        address = hook(flags | 0xC000)
        data = call("permissions(address)", address)
        yield case(f"permissions-{flags:04x}", data, ["bool"] * 14, *expected)
        yield case(f"flags-{flags:04x}", call("flags(address)", address), ["uint16"], flags)
    dynamic = 0x800000
    for name, address, fee, valid in (
        ("no-hook-static", bytes(20), 3_000, True),
        ("no-hook-dynamic", bytes(20), dynamic, False),
        ("no-flags-static", hook(0), 3_000, False),
        ("no-flags-dynamic", hook(0), dynamic, True),
        ("no-flags-nearly-dynamic", hook(0), dynamic + 1, False),
        ("no-flags-override", hook(0), 0x400000, False),
        ("bit-14-alone", hook(0x4000), 3_000, False),
        ("one-flag", hook(0x2000), 3_000, True),
        ("all-flags", hook(0x3FFF), dynamic, True),
        ("all-flags-static", hook(0x3FFF), 0, True),
    ):
        yield case(f"valid-{name}", call(IS_VALID, address, fee), ["bool"], valid)
    for delta, needed in PAIRS:
        for flags, valid in ((delta, False), (delta | needed, True), (0x3FFF ^ needed, False)):
            name = f"valid-delta-{flags:04x}"
            yield case(name, call(IS_VALID, hook(flags), 3_000), ["bool"], valid)
        wrong = call(VALIDATE, hook(delta), delta)
        yield refused(f"validate-delta-{delta:04x}", wrong, "InvalidFlags(uint16)", delta)
    yield case("validate", call(VALIDATE, hook(0x00C0), 0x00C0), [])
    yield case("validate-high-bits", call(VALIDATE, hook(0xC0C0), 0x00C0), [])
    yield case("validate-none", call(VALIDATE, bytes(20), 0), [])
    for name, flags in (("more", 0x20C0), ("less", 0x0080), ("others", 0x0A00)):
        error = "HookAddressNotValid(address)"
        address = hook(flags)
        shown = "0x" + address.hex()
        yield refused(f"validate-{name}", call(VALIDATE, address, 0x00C0), error, shown)
    for flags in (0x4000, 0x40C0, 0xFFFF):
        data = call(VALIDATE, hook(flags), flags)
        yield refused(f"validate-{flags:04x}", data, "InvalidFlags(uint16)", flags)


def fits(code_hash: bytes) -> bool:
    """Whether the address of salt 0 has flags that a hook can have."""
    flags = int.from_bytes(created(DEPLOYER, 0, code_hash)[-2:], "big")
    return all(flags & needed or not flags & delta for delta, needed in PAIRS)


def searched() -> Iterator[Case]:
    outputs = ["bool", "bytes32", "address"]
    nothing = (False, bytes(32), bytes(20))

    def first_fit(flags: int, first: int) -> int:
        fits = (first + step for step in range(TRIES_MAX))
        return next(
            salt
            for salt in fits
            if int.from_bytes(created(DEPLOYER, salt, CODE_HASH), "big") & 0x3FFF == flags
        )

    across = 2**64 - 5_000
    for name, flags, first in (
        ("swap-hooks", 0x00C0, 0),
        ("all", 0x3FFF, 0),
        ("none", 0, 1),
        ("across-2-64", 0x1000, across),
        ("high-salt", 0x2000, 2**255 + 7),
    ):
        salt = first_fit(flags, first)
        tries = salt - first + 1
        found = (True, salt.to_bytes(32, "big"), created(DEPLOYER, salt, CODE_HASH))
        for label, count in (("", tries + 700), ("-last", tries)):
            data = call(FIND, DEPLOYER, flags, CODE_HASH, first, count)
            yield case(f"find-{name}{label}", data, outputs, *found)
        data = call(FIND, DEPLOYER, flags, CODE_HASH, first, tries - 1)
        yield case(f"find-{name}-one-short", data, outputs, *nothing)
    code_hash = next(each for each in (keccak(bytes([n])) for n in range(256)) if fits(each))
    first = created(DEPLOYER, 0, code_hash)
    flags = int.from_bytes(first[-2:], "big") & 0x3FFF
    data = call(FIND, DEPLOYER, flags, code_hash, 0, TRIES_MAX)
    yield case("find-first-of-most", data, outputs, True, bytes(32), first)
    for name, first, tries in (("nothing", 0, 0), ("one", 0, 1), ("last", 2**256 - 1, 1)):
        data = call(FIND, DEPLOYER, 0x00C0, CODE_HASH, first, tries)
        yield case(f"find-{name}", data, outputs, *nothing)
    beyond = call(FIND, DEPLOYER, 0x00C0, CODE_HASH, 2**256 - 1, 2)
    yield refused("find-beyond-2-256", beyond, "NoSuchSalt(uint256)", 2**256 - 1)
    for tries in (TRIES_MAX + 1, 2**256 - 1):
        data = call(FIND, DEPLOYER, 0x00C0, CODE_HASH, 0, tries)
        yield refused(f"find-{hexed(tries.to_bytes(32, 'big')[-4:])}", data,
                      "TooManyTries(uint256)", TRIES_MAX)  # fmt: skip
    for flags in (0x0008, 0x4000, 0xFFFF):
        data = call(FIND, DEPLOYER, flags, CODE_HASH, 0, 1)
        yield refused(f"find-flags-{flags:04x}", data, "InvalidFlags(uint16)", flags)
