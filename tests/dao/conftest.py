"""What all tests of the DAO's contracts share: how Hypothesis runs."""

import pytest
from hypothesis import HealthCheck, settings

# As in tests/conftest.py, with few examples: each step of a machine is a transaction. Ape's
# fixtures go back to where they stood after a test, not after an example: a machine isolates
# itself (`with chain.isolate():`), so that sharing them between examples is safe.
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=15,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "campaign", settings.get_profile("ci"), derandomize=False, max_examples=500
)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("campaign" if config.option.markexpr == "campaign" else "ci")
