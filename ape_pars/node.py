"""A devnet outside of Ape's process: one that runs already, or one that Ape starts.

`pars:local:node` speaks to http://127.0.0.1:8545; `pars:local:http://HOST:PORT` to another. The
methods for developers that a node of ours has do what Ape's users expect of a local network.
"""

# mypy: disable-error-code="no-untyped-call"

import sys
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from ape.api.providers import SubprocessProvider, TestProviderAPI
from ape.exceptions import ApeException, UnknownSnapshotError, VirtualMachineError
from ape.types.trace import SourceTraceback
from ape_ethereum.provider import EthereumNodeProvider
from ape_node.provider import Node
from eth_pydantic_types import HexBytes
from web3.exceptions import ContractLogicError as NodeSaysRevert

from chain.frames import Begun
from chain.genesis import CHAIN_ID_MAINNET

from .errors import contract_error
from .execution import Executed, executed_of
from .watching import Watching

REVERTED: Final = 3
STEPS: Final = {"enableMemory": True}
DEFAULT_URI: Final = "http://127.0.0.1:8545"


class PublicNode(Watching, EthereumNodeProvider):
    """A node of ours: what it says of reverts as exceptions of Ape, and its steps as lines."""

    @property
    def gas_price(self) -> int:
        """What gets a transaction mined."""
        return int(self.make_request("eth_gasPrice"), 16)

    def watch_transaction(self, tx_hash: str) -> Executed:
        """Ask the node for the instructions of a transaction."""
        txn = self.make_request("eth_getTransactionByHash", [tx_hash])
        traced = self.make_request("debug_traceTransaction", [tx_hash, STEPS])
        return self._executed(traced, txn["to"], txn["input"])

    def _watch_call(self, txn: Any, block_id: Any) -> Executed:
        asked, *rest = self._prepare_call(txn, block_identifier=block_id)
        asked = {key: hex(each) if isinstance(each, int) else each for key, each in asked.items()}
        traced = self.make_request("debug_traceCall", [asked, *rest, STEPS])
        return self._executed(traced, txn.receiver, bytes(txn.data).hex())

    def _executed(self, traced: Any, to: str | None, data: str) -> Executed:
        begun = Begun(
            kind="CALL" if to else "CREATE",
            sender=bytes(20),
            target=bytes(HexBytes(to or "0x")),
            value=0,
            data=bytes(HexBytes(data)),
            gas=0,
        )
        return executed_of(traced["structLogs"], begun)

    def send_call(self, txn: Any, block_id: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Run a call, and count what it ran."""
        runner = self._test_runner
        if runner is not None and runner.coverage_tracker.enabled and not kwargs.get("skip_trace"):
            self.count(lambda: self._watch_call(txn, block_id))
            kwargs["skip_trace"] = True  # Ape's own way needs ape-vyper's maps.
        return super().send_call(txn, block_id=block_id, **kwargs)

    def _complete_connect(self) -> None:
        super()._complete_connect()
        self.begin_to_watch()

    def _make_request(self, rpc: str, parameters: Any = None) -> Any:
        """Keep a revert's payload, of which Ape's own code keeps the text alone."""
        answer = self.web3.provider.make_request(rpc, parameters or [])  # type: ignore[arg-type]
        error: Any = answer.get("error")
        if isinstance(error, dict) and error.get("code") == REVERTED:
            raise NodeSaysRevert(error["message"], error.get("data", "0x"))
        return super()._make_request(rpc, parameters) if error else answer.get("result")

    def get_virtual_machine_error(self, exception: Exception, **kwargs: Any) -> VirtualMachineError:
        """Return the exception that the chain in Ape's own process would raise."""
        data = getattr(exception, "data", None)
        if not isinstance(exception, NodeSaysRevert) or not isinstance(data, str):
            return super().get_virtual_machine_error(exception, **kwargs)
        txn = kwargs.get("txn")
        return contract_error(
            bytes(HexBytes(data)),
            "execution reverted",
            source=lambda: self._traceback(txn),
            trace=kwargs.get("trace") or (lambda: None),
            txn=txn,
            address=kwargs.get("contract_address") or getattr(txn, "receiver", None),
            enrich=self.compiler_manager.enrich_error,
        )

    def _traceback(self, txn: Any) -> SourceTraceback | None:
        """Return where a mined transaction ended; of what was only called there is no trace."""
        try:
            return self.source_traceback(txn.txn_hash.to_0x_hex())
        except (AttributeError, ApeException, NodeSaysRevert):
            return None


class ParsLive(PublicNode, Node):
    """`pars:mainnet:node` and `pars:testnet:node`."""

    NAME: ClassVar[str | None] = "node"


class ParsNode(PublicNode, TestProviderAPI, SubprocessProvider):
    """`pars:local:node`."""

    NAME: ClassVar[str | None] = "node"
    name: str = "node"

    @property
    def _default_http_uri(self) -> str:
        return DEFAULT_URI

    @property
    def connection_id(self) -> str:
        """What tells this connection from others."""
        return f"{self.network_choice}:{self.uri}"

    @property
    def chain_id(self) -> int:
        """The id that the node says; before there is one, what a new one would say."""
        return self._get_chain_id() if self._web3 is not None else CHAIN_ID_MAINNET

    # The process, where nothing listens yet.

    @property
    def process_name(self) -> str:
        """What Ape calls it in its messages."""
        return "pars chain"

    def build_command(self) -> list[str]:
        """Return what starts a node with the accounts of the `test:` section."""
        place = urlsplit(self.uri)
        seconds = self.provider_settings.get("block_time")
        mining = ["--auto"] if seconds is None else ["--block-time", str(seconds)]
        return [
            *(sys.executable, "-m", "pars", "chain", "run", "--quiet", *mining),
            *("--host", place.hostname or "127.0.0.1", "--port", str(place.port or 8545)),
            *("--mnemonic", str(self.test_config.mnemonic)),
            *("--accounts", str(self.test_config.number_of_accounts)),
        ]

    def connect(self) -> None:
        """Connect to the node, or start one."""
        self._set_web3()
        if not self.is_connected:
            SubprocessProvider.connect(self)
            self.start(timeout=60)
            self._set_web3()
        self._complete_connect()

    def disconnect(self) -> None:
        """Let go of the node; end it where Ape started it."""
        SubprocessProvider.disconnect(self)
        self.chain_manager._snapshots[CHAIN_ID_MAINNET] = []
        EthereumNodeProvider.disconnect(self)

    # What only a simulator can do.

    @property
    def auto_mine(self) -> bool:
        """Whether each transaction gets a block at once."""
        return bool(self.make_request("anvil_getAutomine"))

    @auto_mine.setter
    def auto_mine(self, value: bool) -> None:
        self.make_request("evm_setAutomine", [value])

    def set_interval(self, seconds: int) -> None:
        """Mine regularly; zero stops that."""
        self.make_request("anvil_setIntervalMining", [seconds])

    def snapshot(self) -> str:
        """Remember the chain as it is."""
        return str(self.make_request("evm_snapshot"))

    def restore(self, snapshot_id: Any) -> None:
        """Go back."""
        if not self.make_request("evm_revert", [snapshot_id]):
            raise UnknownSnapshotError(snapshot_id)

    def set_timestamp(self, new_timestamp: int) -> None:
        """Give the next block this time."""
        self.make_request("evm_setNextBlockTimestamp", [hex(new_timestamp)])

    def mine(self, num_blocks: int = 1) -> None:
        """Make blocks."""
        self.make_request("anvil_mine", [hex(num_blocks)])

    def set_balance(self, address: Any, amount: Any) -> None:
        """Give an account this balance."""
        wei = self.conversion_manager.convert(amount, int)
        self.make_request("anvil_setBalance", [address, hex(wei)])

    def set_nonce(self, address: Any, nonce: int) -> None:
        """Give an account this nonce."""
        self.make_request("anvil_setNonce", [address, hex(nonce)])

    def set_code(self, address: Any, code: Any) -> HexBytes:
        """Put code at an address."""
        data = HexBytes(code)
        self.make_request("anvil_setCode", [address, data.to_0x_hex()])
        return data

    def set_storage(self, address: Any, slot: int, value: Any) -> None:
        """Put a word into an account's storage."""
        word = HexBytes(value).rjust(32, b"\0")
        self.make_request("anvil_setStorageAt", [address, hex(slot), f"0x{word.hex()}"])

    def unlock_account(self, address: Any) -> bool:
        """Let transactions come from an account without its key."""
        self.make_request("anvil_impersonateAccount", [address])
        return True

    def relock_account(self, address: Any) -> None:
        """End that."""
        self.make_request("anvil_stopImpersonatingAccount", [address])

    def get_test_account(self, index: int) -> Any:
        """Return one of the mnemonic's accounts."""
        return self.account_manager.test_accounts.containers["test"].generate_account(index)
