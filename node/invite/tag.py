"""A tap: both sides of NFC Forum's Type 4 Tag, as commands and answers of ISO 7816-4.

`Tag` is what a phone plays to a reader, `read_tag` what a reader does with a tag or such a phone.
The radio is whoever carries a command there and the answer back; here that is a function.
"""

from collections.abc import Callable

from ..codec import Reader, Refused, u8, u16
from .nfc import MESSAGE_MAX

APPLICATION = bytes.fromhex("d2760000850101")
CAPABILITIES, NDEF = 0xE103, 0xE104
CAPABILITIES_SIZE = 15
VERSION = 0x20
FILE_CONTROL = 0x04
READ_MAX = 255
READ_MIN = 15

OK = b"\x90\x00"
NOT_FOUND = b"\x6a\x82"
NO_FILE = b"\x69\x86"
WRONG_OFFSET = b"\x6b\x00"
WRONG_LENGTH = b"\x67\x00"
UNKNOWN = b"\x6d\x00"

_SELECT_APPLICATION = b"\x00\xa4\x04\x00" + u8(len(APPLICATION)) + APPLICATION
_SELECT_FILE = b"\x00\xa4\x00\x0c\x02"
_READ = b"\x00\xb0"

Transceive = Callable[[bytes], bytes]


class Tag:
    """A tag with one message, which is read and never written."""

    def __init__(self, message: bytes) -> None:
        if len(message) > MESSAGE_MAX:
            raise ValueError("a message is too long for a tag")
        control = u16(NDEF) + u16(len(message) + 2) + b"\x00\xff"  # read by all, written by none
        capabilities = u16(CAPABILITIES_SIZE) + u8(VERSION) + u16(READ_MAX) + u16(READ_MAX)
        capabilities += u8(FILE_CONTROL) + u8(len(control)) + control
        self._files = {CAPABILITIES: capabilities, NDEF: u16(len(message)) + message}
        self._is_selected = False
        self._file: bytes | None = None

    def answer(self, command: bytes) -> bytes:
        """Return what the tag says to a command; any bytes get an answer."""
        if command in (_SELECT_APPLICATION, _SELECT_APPLICATION + b"\x00"):
            self._is_selected, self._file = True, None
            return OK
        if command[:4] == _SELECT_APPLICATION[:4]:
            self._is_selected = False
            return NOT_FOUND
        if not self._is_selected:
            return UNKNOWN
        if command[:5] == _SELECT_FILE and len(command) == 7:
            self._file = self._files.get(int.from_bytes(command[5:]))
            return NOT_FOUND if self._file is None else OK
        if command[:2] == _READ:
            return self._read(command[2:])
        return UNKNOWN

    def _read(self, where: bytes) -> bytes:
        if self._file is None:
            return NO_FILE
        if len(where) != 3 or not where[2]:
            return WRONG_LENGTH
        offset, size = int.from_bytes(where[:2]), where[2]
        if offset + size > len(self._file):
            return WRONG_OFFSET
        return self._file[offset : offset + size] + OK


def read_tag(transceive: Transceive) -> bytes:
    """Return the message of a tag, whatever the tag says to make it long."""
    _ok(transceive(_SELECT_APPLICATION + b"\x00"), 0)
    _ok(transceive(_SELECT_FILE + u16(CAPABILITIES)), 0)
    capabilities = Reader(_read(transceive, 0, CAPABILITIES_SIZE))
    if capabilities.u16() < CAPABILITIES_SIZE or capabilities.u8() >> 4 not in (2, 3):
        raise Refused("tag: unknown version")
    read_max = min(capabilities.u16(), READ_MAX)
    capabilities.u16()
    if capabilities.u8() != FILE_CONTROL or capabilities.u8() != 6:
        raise Refused("tag: no message")
    file, size_max, access = capabilities.u16(), capabilities.u16(), capabilities.u8()
    if access or read_max < READ_MIN:
        raise Refused("tag: not to be read")
    _ok(transceive(_SELECT_FILE + u16(file)), 0)
    size = int.from_bytes(_read(transceive, 0, 2))
    if size > MESSAGE_MAX or size + 2 > size_max:
        raise Refused("tag: too long")
    message = b""
    while len(message) < size:
        part = min(read_max, size - len(message))
        message += _read(transceive, 2 + len(message), part)
    return message


def _read(transceive: Transceive, offset: int, size: int) -> bytes:
    return _ok(transceive(_READ + u16(offset) + u8(size)), size)


def _ok(answer: bytes, size: int) -> bytes:
    """Return what an answer holds, which has to be of this size."""
    if answer[-2:] != OK or len(answer) != size + 2:
        raise Refused("tag: refused, or gone")
    return answer[:-2]
