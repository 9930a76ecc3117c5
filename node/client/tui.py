"""The terminal interface: conversations, contacts, wallet and settings, by the keyboard first.

It shows what the daemon tells and asks it for the rest; nothing is kept here. Text that others
wrote is cleaned and never read as markup.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.css.query import NoMatches
from textual.screen import ModalScreen
from textual.widgets import (
    Button,
    DataTable,
    Footer,
    Input,
    Label,
    OptionList,
    Static,
    Switch,
    TabbedContent,
    TabPane,
)
from textual.widgets.option_list import Option

from ..codec import Refused
from ..wallet import amount_text, parse_address, parse_amount
from . import chain
from .api import LOCKED, Client, Failed, Unavailable
from .text import STATES, clean, clock, file_text, one_line, plain, short, size_text, speakers

MESSAGES_MAX = 500  # shown of one conversation
REFRESH_SECONDS = 5
WIPE = "wipe everything"


class Ask(ModalScreen[dict[str, str] | None]):
    """A question of one or more lines; None if the user thinks better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "back")]

    def __init__(
        self, title: str, *names: str, secret: bool = False, hint: str = "", escape: bool = True
    ) -> None:
        super().__init__()
        self._title, self._names, self._hint = title, names, hint
        self._secret, self._escape = secret, escape

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical(classes="box"):
            yield Label(self._title, classes="title", markup=False)
            if self._hint:
                yield Static(self._hint, classes="hint", markup=False)
            for name in self._names:
                yield Input(placeholder=name, password=self._secret, classes="answer")
            back = " · esc goes back" if self._escape else ""
            yield Static(f"enter goes on{back}", classes="hint")

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Go to the next line, or end with the answers."""
        inputs = list(self.query(Input))
        place = inputs.index(event.input)
        if place + 1 < len(inputs):
            inputs[place + 1].focus()
        else:
            values = [each.value for each in inputs]
            self.dismiss(dict(zip(self._names, values, strict=True)))

    def action_cancel(self) -> None:
        """End without an answer."""
        if self._escape:
            self.dismiss(None)


class Screens(App[None]):
    """The whole interface."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "Pars session"
    CSS = """
    Screen { overflow: hidden; }
    #bar { height: 1; background: $primary; color: $text; padding: 0 1; }
    #tabs, ContentSwitcher { height: 1fr; }
    TabPane { height: 1fr; padding: 0; }
    #chats { width: 28; height: 1fr; border: round $surface-lighten-2; padding: 0; }
    #talk { width: 1fr; height: 1fr; }
    #scroll { height: 1fr; border: round $surface-lighten-2; padding: 0 1; }
    #write { height: 3; border: round $surface-lighten-2; }
    #chats:focus, #scroll:focus, #write:focus { border: round $accent; }
    #people, #state { height: 1fr; }
    .line { height: 3; }
    .name { padding: 1 1; width: 18; }
    .value { padding: 1 1; width: 1fr; }
    .line Input { width: 1fr; }
    .hint { height: auto; padding: 0 1; color: $text-muted; }
    .title { text-style: bold; padding: 0 1 1 1; }
    Ask { align: center middle; }
    .box { width: 64; max-width: 90%; height: auto; padding: 1 1; border: round $accent;
           background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "tab('messages')", "Messages", show=False, priority=True),
        Binding("f3", "tab('contacts')", "Contacts", show=False, priority=True),
        Binding("f4", "tab('wallet')", "Wallet", show=False, priority=True),
        Binding("f5", "tab('settings')", "Settings", show=False, priority=True),
        Binding("ctrl+n", "new", "New", priority=True),
        Binding("ctrl+g", "group", "Group", priority=True),
        Binding("ctrl+t", "members", "Members", priority=True),
        Binding("ctrl+o", "file", "Send file", priority=True),
        Binding("ctrl+s", "save", "Save file", priority=True),
        Binding("ctrl+l", "lock", "Lock", priority=True),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.identity: dict[str, Any] = {}
        self.contacts: list[dict[str, Any]] = []
        self.chats: list[dict[str, Any]] = []
        self.open: str | None = None
        self._asking = False
        self._stale = asyncio.Event()

    # --- Layout -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay out the tabs."""
        yield Static(id="bar", markup=False)
        with TabbedContent(initial="messages", id="tabs"):
            with TabPane("Messages F2", id="messages"), Horizontal():
                yield OptionList(id="chats", markup=False)
                with Vertical(id="talk"):
                    with VerticalScroll(id="scroll"):
                        yield Static(id="log", markup=False)
                    yield Input(id="write", placeholder="write a message", max_length=65_536)
            with TabPane("Contacts F3", id="contacts"):
                yield DataTable(id="people", cursor_type="row", zebra_stripes=True)
                yield Static("enter: write · a: add · v: code to compare", classes="hint")
            with TabPane("Wallet F4", id="wallet"):
                yield from _wallet_lines()
            with TabPane("Settings F5", id="settings"):
                with Horizontal(classes="line"):
                    yield Label("Serve others", classes="name")
                    yield Switch(id="active")
                    yield Static("relay and keep mail for others", classes="value")
                yield DataTable(id="state", show_header=False, cursor_type="none")
                with Horizontal(classes="line"):
                    yield Button("I am well", id="checkin")
                    yield Button("Destroy everything", id="panic", variant="error")
        yield Footer()

    async def on_mount(self) -> None:
        """Fill in what there is, and listen for more."""
        self.query_one("#people", DataTable).add_columns("name", "", "account")
        self.query_one("#state", DataTable).add_columns("", "")
        self.query_one("#chats").focus()
        self.listen()
        self.fill()
        self.set_interval(REFRESH_SECONDS, self.refill)
        self.refill()

    @work
    async def listen(self) -> None:
        """Refill at every event; end with the daemon."""
        try:
            await self.client.call("Subscribe")
            while await self.client.events.get() is not None:
                self.refill()
        except (Failed, Unavailable):
            pass
        self.exit(message="pars session: the daemon has gone", return_code=3)

    # --- Asking the daemon ------------------------------------------------------------------

    async def ask(self, method: str, **params: Any) -> Any:
        """Call the daemon; say why, if it refuses, and return None."""
        try:
            return await self.client.call(method, **params)
        except Failed as error:
            if error.code == LOCKED:
                self.unlock()
            else:
                self.say(str(error))
        except Unavailable as error:
            self.say(str(error))
        return None

    def say(self, text: str, *, well: bool = False) -> None:
        """Show a short notice."""
        self.notify(
            clean(text), severity="information" if well else "warning", timeout=6, markup=False
        )

    def unlock(self) -> None:
        """Ask for the password, unless that is being asked already."""
        if not self._asking:
            self._asking = True
            self._unlock()

    @work
    async def _unlock(self) -> None:
        try:
            while True:
                question = Ask(
                    "The store is locked",
                    "password",
                    secret=True,
                    escape=False,
                    hint="New here? `pars session identity create` makes an account.",
                )
                given = await self.push_screen_wait(question) or {}
                try:
                    self.say("opening", well=True)
                    await self.client.call("Unlock", password=given.get("password", ""))
                    break
                except Failed as error:
                    self.say(str(error))
        finally:
            self._asking = False
        self.refill()

    def refill(self) -> None:
        """Have everything fetched again; while that is going on, once more after it."""
        self._stale.set()

    @work
    async def fill(self) -> None:
        """Show what the daemon knows, whenever something may have changed."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            # At the end the widgets go before their workers do.
            with suppress(NoMatches):
                if not self._asking:
                    await self._fill()

    async def _fill(self) -> None:
        status = await self.ask("GetStatus")
        if status is None:
            return
        self._show_status(status)
        if status.get("locked"):
            self.unlock()
            return
        self.identity = await self.ask("GetIdentity") or {}
        if not self.identity:
            return
        self.contacts = await self.ask("GetContacts") or []
        await self._show_chats()
        self._show_people()
        await self._show_talk()

    # --- Showing ----------------------------------------------------------------------------

    def _show_status(self, status: dict[str, Any]) -> None:
        bar = f"Pars session · {status.get('network')} · peers {status.get('peers')}"
        bar += f" · hops {plain(status.get('hops'))}"
        bar += f" · {'active' if status.get('active') else 'inactive'}"
        if self.identity:
            bar += f" · {short(self.identity['account'])}"
        self.query_one("#bar", Static).update(Text(bar, no_wrap=True, overflow="ellipsis"))
        switch = self.query_one("#active", Switch)
        with switch.prevent(Switch.Changed):
            switch.value = bool(status.get("active"))
        table = self.query_one("#state", DataTable)
        table.clear()
        refused = status.pop("refused", {})
        for name, value in status.items():
            table.add_row(Text(name), Text(one_line(plain(value))))
        for name, count in sorted(refused.items(), key=lambda item: -item[1]):
            table.add_row(Text(f"refused {count}x"), Text(one_line(name)))

    async def _show_chats(self) -> None:
        sessions = await self.ask("GetSessions") or []
        groups = await self.ask("GetGroups") or []
        before = {each["id"] for each in self.chats}
        self.chats = [
            {**each, "id": each["sessionId"], "title": self.name_of(each["peer"])}
            for each in sessions
            if not each.get("closed")
        ]
        self.chats += [
            {**each, "id": each["groupId"], "title": f"# {one_line(each['name'])}"}
            for each in groups
            if not each.get("left")
        ]
        names = [each["id"] for each in self.chats]
        if self.open is None or (self.open in before and self.open not in names):
            self.open = names[0] if names else None
        listed = self.query_one("#chats", OptionList)
        # Only the user's keys move from one conversation to another.
        with listed.prevent(OptionList.OptionHighlighted):
            listed.clear_options()
            listed.add_options(Option(_entry(each), id=each["id"]) for each in self.chats)
            listed.highlighted = names.index(self.open) if self.open in names else None

    def name_of(self, account: str) -> str:
        """Return the name of an account, or its ends."""
        if account == self.identity.get("account"):
            return "you"
        names = {each["account"]: each["name"] for each in self.contacts}
        return one_line(names.get(account) or short(account))

    def _show_people(self) -> None:
        table = self.query_one("#people", DataTable)
        place = table.cursor_row
        table.clear()
        for each in self.contacts:
            mark = Text("verified", "green") if each.get("verified") else Text("-", "dim")
            table.add_row(Text(one_line(each["name"])), mark, Text(each["account"]))
        table.move_cursor(row=place)

    async def _show_talk(self) -> None:
        log, scroll = self.query_one("#log", Static), self.query_one("#scroll", VerticalScroll)
        chat = next((each for each in self.chats if each["id"] == self.open), None)
        if chat is None:
            scroll.border_title = ""
            log.update(_welcome(self.identity.get("link", "")))
            return
        scroll.border_title = Text(chat["title"]).plain.replace("[", "\\[")
        if chat.get("invite"):
            log.update(Text("You are asked to come into this group: ctrl+t joins."))
            return
        messages = await self.ask("GetMessages", sessionId=chat["id"]) or []
        below = scroll.is_vertical_scroll_end
        log.update(self._talk(chat, messages[-MESSAGES_MAX:]))
        if below:
            scroll.scroll_end(animate=False)
        if self.query_one("#tabs", TabbedContent).active == "messages":
            for each in messages:
                if not self.is_own(each) and not each["read"]:
                    await self.ask("MarkRead", sessionId=chat["id"], messageId=each["messageId"])

    def is_own(self, message: dict[str, Any]) -> bool:
        """Tell whether we wrote a message."""
        return bool(message["sender"] == self.identity.get("account"))

    def _talk(self, chat: dict[str, Any], messages: list[dict[str, Any]]) -> Text:
        names = speakers(self.contacts, chat if "groupId" in chat else None)
        shown, before = Text(), ("", "")
        for each in messages:
            own = self.is_own(each)
            who = "you" if own else names.get(each["sender"]) or short(each["sender"])
            when = clock(each["time"] / 1000)
            if (who, when) != before:
                shown.append(f"{who}", "bold cyan" if own else "bold green")
                shown.append(f"  {when}\n", "dim")
                before = (who, when)
            text = file_text(each["file"]) if each.get("file") else clean(each["content"])
            shown.append("  " + text.replace("\n", "\n  "))
            if own:
                shown.append(f"  {STATES.get(each['state'], '')}", "dim")
            shown.append("\n")
        return shown if messages else Text("nothing was said yet", "dim")

    # --- Doing: conversations ---------------------------------------------------------------

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.query_one("#tabs", TabbedContent).active = name
        first = {"messages": "#chats", "contacts": "#people", "wallet": "#rpc"}.get(name, "#active")
        self.query_one(first).focus()

    @on(OptionList.OptionSelected, "#chats")
    def selected(self, event: OptionList.OptionSelected) -> None:
        """Open a conversation, ready to write."""
        self.open = event.option_id
        self.query_one("#write").focus()
        self.refill()

    @on(OptionList.OptionHighlighted, "#chats")
    def highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the conversation under the cursor."""
        if event.option_id != self.open and self.query_one("#chats").has_focus:
            self.open = event.option_id
            self.refill()

    @on(Input.Submitted, "#write")
    async def written(self, event: Input.Submitted) -> None:
        """Send what was written."""
        if not event.value.strip() or self.open is None:
            return
        sent = await self.ask("SendMessage", sessionId=self.open, content=event.value)
        if sent is not None:
            event.input.clear()
            self.query_one("#scroll", VerticalScroll).scroll_end(animate=False)
        self.refill()

    @work
    async def action_new(self) -> None:
        """Begin a conversation."""
        given = await self.push_screen_wait(
            Ask("New conversation", "account, link, or a contact's name")
        )
        if given:
            await self._begin(self._account(next(iter(given.values()))))

    async def _begin(self, account: str) -> None:
        made = await self.ask("CreateSession", recipient=account)
        if made is not None:
            self.open = made["sessionId"]
            self.action_tab("messages")
            self.query_one("#write").focus()
        self.refill()

    def _account(self, given: str) -> str:
        named = [each["account"] for each in self.contacts if each["name"] == given.strip()]
        return str(named[0]) if len(named) == 1 else given.strip()

    @work
    async def action_group(self) -> None:
        """Create a group."""
        given = await self.push_screen_wait(
            Ask("New group", "name", "members: accounts or names", hint="Part members by commas.")
        )
        if given:
            name, members = given.values()
            accounts = [self._account(each) for each in members.split(",") if each.strip()]
            made = await self.ask("CreateGroup", name=name, members=accounts)
            self.open = made["groupId"] if made else self.open
            self.refill()

    @work
    async def action_members(self) -> None:
        """Take somebody into the open group, or put somebody out."""
        group = next((each for each in self.chats if each["id"] == self.open), None)
        if group is None or "groupId" not in group:
            self.say("open a group first")
            return
        if group.get("invite"):
            await self._join(group)
            return
        names = speakers(self.contacts, group)
        members = ", ".join(
            self.name_of(each["account"]) if each["account"] else names.get(each["name"], "?")
            for each in group["members"]
        )
        given = await self.push_screen_wait(
            Ask(group["title"], "add or remove", "account or name", hint=f"Members: {members}")
        )
        if not given:
            return
        word, who = (each.strip() for each in given.values())
        methods = {"add": "AddMember", "remove": "RemoveMember"}
        if word not in methods:
            self.say("say add, or remove")
            return
        await self.ask(methods[word], groupId=group["id"], account=self._account(who))
        self.refill()

    async def _join(self, group: dict[str, Any]) -> None:
        given = await self.push_screen_wait(Ask(f"Join {group['title']}?", "yes"))
        if given and given["yes"].strip().lower() == "yes":
            await self._did("JoinGroup", groupId=group["id"])
            self.refill()

    @work
    async def action_file(self) -> None:
        """Send a file."""
        if self.open is None:
            self.say("open a conversation first")
            return
        given = await self.push_screen_wait(Ask("Send a file", "path"))
        if given:
            path = Path(given["path"]).expanduser()
            if not path.is_file():
                self.say(f"{path} is no file")
                return
            sent = await self.ask("SendFile", sessionId=self.open, path=str(path.resolve()))
            if sent is not None:
                self.say(f"{path.name} is on its way", well=True)
            self.refill()

    @work
    async def action_save(self) -> None:
        """Write a file that was sent to us."""
        files = await self.ask("GetFiles")
        if not files:
            self.say("no files yet")
            return
        hint = "\n".join(
            f"{number}  {one_line(each['name'])}  {size_text(each['size'])}"
            for number, each in enumerate(files[-10:], start=1)
        )
        given = await self.push_screen_wait(Ask("Save a file", "number", "path", hint=hint))
        if not given:
            return
        number, path = given["number"].strip(), Path(given["path"]).expanduser()
        if not number.isdecimal() or not 1 <= int(number) <= len(files[-10:]):
            self.say("there is no such file")
        elif not given["path"] or (path.exists() and not path.is_dir()):
            self.say(f"{path} exists")
        else:
            file = files[-10:][int(number) - 1]
            name = str(path.resolve())
            if await self._did("ReceiveFile", fileId=file["fileId"], path=name):
                self.say("saved", well=True)

    async def _did(self, method: str, **params: Any) -> bool:
        """Call a method that answers nothing; tell whether it was done."""
        try:
            await self.client.call(method, **params)
        except (Failed, Unavailable) as error:
            self.say(str(error))
            return False
        return True

    # --- Doing: contacts --------------------------------------------------------------------

    def on_key(self, event: Any) -> None:
        """Letters work on the list of contacts."""
        table = self.query_one("#people", DataTable)
        if not table.has_focus:
            return
        row = table.cursor_row
        if event.key == "a":
            self.add_contact()
        elif event.key == "v" and row < len(self.contacts):
            self.verify(self.contacts[row]["account"], one_line(self.contacts[row]["name"]))

    @on(DataTable.RowSelected, "#people")
    async def person(self, event: DataTable.RowSelected) -> None:
        """Write to a contact."""
        if event.cursor_row < len(self.contacts):
            account = self.contacts[event.cursor_row]["account"]
            known = [each["id"] for each in self.chats if each.get("peer") == account]
            if known:
                self.open = known[0]
                self.action_tab("messages")
                self.query_one("#write").focus()
                self.refill()
            else:
                await self._begin(account)

    @work
    async def add_contact(self) -> None:
        """Keep an account under a name."""
        given = await self.push_screen_wait(Ask("New contact", "account or link", "name"))
        if given:
            account, name = (each.strip() for each in given.values())
            await self._did("AddContact", account=account, name=name)
            self.refill()

    @work
    async def verify(self, account: str, name: str) -> None:
        """Show the code that both must see."""
        made = await self.ask("VerifyContact", account=account)
        if made is not None:
            hint = f"{made['code']}\n\nCompare it by voice, or side by side; then type theirs."
            given = await self.push_screen_wait(Ask(f"Code with {name}", "their code", hint=hint))
            if given and given["their code"].strip():
                code = given["their code"].strip()
                if await self._did("VerifyContact", account=account, code=code):
                    self.say(f"{name} is verified", well=True)
            self.refill()

    # --- Doing: wallet ----------------------------------------------------------------------

    @on(Button.Pressed, "#balance")
    @work(exclusive=True, group="wallet")
    async def ask_balance(self) -> None:
        """Ask the chain for the balance."""
        sender = await self._sender()
        if sender is not None:
            found = await self._chain(lambda: chain.balance(self._rpc(), sender))
            if found is not None:
                self.query_one("#have", Static).update(f"{amount_text(found)} PARS")

    @on(Button.Pressed, "#pay")
    @work(exclusive=True, group="wallet")
    async def pay(self) -> None:
        """Send PARS, after a last look."""
        sender = await self._sender()
        try:
            to = parse_address(self.query_one("#to", Input).value.strip())
            value = parse_amount(self.query_one("#amount", Input).value.strip())
        except Refused as error:
            self.say(error.reason)
            return
        if sender is None:
            return
        made = await self._chain(lambda: chain.prepare(self._rpc(), sender, to, value))
        if made is None:
            return
        fee = amount_text(made["gas"] * made["maxFeePerGas"])
        hint = f"{amount_text(value)} PARS to\n{made['to']}\nfee at most {fee} PARS"
        given = await self.push_screen_wait(Ask("Send?", "yes", hint=hint))
        if not given or given["yes"].strip().lower() != "yes":
            return
        signed = await self.ask("WalletSign", transaction=made)
        if signed is not None:
            sent = await self._chain(lambda: chain.send(self._rpc(), signed["raw"]))
            if sent is not None:
                self.say(f"sent: {sent}", well=True)

    def _rpc(self) -> str:
        return self.query_one("#rpc", Input).value.strip()

    async def _sender(self) -> bytes | None:
        found = await self.ask("WalletAddress")
        if found is None:
            return None
        self.query_one("#address", Static).update(found["address"])
        return parse_address(found["address"])

    async def _chain(self, call: Callable[[], Any]) -> Any:
        try:
            return await asyncio.to_thread(call)
        except chain.ChainFailed as error:
            self.say(str(error))
            return None

    # --- Doing: settings --------------------------------------------------------------------

    @on(TabbedContent.TabActivated)
    async def shown(self, event: TabbedContent.TabActivated) -> None:
        """Fetch what only one tab shows."""
        if event.pane.id == "wallet" and self.identity:
            await self._sender()
        self.refill()

    @on(Switch.Changed, "#active")
    async def switched(self, event: Switch.Changed) -> None:
        """Serve others, or stop."""
        await self._did("SetActive", active=event.value)
        self.refill()

    async def action_lock(self) -> None:
        """Close the store."""
        if await self._did("Lock"):
            self.identity, self.chats, self.open = {}, [], None
            self.query_one("#log", Static).update("")
            self.query_one("#chats", OptionList).clear_options()
            self.unlock()

    @on(Button.Pressed, "#checkin")
    async def check_in(self) -> None:
        """Tell the dead man's switch that all is well."""
        if await self._did("CheckIn"):
            self.say("noted", well=True)

    @on(Button.Pressed, "#panic")
    @work
    async def destroy(self) -> None:
        """Destroy everything, after the words are typed."""
        given = await self.push_screen_wait(
            Ask("Destroy all keys and data?", "words", hint=f"Type: {WIPE}")
        )
        if given and given["words"].strip() == WIPE and await self._did("PanicWipe", confirm=WIPE):
            self.exit(message="everything is destroyed")


def _wallet_lines() -> ComposeResult:
    with Horizontal(classes="line"):
        yield Label("Address", classes="name")
        yield Static("", id="address", classes="value", markup=False)
    with Horizontal(classes="line"):
        yield Label("Node of a chain", classes="name")
        yield Input(id="rpc", placeholder="http://127.0.0.1:8545 - it sees your address")
    with Horizontal(classes="line"):
        yield Label("Balance", classes="name")
        yield Static("not asked", id="have", classes="value", markup=False)
        yield Button("Ask", id="balance")
    with Horizontal(classes="line"):
        yield Label("Send to", classes="name")
        yield Input(id="to", placeholder="0x...")
    with Horizontal(classes="line"):
        yield Label("PARS", classes="name")
        yield Input(id="amount", placeholder="1.25")
        yield Button("Send", id="pay", variant="primary")


def _entry(chat: dict[str, Any]) -> Text:
    """Return how a conversation is listed."""
    unread = chat.get("unread") or 0
    entry = Text(chat["title"], "bold" if unread else "", no_wrap=True, overflow="ellipsis")
    if unread:
        entry.append(f" ({unread})", "bold green")
    if chat.get("confirmed") is False:
        entry.append(" waiting", "dim")
    if chat.get("invite"):
        entry.append(" invited", "green")
    return entry


def _welcome(link: str) -> Text:
    text = Text("No conversations yet.\n\n", "bold")
    text.append("ctrl+n begins one, with somebody's account.\n")
    text.append("Yours, to give away:\n\n")
    return text.append(link, "cyan")
