"""Text for a terminal. What others wrote is shown, and never obeyed."""

from datetime import datetime
from typing import Any

# Persian and other scripts need these two; all other invisible characters could deceive.
JOINERS = "\u200c\u200d"
STATES = {"queued": "...", "stored": "->", "delivered": "✓", "read": "✓✓", "failed": "failed"}


def clean(text: str) -> str:
    """Return text without control characters, colours and changes of direction."""
    return "".join(
        character if character.isprintable() or character in JOINERS or character == "\n" else "�"
        for character in text
    )


def one_line(text: str) -> str:
    """Return clean text in one line."""
    return " ".join(clean(text).split())


def clock(seconds: float) -> str:
    """Return a time for the eye: times in messages are coarse on purpose."""
    return datetime.fromtimestamp(seconds).strftime("%d %b %H:%M")


def short(name: str) -> str:
    """Return the two ends of an id."""
    return name if len(name) <= 18 else f"{name[:10]}..{name[-6:]}"


def size_text(size: int) -> str:
    """Return a number of bytes for the eye."""
    value, units = float(size), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def plain(value: object) -> str:
    """Return a value of the interface as people write it."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(each)}" for name, each in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(plain, value)) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def file_text(file: dict[str, Any]) -> str:
    """Return how a file is shown in a conversation."""
    return f"[file {one_line(str(file.get('name', '')))} {size_text(int(file.get('size', 0)))}]"


def pick(items: list[dict[str, Any]], key: str, given: str) -> str:
    """Return the id that somebody means: the whole, its beginning, or the name beside it."""
    named = [item[key] for item in items if item.get("name") and item["name"] == given]
    found = named or [item[key] for item in items if item[key].startswith(given)]
    if len(set(found)) != 1:
        raise LookupError(f"{given} is {'nothing' if not found else 'more than one'} here")
    return str(found[0])


def speakers(contacts: list[dict[str, Any]], group: dict[str, Any] | None) -> dict[str, str]:
    """Return names by account, and in a group by the pseudonyms that its members have there."""
    names = {each["account"]: one_line(each["name"]) for each in contacts}
    for member in group["members"] if group else ():
        account = member.get("account")
        if account:
            names[member["name"]] = names.get(account) or short(account)
    return names
