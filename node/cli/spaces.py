"""Spaces and their documents, from the command line."""

import argparse
import json
from typing import Any

from ..client.api import Client
from ..client.cli import Stopped, show
from ..client.text import clean, one_line, pick, short
from ..codec import read_json
from ..crdt.edits import WORDS

TYPES = tuple(WORDS)
CHANGES = """changes by type:
  gcounter   {"add": 1}
  pncounter  {"add": -1}
  gset       {"insert": VALUE}
  orset      {"insert": VALUE}  {"remove": VALUE}
  lww, mv    {"set": VALUE}
  array      {"at": 0, "insert": "text" or [VALUE, ...]}  {"at": 0, "delete": 3}
a VALUE is a text, a whole number, true, false, null, or {"bytes": "hex"}"""


async def space_of(client: Client, given: str) -> str:
    """Return the id of a space, by its name or the id's beginning."""
    return pick(await client.call("GetSpaces"), "space", given)


async def list_spaces(client: Client, _: argparse.Namespace) -> None:
    """Print the spaces."""
    rows = [
        (
            each["name"] or "(carried)",
            short(each["space"]),
            each["vertices"],
            each["unacknowledged"],
            each["nodes"],
            each["stateHash"][:16],
        )
        for each in await client.call("GetSpaces")
    ]
    columns = ("name", "space", "vertices", "not safe yet", "nodes", "state")
    show(*columns, rows=rows, empty="no spaces: `pars node space create NAME`")


async def create(client: Client, options: argparse.Namespace) -> None:
    """Create a space; print its id."""
    print((await client.call("CreateSpace", name=options.name))["space"])


async def leave(client: Client, options: argparse.Namespace) -> None:
    """Forget a space."""
    await client.call("LeaveSpace", space=await space_of(client, options.space))


async def documents(client: Client, options: argparse.Namespace) -> None:
    """Print the documents of a space."""
    space = await space_of(client, options.space)
    rows = [(each["type"], each["name"]) for each in await client.call("GetDocuments", space=space)]
    show("type", "document", rows=rows, empty="no documents: `pars node space write`")


async def read(client: Client, options: argparse.Namespace) -> None:
    """Print a document as JSON."""
    space = await space_of(client, options.space)
    known = await client.call("GetDocuments", space=space)
    types = [each["type"] for each in known if each["name"] == options.document]
    if len(types) != 1:
        raise Stopped(f"{one_line(options.document)} is {'nothing' if not types else 'several'}")
    value = await client.call("GetDocument", space=space, type=types[0], document=options.document)
    print(clean(json.dumps(value, ensure_ascii=False)))


async def write(client: Client, options: argparse.Namespace) -> None:
    """Change a document; print its value."""
    try:
        change: Any = read_json(options.change.encode())
    except ValueError:
        raise Stopped("the change is no JSON") from None
    if not isinstance(change, dict):
        raise Stopped("a change is a JSON object")
    value = await client.call(
        "EditDocument",
        space=await space_of(client, options.space),
        type=options.type,
        document=options.document,
        change=change,
    )
    print(clean(json.dumps(value, ensure_ascii=False)))
