"""Which instructions ran, and of which sources: what coverage and tracebacks are made of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ape.utils.basemodel import ManagerAccessMixin

from chain.encoding import keccak
from chain.frames import Begun, Left, View
from chain.tracing import Recorder

from .vyper_source import CodeMap, ContractMaps, Statement, map_contract


@dataclass(slots=True)
class Frame:
    """A call or a creation, with its counters in the order in which they ran."""

    begun: Begun
    before: int
    """How many counters of the caller had run when this began."""
    pcs: list[int] = field(default_factory=list)
    calls: list["Frame"] = field(default_factory=list)
    failed: bool = False


class Executed(Recorder):
    """Writes down the counters of each frame."""

    wants_frames = True
    wants_steps = True

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._open: list[Frame] = []

    def enter(self, begun: Begun) -> None:
        """Open a frame."""
        frame = Frame(begun, len(self._open[-1].pcs) if self._open else 0)
        if self._open:
            self._open[-1].calls.append(frame)
        self.frames.append(frame)
        self._open.append(frame)

    def step(self, view: View, pc: int, opcode: int) -> None:  # noqa: ARG002 - one for all
        """Write a counter down."""
        self._open[-1].pcs.append(pc)

    def leave(
        self,
        left: Left | None,  # noqa: ARG002 - one for all
        error: Exception | None,
    ) -> None:
        """Close the frame that was opened last."""
        self._open.pop().failed = error is not None


class Sources(ManagerAccessMixin):
    """The maps of the project's contracts, each made when its code first runs."""

    def __init__(self) -> None:
        self._by_code: dict[bytes, CodeMap | None] = {}

    def of_frame(self, frame: Frame) -> CodeMap | None:
        """Return the map of what a frame ran, where it is of the project."""
        begun = frame.begun
        code = begun.data
        if not begun.is_create:
            code = self.provider.chain.state().code(begun.target)
        key = keccak(code)
        if key not in self._by_code:
            self._by_code[key] = self._find(code, creation=begun.is_create)
        return self._by_code[key]

    def _find(self, code: bytes, *, creation: bool) -> CodeMap | None:
        for contract_type in (self.local_project.manifest.contract_types or {}).values():
            compiled = (
                contract_type.deployment_bytecode if creation else contract_type.runtime_bytecode
            )
            # Immutables stand behind the code, and arguments behind that of a creation.
            known = compiled.to_bytes() if compiled is not None and compiled.bytecode else b""
            if known and code.startswith(known):
                maps = self.maps_of(contract_type)
                found = None if maps is None else maps.creation if creation else maps.runtime
                return found if found is not None and found.code == known else None
        return None

    def maps_of(self, contract_type: Any) -> ContractMaps | None:
        """Return the maps of a contract, where it is Vyper of this project."""
        source_id = str(contract_type.source_id or "")
        if not source_id.endswith(".vy"):
            return None
        project = Path(self.local_project.path)
        config = self.local_project.config.vyper
        return _maps(project / source_id, project, config.evm_version, bool(config.enable_decimals))


@cache
def _maps(
    source: Path, project: Path, evm_version: str | None, decimals: bool
) -> ContractMaps | None:
    return map_contract(source, project, evm_version=evm_version, decimals=decimals)


def runs_of(code: CodeMap, pcs: list[int]) -> Iterator[Statement]:
    """Return the statements that ran, each as often as it was come to."""
    last: Statement | None = None
    for pc in pcs:
        statement = code.statements.get(pc)
        if statement is not None and statement != last:
            yield statement
            last = statement
