"""The import contracts hold, would catch what they forbid, and name no module in vain."""

import re
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
LAYERS = [contract for contract in LINTER["contracts"] if contract["type"] == "layers" and "containers" in contract]
ROOMS_MAX, ROOMS_OF = 16, {"cloud": 19, "shared.purse": 19, "cloud.ledger.migrations.versions": 99}
"""Children of one folder; most have far fewer. The parts of the platform stand side by side, so do the words of
the card's world, and so does every schema that a ledger ever had."""


@cache
def graph():
    return grimp.build_graph(*LINTER["root_packages"], include_external_packages=True, cache_dir=None)


def lint(checkout):
    command = (Path(sys.executable).with_name("lint-imports"), "--no-cache")
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, env={"COLUMNS": "200"})
    return done.returncode, done.stdout


PLANTED = [
    ("shared/money", "import edge", "roots"),
    ("edge/planted", "import cloud.ingest", "roots"),
    ("provisioning/planted", "from edge import link", "roots"),
    ("compose/parts/part", "import cloud", "roots"),
    ("shared/money", "import time", "cores"),
    ("shared/purse/crypto", "from random import randbytes", "cores"),
    ("edge/link/can/isotp", "import asyncio", "cores"),
    ("shared/ids", "import edge.link.can.link", "pure"),
    ("cloud/ledger/records/judge", "import cloud.keys.client", "pure"),
    ("edge/planted", "import paho", "doors"),
    ("edge/terminal/planted", "from can import Bus", "doors"),
    ("cloud/ingest/planted", "from sqlalchemy import text", "doors"),
    ("provisioning/planted", "from smartcard import System", "doors"),
    ("shared/records", "import shared.wire.codec", "shared"),
    ("shared/purse/cos/card", "import shared.purse.flows.till", "purse"),
    ("edge/link/port", "import edge.outbox.writer", "edge"),
    ("edge/link/can/frame", "import edge.link.tcp.framing", "link"),
    ("edge/box/values/ranges", "import edge.box.up.intake", "box"),
    ("edge/terminal/taps/sale", "import edge.terminal.firmware.line", "terminal"),
    ("edge/desk/doors/keys", "import edge.desk.money.day", "desk"),
    ("edge/conform/report", "import edge.conform.exam", "conform"),
    ("cloud/store/db", "import cloud.ledger.books.entry", "cloud"),
    ("cloud/ledger/held/entries", "import cloud.ledger.loads.cases", "ledger"),
    ("cloud/console/access/rights", "import cloud.console.pages.index", "console"),
    ("cloud/console/planted", "import cloud.wallet.back", "console-apart"),
    ("cloud/wallet/line/calls", "import cloud.wallet.people.sessions", "wallet"),
    ("cloud/wallet/front/files", "import cloud.store.db", "front"),
    ("cloud/open/front/sending", "import cloud.open.store.schema", "front"),
    ("cloud/open/store/apps", "import cloud.open.families.pay", "open"),
    ("cloud/watch/alarms/rule", "import cloud.watch.notify.routes", "watch"),
    ("cloud/watch/docking/sparkplug/state", "import cloud.watch.docking.mapping.reading", "docking"),
    ("provisioning/keys/levels", "import provisioning.psam.write", "provisioning"),
    ("compose/parts/part", "import compose.campus.sheet", "launcher"),
]
"""Module, what it must not say, and the contract that forbids it."""


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


@pytest.fixture(scope="module")
def caught(copy):
    """What is said of all planted imports at once, by the name of the broken contract; without them, all hold."""
    code, said = lint(copy)
    assert code == 0, said
    before = {path: path.read_text() for path in (copy / f"{module}.py" for module, _, _ in PLANTED) if path.exists()}
    for module, planted, _ in PLANTED:
        path = copy / f"{module}.py"
        path.write_text(f"{planted}\n{path.read_text() if path.exists() else ''}")
    code, said = lint(copy)
    for module, _, _ in PLANTED:
        (copy / f"{module}.py").unlink(missing_ok=True)
    for path, text in before.items():
        path.write_text(text)
    assert code == 1
    *_, broken = said.partition("Broken contracts\n")
    named = re.split(r"\n(\S.*)\n-+\n", broken)
    return dict(zip(named[1::2], named[2::2], strict=True))


@pytest.mark.parametrize(("module", "planted", "contract"), PLANTED)
def test_planted_import_is_caught(caught, module, planted, contract):
    told = caught[CONTRACTS[contract]["name"]]
    assert f"{module.replace('/', '.')} -> {planted.split()[1]}" in told


def test_a_room_that_nobody_decided_on_is_caught(copy):
    room = copy / "edge" / "planted"
    room.mkdir()
    (room / "__init__.py").touch()
    code, said = lint(copy)
    shutil.rmtree(room)
    assert code == 1
    assert "not listed as layers:\n\n- edge.planted\n" in said


def test_all_that_is_shared_is_pure_but_for_one_room():
    """What looks after an installation has clocks, files and threads; nobody who moves a record stands on it."""
    pure = {name for name in CONTRACTS["pure"]["source_modules"] if name.startswith("shared.")}
    assert graph().find_children("shared") - pure == {"shared.support"}


def test_every_contract_has_a_planted_import():
    assert {contract for _, _, contract in PLANTED} == CONTRACTS.keys()


@pytest.mark.parametrize("line", RIM)
def test_rim_is_no_wider_than_it_needs_to_be(line):
    """A module or folder without I/O is a core: take it off the list."""
    io = {*CONTRACTS["cores"]["forbidden_modules"]}
    here = graph().find_matching_modules(line)
    assert any(io & graph().find_modules_directly_imported_by(module) for module in here)


@pytest.mark.parametrize("contract", LAYERS, ids=lambda contract: contract["id"])
def test_a_new_folder_is_a_decision(contract):
    assert contract["exhaustive"] is True


def test_no_line_matches_nothing():
    listing = [contract for contract in LINTER["contracts"] if "ignore_imports" in contract]
    assert [contract["id"] for contract in listing] == ["cores", "pure", "doors"]
    assert CONTRACTS["pure"]["ignore_imports"] == ["shared.input.openykt -> os"], "a command that nobody imports"
    assert all(contract["unmatched_ignore_imports_alerting"] == "error" for contract in listing)


def test_no_folder_has_too_many_rooms():
    ours = [module for module in graph().modules if module.partition(".")[0] in LINTER["root_packages"]]
    rooms = {folder: len(graph().find_children(folder)) for folder in ours if not graph().is_module_squashed(folder)}
    assert [(folder, n) for folder, n in rooms.items() if n > ROOMS_OF.get(folder, ROOMS_MAX)] == []


@pytest.mark.parametrize("contract", ["cores", "pure", "doors"])
@pytest.mark.parametrize("names", ["source_modules", "forbidden_modules", "ignore_imports"])
def test_lists_are_in_order(contract, names):
    listed = CONTRACTS[contract].get(names, [])
    assert listed == sorted(set(listed))
