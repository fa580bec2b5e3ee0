"""Python's cycle collector in a run of the tests: it rests while they are collected, and what stands is not looked at
again.

Twenty thousand tests and all modules are some millions of values that stay to the end. Looking at them time and again
was half of the collection, in every worker, and a second of the test that it fell upon.
"""

import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Rest; then leave alone what stands, and look for what the tests make."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
