"""What a method is: a name, its parameters, a handler; and what a handler is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .codec import BlockHash, BlockRef, Kind, hex_data
from .errors import NOT_FOUND, SERVER_ERROR, RpcError

if TYPE_CHECKING:
    from ..blocks import Block
    from ..local_chain import LocalChain
    from .filters import Filters
    from .subscriptions import Session


@dataclass(slots=True, kw_only=True)
class CallLog:
    """Tells whoever runs the node which methods are called, if they want to know."""

    write: Callable[[str], None]
    enabled: bool = False


@dataclass(slots=True, kw_only=True)
class Node:
    """The world of a handler: the chain, the installed filters, and who is asking."""

    chain: "LocalChain"
    filters: "Filters"
    instance: bytes
    """Chosen at random when the server starts, to tell local nodes apart."""
    call_log: CallLog
    session: "Session | None" = None
    """The WebSocket connection that a request came on; None for HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """The default of a parameter that has none."""


REQUIRED: Final = Required()


@dataclass(frozen=True, slots=True)
class Param:
    """One positional parameter."""

    name: str
    kind: Kind
    default: Any = REQUIRED


LATEST: Final = "latest"


def block_param(kind: Kind, default: str = LATEST) -> Param:
    """Return the block parameter that most methods end with."""
    return Param("block", kind, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method."""

    name: str
    run: Callable[..., Any]
    """Takes the node and the parameters, read; returns JSON. Its docstring is the summary."""
    params: tuple[Param, ...] = ()
    aliases: tuple[str, ...] = ()
    inline: bool = False
    """Answered at once on the event loop: reads only what any thread may read."""
    quick: bool = False
    """What mostly takes no time: tried on the event loop while the chain's thread rests, and asked
    again there if it takes longer. Then it must have changed nothing."""

    @property
    def summary(self) -> str:
        """What the method does, in one paragraph."""
        return " ".join((self.run.__doc__ or "").split())


# What a block parameter means, for every handler alike.


def chain_ref(node: Node, ref: BlockRef) -> Any:
    """Return the chain's own form of a reference; refuse a hash that EIP-1898 refuses."""
    if not isinstance(ref, BlockHash):
        return ref
    block = node.chain.block(ref.hash)
    if block is None:
        raise RpcError(NOT_FOUND, f"block {hex_data(ref.hash)} not found")
    if ref.require_canonical and not node.chain.is_canonical(ref.hash):
        raise RpcError(SERVER_ERROR, f"hash {hex_data(ref.hash)} is not currently canonical")
    return ref.hash


def find_block(node: Node, ref: BlockRef) -> "Block | None":
    """Return a block, or None where the answer shall be null."""
    return node.chain.block(ref.hash if isinstance(ref, BlockHash) else ref)


def need_block(node: Node, ref: BlockRef) -> "Block":
    """Return a block; it is an error if there is none."""
    block = find_block(node, ref)
    if block is None:
        shown = hex_data(ref.hash) if isinstance(ref, BlockHash) else f"#{ref}"
        raise RpcError(SERVER_ERROR, f"block {shown} not found")
    return block
