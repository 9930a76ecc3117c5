"""Vectors of what the first address of a family answers, for an entry that stands there itself."""

from collections.abc import Iterator

from cases import Case, call, case, hexed, refused

from precompiles.registry import ENTRIES

RULE = "the declarations of the family"


def family_cases(family: str, purpose: str) -> Iterator[Case]:
    members = [entry for entry in ENTRIES if entry.family == family]
    addresses = [hexed(entry.address) for entry in members]
    names = [entry.name for entry in members]
    types = ["string", "string", "address[]", "string[]"]
    yield case("info", call("info()"), types, family, purpose, addresses, names, source=RULE)
    methods = [(entry, method.signature) for entry in members for method in entry.methods]
    yield case(
        "methods",
        call("methods()"),
        ["address[]", "bytes4[]", "string[]"],
        [hexed(entry.address) for entry, _ in methods],
        [signature.selector for _, signature in methods],
        [signature.canonical for _, signature in methods],
        source=RULE,
    )
    yield case("version", call("version()"), ["uint256"], 1, source=RULE)
    data = call("info()")
    yield refused("trailing-byte", data + b"\0", "TrailingBytes(uint256)", len(data))
    yield refused("no-selector", b"", "UnknownSelector(bytes4)", bytes(4))
