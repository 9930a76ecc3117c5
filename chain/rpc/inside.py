"""Asks a chain of this process what a node would be asked: the same methods, and no socket."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from .dispatch import Dispatcher
from .filters import Filters
from .method import CallLog, Node
from .methods import TABLE

if TYPE_CHECKING:
    from ..local_chain import LocalChain


def transport(chain: "LocalChain") -> Callable[[bytes], bytes]:
    """Return what answers a JSON-RPC message."""
    dispatcher = Dispatcher(TABLE)
    node = Node(
        chain=chain,
        filters=Filters(),
        instance=secrets.token_bytes(32),
        call_log=CallLog(write=lambda _: None),
    )
    return lambda body: dispatcher.answer(body, node)
