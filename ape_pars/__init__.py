"""What Ape asks a plugin for. Ape runs these at each of its commands, so they import late."""

from collections.abc import Iterator
from typing import Any

from ape import plugins

NETWORKS = {"mainnet": 6133, "testnet": 6134}


@plugins.register(plugins.Config)
def config_class() -> type:
    """Return the class of the `pars:` section of ape-config.yaml."""
    from .ecosystem import ParsConfig

    return ParsConfig


@plugins.register(plugins.EcosystemPlugin)
def ecosystems() -> Iterator[type]:
    """Offer `pars`."""
    from .ecosystem import Pars

    yield Pars


@plugins.register(plugins.NetworkPlugin)
def networks() -> Iterator[tuple[str, str, Any]]:
    """Offer `pars:mainnet`, `pars:testnet` and `pars:local`."""
    from ape.api.networks import LOCAL_NETWORK_NAME, create_network_type

    from .ecosystem import LocalNetwork

    for name, chain_id in NETWORKS.items():
        yield "pars", name, create_network_type(chain_id, chain_id)
    yield "pars", LOCAL_NETWORK_NAME, LocalNetwork


@plugins.register(plugins.ProviderPlugin)
def providers() -> Iterator[tuple[str, str, type]]:
    """Offer nodes everywhere, and locally the chain inside this process."""
    from ape.api.networks import LOCAL_NETWORK_NAME

    from .node import ParsLive, ParsNode
    from .provider import ParsProvider

    for name in NETWORKS:
        yield "pars", name, ParsLive
    yield "pars", LOCAL_NETWORK_NAME, ParsProvider
    yield "pars", LOCAL_NETWORK_NAME, ParsNode
