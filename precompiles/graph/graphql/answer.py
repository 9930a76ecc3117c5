"""A plan to the bytes of its response (sections 6 and 7 of the standard). Knows no field by name.

The response is canonical: the members of an object in the order in which they are selected, no
blanks, UTF-8, and one textual form for each value. Three gas a byte are charged as it is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...precompile import Call
from . import errors
from .document import Field, Selections, Spread
from .plan import Plan, Planned
from .scalars import WRITERS, Writer, write_name
from .schema import Schema

RESPONSE_MAX = 65_536
RESPONSE_BYTE_GAS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a resolver may look at."""

    call: Call
    schema: Schema


Resolver = Callable[[Reading, Any, Planned], Any]
"""Returns the value of a field of an object; None where there is none, or a list of objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A planned field with all that is needed to run it many times."""

    planned: Planned
    resolve: Resolver
    write: Writer | None
    """For a leaf."""


@dataclass(slots=True, kw_only=True)
class Response:
    """The text as far as it is written."""

    reading: Reading
    plan: Plan
    resolvers: Mapping[tuple[str, str], Resolver]
    parts: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """What is made, but not yet paid for: at most what one object has itself."""
    size: int = 0
    steps: dict[int, list[Step]] = field(default_factory=dict)

    def pay(self) -> None:
        """Pay for what is pending and take it over."""
        text = "".join(self.pending)
        self.pending.clear()
        size = len(text) if text.isascii() else len(text.encode())
        self.size += size
        self.reading.call.host.charge(RESPONSE_BYTE_GAS * size, "response")
        if self.size > RESPONSE_MAX:
            raise errors.LIMIT("response", RESPONSE_MAX)
        self.parts.append(text)

    def object(self, selections: Selections, source: object) -> None:
        """Write an object."""
        separator = "{"
        for step in self.gathered(selections):
            planned = step.planned
            value = step.resolve(self.reading, source, planned)
            self.pending.append(separator + planned.key)
            separator = ","
            if value is None:
                self.pending.append("null")
            elif step.write is not None:
                self.pending.append(written(step.write, value, planned.type.listed))
            else:
                assert planned.selections is not None, "an object has selections"
                self.pay()
                self.composed(planned.selections, value, planned.type.listed)
        self.pending.append("{}" if separator == "{" else "}")
        self.pay()

    def composed(self, selections: Selections, value: Any, listed: bool) -> None:
        """Write what an object field holds."""
        if not listed:
            self.object(selections, value)
            return
        separator = "["
        for each in value:
            self.pending.append(separator)
            separator = ","
            if each is None:
                self.pending.append("null")
            else:
                self.object(selections, each)
        self.pending.append("[]" if separator == "[" else "]")

    def gathered(self, selections: Selections) -> list[Step]:
        """Return the fields of a selection with those of its fragments, in order.

        Once for each selection of the document. Without recursion, as fragments form long chains.
        """
        known = self.steps.get(selections.number)
        if known is not None:
            return known
        steps: list[Step] = []
        waiting = list(reversed(selections.items))
        while waiting:
            item = waiting.pop()
            if item.number in self.plan.left_out:
                continue
            if isinstance(item, Field):
                steps.append(self.step(self.plan.fields[item.number]))
                continue
            inner = self.plan.fragments[item.name] if isinstance(item, Spread) else item
            waiting += reversed(inner.selections.items)
        self.steps[selections.number] = steps
        return steps

    def step(self, planned: Planned) -> Step:
        """Return a planned field with what runs it."""
        named = self.reading.schema.types[planned.type.named]
        write = {"OBJECT": None, "ENUM": write_name}.get(named.kind, WRITERS.get(named.name))
        place = "" if planned.type.name == "__typename" else planned.parent
        return Step(planned=planned, resolve=self.resolvers[place, planned.type.name], write=write)


def written(write: Writer, value: Any, listed: bool) -> str:
    """Return the text of a leaf, or of a list of leaves."""
    return f"[{','.join(map(write, value))}]" if listed else write(value)


def respond(reading: Reading, plan: Plan, resolvers: Mapping[tuple[str, str], Resolver]) -> bytes:
    """Return the response to a plan whose cost is paid."""
    response = Response(reading=reading, plan=plan, resolvers=resolvers)
    response.pending.append('{"data":')
    response.object(plan.root, None)
    response.pending.append("}")
    response.pay()
    return "".join(response.parts).encode()
