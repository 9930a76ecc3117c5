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
PENDING_PARTS_MAX = 32
"""After how many pieces of text they are paid for."""


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
    prefix: str
    """What stands before its value: a brace or a comma, and the response key."""
    resolve: Resolver
    write: Writer | None
    """For a leaf, or a list of leaves."""


@dataclass(slots=True, kw_only=True)
class Response:
    """The text as far as it is written."""

    reading: Reading
    plan: Plan
    resolvers: Mapping[tuple[str, str], Resolver]
    parts: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """What is made, but not yet paid for: a few objects without what is below them."""
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
        steps = self.gathered(selections)
        pending = self.pending
        for step in steps:
            value = step.resolve(self.reading, source, step.planned)
            if value is None:
                pending.append(f"{step.prefix}null")
            elif step.write is not None:
                pending.append(step.prefix + step.write(value))
            else:
                planned = step.planned
                assert planned.selections is not None, "an object has selections"
                pending.append(step.prefix)
                self.composed(planned.selections, value, planned.type.listed)
        pending.append("}" if steps else "{}")
        if len(pending) > PENDING_PARTS_MAX:
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
                steps.append(self.step(self.plan.fields[item.number], first=not steps))
                continue
            inner = self.plan.fragments[item.name] if isinstance(item, Spread) else item
            waiting += reversed(inner.selections.items)
        self.steps[selections.number] = steps
        return steps

    def step(self, planned: Planned, *, first: bool) -> Step:
        """Return a planned field with what runs it."""
        named = self.reading.schema.types[planned.type.named]
        write = {"OBJECT": None, "ENUM": write_name}.get(named.kind, WRITERS.get(named.name))
        place = "" if planned.type.name == "__typename" else planned.parent
        return Step(
            planned=planned,
            prefix=("{" if first else ",") + planned.key,
            resolve=self.resolvers[place, planned.type.name],
            write=write_list(write) if write and planned.type.listed else write,
        )


def write_list(write: Writer) -> Writer:
    """Return what writes a list of leaves."""
    return lambda values: f"[{','.join(map(write, values))}]"


def respond(reading: Reading, plan: Plan, resolvers: Mapping[tuple[str, str], Resolver]) -> bytes:
    """Return the response to a plan whose cost is paid."""
    response = Response(reading=reading, plan=plan, resolvers=resolvers)
    response.pending.append('{"data":')
    response.object(plan.root, None)
    response.pending.append("}")
    response.pay()
    return "".join(response.parts).encode()
