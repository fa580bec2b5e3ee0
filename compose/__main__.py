"""`./ykt` behind its environment: hand a verb over to the module that does it.

`--needs VERB …` is what `./ykt` asks first, with any Python: one line of extras, one line of missing Debian packages.
`--locked EXTRA,…` is what pip is to install for these extras of ours.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from compose.lock.locked import FILE, wanted_lines
from compose.place import ROOT, WrongUse, keep_private
from compose.verbs import Verb, extras_of, find, first_page, help_text, missing_debian
from shared.words.ending import end
from shared.words.voice import INHERITED, speak, wanted, without

NOTHING, HELP = "", {"help", "-h", "--help"}
PARTS = frozenset({"edge", "cloud", "provision", "terminal", "desk"})
"""Verbs whose --data is a campus; those of the launcher keep one in their folder."""
DATA = "--data"


def main(arguments: list[str]) -> int:
    """Run `arguments`; return an exit code only if no verb took over. Raises WrongUse.

    --lang may stand anywhere: what takes over inherits the language, and does not read it again.
    """
    language = wanted(arguments, os.environ)
    speak(language)
    os.environ[INHERITED] = language.value
    name, *rest = without(arguments) or [""]
    if name == NOTHING:
        sys.stdout.write(first_page())
        return 0
    if name in HELP:
        sys.stdout.write(help_text())
        return 0
    if name == "--needs":
        return _needs(rest)
    if name == "--locked":
        sys.stdout.write(wanted_lines((ROOT / FILE).read_text(encoding="utf-8"), rest[0].split(",")))
        return 0
    return _hand_over(find(name), rest)


def _exit_code(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except WrongUse as wrong:
        sys.stderr.write(f"{wrong}\n")
        return wrong.exit_code


def _hand_over(verb: Verb, arguments: list[str]) -> NoReturn:
    sys.stdout.flush()
    # first on the path, for a wheel may bring packages of our names (gmqtt brings its tests)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    words = campus_words(arguments) if verb.name in PARTS else arguments
    command = [sys.executable, "-P", "-m", verb.module, *words]
    os.execv(sys.executable, command)  # noqa: S606 the verb takes this process over: same pid, same terminal, no shell


def campus_words(arguments: list[str]) -> list[str]:
    """The same words; a --data that names a launcher's folder names the campus in it: one folder for every verb."""
    words = list(arguments)
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == DATA and equals:
            words[at] = f"{DATA}={_campus(value)}"
        elif at and words[at - 1] == DATA:
            words[at] = _campus(word)
    return words


def _campus(folder: str) -> str:
    inner = Path(folder) / "campus"
    is_launchers = (inner / "campus.json").is_file() and not (Path(folder) / "campus.json").exists()
    return str(inner) if is_launchers else folder


def _needs(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {NOTHING, *HELP}:
        sys.stdout.write("\n\n")
        return 0
    verb = find(arguments[0])
    extras, packages = extras_of(verb, arguments[1:]), missing_debian(verb, arguments[1:])
    sys.stdout.write(f"{extras}\n{' '.join(packages)}\n")
    return 0


if __name__ == "__main__":
    keep_private()
    end(lambda: _exit_code(sys.argv[1:]))
