"""`pars session`: commands with what they print, where, and how they end."""

import io

import pytest

from node.client import cli
from node.client.text import clean, pick

CHAT, GROUP, FILE = "c1" * 32, "d1" * 32, "f1" * 32


@pytest.fixture
def run(daemon, capsys, monkeypatch):
    """Run a command line against the daemon: status, stdout, stderr."""

    def run(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = cli.main(["--datadir", str(daemon.folder), *words])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def password_file(tmp_path, names):
    path = tmp_path / "password"
    path.write_text(names[2] + "\nsecond line\n")
    return str(path)


def test_no_daemon(tmp_path, capsys):
    assert cli.main(["--datadir", str(tmp_path), "status"]) == cli.NO_DAEMON
    out, err = capsys.readouterr()

    assert out == ""
    assert err.startswith(f"pars session: no daemon runs in {tmp_path}: start one")


def test_a_daemon_that_has_gone(daemon, tmp_path, capsys):
    (tmp_path / "control.token").write_text("0" * 64)
    (tmp_path / "control.sock").touch()

    assert cli.main(["--datadir", str(tmp_path), "status"]) == cli.NO_DAEMON
    assert "no daemon runs" in capsys.readouterr().err


def test_another_token(daemon, run):
    (daemon.folder / "control.token").write_text("0" * 64)

    status, out, err = run("status")
    assert (status, out, err) == (cli.REFUSED, "", "pars session: the token is wrong\n")


def test_a_locked_store(daemon, run, password_file, tmp_path):
    assert run("lock") == (0, "", "")
    status, out, err = run("list")
    assert (status, out) == (cli.IS_LOCKED, "")
    assert "pars session unlock" in err
    assert run("status")[0] == 0
    wrong = tmp_path / "wrong"
    wrong.write_text("guess\n")
    refused = (cli.REFUSED, "", "pars session: vault: nothing opens\n")
    assert run("unlock", "--password-file", str(wrong)) == refused
    opened = (0, "", "pars session: damaged: blob 7\n")
    assert run("unlock", "--password-file", password_file) == opened
    assert run("list")[0] == 0


def test_identities(daemon, run, names, monkeypatch):
    own, _, _ = names
    daemon.messenger.exists = False
    typed = iter(["new", "new", "duress", "duress"])
    monkeypatch.setattr(cli, "getpass", lambda *_, **__: next(typed))

    assert run("identity", "create", "--duress") == (0, own + "\n", "")
    assert daemon.messenger.calls[-1] == (
        "CreateIdentity",
        {"password": "new", "duress_password": "duress"},
    )
    assert run("identity") == run("identity", "show")
    monkeypatch.setattr(cli, "getpass", lambda *_, **__: "new")
    assert run("identity", "create")[0] == cli.REFUSED
    assert run("identity", "create", "--replace")[0] == 0
    assert run("identity")[1] == f"{own}\npars://session/{own}\n"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (["one", "other"], "not the same"),
        (["", ""], "is empty"),
        (["same", "same", "same", "same"], "two passwords are the same"),
    ],
)
def test_passwords_that_are_refused(run, monkeypatch, typed, reason, daemon):
    answers = iter(typed)
    monkeypatch.setattr(cli, "getpass", lambda *_, **__: next(answers))
    status, _, err = run("identity", "create", "--duress")

    assert (status, reason in err) == (cli.REFUSED, True)
    assert all(name != "CreateIdentity" for name, _ in daemon.messenger.calls)


def test_conversations(run, names, daemon):
    _, peer, _ = names
    assert run("create", peer) == (0, "c2" * 32 + "\n", "")
    out = run("list")[1]
    assert [line.split()[0] for line in out.splitlines()[1:]] == [CHAT, "c2" * 32]
    assert "Mina" in out
    status, sent, _ = run("send", "Mina", "how are you?")
    assert (status, len(sent.strip())) == (0, 32)
    assert run("send", "c1", stdin="from\nstdin\n")[0] == 0
    contents = [each["content"] for each in daemon.messenger.messages[CHAT]]
    assert contents[-2:] == ["how are you?", "from\nstdin"]
    assert run("close", "c2") == (0, "", "")


@pytest.mark.parametrize("text", ["", "x" * 65_537])
def test_messages_that_are_refused(run, text):
    status, _, err = run("send", "Mina", stdin=text)

    assert (status, "a message has some text" in err) == (cli.REFUSED, True)


def test_reading_marks_what_others_wrote(run, daemon):
    status, out, _ = run("read", "Mina")
    lines = out.splitlines()

    assert status == 0
    assert [line for line in lines if line.startswith("  ")] == [
        "  salaam",
        "  hello",
        "  are you",
        "  there?",
    ]
    assert "Mina" in lines[0]
    assert "you" in lines[2]
    assert [each["read"] for each in daemon.messenger.messages[CHAT]] == [True, False, True]


def test_reading_in_secret_and_from_a_place_on(run, daemon):
    assert run("read", "Mina", "--keep-unread", "--since", f"{2:032x}")[1].count("\n") == 3
    assert not any(each["read"] for each in daemon.messenger.messages[CHAT])


def test_what_others_wrote_cannot_speak_to_the_terminal(run, daemon):
    daemon.say("\x1b[2Jgone \u202egnp.exe\x07 [red]no markup[/red] می\u200cخواهم")
    out = run("read", "Mina")[1]

    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\x07" not in out
    assert "[red]no markup[/red] می\u200cخواهم" in out


def test_names_of_others_stay_in_their_line(run, daemon):
    daemon.messenger.groups[0]["name"] = "a\nb\x1b[31m"
    out = run("groups")[1]

    assert len(out.splitlines()) == 2
    assert "\x1b" not in out


def test_groups(run, names, daemon):
    own, peer, _ = names
    messenger = daemon.messenger
    members = [messenger.member(account) for account in (own, peer)]
    out = run("groups")[1]
    assert "Nowruz" in out
    assert "Mina" in out
    assert run("groups", "list") == run("groups")
    assert run("groups", "create", "Family", "Mina", peer) == (0, "d2" * 32 + "\n", "")
    assert messenger.groups[-1]["members"] == [*members, members[1]]
    assert run("groups", "join", "d3" * 32, "welcome")[0] == 0
    assert run("groups", "join", "d3" * 32, "let me in")[0] == cli.REFUSED
    messenger.groups[0]["invite"] = "abcd"
    assert "invited" in run("groups")[1]
    assert run("groups", "join", "Nowruz")[0] == 0
    assert "invited" not in run("groups")[1]
    assert run("groups", "remove", "Nowruz", "Mina")[0] == 0
    assert messenger.groups[0]["members"] == members[:1]
    assert run("groups", "add", "Nowruz", "Mina")[0] == 0
    assert messenger.groups[0]["members"] == members
    assert "Mina" in run("read", "Nowruz")[1]
    assert run("groups", "leave", "Nowruz")[0] == 0
    assert run("send", GROUP, "anybody?")[0] == cli.REFUSED


def test_files(run, tmp_path, daemon):
    photo = tmp_path / "garden.jpg"
    photo.write_bytes(b"x")
    assert run("files", "send", "Mina", str(photo)) == (0, "f2" * 32 + "\n", "")
    assert daemon.messenger.calls[-1][1]["path"] == str(photo)
    assert "293.0 KiB" in run("files")[1]
    target = tmp_path / "received"
    assert run("files", "receive", "f1", str(target))[0] == 0
    assert target.read_bytes() == b"content"
    target.write_bytes(b"precious")
    status, _, err = run("files", "receive", "f1", str(target))
    assert (status, target.read_bytes()) == (cli.REFUSED, b"precious")
    assert "exists" in err
    assert run("files", "send", "Mina", str(tmp_path / "nothing"))[0] == cli.REFUSED


def test_contacts(run, names):
    own, _, _ = names
    assert run("contacts", "add", own, "Myself")[0] == 0
    assert "Myself" in run("contacts")[1]
    status, out, err = run("contacts", "verify", "Mina")
    assert (status, out) == (0, "12345 67890 12345 67890\n")
    assert "another way" in err
    assert run("contacts", "verify", "Mina", "00000")[0] == cli.REFUSED
    assert "verified" not in run("contacts")[1]
    assert run("contacts", "verify", "Mina", "12345 67890 12345 67890") == (0, "verified\n", "")
    assert "verified" in run("contacts")[1]


def test_status_and_peers(run):
    status, out, _ = run("status")

    assert status == 0
    rows = dict(line.split(maxsplit=1) for line in out.splitlines() if len(line.split()) > 1)
    assert rows["peers"].strip() == "1"
    assert rows["active"].strip() == "yes"
    assert rows["swarm"].strip() == "records 2"
    assert "link: bad hello" in out
    assert "/ip4/127.0.0.1/tcp/9001" in run("peers")[1]


def test_being_active_and_well(run, daemon):
    assert run("active", "off")[0] == 0
    assert daemon.messenger.active is False
    assert run("active", "on")[0] == 0
    assert daemon.messenger.active is True
    assert run("checkin")[0] == 0
    assert daemon.messenger.calls[-1] == ("CheckIn", {})


def test_a_wipe_is_asked_for_in_words(run, daemon):
    assert run("panic", stdin="yes\n")[0] == cli.REFUSED
    assert run("panic", "--confirm", "wipe")[0] == cli.REFUSED
    assert daemon.messenger.wiped is False
    assert run("panic", stdin=cli.WIPE + "\n")[0] == 0
    assert daemon.messenger.wiped is True


def test_the_switch(run, daemon):
    assert run("switch") == (0, "off\n", "")
    words = ("--interval", "24", "--release", "open the box", "--to", "Mina", "--wipe")
    status, out, _ = run("switch", "set", *words)
    assert (status, out) == (0, "quiet\nwarns at 24, acts at 96: alert, release, wipe\n")
    asked = {"interval_hours": 24, "grace_hours": 72, "release": "open the box", "wipe": True}
    assert daemon.messenger.calls[-1] == ("SetSwitch", {**asked, "session_id": CHAT})
    assert run("switch", "set", "--release", "x", "--to", "nobody")[0] == cli.REFUSED
    assert run("switch", "show")[1].startswith("quiet")
    assert run("switch", "off") == (0, "off\n", "")


def test_people_to_rely_on(run, daemon, names, password_file):
    own, peer, password = names
    calls = daemon.messenger.calls
    assert run("duress", "--duress-file", password_file)[0] == 0
    assert calls[-1] == ("SetDuress", {"password": password})
    assert run("trust", "Mina")[0] == 0
    assert calls[-1] == ("TrustContact", {"account": peer})
    assert run("alert", "call my sister")[0] == 0
    assert calls[-1] == ("SetAlert", {"text": "call my sister"})
    assert run("guardians", "appoint", "Mina", own, "--threshold", "2")[0] == 0
    assert calls[-1] == ("AppointGuardians", {"accounts": [peer, own], "threshold": 2})
    status, out, err = run("guardians", "recover", own, "Mina")
    assert (status, out) == (0, "11111 22222\n")
    assert "another way" in err
    out = run("guardians")[1]
    assert out == run("guardians", "list")[1]
    assert [line.split()[0] for line in out.splitlines()] == ["keeps", "asks"]
    assert run("guardians", "confirm", "Mina", "c1", "11111")[0] == 0
    asked = {"owner_session": CHAT, "asker_session": CHAT, "code": "11111"}
    assert calls[-1] == ("ConfirmRecovery", asked)
    assert run("guardians", "cancel", "Mina")[0] == 0
    assert run("guardians", "takeover") == (0, own + "\n", "")


def test_the_wallet(run, daemon, monkeypatch):
    address = run("wallet")[1].strip()
    assert address == daemon.messenger.wallet_address()["address"]
    made = {
        "chainId": 6133,
        "nonce": 0,
        "maxPriorityFeePerGas": 1,
        "maxFeePerGas": 2,
        "gas": 21_000,
        "to": address,
        "value": 5,
    }
    monkeypatch.setattr(cli.chain, "prepare", lambda *_: made)
    monkeypatch.setattr(cli.chain, "send", lambda _, raw: raw)
    monkeypatch.setattr(cli.chain, "balance", lambda *_: 25 * 10**17)
    rpc = ("--rpc", "http://127.0.0.1:1")
    assert run("wallet", "balance", *rpc) == (0, "2.5\n", "")
    status, raw, _ = run("wallet", "send", address, "0.1", *rpc)
    assert (status, raw[:4]) == (0, "0x02")
    assert run("wallet", "send", address, "much", *rpc)[0] == cli.REFUSED
    assert run("wallet", "send", "0x12", "1", *rpc)[0] == cli.REFUSED


@pytest.mark.parametrize(
    "words", [[], ["nothing"], ["send"], ["active", "maybe"], ["wallet", "balance"], ["read"]]
)
def test_a_wrong_command_line(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)

    assert stopped.value.code == cli.USAGE
    assert "usage: pars session" in capsys.readouterr().err


def test_an_id_is_named_by_its_beginning_or_its_name():
    items = [{"id": "ab1", "name": "x"}, {"id": "ab2", "name": "y"}, {"id": "c", "name": "ab"}]

    assert pick(items, "id", "ab1") == "ab1"
    assert pick(items, "id", "x") == "ab1"
    assert pick(items, "id", "ab") == "c"
    for unclear in ("a", "z"):
        with pytest.raises(LookupError):
            pick(items, "id", unclear)


def test_clean_text():
    assert clean("a\tb\r\nc\u200dd\u2066e\x9bf") == "a�b�\nc\u200dd�e�f"
