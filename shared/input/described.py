"""What a command line takes, as plain data: a shell's completion is made from it, by a process that imports no part.

It is read from the parser that reads the words, so it cannot say what is not so. Pure.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DESCRIBE = "--describe"
"""The whole command line of somebody who asks; any Parser answers, at any verb. For programs, and in no help."""
FOLDER, FILE = "folder", "file"
_FOLDERS = ("DIR", "FOLDER")


def described(parser: argparse.ArgumentParser) -> dict[str, Any]:
    """Its options and its verbs, those of the verbs within. `elsewhere`: another parser reads what follows."""
    verbs = dict(_verbs(parser))
    return {"elsewhere": not parser.add_help, "options": [_option(one, parser) for one in _options(parser)], **verbs}


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001  # argparse has no public way to them
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield action


def _option(action: argparse.Action, parser: argparse.ArgumentParser) -> dict[str, Any]:
    """words: as typed, none for an argument by its place. takes: how many values, as argparse has it; 0 is none."""
    return {
        "words": list(action.option_strings),
        "name": action.dest,
        "help": _first_line(_expanded(action, parser)),
        "takes": action.nargs,
        "choices": [str(choice) for choice in action.choices or ()],
        "kind": _kind(action),
    }


def _kind(action: argparse.Action) -> str:
    if action.type is not Path:
        return ""
    return FOLDER if action.metavar in _FOLDERS else FILE


def _verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[str, Any]]:
    for action in parser._actions:  # noqa: SLF001  # as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {choice.dest: _expanded(choice, parser) for choice in action._choices_actions}  # noqa: SLF001
            yield "verbs", [
                {"name": name, "help": _first_line(helps.get(name, "")), "parser": described(verb)}
                for name, verb in action.choices.items()
            ]


def _expanded(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    return parser._get_formatter()._expand_help(action) if action.help else ""  # noqa: SLF001


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
