"""QR codes: invites and frames as pictures, on a screen or in a terminal, and read back.

The pictures of a camera come in as bytes of grey; whoever holds the camera gives them.
"""

import base64
from typing import NamedTuple

import segno
import zxingcpp

from ..codec import Refused
from .invite import Invite

BORDER = 4
SCALE = 4
SIDE_MAX = 4_096
CODES_MAX = 16

_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_HALVES = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}


class Picture(NamedTuple):
    """Bytes of grey, row by row: 0 is black."""

    width: int
    height: int
    grey: bytes


def invite_code(invite: Invite) -> segno.QRCode:
    """Return the code of an invite; capitals take a third less room than small letters."""
    return segno.make_qr(invite.text().upper(), error="m")


def frame_code(frame: bytes) -> segno.QRCode:
    """Return the code of one frame of an animated transfer."""
    return segno.make_qr(frame, mode="byte", error="l")


def terminal(code: segno.QRCode) -> str:
    """Return a code as lines of half blocks, light on a dark screen."""
    rows = _modules(code)
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    lines = ["".join(_HALVES[pair] for pair in zip(*two, strict=True)) for two in pairs]
    return "\n".join(lines) + "\n"


def png(code: segno.QRCode, scale: int = SCALE) -> bytes:
    """Return a code as a PNG file."""
    uri = code.png_data_uri(scale=scale, border=BORDER)
    return base64.b64decode(uri.split(",", 1)[1])


def picture(code: segno.QRCode, scale: int = SCALE) -> Picture:
    """Return a code as a screen shows it."""
    rows = _modules(code)
    grey = b"".join(
        b"".join((b"\0" if dark else b"\xff") * scale for dark in row) * scale for row in rows
    )
    side = len(rows) * scale
    return Picture(side, side, grey)


def read(seen: Picture) -> list[bytes]:
    """Return what the QR codes in a picture hold."""
    width, height, grey = seen
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX) or len(grey) != width * height:
        raise Refused("codes: not a picture")
    image = memoryview(grey).cast("B", shape=[height, width])
    found = zxingcpp.read_barcodes(image, formats=_QR)
    return [each.bytes for each in found[:CODES_MAX]]


def read_invite(seen: Picture) -> Invite:
    """Return the one invite in a picture."""
    refusal = Refused("codes: no code in the picture")
    invites = []
    for content in read(seen):
        try:
            invites.append(Invite.parse(content.decode("ascii", "replace")))
        except Refused as refused:
            refusal = refused
    if len(set(invites)) > 1:
        raise Refused("codes: several invites in the picture")
    if not invites:
        raise refusal
    return invites[0]


def _modules(code: segno.QRCode) -> list[list[int]]:
    """Return the modules with the quiet zone around them: 1 is dark."""
    return [list(row) for row in code.matrix_iter(border=BORDER)]
