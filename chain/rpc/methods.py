"""The table of all methods. A new one is a row in its namespace's `METHODS`."""

from collections.abc import Iterable, Mapping
from typing import Final

from . import (
    debug,
    dev_mining,
    dev_state,
    dev_tokens,
    eth_accounts,
    eth_blocks,
    eth_config,
    eth_execute,
    eth_filters,
    eth_simulate,
    eth_state,
    net,
    subscriptions,
    txpool,
)
from .method import Method

METHODS: Final = (
    *eth_blocks.METHODS,
    *eth_config.METHODS,
    *eth_state.METHODS,
    *eth_execute.METHODS,
    *eth_simulate.METHODS,
    *eth_accounts.METHODS,
    *eth_filters.METHODS,
    *subscriptions.METHODS,
    *net.METHODS,
    *txpool.METHODS,
    *debug.METHODS,
    *dev_mining.METHODS,
    *dev_state.METHODS,
    *dev_tokens.METHODS,
)


def by_name(methods: Iterable[Method]) -> Mapping[str, Method]:
    """Return the methods by name and alias; refuse a name that stands for two."""
    table: dict[str, Method] = {}
    for method in methods:
        for name in (method.name, *method.aliases):
            if name in table:
                raise ValueError(f"{name}: the name is taken")
            table[name] = method
    return table


TABLE: Final = by_name(METHODS)
