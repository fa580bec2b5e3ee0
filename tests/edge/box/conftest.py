"""What tests of the box share: a field with its cloud, and one terminal that has joined."""

import pytest

from tests.edge.rig import Body, Field


@pytest.fixture
def field() -> Field:
    return Field()


@pytest.fixture
def body(field: Field) -> Body:
    return field.joined()
