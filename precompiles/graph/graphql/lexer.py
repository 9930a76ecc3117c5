"""Bytes of a document to tokens (GraphQL October 2021, section 2.1). Knows no grammar.

Stricter than the standard where it lets a reader choose: outside strings and comments only ASCII,
no byte order mark, and no control character but tab and the ends of lines anywhere.
"""

import re
from typing import NamedTuple

from . import errors

TOKENS_MAX = 512

PUNCTUATOR, NAME, INT, FLOAT, STRING, END = range(6)


class Token(NamedTuple):
    """One token. A tuple, because a document has hundreds."""

    kind: int
    position: int
    text: str
    """The text of a name, a number or a punctuator; the value of a string."""


# No pattern is tried twice on a byte: quantifiers that could give back do not (`*+`).
IGNORED = re.compile(rb"(?:[ \t\r\n,]|#[\t\x20-\xff]*+)*+")
TOKEN = re.compile(
    rb"(\.\.\.|[!$&()\[\]{}:=@|])"
    rb"|([A-Za-z_][A-Za-z0-9_]*+)"
    rb"|(-?(?:0|[1-9][0-9]*+)((?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?))(?![A-Za-z0-9_.])"
    rb'|"""((?:[\t\r\n\x20\x21\x23-\x5b\x5d-\xff]|\\"""|\\|"(?!""))*+)"""'
    rb'|"(?!"")((?:[\t\x20\x21\x23-\x5b\x5d-\xff]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+)"'
)
ESCAPE = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+|\\.")
LINE_END = re.compile(r"\r\n|\n|\r")
SIMPLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def tokens(source: bytes, tokens_max: int = TOKENS_MAX) -> list[Token]:
    """Return the tokens and one that stands for the end, or refuse the document."""
    found: list[Token] = []
    position = skip(source, 0)
    while position < len(source):
        if len(found) == tokens_max:
            raise errors.LIMIT("tokens", tokens_max)
        match = TOKEN.match(source, position)
        if match is None:
            raise errors.SYNTAX(position, "token")
        found.append(token(match))
        position = skip(source, match.end())
    found.append(Token(END, position, ""))
    return found


def skip(source: bytes, position: int) -> int:
    """Return where the next token begins."""
    match = IGNORED.match(source, position)
    assert match is not None, "the pattern accepts nothing too"
    return match.end()


def token(match: re.Match[bytes]) -> Token:
    """Return the token that was matched."""
    punctuator, name, number, fraction, block, text = match.groups()
    position = match.start()
    if name is not None:
        return Token(NAME, position, name.decode())
    if punctuator is not None:
        return Token(PUNCTUATOR, position, punctuator.decode())
    if number is not None:
        return Token(FLOAT if fraction else INT, position, number.decode())
    if block is not None:
        return Token(STRING, position, block_value(block.decode().replace('\\"""', '"""')))
    try:
        return Token(STRING, position, unescaped(text.decode()))
    except UnicodeError:
        raise errors.SYNTAX(position, "paired surrogates") from None


def unescaped(text: str) -> str:
    """Return what a string means; UnicodeError for half of a surrogate pair.

    Escapes that follow one another are UTF-16 together, so that a pair of them is one character.
    """
    return ESCAPE.sub(escape_value, text) if "\\" in text else text


def escape_value(match: re.Match[str]) -> str:
    """Return the characters of one escape, or of a run of numeric ones."""
    text = match.group()
    if text[1] != "u":
        return SIMPLE.get(text[1], text[1])
    return bytes.fromhex(text.replace("\\u", "")).decode("utf-16-be")


def block_value(raw: str) -> str:
    """Return a block string without its common indentation (BlockStringValue, 2.9.4)."""
    lines = LINE_END.split(raw)
    indents = [indent(line) for line in lines[1:] if not blank(line)]
    common = min(indents, default=0)
    lines = [lines[0], *(line[common:] for line in lines[1:])]
    written = [number for number, line in enumerate(lines) if not blank(line)]
    return "\n".join(lines[written[0] : written[-1] + 1]) if written else ""


def indent(line: str) -> int:
    """Return how many blanks a line begins with."""
    return len(line) - len(line.lstrip(" \t"))


def blank(line: str) -> bool:
    """Return whether a line has blanks only."""
    return not line.strip(" \t")
