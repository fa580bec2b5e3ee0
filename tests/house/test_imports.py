"""Every module can be imported, does nothing by that, and needs no more than its extras bring."""

import json
import pkgutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution, distributions, packages_distributions

import pytest
from packaging.requirements import Requirement

from compose.place import ROOT

PACKAGES = ("edge", "cloud", "shared", "provisioning")
EXTRA = {"edge": "edge", "cloud": "cloud", "provisioning": "provisioning", "shared": "provisioning"}
"""What must be enough for a package; `shared` has the fewest: the base dependencies alone."""
CARD_READERS = "edge.card"
"""Needs the extra `cards`, which is built from source and so is not part of a test machine."""

WATCHED = """
import importlib, json, sys
done = []
def hook(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or event in FORBIDDEN:
        done.append(event)
FORBIDDEN = {"socket.bind", "socket.connect", "subprocess.Popen", "os.fork", "os.exec", "sqlite3.connect", "os.mkdir",
             "_thread.start_new_thread", "_thread.start_joinable_thread"}
sys.addaudithook(hook)
found = {}
for name in json.loads(sys.argv[1]):
    done.clear()
    importlib.import_module(name)
    if done:
        found[name] = sorted(set(done))
print(json.dumps(found))
"""
FENCED = """
import importlib, importlib.abc, json, sys
allowed, names = json.loads(sys.argv[1])
class Fence(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        known = root in sys.stdlib_module_names or root.startswith("_sysconfigdata")
        if root not in allowed and not known:
            raise ModuleNotFoundError(f"{name} is not in the extras", name=name)
sys.meta_path.insert(0, Fence())
for name in names:
    importlib.import_module(name)
"""


BINDS = {"cloud": {"cloud.wallet.sso.bounded": ["socket.bind"]}}
"""urllib3 asks by it whether the machine has IPv6; the module is imported where a school has a sign-on."""
RUN_NOT_IMPORTED = (".__main__", ".migrations.env")
"""Programs: python -m runs the one, Alembic the other, with its own context in place."""


def modules(package):
    path = [str(ROOT / package)]
    names = [package, *(found.name for found in pkgutil.walk_packages(path, f"{package}."))]
    return [name for name in names if not name.startswith(CARD_READERS) and not name.endswith(RUN_NOT_IMPORTED)]


def python(program, *arguments):
    command = (sys.executable, "-B", "-P", "-c", program, *(json.dumps(argument) for argument in arguments))
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("package", [*PACKAGES, "compose"])
def test_import_does_nothing_else(package):
    done = python(WATCHED, modules(package))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == BINDS.get(package, {}), "a module does something while it is imported"


@pytest.mark.parametrize("package", PACKAGES)
def test_package_needs_no_more_than_its_extra(package):
    allowed = {*PACKAGES, *top_levels("openykt", EXTRA[package])}
    done = python(FENCED, [sorted(allowed), modules(package)])
    assert done.returncode == 0, done.stderr


def test_edge_box_gets_no_web_stack():
    unwanted = {"flask", "sqlalchemy", "psycopg", "gmqtt", "uvicorn", "jinja2", "pytest"}
    assert not unwanted & set(top_levels("openykt", "edge"))


def test_fence_refuses_what_the_extra_does_not_bring():
    done = python(FENCED, [["shared"], ["flask"]])
    assert "flask is not in the extras" in done.stderr


@pytest.mark.parametrize("name", [*PACKAGES, "compose"])
def test_name_belongs_to_nobody_else(name):
    assert not owners(name) - {"openykt"}


def test_foreign_distribution_with_our_name_would_be_seen(tmp_path, monkeypatch):
    for folder in ("innocent", "edge", "other-1.dist-info"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    info = tmp_path / "other-1.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (info / "top_level.txt").write_text("innocent\n")
    (info / "RECORD").write_text("innocent/__init__.py,,\nedge/__init__.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "other" in owners("edge")


def owners(name):
    """Distributions that install anything under `name`, by their files: what they declare may be less."""
    return {
        each.name for each in distributions() if any(file.parts[0] in (name, f"{name}.py") for file in each.files or [])
    }


def top_levels(name, extra):
    """Import names of a distribution's requirements, with all that these require."""
    wanted, seen = [(name, extra)], set()
    while wanted:
        one = wanted.pop()
        if one not in seen:
            seen.add(one)
            wanted += requirements(distribution(one[0]), one[1])
    owners = {owner.lower().replace("_", "-") for owner, _ in seen}
    return [
        top for top, by in packages_distributions().items() if {each.lower().replace("_", "-") for each in by} & owners
    ]


def requirements(of: Distribution, extra):
    """The requirements that hold here, as (name, extra); a required extra is a requirement of its own."""
    for text in of.requires or []:
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({"extra": extra}):
            yield from ((need.name, each) for each in ("", *need.extras))


def test_walk_sees_every_file():
    files = {path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") for path in ROOT.glob("edge/**/*.py")}
    named = {name.removesuffix(".__init__") for name in files if not name.endswith(".__main__")}
    assert set(modules("edge")) == {name for name in named if not name.startswith(CARD_READERS)}
