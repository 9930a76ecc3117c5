"""Makes a case smaller while it still shows what it shows: fewer transactions, accounts, bytes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from .cases import Account, Case

ATTEMPTS_MAX: Final = 2000
JUMPDEST: Final = b"\x5b"


def shrink(case: Case, shows: Callable[[Case], bool]) -> Case:
    """Return the smallest case found that still shows it."""
    attempts = 0
    again = True
    while again:
        again = False
        for smaller in _smaller(case):
            attempts += 1
            if attempts > ATTEMPTS_MAX:
                return case
            if shows(smaller):
                case, again = smaller, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    """Return smaller cases, those first that lose most."""
    for place in range(len(case.transactions) - (len(case.transactions) == 1)):
        kept = case.transactions[:place] + case.transactions[place + 1 :]
        yield replace(case, transactions=kept)
    for address in case.accounts:
        kept_accounts = {key: value for key, value in case.accounts.items() if key != address}
        yield replace(case, accounts=kept_accounts)
    for address, account in case.accounts.items():
        for code in _shorter(account.code):
            yield _with_account(case, address, replace(account, code=code))
        for place in range(len(account.storage)):
            storage = account.storage[:place] + account.storage[place + 1 :]
            yield _with_account(case, address, replace(account, storage=storage))
    for place, tx in enumerate(case.transactions):
        changes: list[dict[str, Any]] = [{"data": data} for data in _shorter(tx.fields.data)]
        changes += [{"access_list": ()}] if tx.fields.access_list else []
        changes += [{"value": 0}] if tx.fields.value else []
        for change in changes:
            txs = case.transactions[:place], (tx.but(**change),), case.transactions[place + 1 :]
            yield replace(case, transactions=txs[0] + txs[1] + txs[2])


def _with_account(case: Case, address: bytes, account: Account) -> Case:
    return replace(case, accounts={**case.accounts, address: account})


def _shorter(code: bytes) -> Iterator[bytes]:
    """Return the code without its end, or with parts dropped or made to do nothing."""
    size = len(code)
    while size:
        for start in range(0, len(code), size):
            part = code[start : start + size]
            rest = code[start + size :]
            yield code[:start] + rest
            if part != JUMPDEST * len(part):
                yield code[:start] + JUMPDEST * len(part) + rest
        size //= 2
