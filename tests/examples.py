"""What hypothesis draws: the same examples in `test`, so that nothing fails by luck; others each time in `test --all`.

Neither has a deadline: how long an example takes is a figure of the machine.
"""

import pytest
from hypothesis import HealthCheck, settings

WHOLE_EXAMPLES = 500
"""Where a test does not say how many."""


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is imported: what a test says itself builds on this."""
    slow = [HealthCheck.too_slow]
    settings.register_profile("sample", derandomize=True, deadline=None, suppress_health_check=slow)
    settings.register_profile(
        "whole", max_examples=WHOLE_EXAMPLES, deadline=None, suppress_health_check=slow, print_blob=True
    )
    settings.load_profile("whole" if config.option.all else "sample")
