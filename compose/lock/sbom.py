"""`./ykt sbom`: the bill of materials of a release, CycloneDX 1.6 in JSON, from the lock alone. Needs no network.

Names what may be installed and nothing else: each package with its version, the hashes of its files, who of our extras
wants it. The same lock gives the same bytes.
"""

import json
import os
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from compose.lock.locked import FILE, Locked, parse
from compose.place import ROOT, keep_private
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

_OUT = Text("写入文件，缺省为屏幕", "a file instead of the screen")
TOOLS_ALONE = {"build", "dev"}
"""A package for these only is in no school's installation."""


def main(arguments: list[str]) -> int:
    """0 written, 2 wrong use."""
    parser = Parser(prog="./ykt sbom", description=Text("软件物料清单", "the bill of materials"))
    parser.add_argument("--out", type=Path, metavar="FILE", help=_OUT)
    given = parser.parse_args(arguments)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = bill(project, (ROOT / FILE).read_text(encoding="utf-8"))
    if given.out is None:
        sys.stdout.write(text)
    else:
        given.out.write_text(text, encoding="utf-8")
    return 0


def bill(project: dict[str, Any], lock: str) -> str:
    """The bill's text."""
    packages = parse(lock)
    ours = f"pkg:pypi/{project['name']}@{project['version']}"
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, ours + lock)}",
        "version": 1,
        "metadata": {"component": _ours(project, ours)},
        "components": [_component(one) for one in packages],
        "dependencies": [{"ref": ours, "dependsOn": [_purl(one) for one in packages]}, *_leaves(packages)],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _ours(project: dict[str, Any], ref: str) -> dict[str, Any]:
    licence = [{"license": {"id": project["license"]}}]
    return {
        "type": "application", "bom-ref": ref, "name": project["name"], "version": project["version"],
        "description": project["description"], "licenses": licence, "purl": ref,
    }  # fmt: skip


def _component(one: Locked) -> dict[str, Any]:
    told = {"openykt:extras": " ".join(one.extras), "openykt:marker": one.marker}
    return {
        "type": "library", "bom-ref": _purl(one), "name": one.name, "version": one.version, "purl": _purl(one),
        "scope": "excluded" if set(one.extras) <= TOOLS_ALONE else "required",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in one.hashes],
        "properties": [{"name": name, "value": value} for name, value in told.items() if value],
    }  # fmt: skip


def _leaves(packages: Iterable[Locked]) -> list[dict[str, Any]]:
    """What each needs in turn stands in no lock: none is claimed."""
    return [{"ref": _purl(one)} for one in packages]


def _purl(one: Locked) -> str:
    return f"pkg:pypi/{one.name}@{one.version}"


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
