"""What people carry between nodes: bundles on a stick, and invites on paper, screen or tag."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..client.api import Client
from ..client.cli import Stopped
from ..client.text import size_text
from ..wallet import parse_amount
from .spaces import space_of

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")


async def export(client: Client, options: argparse.Namespace) -> None:
    """Write a bundle; print what is in it."""
    space = await _space(client, options.space)
    path = str(options.path.absolute())
    made = await client.call("ExportBundle", space=space, path=path, whole=options.all)
    print(made["path"])
    print(f"{made['vertices']} vertices, {size_text(made['size'])}", file=sys.stderr)


async def take_in(client: Client, options: argparse.Namespace) -> None:
    """Read a bundle; print what was new in it."""
    made = await client.call("ImportBundle", path=str(options.path.absolute()))
    print(f"{made['new']} new of {made['vertices']} vertices, in {made['bundles']} bundles")
    for name in ("refused", "orphans"):
        if made[name]:
            print(f"{name}: {made[name]}", file=sys.stderr)


async def invite(client: Client, options: argparse.Namespace) -> None:
    """Print an invite, as text and as a QR code."""
    params: dict[str, Any] = {"hours": options.hours}
    if options.space:
        params |= {"space": await space_of(client, options.space), "carry": options.carry}
    made = await client.call("CreateInvite", **params)
    from ..invite import codes, nfc  # a library for pictures, which other commands do without
    from ..invite.invite import Invite

    print(made["text"])
    parsed = Invite.parse(made["text"])
    code = codes.invite_code(parsed)
    if not options.no_qr:
        print(codes.terminal(code), file=sys.stderr)
    if options.png:
        _write(options.png, codes.png(code))
    if options.nfc:
        _write(options.nfc, nfc.invite_message(parsed))
    print("whoever sees this may use it, once; it ends by itself", file=sys.stderr)


async def accept(client: Client, options: argparse.Namespace) -> None:
    """Take up an invite; print the number that both sides see."""
    made = await client.call("AcceptInvite", text=_text_of(options.code))
    print(f"number: {made['number']}")
    if made["space"]:
        print(f"space: {made['space']}")
    print("the number is the same on the other screen, or somebody is between", file=sys.stderr)


async def validate(client: Client, options: argparse.Namespace) -> None:
    """Become a validator, or leave."""
    await client.call("EnableValidator", stake=str(parse_amount(options.pars)))


def _text_of(code: str) -> str:
    """Return an invite's text: typed, on a picture, or from a tag."""
    path = Path(code).expanduser()
    if code.lower().startswith("pars:") or not path.is_file():
        return code
    from PIL import Image

    from ..invite import codes, nfc

    if path.suffix.lower() not in PICTURES:
        return nfc.read_invite(path.read_bytes()).text()
    with Image.open(path) as image:
        grey = image.convert("L")
    return codes.read_invite(codes.Picture(grey.width, grey.height, grey.tobytes())).text()


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        raise Stopped(f"{path} exists")
    path.write_bytes(data)


async def _space(client: Client, given: str | None) -> str:
    """Return the space that is meant; the only one there is, where none is named."""
    if given:
        return await space_of(client, given)
    spaces = await client.call("GetSpaces")
    if len(spaces) != 1:
        raise Stopped("name the space: --space")
    return str(spaces[0]["space"])
