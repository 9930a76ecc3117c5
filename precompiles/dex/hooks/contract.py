"""0x0403: what a hook's address permits, and the salt that gives an address its permissions.

A pool manager calls a hook for what the low 14 bits of its address say. Here they are taken apart,
and searched for: `find` tries salts of CREATE2 and is paid for by the try.
"""

from ... import abi
from ...backends.keccak import keccak256
from ...gas import Constant
from ...precompile import Call, Precompile, method
from . import flags as bits

TRIES_MAX = 1 << 18
"""Of one call. One of 16,384 salts fits, so all but one in nine million searches end before."""

TRY_GAS = 15  # Measured: docs/gas.md.
BATCH = 512

HOOK_ADDRESS_NOT_VALID = abi.error("HookAddressNotValid(address hook)")
INVALID_FLAGS = abi.error("InvalidFlags(uint16 flags)")
TOO_MANY_TRIES = abi.error("TooManyTries(uint256 maximum)")
NO_SUCH_SALT = abi.error("NoSuchSalt(uint256 salt)")


def permissions(_: Call, hook: bytes) -> tuple[bool, ...]:
    """Take the flags of an address apart."""
    return bits.permissions(hook)


def flags(_: Call, hook: bytes) -> int:
    """Return the low 14 bits of an address."""
    return bits.of(hook)


def is_valid(_: Call, hook: bytes, fee: int) -> bool:
    """Return whether a pool may have this hook and this fee."""
    return bits.usable(hook, fee)


def validate(_: Call, hook: bytes, wanted: int) -> None:
    """Refuse an address that has other flags than these."""
    check_flags(wanted)
    if bits.of(hook) != wanted:
        raise HOOK_ADDRESS_NOT_VALID(hook)


def compute_address(_: Call, deployer: bytes, salt: bytes, init_code_hash: bytes) -> bytes:
    """Return where CREATE2 puts a contract (EIP-1014)."""
    return keccak256(b"\xff" + deployer + salt + init_code_hash)[12:]


def find(
    call: Call, deployer: bytes, wanted: int, init_code_hash: bytes, first: int, tries: int
) -> tuple[bool, bytes, bytes]:
    """Search salts in their order, paying for each batch before it is tried."""
    from . import kernel

    check_flags(wanted)
    if tries > TRIES_MAX:
        raise TOO_MANY_TRIES(TRIES_MAX)
    if first + tries > 1 << 256:
        raise NO_SUCH_SALT(first)
    end = first + tries
    while first < end:
        count = min(BATCH, end - first)
        call.host.charge(count * TRY_GAS, "salts")
        found = kernel.search(b"\xff" + deployer, init_code_hash, first, count, wanted)
        if found >= 0:
            salt = found.to_bytes(32, "big")
            return True, salt, compute_address(call, deployer, salt, init_code_hash)
        first += count
    return False, bytes(32), bytes(20)


def check_flags(wanted: int) -> None:
    """Refuse flags that no pool manager would take."""
    if wanted > bits.MASK or not bits.consistent(wanted):
        raise INVALID_FLAGS(wanted)


LOOK_GAS = (Constant(amount=150),)

PRECOMPILE = Precompile(
    address=(0x0403).to_bytes(20, "big"),
    family="dex",
    name="hooks",
    interface="IHookLibrary",
    version=1,
    summary="Permissions in the addresses of hooks, and the search for such an address",
    methods=(
        method(
            f"permissions(address hook) returns ({', '.join(f'bool {n}' for n in bits.NAMES)})",
            mutability="pure",
            gas=LOOK_GAS,
            handler=permissions,
            summary="Return what the pool manager calls a hook for: bits 13 to 0 of its address.",
        ),
        method(
            "flags(address hook) returns (uint16 mask)",
            mutability="pure",
            gas=LOOK_GAS,
            handler=flags,
            summary="Return the low 14 bits of an address.",
        ),
        method(
            "isValid(address hook, uint24 fee) returns (bool valid)",
            mutability="pure",
            gas=LOOK_GAS,
            handler=is_valid,
            summary="Return whether a pool can have this hook with this fee: a flag for returning"
            " a delta needs the flag of its call; only a hook can have the dynamic fee 0x800000,"
            " and one without flags must.",
        ),
        method(
            "validate(address hook, uint16 mask)",
            mutability="pure",
            gas=LOOK_GAS,
            handler=validate,
            summary="Revert unless the address has these flags and no others: a hook's constructor"
            " asks this of its own address.",
        ),
        method(
            "computeAddress(address deployer, bytes32 salt, bytes32 initCodeHash)"
            " returns (address created)",
            mutability="pure",
            gas=(Constant(amount=250),),
            handler=compute_address,
            summary="Return where CREATE2 puts a contract.",
        ),
        method(
            "find(address deployer, uint16 mask, bytes32 initCodeHash, uint256 firstSalt,"
            " uint256 tries) returns (bool found, bytes32 salt, address hook)",
            mutability="pure",
            gas=(Constant(amount=600),),
            handler=find,
            summary="Search up to 262,144 salts from the first on for an address with these flags"
            f" and no others. Costs {TRY_GAS} gas a salt, in batches of {BATCH}.",
        ),
    ),
    errors=(HOOK_ADDRESS_NOT_VALID, INVALID_FLAGS, TOO_MANY_TRIES, NO_SUCH_SALT),
    references=("Uniswap v4, hook addresses", "EIP-1014"),
)
