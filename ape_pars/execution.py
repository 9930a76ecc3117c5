"""Which instructions ran, and of which sources: what coverage and tracebacks are made of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ape.utils.basemodel import ManagerAccessMixin

from chain.encoding import checksummed, keccak
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
    output: bytes = b""


class Executed(Recorder):
    """Writes down the counters of each frame."""

    wants_frames = True
    wants_steps = True

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._open: list[Frame] = []

    @property
    def current(self) -> Frame:
        """The frame that runs."""
        return self._open[-1]

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
        left: Left | None,
        error: Exception | None,
    ) -> None:
        """Close the frame that was opened last."""
        frame = self._open.pop()
        frame.failed = frame.failed or error is not None
        frame.output = b"" if left is None else left.output

    def origin_of(self, payload: bytes) -> bytes | None:
        """Return who was the first to fail with a payload, which all above handed on."""
        failed = [each for each in self.frames if each.failed and each.output == payload]
        return failed[-1].begun.target if failed else None


def executed_of(steps: Iterable[Mapping[str, Any]], begun: Begun) -> Executed:
    """Return what a node's list of instructions says that ran, below the outermost call.

    Calls of precompiles have no instructions, and so no frames here.
    """
    executed = Executed()
    executed.enter(begun)
    last: Mapping[str, Any] = {"depth": 1, "op": ""}
    for step in steps:
        for _ in range(step["depth"], last["depth"]):
            executed.leave(None, None)
        if step["depth"] > last["depth"]:
            executed.enter(_begun(last))
        frame = executed.current
        frame.pcs.append(step["pc"])
        frame.failed = step["op"] in ("REVERT", "INVALID") or "error" in step
        last = step
    return executed


def _begun(step: Mapping[str, Any]) -> Begun:
    """Read whom an instruction calls, or what it creates."""
    stack = [int(word, 16) for word in step["stack"]]
    creates = step["op"] in ("CREATE", "CREATE2")
    data = b""
    if creates:
        memory = bytes.fromhex("".join(word.removeprefix("0x") for word in step.get("memory", ())))
        data = memory[stack[-2] : stack[-2] + stack[-3]]
    target = bytes(20) if creates else (stack[-2] % 2**160).to_bytes(20, "big")
    return Begun(kind=step["op"], sender=bytes(20), target=target, value=0, data=data, gas=0)


class Sources(ManagerAccessMixin):
    """The maps of the project's contracts, each made when its code first runs."""

    def __init__(self) -> None:
        self._by_code: dict[bytes, CodeMap | None] = {}

    def of_frame(self, frame: Frame) -> CodeMap | None:
        """Return the map of what a frame ran, where it is of the project."""
        begun = frame.begun
        code = begun.data
        if not begun.is_create:
            code = bytes(self.provider.get_code(checksummed(begun.target)))
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
