"""The ecosystem `pars`: its networks, and what `ape-config.yaml` may say about them."""

from functools import cached_property
from typing import Any, ClassVar

from ape.api.config import PluginConfig
from ape.api.networks import LOCAL_NETWORK_NAME
from ape.managers.config import merge_configs
from ape_ethereum.ecosystem import (
    BaseEthereumConfig,
    Ethereum,
    NetworkConfig,
    create_local_network_config,
    create_network_config,
)
from pydantic import computed_field

BLOCK_SECONDS = 1
"""Ape counts in whole seconds; a block comes each 400 ms."""


class ParsConfig(BaseEthereumConfig):
    """The `pars:` section."""

    NETWORKS: ClassVar[dict[str, tuple[int, int]]] = {
        "mainnet": (6133, 6133),
        "testnet": (6134, 6134),
    }
    mainnet: NetworkConfig = create_network_config(block_time=BLOCK_SECONDS)
    testnet: NetworkConfig = create_network_config(block_time=BLOCK_SECONDS)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no cached properties here
    @cached_property
    def local(self) -> NetworkConfig:
        """What the parent makes of the section, with another provider unless one was chosen."""
        chosen: Any = PluginConfig.get(self, LOCAL_NETWORK_NAME) or {}
        if isinstance(chosen, NetworkConfig):
            chosen = chosen.model_dump(by_alias=True)
        standard = create_local_network_config(default_provider="pars", gas_limit="max")
        merged = merge_configs(standard.model_dump(by_alias=True), chosen)
        return NetworkConfig.model_validate(merged)


class Pars(Ethereum):
    """Ethereum's formats; another token."""

    fee_token_symbol: str = "PARS"

    @property
    def config(self) -> Any:
        """The `pars:` section."""
        return self.config_manager.get_config("pars")
