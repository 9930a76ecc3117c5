"""What every test shares: how Hypothesis runs, and a path to the checkout."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: a slow machine is not a fault. Derandomized: a change is judged by its own merits,
# not by the luck of the draw; `make campaign` draws afresh.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("campaign", settings.get_profile("suite"), derandomize=False)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("campaign" if config.option.markexpr == "campaign" else "suite")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return Path(__file__).parents[1]
