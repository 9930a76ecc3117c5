"""What a failed transaction or call becomes in Ape: an exception of the right class."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ape.exceptions import ContractLogicError, OutOfGasError, VirtualMachineError
from ape.types.trace import SourceTraceback
from eth_pydantic_types import HexBytes

from chain.reverts import ERROR_SELECTOR, PANIC_SELECTOR, reason_of

from . import precompiles

OUT_OF_GAS: Final = "out of gas"


class SourceNotes(Sequence[str]):
    """The lines of a contract that led to an error, found when somebody looks at them.

    Python and pytest print the notes of an exception that nobody caught. Most are caught, by
    `ape.reverts`, and then there is no need to run the transaction again.
    """

    def __init__(self, error: ContractLogicError) -> None:
        self._error = error

    def _lines(self) -> list[str]:
        found = self._error.source_traceback
        return [str(found).rstrip()] if found is not None and len(found) else []

    def __getitem__(self, index: Any) -> Any:
        return self._lines()[index]

    def __len__(self) -> int:
        return len(self._lines())

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())


def _plain(message: str, address: Any, known: dict[str, Any]) -> ContractLogicError:
    return ContractLogicError(
        message or None, contract_address=address, set_ape_traceback=False, **known
    )


def contract_error(
    payload: bytes,
    what: str,
    *,
    source: Callable[[], SourceTraceback | None],
    trace: Callable[[], Any],
    txn: Any,
    address: Any,
    enrich: Callable[[ContractLogicError], ContractLogicError],
    origin: Callable[[], bytes | None] = lambda: None,
) -> VirtualMachineError:
    """Return the exception for what stopped a frame: its payload, or `what` where it has none.

    `origin` tells who made the payload. Two precompiles may have the same error.
    """
    if what.startswith(OUT_OF_GAS):
        return OutOfGasError(txn=txn)
    known: dict[str, Any] = {
        "txn": txn,
        "trace": trace,
        "source_traceback": source,
    }
    error: ContractLogicError | None
    if payload[:4] not in (ERROR_SELECTOR, PANIC_SELECTOR) and len(payload) >= 4:
        error = precompiles.custom_error(payload, address, origin, **known)
        if error is None:
            error = enrich(_plain(HexBytes(payload).to_0x_hex(), address, known))
    elif payload:
        error = _plain(reason_of(payload), address, known)
    else:
        # Only the source says what went wrong.
        message = "" if what == "execution reverted" else what
        error = enrich(_plain(message, address, known))
    # Python takes any sequence for the notes of an exception.
    error.__notes__ = SourceNotes(error)  # type: ignore[assignment]
    return error
