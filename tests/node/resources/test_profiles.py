"""Profiles as data: what they allow, and what none of them has."""

import ast
from dataclasses import fields
from pathlib import Path

import pytest

from node import profiles
from node.profiles import DESKTOP, FORMS, MOBILE, PROFILES, SESSION, VALIDATOR, Chain, light_node


def test_four_profiles() -> None:
    assert list(PROFILES) == ["session", "mobile", "desktop", "validator"]
    assert [one.chain for one in PROFILES.values()] == [
        Chain.NONE,
        Chain.LIGHT,
        Chain.FULL,
        Chain.FULL,
    ]
    assert [one.name for one in PROFILES.values() if one.validates] == ["validator"]
    assert [one.name for one in PROFILES.values() if one.in_background] == ["mobile"]


def test_light_nodes_run_on_four_machines_and_on_no_others() -> None:
    assert set(FORMS) == {"phone", "tablet", "desktop", "embedded"}
    limits = [light_node(form).limits for form in ("embedded", "phone", "tablet", "desktop")]

    assert [one.memory_max for one in limits] == sorted(one.memory_max for one in limits)
    assert [one.storage_max for one in limits] == sorted(one.storage_max for one in limits)
    assert all(light_node(form).chain != Chain.FULL for form in FORMS)
    with pytest.raises(ValueError, match="runs on"):
        light_node("mainframe")


def test_larger_profiles_have_more() -> None:
    for smaller, larger in ((MOBILE, SESSION), (SESSION, DESKTOP), (DESKTOP, VALIDATOR)):
        assert smaller.limits.memory_max < larger.limits.memory_max
        assert smaller.limits.storage_max < larger.limits.storage_max
        assert smaller.links_out < larger.links_out
    assert all(one.links_out >= 3 for one in PROFILES.values())


def test_nothing_computes_for_reward() -> None:
    """No setting turns it on, and nothing that a node imports is a miner."""
    folder = Path(profiles.__file__).parent
    named = {field.name for field in fields(profiles.Profile)}
    assert not [name for name in named if "mine" in name or "mining" in name]
    for path in folder.rglob("*.py"):
        for part in ast.walk(ast.parse(path.read_text("utf-8"))):
            module = getattr(part, "module", None) or ""
            names = [alias.name for alias in getattr(part, "names", []) if hasattr(alias, "name")]
            assert not [one for one in (module, *names) if "mining" in one or "chain.ai" in one]
