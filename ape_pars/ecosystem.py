"""The ecosystem `pars`: its networks, and what `ape-config.yaml` may say about them."""

from functools import cached_property
from typing import Any, ClassVar

from ape.api.config import PluginConfig
from ape.api.networks import LOCAL_NETWORK_NAME, NetworkAPI
from ape.managers.config import merge_configs
from ape_ethereum.ecosystem import (
    BaseEthereumConfig,
    Ethereum,
    NetworkConfig,
    create_local_network_config,
    create_network_config,
)
from ape_ethereum.transactions import Receipt, TransactionType
from pydantic import PrivateAttr, computed_field

from .receipts import ParsReceipt

FIELDS = tuple(Receipt.model_fields)
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
    _default_type: tuple[Any, TransactionType] | None = PrivateAttr(default=None)

    @property
    def config(self) -> Any:
        """The `pars:` section."""
        return self.config_manager.get_config("pars")

    def decode_receipt(self, data: dict[str, Any]) -> Any:
        """Return a receipt that knows which lines its transaction ran."""
        made = super().decode_receipt(data)
        if type(made) is not Receipt:
            return made
        receipt = ParsReceipt.model_validate({name: getattr(made, name) for name in FIELDS})
        receipt._error = made.error
        return receipt

    @property
    def default_transaction_type(self) -> TransactionType:
        """The type of transactions that do not say theirs.

        Ape reads the whole section again for it, which takes longer than the transaction.
        """
        provider = self.network_manager.active_provider
        name = self.default_network_name if provider is None else provider.network.name
        asked = id(self.config), name
        if self._default_type is None or self._default_type[0] != asked:
            self._default_type = asked, super().default_transaction_type
        return self._default_type[1]


class LocalNetwork(NetworkAPI):
    """`pars:local`, which reads its section once."""

    _read: tuple[int, Any] | None = PrivateAttr(default=None)

    @property
    def config(self) -> Any:
        """The `local:` part of the section."""
        asked = id(self.ecosystem.config)
        if self._read is None or self._read[0] != asked:
            self._read = asked, super().config
        return self._read[1]
