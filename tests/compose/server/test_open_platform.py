"""The open platform of an installation: off at first, switched on with all that it needs, kept by an upgrade."""

import os
import shutil
import ssl
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from compose.place import WrongUse
from compose.server import certificates, installation, making, open_platform, server, starting
from compose.server.layout import CLOUD, DATA, FIRST, LINKS, METRIC_STORE, OPEN_PLATFORM, PLATFORM, THEN
from compose.server.upgrading import upgrade
from provisioning.certificates import authority
from shared.keys.front_token import is_front
from shared.keys.webhook_key import SEED_SIZE, WEBHOOK_KEY
from tests.compose.server.conftest import quiet
from tests.compose.server.test_fronting import NOW, pair
from tests.compose.server.test_upgrading import HAS_ALL

HOST, PORT = "pay.school.example", 8463
SHOWN, KEY = "data/open/open/open.pem", "secrets/open/open.key"
COPY, SIGNER = "data/cloud/cloud/open.pem", f"secrets/accounts/{WEBHOOK_KEY}"
TOKEN, DIGEST = open_platform.TOKEN, open_platform.DIGEST


@pytest.fixture(scope="module")
def as_opened(as_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Switched on; looked at, never changed."""
    root = tmp_path_factory.mktemp("opened") / "ykt"
    subprocess.run(("cp", "-a", as_made, root), check=True)
    assert open_platform.make(root, HOST, making.provision)
    open_platform.switch(root, on=True, address=f"https://{HOST}:{PORT}", port=PORT)
    return root


@pytest.fixture
def opened(as_opened: Path, tmp_path: Path) -> Path:
    """One's own."""
    subprocess.run(("cp", "-a", as_opened, tmp_path / "opened"), check=True)
    return tmp_path / "opened"


def test_it_is_off_until_it_is_switched_on(as_made: Path) -> None:
    open_platform.require_room(as_made)
    assert not open_platform.is_on(as_made)
    assert not open_platform.shown(as_made)
    assert OPEN_PLATFORM not in starting.services(as_made)[1]
    assert [line.en for line in open_platform.told(as_made)] == ["open platform: off; --address switches it on"]


def test_it_has_a_certificate_for_its_name_a_key_of_webhooks_and_the_watch(as_opened: Path) -> None:
    opened = as_opened
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(opened / SHOWN, opened / KEY)
    assert certificates.is_for((opened / SHOWN).read_bytes(), HOST)
    assert (opened / COPY).read_bytes() == (opened / SHOWN).read_bytes(), "the watch sees when it ends"
    assert is_front((opened / DIGEST).read_text().strip(), (opened / TOKEN).read_text().strip())
    zone = [file for folder in ("data/open/open", "secrets/open") for file in (opened / folder).iterdir()]
    assert {file.lstat().st_uid for file in zone if not file.is_symlink()} == {PLATFORM}, "all of it is its own"
    signer = opened / SIGNER
    assert (signer.stat().st_uid, signer.stat().st_mode & 0o777, signer.stat().st_size) == (CLOUD, 0o400, SEED_SIZE)
    link = f"data/cloud/cloud/{WEBHOOK_KEY}"
    assert (opened / link).readlink() == Path(LINKS[link])
    assert starting.services(opened) == ((*FIRST, METRIC_STORE), (*THEN, OPEN_PLATFORM))
    assert starting.settings(opened)[open_platform.SOCKET] == "/run/ykt/health/open/open.sock"
    assert not open_platform.make(opened, HOST, making.provision), "what is there stays"
    assert any(f"https://{HOST}:{PORT}" in line.en for line in open_platform.told(opened))


def test_an_upgrade_keeps_it_on_and_follows_ours_before_it_ends(opened: Path) -> None:
    signer = (opened / SIGNER).read_bytes()
    upgrade(opened, "v2", HAS_ALL, quiet)
    assert open_platform.is_on(opened)
    before = starting.settings(opened)
    key = authority.open_private((opened / KEY).read_bytes())
    named = x509.load_pem_x509_certificate((opened / "issue/ca.pem").read_bytes())
    was = NOW - timedelta(days=authority.LEAF_DAYS - 30)
    ca = authority.Authority(named, authority.new_key())
    old = authority.issue_server(ca, key.public_key(), [HOST], was)
    (opened / SHOWN).write_bytes(old)
    upgrade(opened, "v2", HAS_ALL, quiet)
    assert starting.settings(opened) == before
    assert (opened / SHOWN).read_bytes() != old
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(opened / SHOWN, opened / KEY)
    assert (opened / SIGNER).read_bytes() == signer, "receivers know it"


def test_the_schools_own_certificate_stays_and_ours_goes_with_the_name(opened: Path, tmp_path: Path) -> None:
    chain, private = pair(tmp_path, HOST)
    assert certificates.is_others(opened, (opened / SHOWN).read_bytes(), "other.example")
    assert not certificates.is_others(opened, (opened / SHOWN).read_bytes(), HOST)
    assert not certificates.is_others(opened, chain.read_bytes(), "other.example")
    with pytest.raises(WrongUse, match=r"other\.example"):
        open_platform.show(opened, chain, private, "other.example")
    open_platform.show(opened, chain, private, HOST)
    upgrade(opened, "v2", HAS_ALL, quiet)
    assert (opened / SHOWN).read_bytes() == chain.read_bytes()


def test_switched_off_it_keeps_its_name_and_everything_else(opened: Path) -> None:
    open_platform.switch(opened, on=False)
    assert not open_platform.is_on(opened)
    assert starting.has_profile(opened, "metrics")
    assert (starting.settings(opened)[open_platform.SOCKET], open_platform.host(opened)) == ("", HOST)
    assert (opened / SHOWN).exists()


def test_a_port_that_is_anothers_is_refused(as_opened: Path) -> None:
    with pytest.raises(WrongUse, match="YKT_WALLET_PORT"):
        open_platform.require_free(as_opened, 8446)
    open_platform.require_free(as_opened, PORT)


def test_an_installation_of_before_is_upgraded_first(root: Path) -> None:
    (root / "secrets/open").rmdir()
    with pytest.raises(WrongUse, match="upgrade"):
        open_platform.require_room(root)
    upgrade(root, "v2", HAS_ALL, quiet)
    open_platform.require_room(root)


def test_one_that_ran_as_the_clouds_user_keeps_its_certificate_and_its_key_of_webhooks(
    opened: Path, tmp_path: Path
) -> None:
    """The school's own, too; and whoever was let in by before has nothing of the books from the next start on."""
    chain, private = pair(tmp_path, HOST)
    open_platform.show(opened, chain, private, HOST)
    signer = (opened / SIGNER).read_bytes()
    shutil.rmtree(opened / "data/open")
    (opened / TOKEN).unlink()
    (opened / DIGEST).unlink()
    (opened / SIGNER).rename(opened / "secrets/open" / WEBHOOK_KEY)
    (opened / "data/cloud/cloud/open.key").symlink_to("/secrets/open.key")
    for path in ("secrets/open", KEY, "run/health/open"):
        os.chown(opened / path, CLOUD, CLOUD)
    old = installation.read(opened)
    installation.write(opened, replace(old, folders=tuple(one for one in DATA if one != "data/open")))
    upgrade(opened, "v2", HAS_ALL, quiet)
    upgrade(opened, "v2", HAS_ALL, quiet)
    assert ((opened / SHOWN).read_bytes(), (opened / SIGNER).read_bytes()) == (chain.read_bytes(), signer)
    assert {(opened / path).stat().st_uid for path in ("secrets/open", KEY, TOKEN, SHOWN)} == {PLATFORM}
    gone = (opened / "secrets/open" / WEBHOOK_KEY, opened / "data/cloud/cloud/open.key")
    assert not any(file.exists() or file.is_symlink() for file in gone)
    assert is_front((opened / DIGEST).read_text().strip(), (opened / TOKEN).read_text().strip())


@pytest.fixture
def engine_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine that does all it is told, and writes it down."""
    folder, said = tmp_path / "bin", tmp_path / "said"
    folder.mkdir()
    for name in ("docker", "docker-compose"):
        (folder / name).write_text(f'#!/bin/sh\necho "$*" >>{said}\n')
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/nowhere.sock")
    return said


def test_the_command_switches_it_on_and_off_beside_what_runs(
    opened: Path, engine_says: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"https://{HOST}:9443"
    assert server.main(["open", str(opened), "--address", address]) == 0
    assert starting.settings(opened)[open_platform.PORT] == "9443"
    assert "--force-recreate watch open" in engine_says.read_text()
    assert f"{address}/v1/" in capsys.readouterr().out
    assert server.main(["open", str(opened), "--off"]) == 0
    assert "--profile open rm --stop --force open" in engine_says.read_text()
    assert not open_platform.is_on(opened)
    began = engine_says.read_text()
    assert server.main(["open", str(opened)]) == 0, "who only looks changes nothing"
    assert engine_says.read_text() == began
    assert server.main(["open", str(opened), "--port", "8444"]) == 0
    assert not open_platform.is_on(opened), "a port alone switches nothing on"
    shown = open_platform.shown(opened)
    assert server.main(["open", str(opened), "--address", "https://other.example:8444"]) == 2
    assert (open_platform.is_on(opened), open_platform.shown(opened)) == (False, shown), "nothing is changed"
