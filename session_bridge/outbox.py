"""Transactions on their way: from the intention in the journal to a block that is final.

Nothing here knows what a transaction is for. A nonce is used once, so whatever is sent twice, by
this process, by the one before it or after a re-organisation, the chain takes it once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .chain_client import Block, ChainClient, Receipt, Signer, Unsigned
from .errors import NodeError, RefusedError
from .journal import Journal
from .ledger import (
    ATTEMPTS_MAX,
    DATA_MAX,
    FAILED,
    FOREIGN,
    SUCCEEDED,
    Attempt,
    Slot,
    attempt_record,
    closed_record,
    intent_record,
    void_record,
)

IN_FLIGHT_MAX = 48
"""Transactions that wait for a block."""
SLOTS_MAX = 512
"""Those included that are not final yet."""
GAS_MARGIN = 8
"""An estimate holds for the block that it was made on; an eighth more is offered."""
GAS_MAX = 2**24
"""Of one transaction (EIP-7825)."""
TRANSFER_GAS = 21_000
STUCK_SECONDS = 20
"""Until a transaction that no block takes is offered with a higher fee."""
RAISE = 8
"""By an eighth: pools take a replacement from a tenth more on."""
CANCEL = "cancel"
RESTS_MAX = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A transaction that ought to be sent."""

    purpose: str
    """What it is for; two of one purpose are never on their way together."""
    to: bytes
    data: bytes
    earns: int | None = None
    """In wei: the transaction may cost no more. None where it is not done for money."""
    calls_out: bool = False
    """Whether it makes other contracts act: it waits while the DAO has paused."""


@dataclass(frozen=True, slots=True)
class View:
    """The chain at one moment; all questions of one pass are about this block."""

    head: Block
    final: int


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened to a transaction, in words, for the log."""

    purpose: str
    words: str


class Unprofitable(Exception):
    """A transaction would cost more than it earns."""


class Outbox:
    """The transactions of one account."""

    def __init__(
        self,
        client: ChainClient,
        journal: Journal,
        signer: Signer,
        chain_id: int,
        fee_max: int,
        clock: Callable[[], float],
    ) -> None:
        """Use an account; `fee_max` is the most wei that is ever paid for one gas."""
        self._client = client
        self._journal = journal
        self._signer = signer
        self._chain_id = chain_id
        self._fee_max = fee_max
        self._clock = clock
        self._included: dict[int, Receipt] = {}
        self._offered: dict[int, float] = {}
        """When the last attempt of a nonce left this process."""
        self._rests: dict[str, tuple[int, int]] = {}
        """By purpose: how often it failed, and the block from which it is tried again."""

    @property
    def slots(self) -> dict[int, Slot]:
        """What is on its way."""
        return self._journal.ledger.slots

    def busy(self) -> set[str]:
        """Return the purposes for which a transaction waits for a block."""
        return {
            slot.purpose
            for nonce, slot in self.slots.items()
            if not slot.void and nonce not in self._included
        }

    # --- What became of it ------------------------------------------------------------------

    def settle(self, view: View) -> list[Told]:
        """Look after all that is on its way: close, send again, raise the fee, give up."""
        if not self.slots:
            return []
        told: list[Told] = []
        address = self._signer.address
        used = self._client.nonce(address, view.head.number)
        used_finally = self._client.nonce(address, view.final)
        for nonce in sorted(self.slots):
            told += self._settle(self.slots[nonce], view, used, used_finally)
        return told + self._use_up(view, used)

    def _settle(self, slot: Slot, view: View, used: int, used_finally: int) -> list[Told]:
        found = self._receipt(slot, view) if slot.nonce < used else None
        if found is not None:
            return self._arrived(slot, *found, view)
        vanished = self._included.pop(slot.nonce, None)
        if slot.nonce < used_finally:
            self._close(slot, FOREIGN, 0)
            return [Told(slot.purpose, "another transaction of this account took the nonce")]
        if slot.nonce < used or slot.void:
            return []
        told = []
        if vanished is not None:
            told.append(Told(slot.purpose, "was in a block that is no more"))
        if self._client.knows(slot.attempts[-1].hash):
            return told + self._hurry(slot, view)
        return told + self._send_again(slot, view)

    def _receipt(self, slot: Slot, view: View) -> tuple[Attempt, Receipt] | None:
        for attempt in reversed(slot.attempts):
            receipt = self._client.receipt(attempt.hash)
            if receipt is not None and receipt.block_number <= view.head.number:
                return attempt, receipt
        return None

    def _arrived(self, slot: Slot, attempt: Attempt, receipt: Receipt, view: View) -> list[Told]:
        told = []
        if slot.nonce not in self._included:
            words = "succeeded" if receipt.succeeded else "failed"
            where = f"{words} in block {receipt.block_number}, {receipt.gas_used:,} gas"
            told.append(Told(attempt.purpose, where))
            if receipt.succeeded:
                self._rests.pop(attempt.purpose, None)
            else:
                self.rest(attempt.purpose, view)
        self._included[slot.nonce] = receipt
        if receipt.block_number <= view.final:
            block = self._client.block(receipt.block_number)
            if block is not None and block.hash == receipt.block_hash:
                outcome = SUCCEEDED if receipt.succeeded else FAILED
                self._close(slot, outcome, receipt.gas_used * receipt.price)
        return told

    def _close(self, slot: Slot, outcome: int, spent: int) -> None:
        self._journal.write(closed_record(slot.nonce, outcome, spent))
        self._included.pop(slot.nonce, None)
        self._offered.pop(slot.nonce, None)

    def _hurry(self, slot: Slot, view: View) -> list[Told]:
        """Offer more for a transaction that waits for long."""
        offered = self._offered.setdefault(slot.nonce, self._clock())
        if self._clock() - offered < STUCK_SECONDS or len(slot.attempts) >= ATTEMPTS_MAX:
            return []
        last = slot.attempts[-1]
        fee, tip = self._raised(slot, view)
        bound = min(slot.cap or self._fee_max, self._fee_max)
        if fee > bound:
            self._offered[slot.nonce] = self._clock()
            return [Told(slot.purpose, f"waits; {bound} wei for one gas are the most it may cost")]
        self._attempt(slot, replace(last, purpose=slot.purpose, fee=fee, tip=tip), first=False)
        return [Told(slot.purpose, f"waits; offered again for {fee} wei")]

    def _send_again(self, slot: Slot, view: View) -> list[Told]:
        """Give the node what it has forgotten, or has never heard of, if it is still of use."""
        if slot.purpose != CANCEL:
            try:
                self._client.estimate(self._signer.address, slot.to, slot.data, slot.value)
            except RefusedError as error:
                self._journal.write(void_record(slot.nonce))
                return [Told(slot.purpose, f"is not sent again: {error.reason}")]
        last = slot.attempts[-1]
        if last.fee < view.head.base_fee:
            fee, tip = self._raised(slot, view)
            if fee <= min(slot.cap or self._fee_max, self._fee_max):
                last = replace(last, purpose=slot.purpose, fee=fee, tip=tip)
                self._attempt(slot, last, first=False)
                return [Told(slot.purpose, f"sent again for {fee} wei")]
        self._deliver(slot.nonce, self._signed(slot, last)[0])
        return [Told(slot.purpose, "sent again")]

    def _use_up(self, view: View, used: int) -> list[Told]:
        """Pay nothing to oneself with nonces that are of no use, if later ones wait for them."""
        told = []
        last = max((nonce for nonce, slot in self.slots.items() if not slot.void), default=0)
        for nonce in range(max(used, last - SLOTS_MAX), last):
            slot = self.slots.get(nonce)
            if slot is not None and not slot.void:
                continue
            empty = Slot(
                nonce=nonce,
                purpose=CANCEL,
                to=self._signer.address,
                data=b"",
                value=0,
                gas=TRANSFER_GAS,
                cap=0,
                attempts=slot.attempts if slot is not None else [],
            )
            fee, tip = self._raised(empty, view)
            fee = min(fee, self._fee_max)
            self._attempt(empty, Attempt(CANCEL, fee, min(tip, fee), b""), first=True)
            told.append(Told(CANCEL, f"nonce {nonce} is used up: later ones wait for it"))
        return told

    # --- Sending ----------------------------------------------------------------------------

    def rest(self, purpose: str, view: View) -> None:
        """Do not try again at once: each failure doubles the number of blocks until then."""
        failures = self._rests.get(purpose, (0, 0))[0] + 1
        if len(self._rests) >= RESTS_MAX:
            self._rests.pop(next(iter(self._rests)))
        self._rests[purpose] = failures, view.head.number + 2 ** min(failures, 12)

    def rests(self, purpose: str, view: View) -> bool:
        """Return whether something has failed too recently to be tried again."""
        return view.head.number < self._rests.get(purpose, (0, 0))[1]

    def room(self) -> int:
        """Return how many more transactions may be on their way."""
        return min(IN_FLIGHT_MAX - len(self.busy()), SLOTS_MAX - len(self.slots))

    def send(self, action: Action, view: View) -> Told:
        """Try an action on the node, write it down, and send it.

        Raises RefusedError where it would fail and Unprofitable where it would cost more than it
        earns; then nothing was sent.
        """
        if len(action.data) > DATA_MAX:
            raise RefusedError("the call data is too long")
        sender = self._signer.address
        estimate = self._client.estimate(sender, action.to, action.data)
        gas = min(estimate + estimate // GAS_MARGIN, GAS_MAX, view.head.gas_limit)
        if estimate > gas:
            raise RefusedError(f"needs {estimate:,} gas, more than a transaction may have")
        cap = self._fee_max if action.earns is None else min(action.earns // gas, self._fee_max)
        used = self._client.nonce(sender, view.head.number)
        free = [nonce for nonce, slot in self.slots.items() if slot.void and nonce >= used]
        nonce = min(free, default=max(used, max(self.slots, default=-1) + 1))
        slot = Slot(
            nonce=nonce,
            purpose=action.purpose,
            to=action.to,
            data=action.data,
            value=0,
            gas=gas,
            cap=cap if action.earns is not None else 0,
            attempts=self.slots[nonce].attempts if nonce in self.slots else [],
        )
        fee, tip = self._fees(slot, view, cap)
        if self._client.balance(sender, view.head.number) < gas * fee:
            raise RefusedError(f"the account has less than {gas * fee} wei to pay for gas")
        self._attempt(slot, Attempt(action.purpose, fee, tip, b""), first=True)
        return Told(action.purpose, f"sent, {estimate:,} gas, nonce {nonce}")

    def _fees(self, slot: Slot, view: View, cap: int) -> tuple[int, int]:
        """Return fee and tip: room for a doubled base fee, within the cap."""
        fee, tip = self._raised(slot, view)
        if slot.attempts and fee > cap:
            raise Unprofitable(f"{fee} wei for one gas are needed, {cap} are the most it may cost")
        needed = view.head.base_fee + view.head.base_fee // RAISE + tip
        if needed > cap or not cap:
            raise Unprofitable(
                f"{needed} wei for one gas are needed, {cap} are the most it may cost"
            )
        return min(fee, cap), min(tip, cap)

    def _raised(self, slot: Slot, view: View) -> tuple[int, int]:
        """Return what to offer now: more than the last time, where there was one."""
        tip = self._client.tip()
        fee = 2 * view.head.base_fee + tip
        for attempt in slot.attempts[-1:]:
            fee = max(fee, attempt.fee + attempt.fee // RAISE + 1)
            tip = max(tip, attempt.tip + attempt.tip // RAISE + 1)
        return fee, min(tip, fee)

    def _attempt(self, slot: Slot, attempt: Attempt, *, first: bool) -> None:
        """Sign, write down, send: in this order."""
        raw, tx_hash = self._signed(slot, attempt)
        signed = replace(attempt, hash=tx_hash)
        if first:
            self._journal.write(intent_record(slot, signed))
        else:
            self._journal.write(attempt_record(slot.nonce, signed))
        self._deliver(slot.nonce, raw)

    def _signed(self, slot: Slot, attempt: Attempt) -> tuple[bytes, bytes]:
        unsigned = Unsigned(
            nonce=slot.nonce,
            to=slot.to,
            data=slot.data,
            value=slot.value,
            gas=slot.gas,
            fee=attempt.fee,
            tip=attempt.tip,
        )
        return self._signer.sign(self._chain_id, unsigned)

    def _deliver(self, nonce: int, raw: bytes) -> None:
        self._offered[nonce] = self._clock()
        try:
            self._client.send(raw)
        except (RefusedError, NodeError):
            # It may have left all the same. The next pass asks the chain, and sends it again.
            return
