"""The doctor of an installation that never ran here: what of it is wrong, and that nothing wrong is called well."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from compose.commands import doctor as of_all
from compose.server import doctor, fronting, open_platform, starting
from compose.server.doctor import installation_checks
from compose.server.layout import REVOKED
from shared.support.checks import Answer, State
from shared.support.doctor import examine

_COMPOSED = {
    "wallet": {
        "networks": {"front": None},
        "volumes": [{"source": f"/srv/{name}"} for name in ("data/front", "secrets/wallet", "run/health/wallet")],
    },
    "open": {
        "networks": {"programs": None, "behind": None},
        "volumes": [{"source": f"/srv/{name}"} for name in ("data/open", "secrets/open", "run/health/open")],
    },
    "accounts": {"networks": {"front": None, "behind": None}},
    "postgres": {"network_mode": "none"},
}
"""As compose says what it would start, in short."""


def found(root: Path) -> dict[str, set[State]]:
    states: dict[str, set[State]] = {}
    for one in examine(installation_checks(root)):
        states.setdefault(one.check.id, set()).add(one.answer.state)
    return states


def test_one_that_was_made_and_never_started(root: Path) -> None:
    states = found(root)
    assert states["zones"] == states["shown-certificates"] == {State.GOOD}
    assert states["installation"] == states["containers"] == states["images"] == {State.BAD}
    assert states["issued"] == states["nightly"] == {State.CARE}
    assert State.GOOD not in states["front-zone"], "nobody could ask an engine"


def test_what_was_broken_is_named(root: Path) -> None:
    (root / "secrets/wallet/wallet.key").chmod(0o440)
    os.chown(root / "secrets/payments", 0, 0)
    (root / "data/keys/installation").unlink()
    starting.change(root, {fronting.ADDRESS: "https://wallet.school.example"})
    said = {one.check.id: one.answer for one in examine(installation_checks(root)) if one.answer.state is State.BAD}
    assert "data/keys" in said["installation"].said.en
    assert "secrets/payments" in said["zones"].about or "secrets/wallet" in said["zones"].about
    assert "wallet.school.example" in said["shown-certificates"].said.en


def test_files_that_are_empty_or_gone_are_named_by_their_checks(root: Path) -> None:
    """All at once: each check tells what it looks at, whatever ails the others."""
    sealed = ("secrets/ingest/ack.key", "secrets/keys/passphrase", "config/broker/broker.pem")
    for file in (*sealed, "installation.json", REVOKED):
        os.truncate(root / file, 0)
    (root / "data/front/front/wallet.pem").unlink()
    said: dict[str, list[Answer]] = {}
    for one in examine(installation_checks(root)):
        said.setdefault(one.check.id, []).append(one.answer)
    zones = ", ".join(one.about for one in said["zones"] if one.state is State.BAD)
    assert all(file in zones for file in sealed)
    assert State.BAD in {one.state for check in ("installation", "revocations") for one in said[check]}
    shown = said["shown-certificates"]
    assert {"wallet", "broker"} <= {one.about for one in shown if one.state is State.BAD}
    assert State.UNKNOWN not in {one.state for one in shown}, "one that is missing hides none of the others"


def test_what_fronts_are_known_by_and_what_webhooks_are_signed_by_is_looked_for(root: Path) -> None:
    starting.change(root, {starting.PROFILES: "open"})
    (root / fronting.TOKEN).unlink()
    zones = [one for one in installation_checks(root) if one.id == "zones"]
    wanted = ", ".join((fronting.TOKEN, open_platform.TOKEN, open_platform.SIGNER))
    assert wanted in {one.answer.about for one in examine(zones) if one.answer.state is State.BAD}


@pytest.mark.parametrize(("name", "value"), [("YKT_BACKUP_HOUR", "noon"), ("YKT_DESK_PORT", "x"), ("YKT_ADDRESS", "")])
def test_a_setting_that_is_none_is_named(root: Path, name: str, value: str) -> None:
    starting.change(root, {name: value})
    (said,) = [one.answer for one in examine(installation_checks(root)) if one.check.id == "environment"]
    assert (said.state, name in said.about) == (State.BAD, True)


def test_an_installation_without_its_settings(root: Path) -> None:
    os.truncate(root / ".env", 0)
    assert found(root)["environment"] == {State.BAD}
    (root / ".env").unlink()
    assert found(root)["environment"] == {State.BAD}


def test_a_repository_that_was_begun_and_is_not_there_is_wrong(root: Path) -> None:
    starting.change(root, {starting.PROFILES: "metrics,backup"})
    assert found(root)["nightly"] == {State.CARE}
    (root / starting.TOLD).parent.mkdir(parents=True)
    (root / starting.TOLD).touch()
    assert found(root)["nightly"] == {State.BAD}


def test_what_cannot_be_looked_into_is_not_called_empty(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    states = found(root)
    assert states["zones"] == states["issued"] == {State.UNKNOWN}


@pytest.mark.parametrize(
    ("service", "key", "value", "word"),
    [
        ("wallet", "networks", {"front": None, "inside": None}, "inside"),
        ("wallet", "volumes", [{"source": "/srv/run/postgres"}], "run/postgres"),
        ("postgres", "network_mode", "bridge", "books"),
        ("payments", "networks", {"front": None}, "payments"),
        ("open", "networks", {"programs": None, "behind": None, "front": None}, "front"),
        ("open", "volumes", [{"source": "/srv/data/cloud"}], "data/cloud"),
        ("payments", "networks", {"behind": None}, "payments"),
    ],
)
def test_a_way_from_a_front_to_the_books(service: str, key: str, value: object, word: str) -> None:
    composed = json.loads(json.dumps(_COMPOSED))
    assert not found_ways(composed)
    composed.setdefault(service, {})[key] = value
    assert any(word in said for said in found_ways(composed))


def found_ways(composed: dict[str, Any]) -> list[str]:
    return [said.en for of in doctor.FRONTS for said in doctor.ways(Path("/srv"), composed, of)]


def test_a_servers_folder_leads_the_doctor_of_all_there(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert of_all.main(["--data", str(root), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["parts"][0]["part"] == "installation"
