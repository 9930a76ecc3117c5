"""What can be run: each scenario is a function of its settings, with real protocols in it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..outcome import Outcome, Settings, Watch
from . import chaos, dht, gossip


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run that has a name."""

    run: Callable[[Settings, Watch], Outcome]
    about: str


SCENARIOS = {
    "chaos": Scenario(chaos.run, "a space through a day of faults and liars"),
    "gossip": Scenario(gossip.run, "broadcasts to many nodes"),
    "dht": Scenario(dht.run, "lookups, while nodes come and go"),
}
