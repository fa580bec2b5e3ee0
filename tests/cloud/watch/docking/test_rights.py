"""A docked device against real brokers, topic by topic: money's, another's, its own; the same list in both forms."""

import fcntl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.docking.gate.doorkeeper import Doorkeeper
from cloud.watch.docking.keeping import files
from cloud.watch.docking.keeping.files import new_secret, prepare
from cloud.watch.docking.keeping.store import open_docking
from cloud.watch.docking.rights.accounts import NAME, Account, Speech, account, opens, sealed
from cloud.watch.docking.rights.acl import MARK, acl_with, is_allowed, matches, rights
from cloud.watch.docking.settings import DockingSettings, NodePlan
from cloud.watch.docking.sparkplug.topics import Source
from shared.errors import ConfigFault, StoreFault, WireFault
from shared.ids import BoxId, box_id
from shared.wire.topics import DOWNWARD, UPWARD, topic
from tests.patience import PATIENCE_S

HOST = "openykt-1"
BOX = BoxId("bus-1")
MONEY = [topic(3, BOX, lane) for lane in (*UPWARD, *DOWNWARD)]
A, B = (account(name, Speech.SPARKPLUG, "plant", name, "") for name in ("a", "b"))
J = account("j", Speech.MQTT, "", "", "")
OWN = ["NBIRTH/a", "NDEATH/a", "NDATA/a", "DBIRTH/a/d", "DDEATH/a/d", "DDATA/a/d"]
COMMANDS = ["NCMD/a", "DCMD/a/d"]


def test_a_seal_opens_by_its_secret_alone() -> None:
    seal = sealed("secret", b"salt-of-12-b")
    assert seal.startswith("$7$101$")
    assert opens(seal, "secret")
    assert not opens(seal, "Secret")
    assert not opens("", "secret")


@pytest.mark.parametrize(
    ("name", "group", "node"),
    [("A", "g", "n"), ("", "g", "n"), ("a.b", "g", "n"), ("a", "json", "n"), ("a", "STATE", "n"), ("a", "g/h", "n"),
     ("a", "g", "+"), ("a", "g", " n"), ("a", "g", "n" * 65), ("a", "g\nuser x", "n"), ("a", "", "n")],
)  # fmt: skip
def test_a_name_that_could_mean_something_else_is_refused(name: str, group: str, node: str) -> None:
    with pytest.raises(ConfigFault):
        account(name, Speech.SPARKPLUG, group, node, "")


def test_no_user_of_a_docked_device_can_be_a_boxs_name() -> None:
    with pytest.raises(WireFault):
        box_id(A.user)
    assert NAME.fullmatch("canteen-1"), "the name itself may be one, the user never is"


@pytest.mark.parametrize(
    ("pattern", "given", "wanted"),
    [("a/+", "a/b", True), ("a/+", "a", False), ("a/#", "a", True), ("a/#", "a/b/c", True), ("#", "$SYS/x", False),
     ("+/x", "$SYS/x", False), ("a/b", "a/b/c", False), ("a/+/c", "a//c", True)],
)  # fmt: skip
def test_patterns(pattern: str, given: str, wanted: bool) -> None:
    assert matches(pattern, given) is wanted


@pytest.mark.parametrize("one", [A, B, J], ids=lambda one: one.name)
@pytest.mark.parametrize("where", MONEY)
def test_the_list_has_no_topic_of_money(one: Account, where: str) -> None:
    for is_write in (False, True):
        assert not is_allowed(rights(one, HOST), where, is_write=is_write)


def test_the_list_of_a_node_is_its_own() -> None:
    held = rights(A, HOST)
    for one in OWN:
        group_verb = f"spBv1.0/plant/{one}"
        assert is_allowed(held, group_verb, is_write=True)
        assert not is_allowed(held, group_verb, is_write=False)
        assert not is_allowed(rights(B, HOST), group_verb, is_write=True)
    assert is_allowed(held, f"spBv1.0/STATE/{HOST}", is_write=False)
    assert not is_allowed(held, "spBv1.0/STATE/other", is_write=False)
    assert [one.pattern for one in rights(J, HOST)] == ["docked/j/#"]
    assert rights(account("h", Speech.HTTP, "", "", ""), HOST) == ()


def test_the_boxes_part_of_the_brokers_list_is_left_as_it_is(tmp_path: Path) -> None:
    boxes = "# Made by provisioning\n\nuser bus-1\ntopic write oykt/v1/p03/bus-1/up/money\n"
    once = acl_with(boxes, f"{MARK}\nuser x\n")
    assert once.startswith(boxes.rstrip("\n"))
    assert acl_with(once, f"{MARK}\nuser y\n") == once.replace("user x", "user y")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A data folder with a broker."""
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker/acl").write_text("user bus-1\n")
    (tmp_path / "cloud").mkdir()
    return tmp_path


def test_processes_side_by_side_leave_the_rights_of_every_account(place: Path) -> None:
    names, begin = [f"d{n}" for n in range(6)], threading.Barrier(6)

    def admits(name: str) -> None:
        with closing(open_docking(place / "cloud")) as store:
            begin.wait(PATIENCE_S)
            made = account(name, Speech.SPARKPLUG, "plant", name, new_secret()[1])
            store.add_account(made, 1, "王芳")
            prepare(place, place / "cloud", store, DockingSettings(HOST))

    open_docking(place / "cloud").close()
    with ThreadPoolExecutor(len(names)) as pool:
        for done in [pool.submit(admits, name) for name in names]:
            done.result()
    said = (place / "broker/docking.passwords").read_text()
    assert {line.split(":")[0] for line in said.splitlines()} >= {f"dock.{name}" for name in names}
    login, *seals = (place / "cloud/docking.host.login").read_text(), *said.splitlines()
    own = next(line.partition(":")[2] for line in seals if line.startswith("docking.host:"))
    assert opens(own, login.splitlines()[1]), "the login that stands is the one that the broker knows"


def test_another_that_writes_the_rights_for_long_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LOCK_S", 0.0)
    with closing(open_docking(place / "cloud")) as store, (place / "cloud" / files.LOCK).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreFault, match="另一个程序正在写接入的权限"):
            prepare(place, place / "cloud", store, DockingSettings(HOST))


def test_files_are_private_whole_and_the_same_again(place: Path) -> None:
    settings = DockingSettings(HOST, node=NodePlan(Source("campus", "us")))
    with closing(open_docking(place / "cloud")) as store:
        store.add_account(A._replace(seal=new_secret()[1]), 1, "王芳")
        assert not prepare(place, place / "cloud", store, settings), "there is no broker to tell"
        names = ["broker/acl", "broker/docking.passwords", "cloud/docking.host.login", "cloud/docking.node.login"]
        before = [(place / name).read_text() for name in names]
        prepare(place, place / "cloud", store, settings)
    assert [(place / name).read_text() for name in names] == before
    assert {(place / name).stat().st_mode & 0o777 for name in names} == {0o600}
    assert "user docking.node" in before[0]
    assert [line.split(":")[0] for line in before[1].splitlines()] == ["docking.host", "docking.node", "dock.a"]
    secret = before[2].splitlines()[1]
    assert secret not in before[0] + before[1]


def test_who_is_taken_off_or_has_another_secret_is_named() -> None:
    keeper = Doorkeeper(DockingSettings(HOST))
    secret, seal = new_secret()
    assert keeper.know([A._replace(seal=seal), B], {}) == []
    assert keeper.admit("dock.a", secret) is not None
    assert keeper.admit("dock.a", "other") is None
    assert keeper.admit("a", secret) is None
    assert keeper.know([A._replace(seal=new_secret()[1])], {}) == ["dock.a", "dock.b"]
    assert keeper.admit("docking.host", "") is None, "we have no seal of our own yet"
