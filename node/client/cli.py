"""pars session: talk to the daemon of a data directory.

What was asked for goes to stdout, everything else to stderr. Exit status: 0 done, 1 refused, 2 the
command line is wrong, 3 no daemon, 4 the store is locked. Passwords are typed, or the first line of
a file; a command line can be read by others on the machine.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from getpass import getpass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..codec import Refused
from ..wallet import amount_text, parse_address, parse_amount
from . import chain, safety
from .api import DEFAULT_FOLDER, LOCKED, Client, Failed, Unavailable, connect
from .safety import account_of
from .text import STATES, clean, clock, file_text, one_line, pick, plain, short, size_text, speakers

DONE, REFUSED, USAGE, NO_DAEMON, IS_LOCKED = range(5)
WIPE = "wipe everything"
MESSAGE_MAX = 64 * 1024

Command = Callable[[Client, argparse.Namespace], Awaitable[None]]


class Stopped(Exception):
    """The command goes no further; the message says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    options = parser().parse_args(argv)
    try:
        return asyncio.run(run(options))
    except Unavailable as error:
        return stop(str(error), NO_DAEMON)
    except Failed as error:
        if error.code == LOCKED:
            return stop("the store is locked: `pars session unlock`", IS_LOCKED)
        return stop(clean(str(error)), REFUSED)
    except Refused as error:
        return stop(error.reason, REFUSED)
    except (Stopped, LookupError, chain.ChainFailed, OSError) as error:
        return stop(clean(str(error)), REFUSED)


async def run(options: argparse.Namespace) -> int:
    """Connect, and run the command."""
    if options.command is open_screen:
        await open_screen(options.datadir)
        return DONE
    client = await connect(options.datadir)
    try:
        await options.command(client, options)
    finally:
        await client.close()
    return DONE


def stop(message: str, status: int) -> int:
    """Say why nothing was done."""
    print(f"pars session: {message}", file=sys.stderr)
    return status


# --- The command line -----------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars session", description="Private messages, by the daemon of this machine."
    )
    top.add_argument(
        "--datadir", type=folder, default=DEFAULT_FOLDER, help="the daemon's (~/.pars/session)"
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _identity_commands(commands)
    _chat_commands(commands)
    _group_commands(commands)
    _file_commands(commands)
    _contact_commands(commands)
    _safety_commands(commands)
    _wallet_commands(commands)
    _node_commands(commands)
    return top


Commands = Any  # argparse does not name the type of what `add_subparsers` returns.


def _add(
    commands: Commands, name: str, command: object, about: str, *arguments: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    for argument in arguments:
        made.add_argument(
            argument.lower().strip("+"),
            metavar=argument.strip("+"),
            nargs=("+" if argument.endswith("+") else None),
        )
    made.set_defaults(command=command)
    return made


def _below(commands: Commands, name: str, command: object, about: str) -> Commands:
    """Add a word that has words below it; alone it does the first thing."""
    made = commands.add_parser(name, help=about, description=about)
    made.set_defaults(command=command)
    return made.add_subparsers(metavar="COMMAND")


def _password(made: argparse.ArgumentParser) -> None:
    made.add_argument("--password-file", type=Path, help="the password is its first line")


def _identity_commands(commands: Commands) -> None:
    below = _below(commands, "identity", show_identity, "show your account, or create one")
    _add(below, "show", show_identity, "show account and link")
    creating = _add(below, "create", create_identity, "create an account and seal its keys")
    _password(creating)
    creating.add_argument("--duress", action="store_true", help="ask for a duress password too")
    creating.add_argument("--replace", action="store_true", help="forget what was there for ever")
    creating.add_argument("--duress-file", type=Path, help="the duress password is its first line")
    _password(_add(commands, "unlock", unlock, "open the store"))
    _add(commands, "lock", lock, "close the store")


def _chat_commands(commands: Commands) -> None:
    _add(commands, "create", create_session, "begin a conversation", "RECIPIENT")
    _add(commands, "list", list_sessions, "list conversations")
    sending = _add(commands, "send", send, "send a message; from stdin, if TEXT is left out")
    sending.add_argument("session", metavar="SESSION")
    sending.add_argument("message", metavar="TEXT", nargs="?")
    reading = _add(commands, "read", read, "print the messages of a conversation", "SESSION")
    reading.add_argument("--since", metavar="MESSAGE", help="only those after this one")
    reading.add_argument("--keep-unread", action="store_true", help="tell nobody that you read")
    _add(commands, "close", close_session, "end a conversation", "SESSION")


def _group_commands(commands: Commands) -> None:
    below = _below(commands, "groups", list_groups, "list groups, or work with one")
    _add(below, "list", list_groups, "list groups")
    _add(below, "create", create_group, "create a group", "NAME", "MEMBER+")
    joining = _add(below, "join", join_group, "join a group", "GROUP")
    joining.add_argument("invite", metavar="INVITE", nargs="?", help="if it came another way")
    _add(below, "leave", leave_group, "leave a group", "GROUP")
    _add(below, "add", add_member, "take somebody in", "GROUP", "ACCOUNT")
    _add(below, "remove", remove_member, "put somebody out; keys change", "GROUP", "ACCOUNT")


def _file_commands(commands: Commands) -> None:
    below = _below(commands, "files", list_files, "list files, send or receive one")
    _add(below, "list", list_files, "list files")
    _add(below, "send", send_file, "send a file", "SESSION", "PATH")
    _add(below, "receive", receive_file, "write a file that was sent", "FILE", "PATH")


def _contact_commands(commands: Commands) -> None:
    below = _below(commands, "contacts", list_contacts, "list contacts, add or verify one")
    _add(below, "list", list_contacts, "list contacts")
    _add(below, "add", add_contact, "keep an account under a name", "ACCOUNT", "NAME")
    verifying = _add(below, "verify", verify_contact, "show the code to compare", "ACCOUNT")
    verifying.add_argument("code", metavar="CODE", nargs="?", help="the code that they see")


def _wallet_commands(commands: Commands) -> None:
    below = _below(commands, "wallet", show_wallet, "show your address, or send PARS")
    _add(below, "address", show_wallet, "show your address")
    for made in (
        _add(below, "balance", show_balance, "ask a chain for the balance"),
        _add(below, "send", send_pars, "send PARS", "TO", "AMOUNT"),
    ):
        made.add_argument("--rpc", metavar="URL", required=True, help="a node of the chain")


def _safety_commands(commands: Commands) -> None:
    made = _add(commands, "duress", set_duress, "set a password that opens a decoy, destroys this")
    made.add_argument("--duress-file", type=Path, help="the duress password is its first line")
    _add(commands, "trust", safety.trust, "let a contact be alerted", "ACCOUNT")
    _add(commands, "alert", safety.set_alert, "choose what an alert says", "TEXT")
    below = _below(commands, "switch", safety.show_switch, "the dead man's switch")
    _add(below, "show", safety.show_switch, "show how it stands")
    _add(below, "off", safety.disable_switch, "stop it")
    made = _add(below, "set", safety.set_switch, "set it; trusted contacts are alerted")
    made.add_argument("--interval", metavar="HOURS", type=int, default=safety.HOURS)
    made.add_argument("--grace", metavar="HOURS", type=int, default=safety.HOURS)
    made.add_argument("--release", metavar="TEXT", help="a message to send then")
    made.add_argument("--to", metavar="SESSION", default="", help="whom it is for")
    made.add_argument("--wipe", action="store_true", help="destroy everything then")
    below = _below(commands, "guardians", safety.show_guardianships, "who can give it back")
    _add(below, "list", safety.show_guardianships, "what you keep for others, and who asks")
    made = _add(below, "appoint", safety.appoint, "split your account among contacts", "GUARDIAN+")
    made.add_argument("--threshold", type=int, required=True, help="how many give it back")
    _add(below, "recover", safety.recover, "ask for a lost account", "ACCOUNT", "GUARDIAN+")
    _add(below, "confirm", safety.confirm, "the owner asks: his code", "OWNER", "ASKER", "CODE")
    _add(below, "cancel", safety.cancel, "it was not you who asked", "GUARDIAN")
    _add(below, "takeover", safety.take_over, "be the account that was given back")


def _node_commands(commands: Commands) -> None:
    _add(commands, "status", show_status, "show what the daemon does")
    _add(commands, "peers", show_peers, "list the nodes it is linked to")
    active = _add(commands, "active", set_active, "serve others (on), or only yourself (off)")
    active.add_argument("state", choices=("on", "off"))
    _add(commands, "checkin", check_in, "tell the dead man's switch that you are well")
    panic = _add(commands, "panic", panic_wipe, "destroy keys and data, for good")
    panic.add_argument("--confirm", metavar="TEXT", help=f"{WIPE!r}, to be asked nothing")
    _add(commands, "tui", open_screen, "open the terminal interface")


def folder(text: str) -> Path:
    """Return a path with `~` resolved."""
    return Path(text).expanduser()


# --- Passwords ------------------------------------------------------------------------------


def password_of(path: Path | None, prompt: str, again: bool = False) -> str:
    """Return a password: from a file, or typed; twice, where it is new."""
    if path is not None:
        lines = path.read_text("utf-8").splitlines()
        password = lines[0] if lines else ""
    else:
        password = getpass(f"{prompt}: ", stream=sys.stderr)
        if again and getpass(f"{prompt}, again: ", stream=sys.stderr) != password:
            raise Stopped("the two are not the same")
    if not password:
        raise Stopped("the password is empty")
    return password


# --- Output ---------------------------------------------------------------------------------


def show(*columns: str, rows: Sequence[Sequence[object]], empty: str) -> None:
    """Print a table, or a line where there is none."""
    if not rows:
        print(empty, file=sys.stderr)
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(one_line(str(cell))) for cell in row))
    screen().print(table)


def screen() -> Console:
    """Return where results go. A pipe gets whole lines, however long."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000
    return console


# --- Identity -------------------------------------------------------------------------------


async def show_identity(client: Client, _: argparse.Namespace) -> None:
    """Print account and link."""
    identity = await client.call("GetIdentity")
    print(identity["account"])
    print(identity["link"])


async def create_identity(client: Client, options: argparse.Namespace) -> None:
    """Create an account; print it."""
    password = password_of(options.password_file, "New password", again=True)
    params: dict[str, Any] = {"password": password}
    if options.replace:
        params["replace"] = True
    if options.duress or options.duress_file:
        params["duressPassword"] = password_of(options.duress_file, "Duress password", again=True)
        if params["duressPassword"] == params["password"]:
            raise Stopped("the two passwords are the same")
    identity = await client.call("CreateIdentity", **params)
    print(identity["account"])


async def set_duress(client: Client, options: argparse.Namespace) -> None:
    """Set the duress password of an account that there is."""
    await client.call(
        "SetDuress", password=password_of(options.duress_file, "Duress password", again=True)
    )


async def unlock(client: Client, options: argparse.Namespace) -> None:
    """Open the store."""
    password = password_of(options.password_file, "Password")
    try:
        opened = await client.call("Unlock", password=password)
    except Failed as error:
        raise Stopped(str(error)) from None
    for damage in (opened or {}).get("damage", []):
        print(f"pars session: damaged: {clean(str(damage))}", file=sys.stderr)


async def lock(client: Client, _: argparse.Namespace) -> None:
    """Close the store."""
    await client.call("Lock")


# --- Conversations --------------------------------------------------------------------------


async def _conversation(client: Client, given: str) -> str:
    """Return the id of a conversation or group, by its id's beginning or its name."""
    chats = await client.call("GetSessions")
    groups = await client.call("GetGroups")
    known = [{"id": chat["sessionId"], "name": chat.get("name")} for chat in chats]
    known += [{"id": group["groupId"], "name": group.get("name")} for group in groups]
    return pick(known, "id", given)


async def create_session(client: Client, options: argparse.Namespace) -> None:
    """Begin a conversation; print its id."""
    recipient = await account_of(client, options.recipient)
    print((await client.call("CreateSession", recipient=recipient))["sessionId"])


async def list_sessions(client: Client, _: argparse.Namespace) -> None:
    """Print the conversations."""
    chats = await client.call("GetSessions")
    rows = [
        (
            chat["sessionId"],
            chat.get("name") or short(chat["peer"]),
            "closed" if chat["closed"] else "ready" if chat["confirmed"] else "waiting",
            chat["unread"] or "",
        )
        for chat in chats
    ]
    show("session", "with", "state", "unread", rows=rows, empty="no conversations yet")


async def send(client: Client, options: argparse.Namespace) -> None:
    """Send a message; print its id."""
    text = options.message
    if text is None:
        text = sys.stdin.read(MESSAGE_MAX + 1).removesuffix("\n")
    if not text or len(text) > MESSAGE_MAX:
        raise Stopped("a message has some text, and not more than 65,536 characters")
    session = await _conversation(client, options.session)
    sent = await client.call("SendMessage", sessionId=session, content=text)
    print(sent["messageId"])


async def read(client: Client, options: argparse.Namespace) -> None:
    """Print messages, and mark those of others as read."""
    session = await _conversation(client, options.session)
    params = {"sessionId": session}
    if options.since:
        params["since"] = options.since
    messages = await client.call("GetMessages", **params)
    own = (await client.call("GetIdentity"))["account"]
    groups = {each["groupId"]: each for each in await client.call("GetGroups")}
    names = speakers(await client.call("GetContacts"), groups.get(session))
    console = screen()
    for message in messages:
        mine = message["sender"] == own
        who = "you" if mine else names.get(message["sender"]) or short(message["sender"])
        line = Text()
        line.append(clock(message["time"] / 1000), "dim")
        line.append(f"  {one_line(who)}", "bold cyan" if mine else "bold green")
        line.append(f"  {STATES.get(message['state'], '') if mine else ''}\n", "dim")
        text = file_text(message["file"]) if message.get("file") else clean(message["content"])
        line.append("  " + text.replace("\n", "\n  "))
        console.print(line)
    for message in messages:
        if message["sender"] != own and not message["read"] and not options.keep_unread:
            await client.call("MarkRead", sessionId=session, messageId=message["messageId"])


async def close_session(client: Client, options: argparse.Namespace) -> None:
    """End a conversation."""
    await client.call("CloseSession", sessionId=await _conversation(client, options.session))


# --- Groups ---------------------------------------------------------------------------------


async def list_groups(client: Client, _: argparse.Namespace) -> None:
    """Print the groups."""
    groups, contacts = await client.call("GetGroups"), await client.call("GetContacts")
    rows = [
        (
            group["groupId"],
            group["name"],
            "invited" if group.get("invite") else "left" if group.get("left") else "",
            ", ".join(_members(group, contacts)),
            group.get("unread") or "",
        )
        for group in groups
    ]
    show("group", "name", "", "members", "unread", rows=rows, empty="no groups yet")


def _members(group: dict[str, Any], contacts: list[dict[str, Any]]) -> list[str]:
    names = speakers(contacts, group)
    return [names.get(each["name"]) or short(each["name"]) for each in group["members"]]


async def create_group(client: Client, options: argparse.Namespace) -> None:
    """Create a group; print its id."""
    members = [await account_of(client, member) for member in options.member]
    made = await client.call("CreateGroup", name=options.name, members=members)
    print(made["groupId"])


async def join_group(client: Client, options: argparse.Namespace) -> None:
    """Join a group: one that somebody asked us into, or by an invitation got another way."""
    params = {"invite": options.invite} if options.invite else {}
    known = [
        {"id": each["groupId"], "name": each["name"]} for each in await client.call("GetGroups")
    ]
    try:
        group = pick(known, "id", options.group)
    except LookupError:
        group = options.group
    await client.call("JoinGroup", groupId=group, **params)


async def leave_group(client: Client, options: argparse.Namespace) -> None:
    """Leave a group."""
    await client.call("LeaveGroup", groupId=await _conversation(client, options.group))


async def add_member(client: Client, options: argparse.Namespace) -> None:
    """Take somebody into a group."""
    group = await _conversation(client, options.group)
    await client.call("AddMember", groupId=group, account=await account_of(client, options.account))


async def remove_member(client: Client, options: argparse.Namespace) -> None:
    """Put somebody out of a group."""
    group = await _conversation(client, options.group)
    account = await account_of(client, options.account)
    await client.call("RemoveMember", groupId=group, account=account)


# --- Files and contacts ---------------------------------------------------------------------


async def list_files(client: Client, _: argparse.Namespace) -> None:
    """Print the files that were sent and received."""
    files = await client.call("GetFiles")
    rows = [(file["fileId"], file["name"], size_text(file["size"])) for file in files]
    show("file", "name", "size", rows=rows, empty="no files yet")


async def send_file(client: Client, options: argparse.Namespace) -> None:
    """Send a file; print its id."""
    path = Path(options.path).expanduser().resolve(strict=True)
    session = await _conversation(client, options.session)
    print((await client.call("SendFile", sessionId=session, path=str(path)))["fileId"])


async def receive_file(client: Client, options: argparse.Namespace) -> None:
    """Write a file that was sent; never over another."""
    path = Path(options.path).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise Stopped(f"{path} exists")
    file = pick(await client.call("GetFiles"), "fileId", options.file)
    await client.call("ReceiveFile", fileId=file, path=str(path))


async def list_contacts(client: Client, _: argparse.Namespace) -> None:
    """Print the contacts."""
    contacts = await client.call("GetContacts")
    rows = [
        (contact["name"], contact["account"], "verified" if contact.get("verified") else "")
        for contact in contacts
    ]
    show("name", "account", "", rows=rows, empty="no contacts yet")


async def add_contact(client: Client, options: argparse.Namespace) -> None:
    """Keep an account under a name."""
    await client.call("AddContact", account=options.account, name=options.name)


async def verify_contact(client: Client, options: argparse.Namespace) -> None:
    """Print the code that both of you must see."""
    account = await account_of(client, options.account)
    params = {"code": options.code} if options.code else {}
    answer = await client.call("VerifyContact", account=account, **params)
    print("verified" if options.code and answer.get("verified") else answer["code"])
    if not options.code:
        print("compare this by another way: by voice, or side by side", file=sys.stderr)
        print("if it is the same: `contacts verify ACCOUNT CODE`", file=sys.stderr)


# --- Wallet ---------------------------------------------------------------------------------


async def show_wallet(client: Client, _: argparse.Namespace) -> None:
    """Print the address."""
    print((await client.call("WalletAddress"))["address"])


async def show_balance(client: Client, options: argparse.Namespace) -> None:
    """Print what the address has, in PARS."""
    address = parse_address((await client.call("WalletAddress"))["address"])
    print(amount_text(await asyncio.to_thread(chain.balance, options.rpc, address)))


async def send_pars(client: Client, options: argparse.Namespace) -> None:
    """Send PARS; print the hash of the transaction."""
    sender = parse_address((await client.call("WalletAddress"))["address"])
    to, value = parse_address(options.to), parse_amount(options.amount)
    made = await asyncio.to_thread(chain.prepare, options.rpc, sender, to, value)
    signed = await client.call("WalletSign", transaction=made)
    print(await asyncio.to_thread(chain.send, options.rpc, signed["raw"]))


# --- The node -------------------------------------------------------------------------------


async def show_status(client: Client, _: argparse.Namespace) -> None:
    """Print what the daemon does, and what it has refused."""
    status = await client.call("GetStatus")
    refused = status.pop("refused", {})
    rows = [(name, plain(value)) for name, value in status.items()]
    show("", "", rows=rows, empty="nothing to tell")
    if refused:
        counted = sorted(refused.items(), key=lambda item: -item[1])
        show("refused", "times", rows=counted, empty="")


async def show_peers(client: Client, _: argparse.Namespace) -> None:
    """Print the nodes that the daemon is linked to."""
    peers = await client.call("GetPeers")
    names = list(peers[0]) if peers else []
    rows = [[plain(peer.get(name)) for name in names] for peer in peers]
    show(*names, rows=rows, empty="no peers")


async def set_active(client: Client, options: argparse.Namespace) -> None:
    """Serve others, or stop."""
    await client.call("SetActive", active=options.state == "on")


async def check_in(client: Client, _: argparse.Namespace) -> None:
    """Tell the dead man's switch that all is well."""
    await client.call("CheckIn")


async def panic_wipe(client: Client, options: argparse.Namespace) -> None:
    """Destroy everything, after the words are typed."""
    typed = options.confirm
    if typed is None:
        print(f"This destroys all keys and data. Type {WIPE!r}: ", end="", file=sys.stderr)
        typed = sys.stdin.readline().strip()
    if typed != WIPE:
        raise Stopped("nothing was destroyed")
    await client.call("PanicWipe", confirm=WIPE)


async def open_screen(path: Path) -> None:
    """Open the terminal interface, whose library only this word needs."""
    from .tui import Screens

    client = await connect(path)
    try:
        await Screens(client).run_async()
    finally:
        await client.close()
