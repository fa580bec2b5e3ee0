"""`requirements.lock`: every package that may be installed, with the hashes of its files and who wants it. Pure.

Plain pip requirements, so that pip itself can read the whole; over each stands a line that says which of our extras it
is for. `base` is what every part needs, `build` what builds ours and the few that come as source. Standard library
and shared/words only: `./ykt` reads it before there is a venv.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from shared.words.voice import Text

FILE = "requirements.lock"
BASE, BUILD = "base", "build"
_HEAD = Text(
    "# 由 ./ykt lock 生成，勿手改；只按内容（SHA-256）安装，不写来源地址",
    "# Made by ./ykt lock, not by hand. Installed by content alone; where from, pip's own settings say.",
)
HEAD = f"{_HEAD.zh}\n{_HEAD.en}\n"
"""Both: the file is for everybody."""
_PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))? \\")
_HASH = re.compile(r"    --hash=sha256:(?P<hash>[0-9a-f]{64})(?: \\)?")


class LockDamaged(ValueError):
    """A lock file that is not as `./ykt lock` writes it."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package. marker: where it is wanted, '' = everywhere. extras and hashes: sorted."""

    name: str
    version: str
    marker: str
    extras: tuple[str, ...]
    hashes: tuple[str, ...]

    def is_for(self, wanted: Collection[str]) -> bool:
        """Whether one of these extras wants it."""
        return not set(self.extras).isdisjoint(wanted)


def encode(packages: Iterable[Locked]) -> str:
    """The file's text."""
    return "\n".join([HEAD, *(_stanza(one) for one in packages)])


def wanted_lines(text: str, extras: Collection[str]) -> str:
    """What pip is to install for these extras of ours, BASE and BUILD as named: that part of the file."""
    return "".join(_stanza(one) for one in parse(text) if one.is_for(extras))


def parse(text: str) -> tuple[Locked, ...]:
    """The packages of a file, in its order. LockDamaged names the line."""
    return tuple(_read(stanza) for stanza in text.removeprefix(HEAD).strip("\n").split("\n\n"))


def _stanza(one: Locked) -> str:
    return "\n".join([f"# {' '.join(one.extras)}", *_requirement(one), ""])


def _requirement(one: Locked) -> Iterator[str]:
    marker = f" ; {one.marker}" if one.marker else ""
    yield f"{one.name}=={one.version}{marker} \\"
    *more, last = one.hashes
    yield from (f"    --hash=sha256:{digest} \\" for digest in more)
    yield f"    --hash=sha256:{last}"


def _read(stanza: str) -> Locked:
    extras, _, rest = stanza.partition("\n")
    pin, *hashes = rest.split("\n")
    found, digests = _PIN.fullmatch(pin), [_HASH.fullmatch(line) for line in hashes]
    if not extras.startswith("# ") or found is None or not digests or None in digests:
        raise LockDamaged(f"{FILE}: {stanza[:80]!r}")
    return Locked(
        found["name"], found["version"], found["marker"] or "", tuple(extras[2:].split(" ")),
        tuple(digest["hash"] for digest in digests if digest),
    )  # fmt: skip
