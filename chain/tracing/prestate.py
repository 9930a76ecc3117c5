"""prestateTracer: the accounts and slots that a transaction reads, as they were before it."""

from typing import Any

from ..execution import Outcome, State
from ..state import EMPTY_ACCOUNT, EMPTY_CODE_HASH, Account, Before, World
from .options import TracerOptions
from .recorder import Budget, Recorder


class Prestate(Recorder):
    """Shows what the world noted that was looked at: nothing is told on the way."""

    def __init__(self, options: TracerOptions, budget: Budget) -> None:
        self._diff = options.flag("diffMode")
        self._with_code = not options.flag("disableCode")
        self._with_storage = not options.flag("disableStorage")
        self._with_empty = options.flag("includeEmpty")
        self._budget = budget
        self._before: Before = {}
        self._world: World | None = None

    def begin(self, state: State) -> None:
        """Let the world note what is looked at; the coinbase counts, be it paid nothing."""
        self._world = state.world
        state.world.note_reads()
        state.world.account(state.env.coinbase)

    def settled(self) -> None:
        """Ask for it before anything is removed."""
        assert self._world is not None, "a transaction that is settled has begun"
        self._before = self._world.before()
        for _, slots in self._before.values():
            self._budget.spend(512 + 256 * len(slots))

    def result(self, outcome: Outcome, world: World) -> Any:  # noqa: ARG002 - one signature for all
        """Return what was there before, and with `diffMode` what has changed."""
        if not self._diff:
            return {
                "0x" + address.hex(): self._shown(account, slots, world)
                for address, (account, slots) in self._before.items()
                if self._with_empty or not _is_empty(account)
            }
        pre, post = {}, {}
        for address, (before, seen) in self._before.items():
            after = world.account(address)
            changed = {
                slot: world.get_storage(address, slot)
                for slot, value in seen.items()
                if self._with_storage and world.get_storage(address, slot) != value
            }
            destroyed = not _is_empty(before) and after is None
            difference = self._difference(before, after, changed, world)
            if not difference:
                continue
            name = "0x" + address.hex()
            if not destroyed:
                post[name] = difference
            if self._with_empty or not _is_empty(before):
                slots = {slot: seen[slot] for slot in changed if seen[slot]}
                pre[name] = self._shown(before, slots, world)
        return {"pre": pre, "post": post}

    def _shown(
        self, account: Account | None, slots: dict[int, int], world: World
    ) -> dict[str, Any]:
        nonce, balance, _, code_hash = account or EMPTY_ACCOUNT
        shown: dict[str, Any] = {"balance": hex(balance)}
        if nonce:
            shown["nonce"] = nonce
        if code_hash != EMPTY_CODE_HASH:
            shown |= self._code(code_hash, world)
        if slots and self._with_storage:
            shown["storage"] = _words(slots)
        return shown

    def _difference(
        self, before: Account | None, after: Account | None, slots: dict[int, int], world: World
    ) -> dict[str, Any]:
        old, new = before or EMPTY_ACCOUNT, after or EMPTY_ACCOUNT
        shown: dict[str, Any] = {}
        if new.balance != old.balance:
            shown["balance"] = hex(new.balance)
        if new.nonce != old.nonce:
            shown["nonce"] = new.nonce
        if new.code_hash != old.code_hash:
            shown |= self._code(new.code_hash, world)
        if slots:
            shown["storage"] = _words(slots)
        return shown

    def _code(self, code_hash: bytes, world: World) -> dict[str, str]:
        shown = {"codeHash": "0x" + code_hash.hex()}
        if self._with_code:
            code = world.codes.get(code_hash) or world.reader.code(code_hash)
            self._budget.spend(2 * len(code))
            shown["code"] = "0x" + code.hex()
        return shown


def _is_empty(account: Account | None) -> bool:
    if account is None:
        return True
    return (account.nonce, account.balance, account.code_hash) == (0, 0, EMPTY_CODE_HASH)


def _words(slots: dict[int, int]) -> dict[str, str]:
    return {f"0x{slot:064x}": f"0x{value:064x}" for slot, value in slots.items()}
