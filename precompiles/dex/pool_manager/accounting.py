"""Who owes what while the manager is unlocked: the lock, the deltas, and the currencies.

All of it is in transient storage, in v4's slots. A delta is what the manager owes to a target; a
negative one is owed to the manager. Knows no pool.
"""

from ... import abi
from ...abi import Revert
from ...precompile import Host
from . import errors, layout, math
from .errors import NO_DATA

NATIVE = bytes(20)
BOOL_TRUE = (1).to_bytes(abi.WORD, "big")
SELECTOR_NONE = bytes(4)

BALANCE_OF = abi.parse_signature("balanceOf(address owner)")
TRANSFER = abi.parse_signature("transfer(address to, uint256 amount)")


# --- The lock -------------------------------------------------------------------------------


def is_unlocked(host: Host) -> bool:
    """Return whether an unlock is running."""
    return host.load_transient(layout.UNLOCKED) != 0


def require_unlocked(host: Host) -> None:
    """Refuse what may only be done within an unlock."""
    if not is_unlocked(host):
        raise errors.MANAGER_LOCKED()


# --- Deltas ---------------------------------------------------------------------------------


def account(host: Host, currency: bytes, change: int, target: bytes) -> None:
    """Add to what a target is owed, and keep count of those that are not even."""
    if change == 0:
        return
    slot = layout.delta_slot(currency, target)
    before = math.signed(host.load_transient(slot), 256)
    after = before + change
    if math.signed(after, 256) != after:
        raise errors.OVERFLOW
    host.store_transient(slot, after & layout.WORD_MASK)
    if after == 0 or before == 0:
        count = host.load_transient(layout.NONZERO_DELTA_COUNT)
        step = -1 if after == 0 else 1
        host.store_transient(layout.NONZERO_DELTA_COUNT, count + step & layout.WORD_MASK)


def account_both(
    host: Host, currencies: tuple[bytes, bytes], delta: tuple[int, int], target: bytes
) -> None:
    """Add to what a target is owed in both currencies of a pool."""
    account(host, currencies[0], delta[0], target)
    account(host, currencies[1], delta[1], target)


def owed(host: Host, currency: bytes, target: bytes) -> int:
    """Return what a target is owed."""
    return math.signed(host.load_transient(layout.delta_slot(currency, target)), 256)


# --- Paying in ------------------------------------------------------------------------------


def synced_currency(host: Host) -> bytes:
    """Return the currency whose balance was noted last, or the native one."""
    word = host.load_transient(layout.CURRENCY) & layout.UINT160_MASK
    return word.to_bytes(20, "big")


def sync(host: Host, own: bytes, currency: bytes) -> None:
    """Note the balance that the next settlement is measured from."""
    if currency == NATIVE:
        host.store_transient(layout.CURRENCY, 0)
        return
    balance = balance_of(host, currency, own)
    host.store_transient(layout.CURRENCY, int.from_bytes(currency, "big"))
    host.store_transient(layout.RESERVES_OF, balance)


def settle(host: Host, own: bytes, value: int, recipient: bytes) -> int:
    """Credit what came in since `sync`, or the value of the call; return it."""
    currency = synced_currency(host)
    if currency == NATIVE:
        paid = value
    else:
        if value:
            raise errors.NONZERO_NATIVE_VALUE()
        before = host.load_transient(layout.RESERVES_OF)
        paid = balance_of(host, currency, own) - before
        if paid < 0:
            raise errors.OVERFLOW
        host.store_transient(layout.CURRENCY, 0)
    account(host, currency, math.to_int128(paid), recipient)
    return paid


def balance_of(host: Host, token: bytes, owner: bytes) -> int:
    """Ask a token for a balance."""
    data = BALANCE_OF.selector + abi.encode(BALANCE_OF.inputs, (owner,))
    success, output = host.call(token, data, static=True)
    if not success:
        raise Revert(output)
    if len(output) < abi.WORD:
        raise Revert(NO_DATA)
    return abi.read_word(output, 0)


# --- Paying out -----------------------------------------------------------------------------


def pay(host: Host, currency: bytes, to: bytes, amount: int) -> None:
    """Send native or other currency; a token may answer with true or with nothing."""
    if currency == NATIVE:
        success, output = host.call(to, b"", value=amount)
        if not success:
            raise errors.wrapped(to, SELECTOR_NONE, output, errors.NATIVE_TRANSFER_FAILED)
        return
    data = TRANSFER.selector + abi.encode(TRANSFER.inputs, (to, amount))
    success, output = host.call(currency, data)
    if not success or (output and output[: abi.WORD] != BOOL_TRUE):
        raise errors.wrapped(currency, TRANSFER.selector, output, errors.ERC20_TRANSFER_FAILED)
