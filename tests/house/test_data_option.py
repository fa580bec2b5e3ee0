"""`--data` is optional at every command of every part, and means the same folder everywhere."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.__main__ import _parser as cloud
from edge.__main__ import _parser as edge
from edge.terminal.options import _parser as terminal
from provisioning.cli.cli import _parser as provisioning
from shared.input.data_folder import CAMPUS

ROOT = Path(__file__).parents[2]
PARTS = ("cloud", "edge", "provisioning")
BY_HAND = re.compile(r"""add_argument\(\s*"--data\"""")


def verbs(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """This parser, and all under it."""
    yield parser
    for action in parser._actions:  # argparse has no public way to its verbs
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from verbs(verb)


@pytest.mark.parametrize("part", [cloud, edge, terminal, provisioning], ids=["cloud", "edge", "terminal", "provision"])
def test_no_verb_asks_for_it(part: object) -> None:
    found = [action for verb in verbs(part()) for action in verb._actions if action.dest == "data"]  # type: ignore[operator]
    assert len(found) >= 2
    assert all(not action.required and action.default == CAMPUS for action in found)


@pytest.mark.parametrize("part", PARTS)
def test_every_command_has_it_from_one_place(part: str) -> None:
    own = [path for path in sorted((ROOT / part).rglob("*.py")) if BY_HAND.search(path.read_text(encoding="utf-8"))]
    assert own == []
