"""How the tests are given to the workers, and how long one may take.

A module stays at one worker, so that what it shares is made once. Modules with processes begin: they wait more than
they work, and take longest; then the short ones; last those that wait for a command begun ahead: it is over by then.
"""

import pytest

AHEAD = ("ahead",)
SLOW = ("process", "postgres", "browser")
"""The markers of tests with processes."""
LIMIT_S = 600
PROCESS_LIMIT_S = 900
"""Far above what any takes on a busy machine, where some take twenty times as long: for what hangs. Its own `timeout`
marker goes before."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Modules with processes, the others, those that wait; within each part the order stays as it is: random."""
    slow, waits = (_modules(items, names) for names in (SLOW, AHEAD))
    items.sort(key=lambda item: (_module(item) in waits, _module(item) not in slow))
    if config.getoption("timeout", None) is not None:
        return  # as who runs them says, for a marker would go before it
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(PROCESS_LIMIT_S if _module(item) in slow else LIMIT_S))


def _modules(items: list[pytest.Item], markers: tuple[str, ...]) -> set[str]:
    return {_module(item) for item in items if any(item.get_closest_marker(name) for name in markers)}


def _module(item: pytest.Item) -> str:
    """By its name: twenty thousand paths would be compared letter by letter."""
    return item.nodeid.partition("::")[0]
