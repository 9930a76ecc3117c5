"""A parameter file is read whole, or refused with the place that is wrong."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.dao.development import key_hashes, key_pair
from chain.dao.parameters import EXAMPLE, ParameterError, Parameters, development, load, read

HERE = Path(__file__).parent


def example() -> dict[str, Any]:
    return tomllib.loads(EXAMPLE.read_text("utf-8"))


def test_the_example_is_of_the_development_accounts(parameters: Parameters) -> None:
    assert load(EXAMPLE) == parameters


def test_development_keys_are_those_of_the_example(parameters: Parameters) -> None:
    assert tuple(each.key_hash for each in parameters.guardians) == key_hashes("guardian", 5)
    assert len(set(parameters.committee)) == 21


def test_too_few_accounts(accounts: tuple[DevAccount, ...]) -> None:
    with pytest.raises(ParameterError, match="needs 6 accounts, and there are 5"):
        development([account.address for account in accounts[:5]])


def change(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def apply(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = to

    return apply


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def apply(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return apply


FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

WRONG = {
    "safe.threshold: missing": drop("safe", "threshold"),
    "label: missing": drop("label"),
    "label: empty": change("label", to=""),
    "safe.owner: no such parameter": change("safe", "owner", to=1),
    "tokens: no such parameter": change("tokens", to={}),
    "safe.threshold: 'three' is of another kind": change("safe", "threshold", to="three"),
    "safe.threshold: True is of another kind": change("safe", "threshold", to=True),
    "safe.threshold: -1 is negative": change("safe", "threshold", to=-1),
    "safe.threshold: more than there are owners, or none": change("safe", "threshold", to=6),
    "safe.threshold: two different sets": change("safe", "threshold", to=2),
    "safe.owners: one stands there twice": change("safe", "owners", to=[FIRST, FIRST]),
    "safe.owners: '0x12' is not 20 bytes, or is zero": change("safe", "owners", to=["0x12"]),
    "safe.owners: 'me' is not hex": change("safe", "owners", to=["me"]),
    "governor.veto_guardian: an owner of the safe": change("governor", "veto_guardian", to=FIRST),
    "escrow.curve: 'steep' is neither linear nor tiers": change("escrow", "curve", to="steep"),
    "charter.major: missing": drop("charter", "major"),
    "charter: a timelock_delay is below": change("timelock", "delay_min", to=172_801),
    "charter: a late_quorum_extension": change(
        "charter", "standard", "late_quorum_extension", to=604_800
    ),
    "charter: a larger class asks for less": change("charter", "major", "quorum", to=900),
    "session.committee: fewer than seats_min": change("session", "seats_min", to=22),
    "session.committee: neither key files": change("session", "committee", to="somebody"),
    "bridge.threshold: not above two thirds": change("bridge", "threshold", to=3),
    "bridge.threshold: more than there are": change("bridge", "threshold", to=6),
    "bridge.per_transfer: none, or over half": change("bridge", "per_transfer", to=500_001),
    "treasury.signers: not three rising": change("treasury", "signers", to=[3, 2, 4]),
    "treasury.committees: a name stands": change("treasury", "committees", 1, "name", to="KHAZ"),
    "treasury.committees: a fee_share": change("treasury", "committees", 0, "fee_share", to=9_999),
}


@pytest.mark.parametrize("what", WRONG)
def test_refused(what: str) -> None:
    data = example()
    WRONG[what](data)
    with pytest.raises(ParameterError) as refused:
        read(data, HERE)
    assert str(refused.value).startswith(what)


def test_key_files(tmp_path: Path) -> None:
    data = example()
    data["session"]["committee"] = [f"{number}.key" for number in range(21)]
    for number in range(21):
        key = key_pair("committee", number)[0]
        (tmp_path / f"{number}.key").write_text(key.hex() + "\n")
    assert read(data, tmp_path) == load(EXAMPLE)

    (tmp_path / "3.key").write_text("00")
    with pytest.raises(ParameterError, match=r"3\.key is not of 2592 bytes"):
        read(data, tmp_path)
    (tmp_path / "3.key").write_text("key")
    with pytest.raises(ParameterError, match=r"3\.key is not hexadecimal"):
        read(data, tmp_path)
    (tmp_path / "3.key").write_bytes((tmp_path / "4.key").read_bytes())
    with pytest.raises(ParameterError, match="a key stands there twice"):
        read(data, tmp_path)
    (tmp_path / "3.key").unlink()
    with pytest.raises(FileNotFoundError):
        read(data, tmp_path)


def test_file_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="No such file"):
        load(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("label = ")
    with pytest.raises(ParameterError, match=r"broken\.toml"):
        load(broken)
