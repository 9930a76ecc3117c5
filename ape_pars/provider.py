"""The chain inside the process of Ape: no server, no socket, and no JSON on the ways often taken.

What tests do thousands of times (send, call, look up a balance, go back) is asked of the chain
directly. Everything else of Ape speaks web3, whose requests the methods of a node answer.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Any, Final

from ape.api.providers import BlockAPI, CallResult, TestProviderAPI
from ape.exceptions import (
    BlockNotFoundError,
    ContractLogicError,
    ProviderError,
    SignatureError,
    TransactionNotFoundError,
    UnknownSnapshotError,
    VirtualMachineError,
)
from ape.logging import logger
from ape.types.events import ContractLog, LogFilter
from ape.types.trace import SourceTraceback
from ape_ethereum.provider import Web3Provider
from ape_ethereum.transactions import AccessList, Receipt, TransactionStatusEnum
from eth_pydantic_types import HexBytes
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from chain.accounts import DevAccount, dev_accounts
from chain.calls import CallFailed, Overrides
from chain.errors import ChainError
from chain.genesis import CHAIN_ID_MAINNET, Allocation, Genesis, pars_genesis
from chain.history import Located
from chain.local_chain import LocalChain
from chain.rpc.inside import transport
from chain.rpc.parameters import read_state_overrides
from chain.rpc.results import access_list_json
from chain.tracing import TracerOptions
from chain.transactions import decode_transaction

from . import answers
from .accounts import ParsAccount
from .answers import address_bytes, address_text, block_ref
from .errors import contract_error
from .execution import Executed
from .tracebacks import traceback_of
from .traces import LocalCallTrace, LocalTransactionTrace
from .watching import Watching

QUESTION_SECONDS: Final = 600.0
"""How long a call may take. Nobody else waits for this chain."""

TOP_CALL: Final = TracerOptions(tracer="callTracer", config={"onlyTopCall": True})
CONSOLE: Final = b"console.log"
"""The address that contracts print to, 0x00..636f6e736f6c652e6c6f67, as it stands in their code."""


class InProcess(JSONBaseProvider):
    """web3's way to a chain of this process."""

    def __init__(self, chain: LocalChain) -> None:
        super().__init__()
        self._answer = transport(chain)

    def make_request(self, method: Any, params: Any) -> Any:
        """Answer one request."""
        body = self.encode_rpc_request(method, params)
        return self.decode_rpc_response(self._answer(body))

    def is_connected(self, show_traceback: bool = False) -> bool:  # noqa: ARG002 - web3 passes it
        """Say that there is nothing that could be cut."""
        return True


class ParsProvider(Watching, TestProviderAPI, Web3Provider):
    """`pars:local:pars`."""

    _chain: LocalChain | None = None
    _prints: bool = False
    """Whether any contract may print: only then transactions are searched for it."""

    # The connection.

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
        if self._chain.interval_seconds:
            self._chain.mine_due()
        return self._chain

    @cached_property
    def _accounts(self) -> tuple[DevAccount, ...]:
        path = f"{self.config.hd_path.rstrip('/')}/{{}}"
        return dev_accounts(self.config.mnemonic, self.config.number_of_accounts, path)

    def _genesis(self) -> Genesis:
        genesis = pars_genesis(CHAIN_ID_MAINNET, [account.address for account in self._accounts])
        balance = int(self.config.balance)
        funded = {each.address: Allocation(balance=balance) for each in self._accounts}
        return Genesis(**{**vars(genesis), "alloc": {**genesis.alloc, **funded}})

    def connect(self) -> None:
        """Start a chain, and tell Ape what the precompiles are."""
        self.__dict__.pop("_accounts", None)
        self.__dict__.pop("_test_accounts", None)
        self._chain = LocalChain.open(
            self._genesis(), accounts=self._accounts, question_seconds=QUESTION_SECONDS
        )
        self._web3 = Web3(InProcess(self._chain))
        self._prints = False
        self._transaction_trace_cache.clear()
        self.begin_to_watch()

    def disconnect(self) -> None:
        """Forget the chain."""
        self._web3 = None
        if self._chain is not None:
            self._chain.close()
        self._chain = None
        self.chain_manager._snapshots[CHAIN_ID_MAINNET] = []

    def update_settings(self, new_settings: dict[str, Any]) -> None:
        """Start again."""
        self.provider_settings = {**self.provider_settings, **new_settings}
        self.disconnect()
        self.connect()

    @property
    def http_uri(self) -> None:
        """There is none."""

    @property
    def ws_uri(self) -> None:
        """There is none."""

    @property
    def ipc_path(self) -> None:
        """There is none."""

    # What holds of the chain.

    @property
    def chain_id(self) -> int:
        """The id of the main network."""
        return CHAIN_ID_MAINNET

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

    # Looking things up.

    def get_balance(self, address: Any, block_id: Any = None) -> int:
        """Return an account's wei."""
        return self.chain.state(block_ref(block_id)).balance(address_bytes(address))

    def get_nonce(self, address: Any, block_id: Any = None) -> int:
        """Return how many transactions an account has sent."""
        return self.chain.state(block_ref(block_id)).nonce(address_bytes(address))

    def get_code(self, address: Any, block_id: Any = None) -> Any:
        """Return an account's code."""
        return HexBytes(self.chain.state(block_ref(block_id)).code(address_bytes(address)))

    def get_storage(self, address: Any, slot: Any, block_id: Any = None) -> HexBytes:
        """Return a word of an account's storage."""
        number = int(slot, 16) if isinstance(slot, str) else int(slot)
        word = self.chain.state(block_ref(block_id)).storage(address_bytes(address), number)
        return HexBytes(word.to_bytes(32, "big"))

    def get_block(self, block_id: Any) -> BlockAPI:
        """Return a block."""
        try:
            block = self.chain.block(block_ref(block_id))
        except (ChainError, ValueError, OverflowError) as error:
            raise BlockNotFoundError(block_id, reason=str(error)) from error
        if block is None:
            raise BlockNotFoundError(block_id, reason="this chain has none like it")
        return self.network.ecosystem.decode_block(answers.block_values(block))

    def _get_latest_block(self) -> BlockAPI:
        return self.get_block("latest")

    def get_transactions_by_block(self, block_id: Any) -> Iterator[Any]:
        """Return a block's transactions."""
        block = self.chain.block(block_ref(block_id))
        if block is None:
            raise BlockNotFoundError(block_id)
        for index, tx in enumerate(block.transactions):
            yield self._decoded(Located(transaction=tx, block=block, index=index))

    def _decoded(self, located: Located) -> Any:
        return self.network.ecosystem.create_transaction(**answers.transaction_values(located))

    def get_receipt(
        self,
        txn_hash: str,
        required_confirmations: int = 0,
        timeout: int | None = None,  # noqa: ARG002 - there is nothing to wait for
        **kwargs: Any,
    ) -> Any:
        """Return the receipt of a mined transaction."""
        located = self.chain.transaction(bytes(HexBytes(txn_hash)))
        if located is None:
            raise TransactionNotFoundError(
                transaction_hash=txn_hash, error_message="it is not in a block of this chain"
            )
        txn = kwargs.get("transaction")
        if txn is None or isinstance(txn, dict):
            txn = self._decoded(located)
        txn.required_confirmations = required_confirmations
        return answers.receipt_of(self.chain, located, txn)

    def get_contract_logs(self, log_filter: LogFilter) -> Iterator[ContractLog]:
        """Return the logs that a filter asks for, decoded."""
        head = self.chain.head.number
        stop = head if log_filter.stop_block is None else min(log_filter.stop_block, head)
        topics = [
            None if wanted is None else frozenset(bytes(HexBytes(each)) for each in _listed(wanted))
            for wanted in log_filter.topic_filter
        ]
        found = self.chain.logs(
            from_block=max(0, log_filter.start_block),
            to_block=stop,
            addresses=frozenset(address_bytes(each) for each in log_filter.addresses),
            topics=topics,
        )
        rows = [answers.log_dict(each) for each in found]
        yield from self.network.ecosystem.decode_logs(rows, *log_filter.events)

    def get_transaction_trace(self, transaction_hash: str, **kwargs: Any) -> Any:
        """Return what a mined transaction did."""
        known = self._transaction_trace_cache.get(transaction_hash)
        if known is None:
            known = LocalTransactionTrace(transaction_hash=transaction_hash, **kwargs)
            self._transaction_trace_cache[transaction_hash] = known
        return known

    # Calls.

    def send_call(
        self,
        txn: Any,
        block_id: Any = None,
        state: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run a call and return its output; a revert raises, unless that is not wanted."""
        ref = block_ref(block_id if block_id is not None else kwargs.get("block_identifier"))
        changes = state if state is not None else kwargs.get("state_override")
        accounts = read_state_overrides(changes, "state_override") if changes else {}
        question = answers.request_of(txn), ref, Overrides(accounts=accounts)
        try:
            result = self.chain.call(*question)
        except ChainError as refusal:
            raise VirtualMachineError(str(refusal), base_err=refusal, txn=txn) from refusal
        trace = partial(self._call_trace, txn, question)
        if not kwargs.get("skip_trace"):
            self._account_for(txn, trace, kwargs)
            self.count(partial(self._watch_call, question))
        if result.success:
            return HexBytes(result.output)
        error = self._contract_error(
            result.output, result.error or "", txn, txn, trace, partial(self._watch_call, question)
        )
        if kwargs.get("raise_on_revert", txn.raise_on_revert):
            raise error
        logger.error(error)
        if isinstance(error, ContractLogicError):
            return CallResult.from_revert(error)
        return HexBytes("0x")

    def _call_trace(self, txn: Any, question: Iterable[Any]) -> LocalCallTrace:
        return LocalCallTrace(tx=txn.model_dump(by_alias=True), arguments=list(question))

    def _watch_call(self, question: tuple[Any, Any, Any]) -> Executed:
        executed = Executed()
        self.chain.watch_call(*question, executed)
        return executed

    def watch_transaction(self, tx_hash: str) -> Executed:
        """Run a transaction again, and return what ran."""
        executed = Executed()
        self.chain.watch_transaction(bytes(HexBytes(tx_hash)), executed)
        return executed

    def _account_for(self, txn: Any, trace: Any, wanted: dict[str, Any]) -> None:
        """Show a call's trace and count its gas, where somebody asked for that."""
        runner = self._test_runner
        if runner is not None and runner.gas_tracker.enabled and txn.receiver:
            runner.gas_tracker.append_gas(trace(), txn.receiver)
        if wanted.get("show_gas_report"):
            trace().show_gas_report()
        if wanted.get("show_trace"):
            trace().show()

    def estimate_gas_cost(self, txn: Any, block_id: Any = None) -> int:
        """Return gas that is enough."""
        request, ref = answers.request_of(txn), block_ref(block_id)
        try:
            return self.chain.estimate_gas(request, ref)
        except CallFailed as failure:
            result = failure.result
            question = request, ref, Overrides()
            raise self._contract_error(
                result.output,
                result.error or "",
                txn,
                txn,
                partial(self._call_trace, txn, question),
                partial(self._watch_call, question),
            ) from failure
        except ChainError as refusal:
            raise VirtualMachineError(str(refusal), base_err=refusal, txn=txn) from refusal

    def create_access_list(self, transaction: Any, block_id: Any = None) -> list[AccessList]:
        """Return what a transaction would touch."""
        found = self.chain.create_access_list(answers.request_of(transaction), block_ref(block_id))
        return [AccessList.model_validate(each) for each in access_list_json(found.access_list)]

    # Transactions.

    def send_transaction(self, txn: Any) -> Any:
        """Send a transaction; where blocks come at once, return what became of it."""
        try:
            tx_hash = self._submit(txn)
        except ChainError as refusal:
            error = VirtualMachineError(str(refusal), base_err=refusal, txn=txn)
            if txn.raise_on_revert:
                raise error from refusal
            return self._waiting(txn, bytes(txn.txn_hash), error)
        located = self.chain.transaction(tx_hash)
        if located is None:
            return self._waiting(txn, tx_hash, None)
        receipt = answers.receipt_of(self.chain, located, txn)
        self.chain_manager.history.append(receipt)
        logger.info(f"Confirmed {receipt.txn_hash} (total fees paid = {receipt.total_fees_paid})")
        if self._prints:
            receipt.show_debug_logs()
        if receipt.failed:
            receipt.error = self._failure(txn, receipt, tx_hash)
            if txn.raise_on_revert:
                raise receipt.error
            logger.error(receipt.error)
        return receipt

    # Ape would run each transaction again, to look for what it printed.
    send_transaction._is_post_tx_wrapped = True  # type: ignore[attr-defined]

    def _submit(self, txn: Any) -> bytes:
        if CONSOLE in bytes(txn.data):
            self._prints = True
        if txn.signature is not None and not answers.sidecar_is_missing(txn):
            raw = answers.raw_of(txn)
            signer = address_text(decode_transaction(raw).sender)
            if txn.sender and signer != txn.sender:
                raise SignatureError(
                    f"Recovered signer '{signer}' doesn't match sender {txn.sender}!",
                    transaction=txn,
                )
            return self.chain.send_raw(raw)
        if not txn.sender:
            raise SignatureError("The transaction is neither signed nor from anybody.", txn)
        return self.chain.send(answers.request_of(txn, sent=True))

    def _waiting(self, txn: Any, tx_hash: bytes, error: VirtualMachineError | None) -> Any:
        """Return the receipt of what is in no block."""
        status = TransactionStatusEnum.NO_ERROR if error is None else TransactionStatusEnum.FAILING
        receipt = Receipt.model_validate(
            {
                "block_number": -1,
                "gas_limit": txn.gas_limit or 0,
                "gas_price": txn.max_fee or 0,
                "gas_used": 0,
                "status": status,
                "txn_hash": f"0x{tx_hash.hex()}",
                "transaction": txn,
            }
        )
        if error is not None:
            receipt.error = error
        self.chain_manager.history.append(receipt)
        return receipt

    def _failure(self, txn: Any, receipt: Any, tx_hash: bytes) -> VirtualMachineError:
        top = self.chain.trace_transaction(tx_hash, TOP_CALL)
        payload = bytes.fromhex(top.get("output", "0x")[2:])
        return self._contract_error(
            payload,
            top["error"],
            txn,
            receipt,
            lambda: receipt.trace,
            partial(self.watch_transaction, receipt.txn_hash),
        )

    def _contract_error(
        self,
        payload: bytes,
        what: str,
        txn: Any,
        shown: Any,
        trace: Any,
        watch: Callable[[], Executed],
    ) -> VirtualMachineError:
        """Return what to raise; `shown` is what the exception calls its transaction."""
        address = txn.receiver
        if address in (None, answers.NOBODY) and txn.sender and txn.nonce is not None:
            address = self.network.ecosystem.get_deployment_address(txn.sender, int(txn.nonce))
        return contract_error(
            payload,
            what,
            source=partial(self._traceback, watch),
            trace=trace,
            txn=shown,
            address=address,
            enrich=self.compiler_manager.enrich_error,
            origin=lambda: watch().origin_of(payload),
        )

    def _traceback(self, watch: Callable[[], Executed]) -> SourceTraceback:
        try:
            return traceback_of(watch(), self._sources)
        except ChainError:  # Somebody looks after the chain has gone back to before it.
            return SourceTraceback.model_validate([])

    # What only a simulator can do.

    @property
    def auto_mine(self) -> bool:
        """Whether each transaction gets a block at once."""
        return self.chain.automine

    @auto_mine.setter
    def auto_mine(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise TypeError("auto_mine is either true or false")
        self.chain.set_automine(value)

    def set_interval(self, seconds: float) -> None:
        """Mine regularly, whenever somebody looks; zero stops that."""
        self.chain.set_interval(seconds)

    def snapshot(self) -> int:
        """Remember the chain as it is."""
        return self.chain.snapshot()

    def restore(self, snapshot_id: Any) -> None:
        """Go back."""
        if not self.chain.revert(snapshot_id):
            raise UnknownSnapshotError(snapshot_id)
        self._transaction_trace_cache.clear()

    def set_timestamp(self, new_timestamp: int) -> None:
        """Give the next block this time."""
        self._changing(self.chain.set_next_timestamp, new_timestamp)

    def mine(self, num_blocks: int = 1) -> None:
        """Make blocks."""
        self._changing(self.chain.mine, num_blocks)

    def set_balance(self, address: Any, amount: Any) -> None:
        """Give an account this balance."""
        wei = self.conversion_manager.convert(amount, int)
        self._changing(self.chain.set_balance, address_bytes(address), wei)

    def set_nonce(self, address: Any, nonce: int) -> None:
        """Give an account this nonce."""
        self._changing(self.chain.set_nonce, address_bytes(address), nonce)

    def set_code(self, address: Any, code: Any) -> HexBytes:
        """Put code at an address."""
        data = HexBytes(code)
        self._prints = self._prints or CONSOLE in data
        self._changing(self.chain.set_code, address_bytes(address), bytes(data))
        return data

    def set_storage(self, address: Any, slot: int, value: Any) -> None:
        """Put a word into an account's storage."""
        word = int.from_bytes(HexBytes(value), "big")
        self._changing(self.chain.set_storage, address_bytes(address), slot, word)

    def unlock_account(self, address: Any) -> bool:
        """Let transactions come from an account without its key."""
        self.chain.impersonate(address_bytes(address))
        return True

    def relock_account(self, address: Any) -> None:
        """End that."""
        self.chain.stop_impersonating(address_bytes(address))

    def _changing(self, change: Any, *arguments: Any) -> None:
        try:
            change(*arguments)
        except ChainError as refusal:
            raise ProviderError(str(refusal)) from refusal

    @cached_property
    def _test_accounts(self) -> tuple[ParsAccount, ...]:
        return tuple(
            ParsAccount(
                index=index,
                address_str=address_text(account.address),
                private_key=f"0x{account.private_key.hex()}",
            )
            for index, account in enumerate(self._accounts)
        )

    def get_test_account(self, index: int) -> Any:
        """Return one of the mnemonic's accounts."""
        try:
            return self._test_accounts[index]
        except IndexError:
            raise IndexError(f"No account at index '{index}'") from None


def _listed(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]
