"""Where secret operations draw: from the host in a call, from the chain in public."""

from dataclasses import dataclass, replace
from hashlib import shake_256
from typing import Any

import pytest

from precompiles.conformance.embedded import CONTEXT
from precompiles.pq import entropy
from precompiles.precompile import Call

PUBLIC = replace(CONTEXT, secret_ops="public-test")


@dataclass
class Counting:
    """As much of a host as a draw asks for."""

    count: int = 0

    def load_transient(self, slot: int) -> int:
        assert slot == entropy.COUNTER_SLOT
        return self.count

    def store_transient(self, slot: int, value: int) -> None:
        assert slot == entropy.COUNTER_SLOT
        self.count = value

    def nonce(self, address: bytes) -> int:
        assert address == CONTEXT.origin
        return 3


def call(host: Any, **changes: Any) -> Call:
    fields = {
        "data": b"data",
        "caller": b"\7" * 20,
        "value": 0,
        "static": False,
        "delegated": False,
        "host": host,
        "context": PUBLIC,
    }
    return Call(**(fields | changes))


def test_the_fields_are_all_there_and_in_order() -> None:
    expected = shake_256(
        b"PARS-PQ-V1"
        + b"\4test"
        + (6133).to_bytes(32, "big")
        + CONTEXT.parent_hash
        + (1).to_bytes(32, "big")
        + CONTEXT.origin
        + (3).to_bytes(32, "big")
        + b"\7" * 20
        + bytes(32)
        + b"data"
    )
    assert entropy.draw(call(Counting()), b"test", 100) == expected.digest(100)


def test_each_draw_of_a_transaction_is_another() -> None:
    host = Counting()
    drawn = [entropy.draw(call(host), b"test", 32) for _ in range(3)]
    assert len(set(drawn)) == 3
    assert host.count == 3


def test_a_static_frame_does_not_count() -> None:
    host = Counting()
    drawn = [entropy.draw(call(host, static=static), b"test", 32) for static in (True, True, False)]
    assert len(set(drawn)) == 1
    assert host.count == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"data": b"date"},
        {"caller": b"\6" * 20},
        {"context": replace(PUBLIC, chain_id=6134)},
        {"context": replace(PUBLIC, parent_hash=bytes(32))},
        {"context": replace(PUBLIC, block_number=2)},
    ],
)
def test_another_circumstance_gives_other_bytes(changes: dict[str, Any]) -> None:
    usual = entropy.draw(call(Counting()), b"test", 32)
    assert entropy.draw(call(Counting(), **changes), b"test", 32) != usual


def test_call_only_draws_from_the_host_and_touches_nothing() -> None:
    context = replace(CONTEXT, mode="call", random=lambda size: b"\5" * size)
    host = Counting()
    assert entropy.draw(call(host, context=context), b"test", 7) == b"\5" * 7
    assert host.count == 0


def test_a_block_has_no_randomness() -> None:
    """What reaches this is a bug: the frame refuses secret operations first."""
    with pytest.raises(RuntimeError):
        entropy.draw(call(Counting(), context=CONTEXT), b"test", 32)


def test_words_behind_the_arguments_change_nothing() -> None:
    longer = entropy.draw(call(Counting(), data=b"data" + b"\xa5" * 32), b"test", 32, end=4)
    assert longer == entropy.draw(call(Counting()), b"test", 32)
