"""What a precompile is: one declaration of plain data, a price and an answer.

`price` and `execute` are all that a chain calls: it charges the first, then runs the second. What
an entry may ask of the chain is `Host`, what it may know of the block is `Context`. Knows no chain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from . import abi
from .abi import Revert
from .gas import Expression, check, decoding_price, evaluate, head_positions

__all__ = [
    "MARKER_CODE",
    "Call",
    "Context",
    "Host",
    "Method",
    "Mutability",
    "OutOfGas",
    "Precompile",
    "Revert",
    "Start",
    "execute",
    "method",
    "no_randomness",
    "price",
]

Mutability = Literal["pure", "view", "nonpayable", "payable"]
Status = Literal["active", "unused", "retired"]


class OutOfGas(Exception):
    """The frame has less gas than was asked for. Raised by a Host, never by an entry."""


class Host(Protocol):
    """All that a precompile may ask of the chain that runs it.

    Storage, transient storage and logs are the precompile's own. The host charges what the EVM
    charges for each of these, and raises OutOfGas when that is more than the frame has left.
    """

    def load(self, slot: int) -> int:
        """Return the word at `slot`."""
        ...

    def store(self, slot: int, value: int) -> None:
        """Write `value` at `slot`."""
        ...

    def load_transient(self, slot: int) -> int:
        """Return the transient word at `slot`; it lives as long as the transaction."""
        ...

    def store_transient(self, slot: int, value: int) -> None:
        """Write the transient word at `slot`."""
        ...

    def emit(self, topics: Sequence[bytes], data: bytes) -> None:
        """Append a log entry."""
        ...

    def balance(self, address: bytes) -> int:
        """Return the balance of an account."""
        ...

    def nonce(self, address: bytes) -> int:
        """Return the nonce of an account."""
        ...

    def code_hash(self, address: bytes) -> bytes:
        """Return what EXTCODEHASH returns."""
        ...

    def code_size(self, address: bytes) -> int:
        """Return what EXTCODESIZE returns."""
        ...

    def code(self, address: bytes) -> bytes:
        """Return the code of an account, at the price of EXTCODECOPY of the whole."""
        ...

    def storage_of(self, address: bytes, slot: int) -> int:
        """Return a word of any account's storage, at the prices of the account and of SLOAD."""
        ...

    def deploy(self, code: bytes, salt: bytes) -> bytes:
        """Make an account with this code, as it is, and return its address: see `deployment`."""
        ...

    def block_hash(self, number: int) -> bytes:
        """Return what BLOCKHASH returns."""
        ...

    def transfer(self, to: bytes, value: int) -> None:
        """Move value from the precompile's own balance."""
        ...

    def call(
        self, to: bytes, data: bytes, value: int = 0, gas: int | None = None, static: bool = False
    ) -> tuple[bool, bytes]:
        """Call another account. Returns whether it succeeded, and its output or revert data."""
        ...

    def charge(self, gas: int, reason: str) -> None:
        """Take gas for work whose amount is only known while it is done."""
        ...


def no_randomness(_size: int) -> bytes:
    """Refuse: in a block every node must compute the same."""
    raise RuntimeError("randomness was asked for in a block")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The block and the transaction around a call.

    `mode` and `secret_ops` are given by the chain, never inferred: both decide results. `random`
    is the system's source, and there in a call only: what depends on it is never in a block.
    """

    chain_id: int
    block_number: int
    timestamp: int
    coinbase: bytes
    gas_limit: int
    base_fee: int
    prevrandao: bytes
    parent_hash: bytes
    origin: bytes
    gas_price: int
    mode: Literal["block", "call"]
    secret_ops: Literal["call-only", "public-test"]
    random: Callable[[int], bytes] = no_randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call into a precompile. Pure methods read `data` and nothing else."""

    data: bytes
    caller: bytes
    value: int
    static: bool
    delegated: bool
    host: Host
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of a precompile. Made by `method`, from its Solidity signature.

    `handler` takes the call and the decoded arguments. It returns nothing, the one output, or a
    tuple of the outputs; it raises Revert to refuse.
    """

    signature: abi.Signature
    mutability: Mutability
    gas: Expression
    handler: Callable[..., Any]
    summary: str
    secret: bool = False
    """Takes or makes a secret: not in a block, unless the genesis says that secrets are public."""
    delegable: bool = False
    """May run by DELEGATECALL or CALLCODE."""
    static: bool = False
    """Writes, but may run in a static frame too: there it answers, and leaves out its writes."""
    calls: bool = False
    """Calls other accounts. Each call keeps a 64th of the gas back, so more than is used must be
    given, and a call that runs short may end as a refusal."""
    heads: Mapping[str, tuple[int, abi.Parameter]] = field(repr=False, compare=False)
    """Where in the call data the head of each argument stands. Follows from the signature."""

    @property
    def writes(self) -> bool:
        """Whether the method changes state, so that a static call must be refused."""
        return self.mutability in ("nonpayable", "payable") and not self.static


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What an entry's account has in the first block."""

    storage: Mapping[int, int] = field(default_factory=dict)
    balance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Precompile:
    """One entry of the registry."""

    address: bytes
    family: str
    name: str
    interface: str
    """Name of the Solidity interface, such as IPoseidon."""
    version: int
    summary: str
    methods: tuple[Method, ...]
    errors: tuple[abi.Error, ...] = ()
    events: tuple[abi.Event, ...] = ()
    references: tuple[str, ...] = ()
    status: Status = "active"
    genesis: Callable[[Mapping[str, Any]], Start] | None = field(default=None, compare=False)
    """Turns the settings that a genesis file has for the entry into its first state.

    A setting that is wrong is a ValueError that names it. A chain for development gives `admin`,
    an address as 0x-prefixed hex, and nothing else: all others need a default.
    """
    by_selector: Mapping[bytes, Method] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = {each.signature.selector: each for each in self.methods}
        if len(table) != len(self.methods):
            raise ValueError(f"{self.name}: two methods share a selector")
        object.__setattr__(self, "by_selector", table)


MARKER_CODE = bytes.fromhex("60006000fd")
"""Code at each entry's address in genesis, so that code-size checks pass. It never runs."""

SECRETS_REFUSED: Literal["call-only"] = "call-only"

WRITE_PROTECTION = abi.error("WriteProtection()")
DELEGATE_CALL_REFUSED = abi.error("DelegateCallRefused()")
VALUE_REFUSED = abi.error("ValueRefused(uint256 value)")
UNKNOWN_SELECTOR = abi.error("UnknownSelector(bytes4 selector)")
SECRET_OPERATION_ON_CHAIN = abi.error("SecretOperationOnChain()")
NO_PRECOMPILE = abi.error("NoPrecompile(address precompile)")
RETIRED = abi.error("Retired()")

COMMON_ERRORS = (
    WRITE_PROTECTION,
    DELEGATE_CALL_REFUSED,
    VALUE_REFUSED,
    UNKNOWN_SELECTOR,
    SECRET_OPERATION_ON_CHAIN,
    *abi.DECODING_ERRORS,
)
"""What any entry may answer before its handler runs."""


def method(
    signature: str,
    *,
    mutability: Mutability,
    gas: Expression,
    handler: Callable[..., Any],
    summary: str,
    bounds: Mapping[str, abi.Bound] | None = None,
    structs: Sequence[abi.Struct] = (),
    secret: bool = False,
    delegable: bool = False,
    static: bool = False,
    calls: bool = False,
) -> Method:
    """Declare a method. A mistake in the declaration is a ValueError."""
    parsed = abi.parse_signature(signature, bounds, structs)
    check(gas, parsed.inputs)
    return Method(
        signature=parsed,
        mutability=mutability,
        gas=gas,
        handler=handler,
        summary=summary,
        secret=secret,
        delegable=delegable,
        static=static,
        calls=calls,
        heads=head_positions(parsed.inputs),
    )


def price(precompile: Precompile, data: bytes) -> int:
    """Return the gas of a call with this data, without what it does to state. Never raises."""
    total = decoding_price(data)
    found = precompile.by_selector.get(data[:4])
    return total if found is None else total + evaluate(found.gas, found.heads, data)


def execute(precompile: Precompile, call: Call) -> bytes:
    """Return the output of a call whose price is paid.

    Raises Revert, or OutOfGas when the host ran out of gas for state. Anything else is a bug.
    """
    if precompile.status == "unused":
        raise NO_PRECOMPILE(precompile.address)
    if precompile.status == "retired":
        raise RETIRED()
    found = precompile.by_selector.get(call.data[:4])
    if found is None:
        raise UNKNOWN_SELECTOR(call.data[:4].ljust(4, b"\0"))
    check_permission(found, call)
    arguments = abi.decode_call(found.signature.inputs, call.data)
    result = found.handler(call, *arguments)
    outputs = found.signature.outputs
    if len(outputs) == 1:
        result = (result,)
    return abi.encode(outputs, () if result is None else result)


def check_permission(found: Method, call: Call) -> None:
    """Refuse what a method has not opted in to."""
    if call.delegated and not found.delegable:
        raise DELEGATE_CALL_REFUSED()
    if call.value and found.mutability != "payable":
        raise VALUE_REFUSED(call.value)
    if call.static and found.writes:
        raise WRITE_PROTECTION()
    if found.secret and call.context.mode == "block" and call.context.secret_ops == SECRETS_REFUSED:
        raise SECRET_OPERATION_ON_CHAIN()
