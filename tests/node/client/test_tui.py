"""The terminal interface, driven by keys against the control interface."""

import asyncio

import pytest
from textual.widgets import DataTable, Input, OptionList, Static, Switch, TabbedContent

from node.client.api import connect
from node.client.tui import WIPE, Ask, Screens

CHAT, GROUP = "c1" * 32, "d1" * 32
SIZES = [(80, 24), (120, 40)]


class Driver:
    """The interface, its keys, and what it shows."""

    def __init__(self, app, pilot) -> None:
        self.app, self.pilot = app, pilot

    async def until(self, holds) -> None:
        for _ in range(200):
            await self.pilot.pause(0.02)
            if holds():
                return
        raise AssertionError("it never came to that")

    async def press(self, *keys) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text) -> None:
        self.app.screen.focused.value = text
        await self.press("enter")

    async def asked(self) -> Ask:
        await self.until(lambda: isinstance(self.app.screen, Ask) and self.app.screen.is_mounted)
        await self.pilot.pause()
        return self.app.screen

    def text(self, place) -> str:
        return str(self.app.query_one(place, Static).render())


@pytest.fixture
def drive(daemon):
    """Run a scene with the interface connected to the daemon."""

    def drive(scene, size=SIZES[0]):
        async def run():
            client = await connect(daemon.folder)
            app = Screens(client)
            app.animation_level = "none"
            try:
                async with app.run_test(size=size) as pilot:
                    driver = Driver(app, pilot)
                    if not daemon.messenger.locked:
                        await driver.until(lambda: app.chats)
                    await scene(driver)
            finally:
                await client.close()
            return app

        return asyncio.run(run())

    return drive


@pytest.mark.parametrize("size", SIZES)
def test_the_first_screen(drive, size):
    async def scene(driver):
        await driver.until(lambda: "salaam" in driver.text("#log"))
        chats = driver.app.query_one("#chats", OptionList)
        titles = [str(chats.get_option_at_index(n).prompt) for n in range(chats.option_count)]
        assert titles == ["Mina (1)", "# Nowruz"]
        log = driver.text("#log")
        assert "you" in log
        assert "are you\n  there?" in log
        assert "hops 3" in driver.text("#bar")
        regions = [driver.app.query_one(each).region for each in ("#chats", "#scroll", "#write")]
        foot = driver.app.query_one("Footer").region
        assert foot.bottom == size[1]
        assert all(region.height >= 3 and region.bottom <= foot.y for region in regions)

    drive(scene, size)


def test_writing(drive, daemon):
    async def scene(driver):
        await driver.press("enter")
        await driver.until(lambda: driver.app.query_one("#write").has_focus)
        await driver.press(*"hi [b]x[/b]", "enter")
        await driver.until(lambda: "hi [b]x[/b]" in driver.text("#log"))
        assert driver.app.query_one("#write", Input).value == ""
        await driver.press("enter")

    drive(scene)
    assert daemon.messenger.messages[CHAT][-1]["content"] == "hi [b]x[/b]"
    assert sum(name == "SendMessage" for name, _ in daemon.messenger.calls) == 1


def test_what_comes_in_is_shown_and_marked(drive, daemon):
    async def scene(driver):
        await driver.until(lambda: "salaam" in driver.text("#log"))
        daemon.say("news \x1b[31m\u202e")
        await driver.until(lambda: "news \ufffd[31m\ufffd" in driver.text("#log"))
        await driver.until(lambda: daemon.messenger.messages[CHAT][-1]["read"])

    drive(scene)


def test_moving_between_conversations(drive):
    async def scene(driver):
        await driver.press("down")
        await driver.until(lambda: "the table is set" in driver.text("#log"))
        assert driver.app.open == GROUP
        await driver.press("up")
        await driver.until(lambda: "salaam" in driver.text("#log"))

    drive(scene)


def test_a_new_conversation(drive, daemon, names):
    async def scene(driver):
        await driver.press("ctrl+n")
        await driver.asked()
        await driver.type("Mina")
        await driver.until(lambda: driver.app.open == "c2" * 32)
        await driver.until(lambda: "nothing was said yet" in driver.text("#log"))

    drive(scene)
    assert ("CreateSession", {"recipient": names[1]}) in daemon.messenger.calls


def test_a_new_group_and_its_members(drive, daemon, names):
    own, peer, _ = names
    members = [daemon.messenger.member(account) for account in (own, peer)]

    async def scene(driver):
        await driver.press("ctrl+t")
        await driver.press("ctrl+g")
        await driver.asked()
        await driver.type("Family")
        await driver.type(f"Mina, {peer}")
        await driver.until(lambda: driver.app.open == "d2" * 32)
        await driver.press("ctrl+t")
        question = await driver.asked()
        assert "you, Mina" in str(question.query(".hint").first(Static).render())
        await driver.type("remove")
        await driver.type("Mina")
        await driver.until(lambda: daemon.messenger.groups[0]["members"] == members[:1])

    drive(scene)
    assert daemon.messenger.groups[-1]["members"] == [*members, members[1]]


def test_an_invitation(drive, daemon):
    daemon.messenger.groups[0]["invite"] = "abcd"

    async def scene(driver):
        await driver.press("down")
        await driver.until(lambda: "ctrl+t joins" in driver.text("#log"))
        await driver.press("ctrl+t")
        await driver.asked()
        await driver.type("yes")
        await driver.until(lambda: "the table is set" in driver.text("#log"))

    drive(scene)
    assert ("JoinGroup", {"group_id": GROUP}) in daemon.messenger.calls


def test_questions_can_be_left(drive, daemon):
    async def scene(driver):
        for key in ("ctrl+n", "ctrl+g", "ctrl+o", "ctrl+s"):
            await driver.press(key)
            await driver.asked()
            await driver.press("escape")
            await driver.until(lambda: not isinstance(driver.app.screen, Ask))

    drive(scene)
    changing = {"CreateSession", "CreateGroup", "SendFile", "ReceiveFile"}
    assert not changing & {name for name, _ in daemon.messenger.calls}


def test_files(drive, daemon, tmp_path):
    photo = tmp_path / "garden.jpg"
    photo.write_bytes(b"x")
    taken = tmp_path / "taken"
    taken.write_bytes(b"precious")

    async def scene(driver):
        await driver.press("ctrl+o")
        await driver.asked()
        await driver.type(str(photo))
        await driver.until(lambda: len(daemon.messenger.files) == 2)
        for path in (taken, tmp_path / "received"):
            await driver.press("ctrl+s")
            await driver.asked()
            await driver.type("1")
            await driver.type(str(path))
            await driver.until(lambda: not isinstance(driver.app.screen, Ask))
        await driver.until((tmp_path / "received").exists)

    drive(scene)
    assert taken.read_bytes() == b"precious"


def test_contacts(drive, daemon, names):
    async def scene(driver):
        await driver.press("f3")
        table = driver.app.query_one("#people", DataTable)
        await driver.until(lambda: table.has_focus and table.row_count == 1)
        await driver.press("v")
        question = await driver.asked()
        assert "12345 67890" in str(question.query(".hint").first(Static).render())
        await driver.type("12345 67890 12345 67890")
        await driver.until(lambda: daemon.messenger.contacts[0]["verified"])
        await driver.until(lambda: "verified" in str(table.get_row_at(0)[1]))
        await driver.press("a")
        await driver.asked()
        await driver.type(names[0])
        await driver.type("Myself")
        await driver.until(lambda: table.row_count == 2)
        await driver.press("enter")
        await driver.until(lambda: driver.app.query_one("#write").has_focus)
        assert driver.app.open == CHAT

    drive(scene)


def test_locking_and_unlocking(drive, daemon, names):
    daemon.messenger.locked = True

    async def scene(driver):
        await driver.asked()
        driver.app.unlock()
        driver.app.unlock()
        await driver.pilot.pause(0.1)
        assert sum(isinstance(screen, Ask) for screen in driver.app.screen_stack) == 1
        await driver.press("escape")
        await driver.type("guess")
        await driver.asked()
        assert daemon.messenger.locked
        await driver.type(names[2])
        await driver.until(lambda: "salaam" in driver.text("#log"))
        await driver.press("ctrl+l")
        await driver.asked()
        assert daemon.messenger.locked
        assert driver.app.chats == []

    drive(scene)


def test_settings(drive, daemon):
    async def scene(driver):
        await driver.press("f5")
        switch = driver.app.query_one("#active", Switch)
        await driver.until(lambda: switch.has_focus)
        await driver.press("enter")
        await driver.until(lambda: not daemon.messenger.active)
        driver.app.query_one("#checkin").press()
        await driver.until(lambda: ("CheckIn", {}) in daemon.messenger.calls)
        table = driver.app.query_one("#state", DataTable)
        rows = [str(table.get_row_at(n)[0]) for n in range(table.row_count)]
        assert "refused 4x" in rows

    drive(scene, SIZES[1])


def test_a_wipe_is_asked_for_in_words(drive, daemon):
    async def scene(driver):
        await driver.press("f5")
        for words, done in (("yes", False), (WIPE, True)):
            driver.app.query_one("#panic").press()
            await driver.asked()
            await driver.type(words)
            await driver.until(lambda done=done: daemon.messenger.wiped is done)

    drive(scene)


def test_paying(drive, daemon, monkeypatch):
    made = {
        "chainId": 6133,
        "nonce": 0,
        "maxPriorityFeePerGas": 1,
        "maxFeePerGas": 10**9,
        "gas": 21_000,
        "to": "0x" + "00" * 20,
        "value": 10**18,
    }
    sent = []
    monkeypatch.setattr("node.client.chain.prepare", lambda *_: made)
    monkeypatch.setattr("node.client.chain.send", lambda _, raw: sent.append(raw) or "0x12")
    monkeypatch.setattr("node.client.chain.balance", lambda *_: 25 * 10**17)

    async def scene(driver):
        await driver.press("f4")
        address = daemon.messenger.wallet_address()["address"]
        await driver.until(lambda: driver.text("#address") == address)
        driver.app.query_one("#balance").press()
        await driver.until(lambda: driver.text("#have") == "2.5 PARS")
        driver.app.query_one("#to", Input).value = "0x" + "00" * 20
        driver.app.query_one("#amount", Input).value = "1"
        for answer, count in (("no", 0), ("yes", 1)):
            driver.app.query_one("#pay").press()
            question = await driver.asked()
            assert "fee at most 0.000021" in str(question.query(".hint").first(Static).render())
            await driver.type(answer)
            await driver.until(lambda count=count: len(sent) == count)
        driver.app.query_one("#amount", Input).value = "much"
        driver.app.query_one("#pay").press()
        await driver.pilot.pause(0.1)

    drive(scene)
    assert [raw[:4] for raw in sent] == ["0x02"]


def test_without_conversations_it_says_what_to_do(drive, daemon, names):
    daemon.messenger.groups = []

    async def scene(driver):
        daemon.messenger.sessions = []
        driver.app.refill()
        await driver.until(lambda: f"pars://session/{names[0]}" in driver.text("#log"))
        await driver.press("ctrl+o")

    drive(scene)


def test_the_daemon_ends(drive, daemon):
    async def scene(driver):
        daemon.wait(daemon.control.close())
        await driver.until(lambda: driver.app.return_code == 3)

    drive(scene)


@pytest.mark.parametrize("size", SIZES)
def test_every_tab_fits_its_screen(drive, size):
    async def scene(driver):
        for tab in ("contacts", "wallet", "settings", "messages"):
            driver.app.action_tab(tab)
            await driver.pilot.pause(0.1)
            assert driver.app.query_one("#tabs", TabbedContent).active == tab
            pane = driver.app.query_one(f"#{tab}")
            foot = driver.app.query_one("Footer").region
            for widget in pane.query("Input, Button, Switch, OptionList, DataTable, .hint"):
                assert widget.region.area > 0, widget
                assert widget.region.bottom <= foot.y, widget
                assert widget.region.right <= size[0], widget

    drive(scene, size)
