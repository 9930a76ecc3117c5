"""What the compiled core and Python both see: records in flat memory, and the numbers they hold.

The core reaches everything by address. Each kind of record is a NumPy type here, so that Python
reads the same bytes through an array. Words of the EVM are 32 bytes, little end first, and are
named by their place in a record; all else is signed 64-bit integers.
"""

from typing import Final

import numpy as np

WORD: Final = 32
STACK_MAX: Final = 1024
DEPTH_MAX: Final = 1024

_INT = "<i8"
_WORD = ("<u8", (4,))


def _record(**fields: object) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()), align=True)


def _ints(names: str) -> dict[str, object]:
    return dict.fromkeys(names.split(), _INT)


ACCOUNT: Final = _record(
    address=_WORD,
    balance=_WORD,
    code_hash=_WORD,
    **_ints(
        "nonce code exists "  # `code` is a row of the codes, or UNKNOWN.
        "stored "  # There is storage below us, in the state that this one stands on.
        "written "  # A slot was written here: to say that there is no storage, look at each.
        "builtin "  # A precompile answers here instead of code.
        "wiped "  # What is below us no longer counts.
        "warm created touched "  # The transaction in which that happened last.
        "seen "  # The transaction that last paid for this account, be it undone later.
        "read "  # The transaction that last looked at it, be it undone later.
        "dirty"  # Changed in this block, be it undone later.
    ),
)
SLOT: Final = _record(
    key=_WORD,
    value=_WORD,
    original=_WORD,  # The value when the transaction `changed` began.
    **_ints("account changed warm seen read dirty"),
)
TRANSIENT: Final = _record(key=_WORD, value=_WORD, **_ints("account"))
CODE: Final = _record(
    target=_WORD,  # Where a delegation (EIP-7702) leads.
    **_ints("bytes size jumps delegates"),
)
JOURNAL: Final = _record(old=_WORD, **_ints("kind row before"))
LOG: Final = _record(topics=("<u8", (4, 4)), **_ints("account count data size"))
OPERATION: Final = _record(
    **_ints(
        "gas "  # Before what depends on operands.
        "least most "  # Bytes on the stack; `most` is negative where nothing is defined.
        "pushes"  # It only pushes what the environment says.
    )
)

FRAME_GIVEN: Final = (
    # Accounts by their rows, addresses of bytes, and places in the arena with sizes.
    *("kind", "account", "code_account", "caller", "static", "delegated", "gas", "stack"),
    *("memory", "input", "input_size", "want", "want_size", "code", "code_size", "jumps"),
)
"""What a frame is given: Python writes it in one go."""

FRAME: Final = _record(
    value=_WORD,
    **_ints(" ".join(FRAME_GIVEN)),
    **_ints(
        "fresh gas_given pc sp memory_size "
        "output output_size "  # The output's place in the arena.
        "journal logs log_data refund"  # Where all of that stood before.
    ),
)

MACHINE: Final = _record(
    **_ints(
        # Tables: where they are, how full they are, how much they hold.
        "stack frames memory memory_room operations codes "
        "accounts account_index account_mask "
        "slots slot_count slot_room slot_index slot_mask "
        "transients transient_count transient_room transient_index transient_mask "
        "journal journal_count journal_room "
        "logs log_count log_room log_data log_data_size log_data_room "
        "returned returned_size returned_room "
        "hashes hash_count blob_hashes blob_hash_count "
        "context "  # What the block and the transaction say of themselves, by CONTEXT.
        "scratch "  # SCRATCH bytes for whoever needs some, for as long as nobody else runs.
        "need "  # A word: the address or the slot that an exit asks for.
        "need_row need_size "
        # Rules.
        "clears_refund reserved_byte initcode_max initcode_gas keeps_old delegations "
        # The execution.
        "transaction depth floor status refund ripemd stage patience tracing stepping "
        "seed_0 seed_1"  # Secret, so that nobody can choose keys that collide in a table.
    ),
)
SCRATCH: Final = 256

UNKNOWN: Final = -1

CONTEXT: Final = (
    "ORIGIN",
    "GASPRICE",
    "COINBASE",
    "TIMESTAMP",
    "NUMBER",
    "PREVRANDAO",
    "GASLIMIT",
    "CHAINID",
    "BASEFEE",
    "BLOBBASEFEE",
    "NO_CODE_HASH",
)

# Kinds of frames, by the opcode that makes them.
CREATE, CALL, CALLCODE, DELEGATECALL, CREATE2, STATICCALL = 0xF0, 0xF1, 0xF2, 0xF4, 0xF5, 0xFA

# Kinds of journal entries.
(
    BALANCE,
    NONCE,
    CODE_SET,
    EXISTS,
    WARM_ACCOUNT,
    TOUCHED,
    CREATED,
    DESTROYED,
    SLOT_VALUE,
    WARM_SLOT,
    TRANSIENT_VALUE,
) = range(11)

# How a frame ends.
(
    SUCCESS,
    REVERTED,
    OUT_OF_GAS,
    UNDERFLOW,
    OVERFLOW,
    BAD_JUMP,
    UNDEFINED,
    WRITE_PROTECTED,
    OUT_OF_BOUNDS,
    RESERVED_CODE,
    CODE_TOO_LARGE,
    DEPOSIT_UNPAID,
    NO_SENTRY,
    INITCODE_TOO_LARGE,
    TOO_DEEP,
    NO_FUNDS,
    COLLISION,
    PRECOMPILE_FAILED,
) = range(1, 19)

# What a step of the core says: go on, in this frame or in another; end the frame (ENDS + how);
# or leave for Python.
GO_ON, SWITCH, ENDS, EXITS = 0, 1, 32, 64
(
    DONE,
    NEED_ACCOUNT,
    NEED_CODE,
    NEED_SLOT,
    NEED_MEMORY,
    NEED_JOURNAL,
    NEED_SLOTS,
    NEED_TRANSIENTS,
    NEED_LOGS,
    NEED_RETURNED,
    NEED_HASHES,
    PRECOMPILE,
    DEPOSIT,
    PATIENCE,
    ENTERED,
    LEFT,
    REFUSED,
    LOGGED,
    DESTROYS,
    STEP,
    HALTED,
) = range(EXITS, EXITS + 21)
"""The exits after NEED_ repeat their instruction once Python has served them."""

# Where a machine stands that comes back from Python.
RUNNING, ANSWERED, DEPOSITED, ENDED, STEPPED, SHOWN = range(6)

# What Python asks for between instructions.
(
    ADD_ACCOUNT,
    ADD_SLOT,
    FIND_SLOT,
    PUT_BALANCE,
    PUT_NONCE,
    PUT_CODE,
    PUT_SLOT,
    GET_TRANSIENT,
    PUT_TRANSIENT,
    HEAT_ACCOUNT,
    HEAT_SLOT,
    TOUCH,
    EMPTY,
    STORES,
    DELETE,
    WIPE,
    CLEAN,
    UNDO,
    FINISH,
    ENTER,
    REINDEX,
) = range(21)

# What is still to do for a frame that has begun.
TO_RUN, TO_ANSWER, TO_SHOW = range(3)


def place(kind: np.dtype[np.void], field: str) -> int:
    """Return where a field stands in its record."""
    fields = kind.fields
    assert fields is not None
    return int(fields[field][1])
