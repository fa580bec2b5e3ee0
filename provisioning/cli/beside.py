"""What opens the key stores does not lie beside them: a note after every command, a refusal where money is real.

The file `unlock` in the folder of the stores opens them for whoever takes the folder. A demonstration may have it; a
campus that is none is refused every command but those that end this (`seal`), that only look, or that bring a folder of
release 0.1 up to date without any key of the stores (`certificate cloud-door`).
"""

import argparse
import json
from pathlib import Path

from provisioning.cli.arguments import warn
from provisioning.custody import files as key_files
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.words.voice import Text

MAY_LIE_OPEN = "may_lie_open"
"""Default of a verb that works on stores which lie open, too."""


def may_lie_open(*verbs: Parser) -> None:
    """Let these work on stores which lie open, too."""
    for verb in verbs:
        verb.set_defaults(**{MAY_LIE_OPEN: True})


def refuse_open(chosen: argparse.Namespace) -> None:
    """ConfigFault when the stores of a campus that is no demonstration lie open."""
    for data in _folders(chosen):
        if _lies_open(data) and _is_demonstration(data) is False and not getattr(chosen, MAY_LIE_OPEN, False):
            raise ConfigFault(
                Text(
                    f"{data}: 不是演示，unlock 却与密钥库同放：先 seal",
                    f"{data}: this is no demonstration, and unlock lies beside the stores: seal first",
                )
            )


def note_open(chosen: argparse.Namespace) -> None:
    """Say it where nothing says that it is a demonstration."""
    for data in _folders(chosen):
        if _lies_open(data) and not _is_demonstration(data):
            warn(
                Text(
                    f"注意：{data} 的 unlock 与密钥库同放，谁拿到目录谁就能打开：接着 seal\n",
                    f"note: unlock lies beside the stores of {data}, whoever has the folder opens them: seal next\n",
                )
            )


def _folders(chosen: argparse.Namespace) -> list[Path]:
    found = [getattr(chosen, name, None) for name in ("data", "masters")]
    return [folder for folder in found if isinstance(folder, Path)]


def _lies_open(data: Path) -> bool:
    return (data / key_files.FOLDER / key_files.UNLOCK).exists()


def _is_demonstration(data: Path) -> bool | None:
    """None where there is no campus: of a ceremony, of a school. One that cannot be read is for the verb to say."""
    try:
        return bool(json.loads((data / "campus.json").read_bytes())["demo"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
