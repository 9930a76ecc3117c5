"""A text of 1 to 31 bytes in one word: the length in the lowest byte, the text at the top."""

SIZE_MAX = 31


def pack(text: str) -> int | None:
    """Return the word that holds a text, or None when it is empty or too long."""
    content = text.encode("utf-8")
    if not 1 <= len(content) <= SIZE_MAX:
        return None
    return int.from_bytes(content.ljust(SIZE_MAX, b"\0"), "big") << 8 | len(content)


def unpack(word: int) -> str:
    """Return the text that a word holds."""
    return (word >> 8).to_bytes(SIZE_MAX, "big")[: word & 0xFF].decode("utf-8")
