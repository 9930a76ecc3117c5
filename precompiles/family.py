"""What the first address of each family answers: which entries it has and what they answer.

An entry may stand there itself: it answers this beside its own methods.

The answers are the declarations themselves, so a contract can discover what a chain carries.
"""

from dataclasses import replace

from . import address_map
from .gas import Constant
from .precompile import Call, Method, Precompile, method

VERSION = 1
"""Of the whole set. Rises when an entry changes what it answers."""

MEMBERS_MAX = 64
METHODS_MAX = 512
INTERFACE = "IPrecompileFamily"
NAME_MAX = 64
SIGNATURE_MAX = 256


def informed(family: address_map.Family, members: tuple[Precompile, ...]) -> tuple[Precompile, ...]:
    """Return the entries of a family, led by one that also answers for all of them."""
    first = information(family, members)
    if not members or members[0].address != first.address:
        return (first, *members)
    return (replace(members[0], methods=(*first.methods, *members[0].methods)), *members[1:])


def information(family: address_map.Family, members: tuple[Precompile, ...]) -> Precompile:
    """Declare the information entry of a family."""
    return Precompile(
        address=family.base.to_bytes(20, "big"),
        family=family.name,
        name=family.name,
        interface=INTERFACE,
        version=VERSION,
        summary=family.purpose,
        methods=information_methods(family, members),
    )


def information_methods(
    family: address_map.Family, members: tuple[Precompile, ...]
) -> tuple[Method, ...]:
    """Declare info, methods and version over these members."""
    described = [(each, offered) for each in members for offered in each.methods]

    def info(_: Call) -> tuple[object, ...]:
        addresses = [each.address for each in members]
        return family.name, family.purpose, addresses, [each.name for each in members]

    def methods(_: Call) -> tuple[object, ...]:
        return (
            [each.address for each, _ in described],
            [offered.signature.selector for _, offered in described],
            [offered.signature.canonical for _, offered in described],
        )

    def version(_: Call) -> int:
        return VERSION

    return (
        method(
            "info() returns (string family, string purpose, address[] precompiles, string[] names)",
            mutability="pure",
            gas=(Constant(amount=200 + 100 * len(members)),),
            handler=info,
            summary="Return the family and its entries.",
            bounds={
                "family": NAME_MAX,
                "purpose": SIGNATURE_MAX,
                "precompiles": MEMBERS_MAX,
                "names": (MEMBERS_MAX, NAME_MAX),
            },
        ),
        method(
            "methods() returns (address[] precompiles, bytes4[] selectors, string[] signatures)",
            mutability="pure",
            gas=(Constant(amount=200 + 100 * len(described)),),
            handler=methods,
            summary="Return every method of every entry of the family.",
            bounds={
                "precompiles": METHODS_MAX,
                "selectors": METHODS_MAX,
                "signatures": (METHODS_MAX, SIGNATURE_MAX),
            },
        ),
        method(
            "version() returns (uint256 version)",
            mutability="pure",
            gas=(),
            handler=version,
            summary="Return the version of the whole set of precompiles.",
        ),
    )
