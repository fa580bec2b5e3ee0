"""The part of an exhaustive family that `test` runs; `test --all` runs the whole of it.

Chosen by the names of its members, not by chance and not by their order: the same part in every run and at every
worker, the same when a member is added or a module moves, but for the one that gives way.
"""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

import pytest

LARGE = "large"


def kept(names: Iterable[str], most: int) -> frozenset[str]:
    """At most so many of the names: all if they are no more, one at least if there is one."""
    return frozenset(sorted(names, key=lambda name: sha256(name.encode()).digest())[: max(most, 1)])


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all`: no sample."""
    group = parser.getgroup("openykt")
    group.addoption("--all", action="store_true", help="穷举全部，不取样 / exhaustive families whole, no sample")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    line = "sampled(most): of this parametrised test `test` runs so many members, `test --all` every one"
    config.addinivalue_line("markers", line)
    line = "spared(*names): of this parametrised test only `test --all` runs these, for they are dear"
    config.addinivalue_line("markers", line)
    config.addinivalue_line("markers", f"{LARGE}: only `test --all` runs it, for it takes minutes")


@pytest.fixture
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether all is run, and not a sample."""
    return pytestconfig.option.all


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not of the sample."""
    families = defaultdict(list)
    for item in items:
        if (marker := item.get_closest_marker("sampled")) is not None:
            families[_family(item), int(marker.args[0])].append(item)
    rest = {item for (_, most), family in families.items() for item in _rest(family, most)}
    rest |= {item for item in items if item.get_closest_marker(LARGE) is not None or _is_spared(item)}
    if rest and not config.option.all:
        items[:] = [item for item in items if item not in rest]
        config.hook.pytest_deselected(items=list(rest))


def _is_spared(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("spared")
    return marker is not None and item.name.partition("[")[2].removesuffix("]") in marker.args


def _family(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _rest(family: list[pytest.Item], most: int) -> list[pytest.Item]:
    names = kept((item.name for item in family), most)
    return [item for item in family if item.name not in names]
