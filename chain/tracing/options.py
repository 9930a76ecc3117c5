"""What a client wants to see of an execution: the options object of the debug_trace methods."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import InvalidRequest

CALL: Final = "callTracer"
FLAT_CALL: Final = "flatCallTracer"
PRESTATE: Final = "prestateTracer"
FOUR_BYTE: Final = "4byteTracer"
MUX: Final = "muxTracer"
NOOP: Final = "noopTracer"
NAMES: Final = frozenset({CALL, FLAT_CALL, PRESTATE, FOUR_BYTE, MUX, NOOP})


@dataclass(frozen=True, kw_only=True)
class TracerOptions:
    """A tracer's name, None for the list of instructions, and what it shall leave out or add."""

    tracer: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    """The tracer's own options, `tracerConfig`."""
    disable_stack: bool = False
    enable_memory: bool = False
    disable_storage: bool = False
    enable_return_data: bool = False
    limit: int = 0
    """Most instructions to list; zero means all."""

    @staticmethod
    def parse(options: Any) -> "TracerOptions":
        """Read the JSON object. What we do not know is ignored, as other nodes do."""
        given = _object(options, "options")
        tracer = given.get("tracer")
        if tracer is not None and not isinstance(tracer, str):
            raise InvalidRequest("tracer: not a string")
        tracer = tracer or None
        if tracer is not None and tracer not in NAMES:
            raise InvalidRequest(f"tracer not found: {tracer[:64]}")
        config = _object(given.get("tracerConfig"), "tracerConfig")
        if tracer == MUX:
            for name, inner in config.items():
                TracerOptions.parse({"tracer": name, "tracerConfig": inner})
        limit = given.get("limit") or 0
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise InvalidRequest("limit: not a count")
        return TracerOptions(
            tracer=tracer,
            config={name: _checked(name, value) for name, value in config.items()},
            disable_stack=_flag(given, "disableStack"),
            enable_memory=_flag(given, "enableMemory"),
            disable_storage=_flag(given, "disableStorage"),
            enable_return_data=_flag(given, "enableReturnData"),
            limit=limit,
        )

    def flag(self, name: str) -> bool:
        """Return one of the tracer's own options."""
        return bool(self.config.get(name))


_FLAGS: Final = frozenset(
    {"onlyTopCall", "withLog", "diffMode", "disableCode", "disableStorage", "includeEmpty"}
    | {"convertParityErrors", "includePrecompiles"}
)


def _checked(name: str, value: Any) -> Any:
    if name in _FLAGS and not isinstance(value, bool | None):
        raise InvalidRequest(f"tracerConfig.{name}: neither true nor false")
    return value


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name)
    if not isinstance(value, bool | None):
        raise InvalidRequest(f"{name}: neither true nor false")
    return bool(value)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{name}: not an object")
    return value
