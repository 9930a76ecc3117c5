"""Contracts that answer as Chainlink's AggregatorV3Interface for one feed each.

An adapter is a few bytes of code: it hands its whole call data, with the id of its feed, to the
entry that holds the feed, by `forward`, and returns what that gives. So readers that know only an
address can read a feed. Knows no feed: entries give the readers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .. import abi, deployment
from ..gas import Constant
from ..precompile import UNKNOWN_SELECTOR, Call, Method, method
from . import short_text

ROUND_OUTPUTS = (
    "(uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)"
)
DATA_SIZE_MAX = 68
OUTPUT_SIZE_MAX = 5 * abi.WORD

SALT = bytes(32)
"""The id in the code keeps adapters apart."""

FORWARD = abi.parse_signature("forward(bytes32 id, bytes data)", {"data": DATA_SIZE_MAX}).selector

CREATED = abi.event("AdapterCreated(bytes32 indexed feedId, address indexed adapter)")

Views = Mapping[bytes, tuple[abi.Signature, Callable[..., Any]]]
"""By selector: a method of the interface, and what reads it of a call, an id and the arguments."""


def views(readers: Mapping[str, Callable[..., Any]]) -> Views:
    """Return what an adapter answers, from signatures and their readers."""
    parsed = [
        (abi.parse_signature(text, bounds_of(text)), reader) for text, reader in readers.items()
    ]
    return {signature.selector: (signature, reader) for signature, reader in parsed}


def bounds_of(text: str) -> dict[str, abi.Bound]:
    """Return the bound of a description."""
    return {"text": short_text.SIZE_MAX} if " text)" in text else {}


def answer(known: Views, call: Call, identifier: bytes, data: bytes) -> bytes:
    """Return what the interface's method answers for a feed."""
    found = known.get(data[:4])
    if found is None:
        raise UNKNOWN_SELECTOR(data[:4].ljust(4, b"\0"))
    signature, reader = found
    result = reader(call, identifier, *abi.decode_call(signature.inputs, data))
    outputs = signature.outputs
    return abi.encode(outputs, (result,) if len(outputs) == 1 else result)


def create(call: Call, entry: bytes, identifier: bytes) -> bytes:
    """Make the adapter of a feed, unless it is there, and return its address."""
    address = address_of(entry, identifier)
    if not call.host.code_size(address):
        call.host.deploy(code_of(entry, identifier), SALT)
        call.host.emit(*CREATED.log(identifier, address))
    return address


def address_of(entry: bytes, identifier: bytes) -> bytes:
    """Return where the adapter of a feed is, or would be."""
    return deployment.address_of(entry, code_of(entry, identifier), SALT)


def code_of(entry: bytes, identifier: bytes) -> bytes:
    """Return the code: `forward(id, the call data)` by STATICCALL, then its one output's content.

    The content is whole words, so it is all that follows offset and length.
    """
    call_data = (
        b"\x63" + FORWARD + b"\x60\xe0\x1b\x5f\x52"  # The selector, at 0.
        b"\x7f" + identifier + b"\x60\x04\x52"  # The id, at 4.
        b"\x60\x40\x60\x24\x52"  # The offset of the data, at 36.
        b"\x36\x60\x44\x52"  # CALLDATASIZE, at 68.
        b"\x36\x5f\x60\x64\x37"  # CALLDATACOPY, to 100.
    )
    size = b"\x36\x60\x1f\x01\x60\x05\x1c\x60\x05\x1b\x60\x64\x01"  # Rounded up to words, + 100.
    asked = b"\x5f\x5f" + size + b"\x5f\x73" + entry + b"\x5a\xfa\x3d\x5f\x5f\x3e"
    refused = b"\x3d\x5f\xfd"
    start = len(call_data) + len(asked) + 3 + len(refused)
    returned = b"\x5b\x60\x20\x51\x60\x40\xf3"
    return call_data + asked + b"\x60" + bytes([start]) + b"\x57" + refused + returned


def methods(
    identifier: str,
    make: Callable[..., Any],
    find: Callable[..., Any],
    forward: Callable[..., Any],
) -> tuple[Method, ...]:
    """Return the methods of an entry that has adapters. `identifier` names their parameter."""
    return (
        method(
            f"createAdapter(bytes32 {identifier}) returns (address adapter)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000),),
            handler=make,
            summary="Make a contract that answers as AggregatorV3Interface, unless it is there.",
        ),
        method(
            f"adapterOf(bytes32 {identifier}) returns (address adapter)",
            mutability="pure",
            gas=(Constant(amount=500),),
            handler=find,
            summary="Return where the adapter is, or would be.",
        ),
        method(
            f"forward(bytes32 {identifier}, bytes data) returns (bytes output)",
            mutability="view",
            gas=(Constant(amount=700),),
            handler=forward,
            summary="Answer a call of AggregatorV3Interface, as an adapter hands it on.",
            bounds={"data": DATA_SIZE_MAX, "output": OUTPUT_SIZE_MAX},
        ),
    )
