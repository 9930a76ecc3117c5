"""What can be run: each scenario is a function of its settings, with real protocols in it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..outcome import Outcome, Settings, Watch
from . import blackout, chaos, dht, gossip, offline, regrow


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run that has a name."""

    run: Callable[[Settings, Watch], Outcome]
    about: str


SCENARIOS = {
    "chaos": Scenario(chaos.run, "a space through a day of faults and liars"),
    "gossip": Scenario(gossip.run, "broadcasts to many nodes"),
    "dht": Scenario(dht.run, "lookups, while nodes come and go"),
    "regrow": Scenario(regrow.run, "99 % destroyed; then one alone for 30 days meets one"),
    "offline": Scenario(offline.run, "a week away, writing; back, with the power failing"),
    "blackout": Scenario(blackout.run, "local meshes for a day, and back"),
}
