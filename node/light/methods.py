"""The light node's JSON-RPC: each method as a flow whose answer is proved, or an error.

An answer comes with the header of the block that it is true for, from which its age follows. What
nobody can be asked for is answered from what was proved last.
"""

from bisect import bisect_left
from collections.abc import Callable, Generator, Sequence
from itertools import accumulate
from typing import Any

from ..codec import Refused
from . import calls, logs, parameters, reads
from .blocks import (
    Receipt,
    Transaction,
    block_json,
    receipt_json,
    to_json,
    transaction_json,
)
from .client import LightClient, NotFound, Question, Run, Unanswered, Unreachable
from .errors import INVALID_PARAMS, NOT_FOUND, SERVER_ERROR, UNVERIFIED, RpcError
from .header import Header, next_base_fee
from .questions import Target
from .state import Account
from .transactions import Queue

VERSION = "Pars/v0.1.0/light"
TIP = 10**9  # what a full node suggests
STALE_MS = 30_000
HISTORY_MAX = 256
REWARDS_MAX = 32
KEYS_MAX = 256

Answered = tuple[Any, Header | None]
Flow = Generator[Question | Run, Any, Answered]
Params = Sequence[Any]


class Methods:
    """What a client may call. Without a queue, transactions are not taken."""

    def __init__(
        self,
        client: LightClient,
        clock: Callable[[], int],
        *,
        queue: Queue | None = None,
        accounts: Callable[[], list[bytes]] = list,
    ) -> None:
        self.client = client
        self.clock = clock
        self._queue = queue
        self._accounts = accounts
        self._footprints = calls.Footprints()
        self.table: dict[str, Callable[[Params], Flow]] = {
            "eth_accounts": self._held,
            "eth_blockNumber": self._block_number,
            "eth_call": lambda params: self._call("eth_call", params),
            "eth_chainId": lambda _: self._known(hex(self._chain_id)),
            "eth_estimateGas": lambda params: self._call("eth_estimateGas", params),
            "eth_feeHistory": self._fee_history,
            "eth_gasPrice": lambda _: self._fee(TIP),
            "eth_getBalance": lambda params: self._account(params, _balance),
            "eth_getBlockByHash": self._block,
            "eth_getBlockByNumber": self._block,
            "eth_getBlockReceipts": self._block_receipts,
            "eth_getBlockTransactionCountByHash": self._count,
            "eth_getBlockTransactionCountByNumber": self._count,
            "eth_getCode": self._code,
            "eth_getLogs": self._logs,
            "eth_getProof": self._proof,
            "eth_getStorageAt": self._storage,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionCount": self._nonce,
            "eth_getTransactionReceipt": self._receipt,
            "eth_maxPriorityFeePerGas": lambda _: self._known(hex(TIP)),
            "eth_sendRawTransaction": self._send,
            "eth_syncing": lambda _: self._known(False),
            "net_listening": lambda _: self._known(True),
            "net_version": lambda _: self._known(str(self._chain_id)),
            "pars_forgetTransaction": self._forget,
            "pars_status": self._status,
            "pars_transactions": self._transactions,
            "web3_clientVersion": lambda _: self._known(VERSION),
        }

    @property
    def _chain_id(self) -> int:
        return self.client.trust.checkpoint.chain_id

    def age_ms(self, header: Header) -> int:
        """Return how old a state is, by the time that the validators certified for its block."""
        return max(0, self.clock() - 1000 * header.timestamp)

    # --- The node -----------------------------------------------------------------------------

    def _known(self, value: Any) -> Flow:
        return value, None
        yield  # a flow, like the others

    def _held(self, _: Params) -> Flow:
        return self._known([to_json(each) for each in self._accounts()])

    def _block_number(self, _: Params) -> Flow:
        head = reads.head(self.client)
        return hex(head.number), head
        yield

    def _status(self, _: Params) -> Flow:
        """Return what the light node knows and how old that is."""
        client, head = self.client, self.client.trust.head
        age = None if head is None else self.age_ms(head)
        body = {
            "chainId": self._chain_id,
            "head": None if head is None else {"number": head.number, "hash": head.hash},
            "epoch": client.trust.epoch,
            "servers": len(client.servers),
            "bytesReceived": client.received,
            "bytesStored": client.cache.size,
            "stale": age is None or age > STALE_MS,
        }
        # The age in seconds, not as a quantity: people read it.
        seconds = None if age is None else age / 1000
        return to_json(body) | {"age": seconds, "counts": dict(client.counts)}, head
        yield

    # --- Blocks -------------------------------------------------------------------------------

    def _header(self, params: Params, place: int) -> Generator[Question, Any, Header]:
        """Find the header of a block parameter."""
        wanted = parameters.block(params, place)
        if wanted is None:
            return reads.head(self.client)
        if isinstance(wanted, bytes):
            header = yield from reads.header_of(self.client, wanted)
        else:
            header = yield from reads.header_at(self.client, wanted)
        return header

    def _body(self, header: Header) -> Generator[Question, Any, tuple[list[Any], list[Any]]]:
        transactions: list[Transaction] = yield from reads.transactions_of(self.client, header)
        receipts: list[Receipt] = yield from reads.receipts_of(self.client, header)
        if len(transactions) != len(receipts):
            raise Refused("light: a receipt for each transaction expected")
        return transactions, receipts

    def _block(self, params: Params) -> Flow:
        full = parameters.boolean(params, 1)
        try:
            header = yield from self._header(params, 0)
        except NotFound:
            return None, None
        transactions = yield from reads.transactions_of(self.client, header)
        return block_json(header, transactions, full=full), header

    def _count(self, params: Params) -> Flow:
        try:
            header = yield from self._header(params, 0)
        except NotFound:
            return None, None
        transactions = yield from reads.transactions_of(self.client, header)
        return hex(len(transactions)), header

    def _block_receipts(self, params: Params) -> Flow:
        try:
            header = yield from self._header(params, 0)
        except NotFound:
            return None, None
        transactions, receipts = yield from self._body(header)
        places = range(len(receipts))
        return [receipt_json(header, transactions, receipts, at) for at in places], header

    def _transaction(self, params: Params) -> Flow:
        tx_hash = parameters.data(params, 0, 32)
        try:
            header, index, tx = yield from reads.transaction(self.client, tx_hash)
        except NotFound:
            return None, None
        return transaction_json(tx, header, index), header

    def _receipt(self, params: Params) -> Flow:
        tx_hash = parameters.data(params, 0, 32)
        try:
            header, index, _ = yield from reads.transaction(self.client, tx_hash)
        except NotFound:
            return None, None
        transactions, receipts = yield from self._body(header)
        return receipt_json(header, transactions, receipts, index), header

    def _logs(self, params: Params) -> Flow:
        wanted = parameters.log_filter(params)
        found = yield from logs.find(self.client, wanted)
        return found, reads.head(self.client)

    # --- States -------------------------------------------------------------------------------

    def _at(
        self,
        params: Params,
        place: int,
        address: bytes,
        read: Callable[[Header], Generator[Question, Any, Any]],
    ) -> Flow:
        """Read a state; where nobody answers for the newest, the last one that was proved."""
        header = yield from self._header(params, place)
        try:
            value = yield from read(header)
        except Unreachable:
            if parameters.block(params, place) is not None:
                raise
            header = reads.newest_known(self.client, address)
            value = yield from read(header)
        return value, header

    def _account(self, params: Params, show: Callable[[Account], Any]) -> Flow:
        address = parameters.data(params, 0, 20)

        def read(header: Header) -> Generator[Question, Any, Any]:
            account = yield from reads.account_at(self.client, header, address)
            return show(account)

        return self._at(params, 1, address, read)

    def _nonce(self, params: Params) -> Flow:
        address = parameters.data(params, 0, 20)
        queue = self._queue if params[1:2] == ["pending"] else None
        if queue is None:
            return self._account(params, lambda account: hex(account.nonce))
        return self._account(params, lambda found: hex(queue.next_nonce(address, found.nonce)))

    def _code(self, params: Params) -> Flow:
        address = parameters.data(params, 0, 20)

        def read(header: Header) -> Generator[Question, Any, str]:
            code = yield from reads.code_at(self.client, header, address)
            return "0x" + code.hex()

        return self._at(params, 1, address, read)

    def _storage(self, params: Params) -> Flow:
        address, slot = parameters.data(params, 0, 20), parameters.slot(params, 1)

        def read(header: Header) -> Generator[Question, Any, str]:
            found = yield from reads.state(self.client, header, [Target(address, (slot,))])
            return f"0x{found.slots[address, slot]:064x}"

        return self._at(params, 2, address, read)

    def _proof(self, params: Params) -> Flow:
        address = parameters.data(params, 0, 20)
        slots = parameters.slots(params, 1, KEYS_MAX)
        header = yield from self._header(params, 2)
        proof = yield from reads.account_proof(header, address, slots)
        return to_json(proof), header

    # --- Calls --------------------------------------------------------------------------------

    def _call(self, method: str, params: Params) -> Flow:
        request = parameters.call(params)
        header = yield from self._header(params, 1)
        jobs = [request, *params[2:4]]
        try:
            reply = yield from calls.run(self.client, self._footprints, method, jobs, header)
        except Unreachable:
            if parameters.block(params, 1) is not None:
                raise
            header, reply = yield from calls.run_offline(self.client, method, jobs)
        if "error" in reply:
            error = reply["error"]
            raise RpcError(error["code"], error["message"], error.get("data"))
        return reply["result"], header

    # --- Fees ---------------------------------------------------------------------------------

    def _fee(self, tip: int) -> Flow:
        head = reads.head(self.client)
        return hex(next_base_fee(head) + tip), head
        yield

    def _fee_history(self, params: Params) -> Flow:
        count, percentiles = parameters.fee_history(params, HISTORY_MAX)
        newest = yield from self._header(params, 1)
        count = min(count, newest.number + 1, REWARDS_MAX if percentiles else HISTORY_MAX)
        headers = yield from reads.headers(self.client, newest, count)
        body: dict[str, Any] = {
            "oldestBlock": hex(headers[0].number),
            "baseFeePerGas": [hex(each.base_fee_per_gas) for each in headers],
            "gasUsedRatio": [each.gas_used / each.gas_limit for each in headers],
        }
        body["baseFeePerGas"].append(hex(next_base_fee(newest)))
        if percentiles is not None:
            body["reward"] = []
            for header in headers:
                transactions, receipts = yield from self._body(header)
                tips = _tips(header, transactions, receipts, percentiles)
                body["reward"].append([hex(tip) for tip in tips])
        return body, newest

    # --- Transactions -------------------------------------------------------------------------

    def _queue_here(self) -> Queue:
        if self._queue is None:
            raise RpcError(SERVER_ERROR, "this node takes no transactions")
        return self._queue

    def _send(self, params: Params) -> Flow:
        raw = parameters.data(params, 0, None)
        return self._known("0x" + self._queue_here().add(raw, self.clock()).hex())

    def _transactions(self, _: Params) -> Flow:
        entries = [
            {
                "hash": to_json(each.tx.hash),
                "from": to_json(each.tx.sender),
                "nonce": hex(each.tx.nonce),
                "state": each.state.name.lower(),
                "blockNumber": hex(each.number) if each.number else None,
                "reason": each.reason or None,
            }
            for each in self._queue_here().entries()
        ]
        return self._known(entries)

    def _forget(self, params: Params) -> Flow:
        self._queue_here().forget(parameters.data(params, 0, 32))
        return self._known(True)


def _balance(account: Account) -> str:
    return hex(account.balance)


def _tips(
    header: Header,
    transactions: Sequence[Transaction],
    receipts: Sequence[Receipt],
    percentiles: Sequence[float],
) -> list[int]:
    """Return the tips at percentiles of the block's gas, cheapest first."""
    base, before, paid = header.base_fee_per_gas, 0, []
    for tx, receipt in zip(transactions, receipts, strict=True):
        paid.append((tx.price(base) - base, receipt.cumulative_gas - before))
        before = receipt.cumulative_gas
    paid.sort()
    tips, reached = [], list(accumulate(gas for _, gas in paid))
    for percentile in percentiles:
        threshold = int(header.gas_used * percentile / 100)
        place = min(bisect_left(reached, threshold), len(paid) - 1)
        tips.append(paid[place][0] if paid else 0)
    return tips


def error_of(error: Exception) -> RpcError:
    """Return what a client is told of a flow that failed."""
    if isinstance(error, RpcError):
        return error
    if isinstance(error, calls.Unverified):
        claimed = None if error.claimed is None else "0x" + error.claimed.hex()
        return RpcError(UNVERIFIED, str(error), {"verified": False, "claimed": claimed})
    if isinstance(error, NotFound):
        return RpcError(NOT_FOUND, str(error))
    if isinstance(error, Unanswered):
        return RpcError(SERVER_ERROR, str(error))
    if isinstance(error, Refused):
        return RpcError(INVALID_PARAMS, error.reason)
    raise error
