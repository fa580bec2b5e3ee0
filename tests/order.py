"""How the tests are given to the workers, and how long one may take.

A module stays at one worker, so that what it shares is made once. Modules with processes begin: they wait more than
they work, and take longest; the short ones fill what is left of both cores at the end.
"""

import pytest

SLOW = ("ahead", "process", "postgres", "browser")
"""The markers of tests with processes."""
LIMIT_S = 120
PROCESS_LIMIT_S = 300
"""Far above what any takes on a busy machine: for what hangs. Its own `timeout` marker goes before."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Modules with processes first; within either part the order stays as it is: random."""
    slow = {item.path for item in items if _is_slow(item)}
    items.sort(key=lambda item: item.path not in slow)
    if config.getoption("timeout", None) is not None:
        return  # as who runs them says, for a marker would go before it
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(PROCESS_LIMIT_S if item.path in slow else LIMIT_S))


def _is_slow(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in SLOW)
