"""The chain inside the process of Ape: no server, no socket.

Ape's own code speaks web3; its requests are answered by the same methods that a node serves.
"""

import itertools
import secrets
from functools import cached_property
from typing import Any

from ape.api.providers import TestProviderAPI
from ape.exceptions import UnknownSnapshotError
from ape_ethereum.provider import Web3Provider
from ape_ethereum.trace import TraceApproach
from eth_utils import to_checksum_address
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from chain.accounts import DevAccount, dev_accounts
from chain.genesis import Allocation, Genesis, pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import CallLog, Node
from chain.rpc.methods import TABLE

CHAIN_ID = 6133


class InProcess(JSONBaseProvider):
    """web3's way to a chain of this process."""

    def __init__(self, chain: LocalChain) -> None:
        super().__init__()
        self._dispatcher = Dispatcher(TABLE)
        self._node = Node(
            chain=chain,
            filters=Filters(),
            instance=secrets.token_bytes(32),
            call_log=CallLog(write=lambda _: None),
        )

    def make_request(self, method: Any, params: Any) -> Any:
        """Answer one request."""
        body = self.encode_rpc_request(method, params)
        return self.decode_rpc_response(self._dispatcher.answer(body, self._node))

    def is_connected(self, show_traceback: bool = False) -> bool:  # noqa: ARG002 - web3 passes it
        """Say that there is nothing that could be cut."""
        return True


class ParsProvider(TestProviderAPI, Web3Provider):
    """`pars:local:pars`."""

    _chain: LocalChain | None = None

    @property
    def config(self) -> Any:
        """The `test:` section: a plugin's own name would give the ecosystem's."""
        return self.config_manager.get_config("test")

    @property
    def chain(self) -> LocalChain:
        """The chain itself, for what Ape has no words for."""
        if self._chain is None:
            self.connect()
        assert self._chain is not None
        return self._chain

    @cached_property
    def _accounts(self) -> tuple[DevAccount, ...]:
        path = f"{self.config.hd_path.rstrip('/')}/{{}}"
        return dev_accounts(self.config.mnemonic, self.config.number_of_accounts, path)

    def _genesis(self) -> Genesis:
        genesis = pars_genesis(CHAIN_ID, [account.address for account in self._accounts])
        balance = int(self.config.balance)
        funded = {each.address: Allocation(balance=balance) for each in self._accounts}
        return Genesis(**{**vars(genesis), "alloc": {**genesis.alloc, **funded}})

    def connect(self) -> None:
        """Start a chain."""
        self._chain = LocalChain.open(self._genesis(), accounts=self._accounts)
        self._web3 = Web3(InProcess(self._chain))

    def disconnect(self) -> None:
        """Forget the chain."""
        self._web3 = None
        if self._chain is not None:
            self._chain.close()
        self._chain = None
        self.chain_manager._snapshots[CHAIN_ID] = []

    def update_settings(self, new_settings: dict[str, Any]) -> None:
        """Start again."""
        self.provider_settings = {**self.provider_settings, **new_settings}
        self.disconnect()
        self.connect()

    @property
    def call_trace_approach(self) -> TraceApproach:
        """How call trees are made."""
        return TraceApproach.GETH_CALL_TRACER

    @property
    def supports_tracing(self) -> bool:
        """Say that traces can be asked for."""
        return True

    @property
    def priority_fee(self) -> int:
        """Nobody has to be paid to be first."""
        return 0

    @property
    def gas_price(self) -> int:
        """What the next block asks."""
        return self.base_fee

    @property
    def base_fee(self) -> int:
        """What the next block asks."""
        return self.chain.base_fee()

    @property
    def max_gas(self) -> int:
        """What one transaction may use (EIP-7825)."""
        return 2**24

    @property
    def chain_id(self) -> int:
        """The id of the main network."""
        return CHAIN_ID

    @property
    def auto_mine(self) -> bool:
        """Whether each transaction gets a block at once."""
        return self.chain.automine

    @auto_mine.setter
    def auto_mine(self, value: bool) -> None:
        self.chain.set_automine(value)

    def snapshot(self) -> int:
        """Remember the chain as it is."""
        return self.chain.snapshot()

    def restore(self, snapshot_id: Any) -> None:
        """Go back."""
        if not self.chain.revert(snapshot_id):
            raise UnknownSnapshotError(snapshot_id)

    def set_timestamp(self, new_timestamp: int) -> None:
        """Give the next block this time."""
        self.chain.set_next_timestamp(new_timestamp)

    def mine(self, num_blocks: int = 1) -> None:
        """Make blocks."""
        for _ in itertools.repeat(None, num_blocks):
            self.chain.mine()

    def set_balance(self, address: Any, amount: Any) -> None:
        """Give an account this balance."""
        wei = self.conversion_manager.convert(amount, int)
        self.chain.set_balance(bytes.fromhex(address[2:]), wei)

    def unlock_account(self, address: Any) -> bool:
        """Let transactions come from an account without its key."""
        self.chain.impersonate(bytes.fromhex(address[2:]))
        return True

    def relock_account(self, address: Any) -> None:
        """End that."""
        self.chain.stop_impersonating(bytes.fromhex(address[2:]))

    def get_test_account(self, index: int) -> Any:
        """Return one of the mnemonic's accounts."""
        account = self._accounts[index]
        address = to_checksum_address(account.address)
        return self.account_manager.init_test_account(
            index, address, f"0x{account.private_key.hex()}"
        )
