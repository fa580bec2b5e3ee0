"""`cloud status`: server, services and devices as one tree with reasons, whatever of them is dead."""

import json
import os
import sys
from pathlib import Path

from cloud.commands.watch.around import say
from cloud.process.settings import load_settings
from cloud.watch.services.gather import look
from cloud.watch.services.terms import State
from cloud.watch.services.tree import exit_code, tree
from cloud.watch.services.words import lines, status_json
from shared.words.screen import Ink, Inks

_INKS = {State.OK: Ink.GOOD, State.WARN: Ink.CARE, State.UNKNOWN: Ink.CARE, State.WRONG: Ink.BAD}


def show(data: Path, dsn: str | None, *, is_all: bool, as_json: bool) -> int:
    """0: all is well. 1: something is wrong. 2: something is not known, and nothing is known to be wrong."""
    root = tree(look(load_settings(data), dsn))
    code = exit_code(root)
    if as_json:
        say(json.dumps(status_json(root, code), ensure_ascii=False))
        return code
    inks = Inks(sys.stdout, os.environ)
    for state, line in lines(root, is_all=is_all):
        say(inks(_INKS[state], line) if state in _INKS else line)
    return code
