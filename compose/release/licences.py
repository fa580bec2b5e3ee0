"""Under which licence each package of a release comes, and whether it may be in one. Reads a folder of packages."""

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

MAY = (
    "0BSD", "Apache-2.0", "Apache Software License", "BSD", "BSD License", "BSD-2-Clause", "BSD-3-Clause", "EPL-2.0",
    "ISC", "ISC License (ISCL)", "LGPL-3.0-only", "LGPL v3", "MIT", "MIT License", "MIT-0", "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)", "PSF-2.0", "Python Software Foundation License",
    "GNU Lesser General Public License v2 or later (LGPLv2+)", "GNU Lesser General Public License v3 (LGPLv3)",
)  # fmt: skip
"""As packages name them: free to hand on beside ours. LGPL ones (python-can, psycopg, pyscard) lie open."""
_CLASS = "License :: OSI Approved :: "


class Licensed(NamedTuple):
    """One package. licence: what it says of itself, each an expression or a name; none: it says nothing."""

    name: str
    version: str
    licence: tuple[str, ...]

    @property
    def may(self) -> bool:
        """May it be in a release? One of several names for the same licence is enough."""
        return any(map(_may, self.licence))


def licences(folder: Path) -> list[Licensed]:
    """Of each package in it, by name."""
    found = [_licensed(one) for one in distributions(path=[str(folder)])]
    return sorted(found, key=lambda one: one.name)


def _may(expression: str) -> bool:
    """One of what is offered, and all that is asked for together."""
    offered = expression.replace("(", "").replace(")", "").split(" OR ")
    return expression in MAY or any(all(word in MAY for word in one.split(" AND ")) for one in offered)


def _licensed(one: Distribution) -> Licensed:
    said = one.metadata
    names = (*said.get_all("License-Expression", ()), *_classes(one), *map(_short, said.get_all("License", ())))
    return Licensed(said["Name"].lower().replace("_", "-"), said["Version"], tuple(dict.fromkeys(filter(None, names))))


def _classes(one: Distribution) -> Iterator[str]:
    for line in one.metadata.get_all("Classifier", ()):
        if line.startswith(_CLASS):
            yield line.removeprefix(_CLASS)


def _short(text: str) -> str:
    """Some give the whole text there, which names nothing."""
    return text if len(text) <= 60 and "\n" not in text else ""
