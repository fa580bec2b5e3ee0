"""The import contracts hold, would catch what they forbid, and name no module in vain."""

import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import grimp
import pytest

from compose.place import ROOT

LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}
RIM = [entry.split(" -> ")[0] for entry in CONTRACTS["cores"]["ignore_imports"]]


@cache
def graph():
    return grimp.build_graph(*LINTER["root_packages"], include_external_packages=True, cache_dir=None)


def lint(checkout):
    command = (Path(sys.executable).with_name("lint-imports"), "--no-cache")
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, env={"COLUMNS": "200"})
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the packages, to plant imports in."""
    checkout = tmp_path_factory.mktemp("checkout")
    for package in LINTER["root_packages"]:
        shutil.copytree(
            ROOT / package, checkout / package, ignore=lambda _folder, names: {n for n in names if n == "__pycache__"}
        )
    shutil.copy(ROOT / "pyproject.toml", checkout)
    return checkout


def test_contracts_hold(copy):
    code, said = lint(copy)
    assert code == 0, said


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("shared/money", "import edge", "roots"),
        ("edge/planted", "import cloud.ingest", "roots"),
        ("provisioning/planted", "from edge import link", "roots"),
        ("compose/part", "import cloud", "roots"),
        ("shared/money", "import time", "cores"),
        ("shared/purse/crypto", "from random import randbytes", "cores"),
        ("edge/link/isotp", "import asyncio", "cores"),
        ("shared/ids", "import edge.link.can.link", "pure"),
        ("cloud/ledger/judge", "import cloud.keys.client", "pure"),
        ("edge/planted", "import paho.mqtt.client", "doors"),
        ("edge/terminal/planted", "from can import Bus", "doors"),
        ("cloud/ingest/planted", "from sqlalchemy import text", "doors"),
        ("provisioning/planted", "from smartcard.System import readers", "doors"),
    ],
)
def test_planted_import_is_caught(copy, module, planted, contract):
    path = copy / f"{module}.py"
    before = path.read_text() if path.exists() else None
    path.write_text(f"{planted}\n" + (before or ""))
    try:
        code, said = lint(copy)
    finally:
        path.write_text(before) if before is not None else path.unlink()
    assert code == 1, said
    assert f"{CONTRACTS[contract]['name']} BROKEN" in said


def test_rim_is_no_wider_than_it_needs_to_be():
    """A module without I/O is a core: take it off the list."""
    io = {*CONTRACTS["cores"]["forbidden_modules"]}
    here = [module for module in RIM if module in graph().modules]
    assert [module for module in here if not io & graph().find_modules_directly_imported_by(module)] == []


@pytest.mark.parametrize("contract", ["cores", "pure", "doors"])
@pytest.mark.parametrize("names", ["source_modules", "forbidden_modules", "ignore_imports"])
def test_lists_are_in_order(contract, names):
    listed = CONTRACTS[contract][names]
    assert listed == sorted(set(listed))
