"""`./ykt lock`: ask pip what it would install on each machine that we promise, and write down the contents.

pip decides, with the settings and the index of this machine; of its report only names, versions and hashes are kept,
so no address gets into the file. pip evaluates markers for the Python that runs it: it is told those of the others.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from compose.lock.locked import BASE, BUILD, FILE, Locked, encode
from compose.place import ROOT, keep_private
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted, without

PYTHONS = {"3.11": "3.11.2", "3.12": "3.12.3", "3.13": "3.13.5"}
"""Those we promise, and the full version that markers are told."""
MACHINES = ("x86_64", "aarch64")
GLIBCS = (28, 36, 41)
"""Of manylinux 2.x: what an older system, Debian 12 and Debian 13 take; each may choose another file."""
BUILDERS = ("hatchling", "editables", "setuptools")
"""What builds ours, ours as it stands in a checkout, and SOURCES."""
SOURCES = ("pyscard", "PyKCS11")
"""Come as source for some machine at least, and are built there where they are wanted."""
PIP_S = 600.0

TOLD_PIP = """
import json, sys
from pip._vendor.packaging import markers
told, real = json.loads(sys.argv[1]), markers.default_environment
markers.default_environment = lambda: {**real(), **told}
from pip._internal.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
HELP = Text(
    """\
用法：./ykt lock

按 pyproject.toml 重新生成 requirements.lock（每个包的版本与内容哈希），需要网络。
""",
    """\
usage: ./ykt lock

Makes requirements.lock anew from pyproject.toml: versions and hashes of contents. Needs the network.
""",
)


class Machine(NamedTuple):
    """One that we promise to install on."""

    python: str
    machine: str
    glibc: int

    @property
    def markers(self) -> dict[str, str]:
        """What pip is told of it."""
        return {
            "python_version": self.python, "python_full_version": PYTHONS[self.python],
            "platform_machine": self.machine, "implementation_version": PYTHONS[self.python],
            "sys_platform": "linux", "platform_system": "Linux", "os_name": "posix",
        }  # fmt: skip

    @property
    def words(self) -> Iterator[str]:
        """What pip is asked with."""
        yield from ("--only-binary=:all:", "--implementation", "cp", "--python-version", self.python)
        names = [f"manylinux_2_{minor}" for minor in range(self.glibc, 4, -1)] + ["manylinux2014", "manylinux1"]
        for name in names:
            yield from ("--platform", f"{name}_{self.machine}")


class Found(NamedTuple):
    """A package in pip's report."""

    version: str
    digests: frozenset[str]
    needs: tuple[Requirement, ...]


Picture = Mapping[str, Found]


def main(arguments: list[str]) -> int:
    """0 written, 1 pip could not, in its own words, 2 wrong use."""
    if arguments := without(arguments):
        sys.stdout.write(str(HELP))
        return 0 if set(arguments) <= {"-h", "--help"} else 2
    declared = declarations((ROOT / "pyproject.toml").read_bytes())
    try:
        sources = _sources(declared)
        pictures = {machine: _picture(machine, declared, sources) for machine in machines()}
    except subprocess.CalledProcessError:
        return 1
    (ROOT / FILE).write_text(encode(merged(pictures, declared)), encoding="utf-8")
    sys.stdout.write(f"{Text(f'已写入 {FILE}', f'{FILE} is written')}\n")
    return 0


def machines() -> list[Machine]:
    """All that we promise."""
    return [Machine(python, machine, glibc) for python in PYTHONS for machine in MACHINES for glibc in GLIBCS]


def declarations(pyproject: bytes) -> dict[str, list[Requirement]]:
    """What pyproject.toml asks for: by extra, BASE and BUILD among them."""
    project = tomllib.loads(pyproject.decode())["project"]
    asked = {BASE: project["dependencies"], **project["optional-dependencies"], BUILD: BUILDERS}
    return {extra: [Requirement(line) for line in lines] for extra, lines in asked.items()}


def merged(pictures: Mapping[Machine, Picture], declared: Mapping[str, Iterable[Requirement]]) -> list[Locked]:
    """One list for all machines; what not every machine has is marked."""
    at: dict[tuple[str, str], set[Machine]] = defaultdict(set)
    extras: dict[tuple[str, str], set[str]] = defaultdict(set)
    hashes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for machine, picture in pictures.items():
        for extra, asked in declared.items():
            for name in closure(asked, picture, machine.markers):
                key = name, picture[name].version
                at[key].add(machine)
                extras[key].add(extra)
                hashes[key] |= picture[name].digests
    return [
        Locked(*key, marker(at[key], pictures), tuple(sorted(extras[key])), tuple(sorted(hashes[key])))
        for key in sorted(at)
    ]  # fmt: skip


def closure(asked: Iterable[Requirement], picture: Picture, markers: Mapping[str, str]) -> set[str]:
    """Names of all that these need on a machine, themselves included."""
    seen: set[tuple[str, str]] = set()
    queue = [(one, "") for one in asked]
    while queue:
        need, extra = queue.pop()
        if need.marker is not None and not need.marker.evaluate({**markers, "extra": extra}):
            continue
        name = canonicalize_name(need.name)
        fresh = [(name, wants) for wants in ("", *need.extras) if (name, wants) not in seen]
        seen.update(fresh)
        queue += [(below, wants) for _, wants in fresh for below in picture[name].needs]
    return {name for name, _ in seen}


def marker(there: set[Machine], everywhere: Iterable[Machine]) -> str:
    """Where it is wanted, as pip says it; '' for everywhere."""
    pairs = {(one.python, one.machine) for one in there}
    if pairs == {(one.python, one.machine) for one in everywhere}:
        return ""
    pythons, architectures = sorted({python for python, _ in pairs}), sorted({machine for _, machine in pairs})
    parts = [
        _one_of("python_version", pythons, len(PYTHONS)),
        _one_of("platform_machine", architectures, len(MACHINES)),
    ]
    return " and ".join(filter(None, parts))


def _one_of(variable: str, values: list[str], all_of_them: int) -> str:
    if len(values) == all_of_them:
        return ""
    return f"({' or '.join(f'{variable} == {value!r}' for value in values)})"


def _sources(declared: Mapping[str, Iterable[Requirement]]) -> Picture:
    """The newest source of each of SOURCES; pip has to build its description, so it is asked once."""
    lines = sorted({str(one) for asked in declared.values() for one in asked if one.name in SOURCES})
    return _report(["--no-deps", *(f"--no-binary={name}" for name in SOURCES)], lines, {})


def _picture(machine: Machine, declared: Mapping[str, Iterable[Requirement]], sources: Picture) -> Picture:
    sys.stderr.write(f"  · {machine.python} {machine.machine} manylinux_2_{machine.glibc}\n")
    asked = [str(one) for lines in declared.values() for one in lines if one.name not in SOURCES]
    either = {name: _source_or_wheel(machine, name, source) for name, source in sources.items()}
    return {**_report(machine.words, asked, machine.markers), **either}


def _source_or_wheel(machine: Machine, name: str, source: Found) -> Found:
    """Either file of one version that this machine may get."""
    exact, words = [f"{name}=={source.version}"], [*machine.words, "--no-deps"]
    try:
        wheel = _report(words, exact, machine.markers, told=subprocess.DEVNULL)[name]
    except subprocess.CalledProcessError:
        return source
    return source._replace(digests=source.digests | wheel.digests)


def _report(words: Iterable[str], asked: list[str], markers: Mapping[str, str], told: int | None = None) -> Picture:
    fixed = ("install", "--dry-run", "--ignore-installed", "--quiet", "--no-input", "--disable-pip-version-check")
    command = [sys.executable, "-c", TOLD_PIP, json.dumps(markers), *fixed, "--report", "-", *words, *asked]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=told, check=True, timeout=PIP_S)
    return dict(_found(item) for item in json.loads(done.stdout)["install"])


def _found(item: dict[str, Any]) -> tuple[str, Found]:
    told = item["metadata"]
    needs = tuple(Requirement(line) for line in told.get("requires_dist", ()))
    digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
    return canonicalize_name(told["name"]), Found(told["version"], frozenset({digest}), needs)


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
