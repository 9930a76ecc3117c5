"""What a document asks for, whether it may, and what that costs: before anything is read.

The validation of section 5 of the standard, in one pass. Each definition is looked at once, its
fragments before it, so the work is linear in the document; what a fragment costs is a number, used
wherever it is spread. There are object types only, so a fragment has one type and costs the same
everywhere. Stricter than the standard in one rule: no two fields of one selection may have the same
response key, not even equal ones (`UniqueResponseKeys`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import errors, values
from .document import Directive, Document, Field, Fragment, Inline, Selections, Spread
from .schema import FieldType, NamedType, Schema, longest
from .values import Bindings

DEPTH_MAX = 8
INTROSPECTION_DEPTH_MAX = 16
LIST_MAX = 100
SKIP_MAX = 1_000
ROWS_MAX = 1_000
STEP_GAS = 20
"""Of gathering one field or fragment of a selection, once for a document."""

SCALAR_LISTS = ("locations",)
INTROSPECTION_ROOTS = ("__schema", "__type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a selection comes to."""

    keys: int = 0
    """A bit for each response key."""
    depth: int = 0
    introspection_depth: int = 0
    cost: int = 0
    cost_of_all: int = 0
    """Below introspection: the cost over all objects of the type that the schema has."""
    rows: int = 0
    steps: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A field to resolve."""

    key: str
    """The response key, quoted and with its colon."""
    position: int
    type: FieldType
    parent: str
    arguments: Mapping[str, Any]
    selections: Selections | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A document that may run."""

    cost: int
    root: Selections
    fields: Mapping[int, Planned]
    """Fields by their number; those that a directive leaves out are not in here."""
    left_out: frozenset[int]
    fragments: Mapping[str, Fragment]


@dataclass(slots=True, kw_only=True)
class Analysis:
    """What is known while the definitions are looked at."""

    schema: Schema
    bindings: Bindings
    fragments: Mapping[str, Fragment]
    extents: dict[str, Extent] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    fields: dict[int, Planned] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    steps: int = 0
    """Of all selections, each gathered once."""

    def selection(self, selections: Selections, parent: NamedType) -> Extent:
        """Return what a selection comes to. What a directive leaves out keeps its keys."""
        keys, steps, depth, introspection_depth, cost, cost_of_all, rows = 0, 1, 0, 0, 0, 0, 0
        for item in selections.items:
            if not (kept := self.kept(item.directives)):
                self.left_out.add(item.number)
            extent = self.item(item, parent)
            if extent.keys & keys:
                raise errors.INVALID(item.position, "UniqueResponseKeys")
            keys |= extent.keys
            steps += extent.steps
            if kept:
                depth = max(depth, extent.depth)
                introspection_depth = max(introspection_depth, extent.introspection_depth)
                cost += extent.cost
                cost_of_all += extent.cost_of_all
                rows += extent.rows
        self.steps += steps
        return Extent(
            keys=keys,
            depth=depth,
            introspection_depth=introspection_depth,
            cost=cost,
            cost_of_all=cost_of_all,
            rows=rows,
            steps=steps,
        )

    def item(self, item: Field | Spread | Inline, parent: NamedType) -> Extent:
        """Return what a field or a fragment comes to."""
        if isinstance(item, Field):
            return self.field(item, parent)
        if isinstance(item, Spread):
            fragment = self.fragments[item.name]
            self.check_condition(fragment.condition, parent, item.position)
            return self.extents[item.name]
        if item.condition is not None:
            self.check_condition(item.condition, parent, item.position)
        return self.selection(item.selections, parent)

    def check_condition(self, condition: str, parent: NamedType, position: int) -> None:
        """Refuse a fragment on another type than where it is."""
        self.object_type(condition, position)
        if condition != parent.name:
            raise errors.INVALID(position, "PossibleFragmentSpreads")

    def object_type(self, name: str, position: int) -> NamedType:
        """Return the type that a fragment is on."""
        found = self.schema.types.get(name)
        if found is None:
            raise errors.INVALID(position, "KnownTypeNames")
        if found.kind != "OBJECT":
            raise errors.INVALID(position, "FragmentsOnCompositeTypes")
        return found

    def field(self, item: Field, parent: NamedType) -> Extent:
        """Return what a field comes to, and plan it."""
        declared = field_of(self.schema, parent, item.name)
        if declared is None:
            raise errors.INVALID(item.position, "FieldsOnCorrectType")
        given = values.arguments(self.bindings, declared.arguments, item.arguments, item.position)
        named = self.schema.types[declared.named]
        if (named.kind == "OBJECT") != (item.selections is not None):
            raise errors.INVALID(item.position, "ScalarLeafs")
        below = Extent()
        if item.selections is not None:
            below = self.selection(item.selections, named)
        if item.number not in self.left_out:
            self.fields[item.number] = Planned(
                key=f'"{item.key}":',
                position=item.position,
                type=declared,
                parent=parent.name,
                arguments=given,
                selections=item.selections,
            )
        cost, cost_of_all, rows = self.priced(item, parent, declared, given, below)
        depth, introspection_depth = below.depth + 1, 0
        if item.name in INTROSPECTION_ROOTS:
            depth, introspection_depth = 0, depth
        return Extent(
            keys=self.keys.setdefault(item.key, 1 << len(self.keys)),
            depth=depth,
            introspection_depth=introspection_depth,
            cost=cost,
            cost_of_all=cost_of_all,
            rows=rows,
        )

    def priced(
        self,
        item: Field,
        parent: NamedType,
        declared: FieldType,
        given: Mapping[str, Any],
        below: Extent,
    ) -> tuple[int, int, int]:
        """Return the cost of a field with all that is below it, the same over all objects of its
        parent's type in introspection, and the rows it may return."""
        weight = declared.weight
        if parent.name.startswith("__") or item.name in INTROSPECTION_ROOTS:
            return *introspection_price(self.schema, parent, declared, below), 0
        if not declared.listed:
            return weight + below.cost, 0, below.rows
        if not declared.slicing:
            size = declared.assumed
            return size * (weight + below.cost), 0, size * below.rows
        sliced, skipped = given[declared.slicing], given.get("skip", 0)
        size = len(sliced) if isinstance(sliced, list) else sliced
        if not 1 <= size <= LIST_MAX or skipped is None or not 0 <= skipped <= SKIP_MAX:
            raise errors.INVALID(item.position, "ListSize")
        rows = size + skipped
        return rows * weight + size * below.cost, 0, rows + size * below.rows

    def kept(self, directives: tuple[Directive, ...]) -> bool:
        """Return whether the directives leave a selection in."""
        kept = True
        seen: set[str] = set()
        for each in directives:
            declared = self.schema.directives.get(each.name)
            if declared is None or "FIELD" not in declared.locations:
                raise errors.INVALID(each.position, "KnownDirectives")
            if each.name in seen:
                raise errors.INVALID(each.position, "UniqueDirectivesPerLocation")
            seen.add(each.name)
            given = values.arguments(
                self.bindings, declared.arguments, each.arguments, each.position
            )
            kept = kept and given["if"] == (each.name == "include")
        return kept


def introspection_price(
    schema: Schema, parent: NamedType, declared: FieldType, below: Extent
) -> tuple[int, int]:
    """Return the cost of a field of introspection, for one parent and for all there are.

    Lists there hold what their object has and nothing twice: over all objects of a type they are no
    longer than the schema has such things. So below `types` the exact totals count, and only what
    hangs on a single type, or goes from a field back to a type, counts the longest list.
    """
    weight = declared.weight
    parents = schema.totals.get(parent.name, 1)
    if not declared.listed or declared.name in SCALAR_LISTS:
        return weight + below.cost, parents * (weight + below.cost)
    if parent.name == "__Schema":
        return weight + below.cost_of_all, 0
    size = longest(declared.name)
    all_below = below.cost_of_all if size else 0
    return weight + size * below.cost, parents * weight + all_below


def field_of(schema: Schema, parent: NamedType, name: str) -> FieldType | None:
    """Return a field of a type, with those that need not be declared."""
    if name in parent.fields:
        return parent.fields[name]
    undeclared = name == "__typename" or parent.name == "Query"
    return schema.meta.get(name) if undeclared else None


def in_order(document: Document, fragments: Mapping[str, Fragment]) -> list[Fragment]:
    """Return the fragments, each after those it spreads; refuse cycles and what is not used.

    A walk without recursion: how long a chain of fragments is must not meet a limit of the machine.
    """
    ordered: list[Fragment] = []
    state: dict[str, bool] = {}  # False while a fragment is being walked, then true.
    waiting: list[tuple[Fragment | None, list[Spread]]] = [(None, list(document.spreads))]
    while waiting:
        current, spreads = waiting[-1]
        if not spreads:
            waiting.pop()
            if current is not None:
                state[current.name] = True
                ordered.append(current)
            continue
        spread = spreads.pop()
        if spread.name not in fragments:
            raise errors.INVALID(spread.position, "KnownFragmentNames")
        if state.get(spread.name) is False:
            raise errors.INVALID(spread.position, "NoFragmentCycles")
        if spread.name not in state:
            state[spread.name] = False
            found = fragments[spread.name]
            waiting.append((found, list(found.spreads)))
    for each in document.fragments:
        if each.name not in state:
            raise errors.INVALID(each.position, "NoUnusedFragments")
    return ordered


def named_fragments(found: Iterable[Fragment]) -> dict[str, Fragment]:
    """Return the fragments by name."""
    fragments: dict[str, Fragment] = {}
    for each in found:
        if each.name in fragments:
            raise errors.INVALID(each.position, "UniqueFragmentNames")
        fragments[each.name] = each
    return fragments


def plan(schema: Schema, document: Document, given: Mapping[str, Any]) -> Plan:
    """Return what to do for a document with these variables, or refuse it."""
    fragments = named_fragments(document.fragments)
    ordered = in_order(document, fragments)
    bindings = values.bound(schema, document.variables, given)
    analysis = Analysis(schema=schema, bindings=bindings, fragments=fragments)
    for each in ordered:
        parent = analysis.object_type(each.condition, each.position)
        analysis.extents[each.name] = analysis.selection(each.selections, parent)
    whole = analysis.selection(document.selections, schema.types["Query"])
    for variable in document.variables:
        if variable.name not in bindings.used:
            raise errors.INVALID(variable.position, "NoUnusedVariables")
    if whole.depth > DEPTH_MAX:
        raise errors.LIMIT("depth", DEPTH_MAX)
    if whole.introspection_depth > INTROSPECTION_DEPTH_MAX:
        raise errors.LIMIT("introspection depth", INTROSPECTION_DEPTH_MAX)
    if whole.rows > ROWS_MAX:
        raise errors.LIMIT("entities", ROWS_MAX)
    return Plan(
        cost=whole.cost + STEP_GAS * analysis.steps,
        root=document.selections,
        fields=analysis.fields,
        left_out=frozenset(analysis.left_out),
        fragments=fragments,
    )
