"""compose.yaml as an engine reads it: what must hold of every service, and the same in the layout and the file."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose.place import ROOT
from compose.server.installation import Installation
from compose.server.layout import FIRST, FOLDERS, METRIC_STORE, OPEN_PLATFORM, THEN
from compose.server.rendered import environment

FILE = ROOT / "compose/compose.yaml"
SAID: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = SAID["services"]
PUBLISHED = {"broker", "console", "desk", "enrol", "open", "wallet"}
OUTSIDE = (PUBLISHED - {"open", "wallet"}) | {"watch"}
"""Services on a network that leads out: who is called from there, and who sends messages."""
NO_NETWORK = {"postgres", "keys", "backup"}
KEEPER_MAY = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
"""Who keeps backups reads the files of two users and writes as one of them, and nobody can call him."""
ASKED = re.compile(r"\$\{(\w+)(:\?|:-|\})")


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SERVICES[request.param]


def test_its_name_is_fixed_so_that_no_folder_renames_its_volumes() -> None:
    assert SAID["name"] == "openykt"
    assert "volumes" not in SAID, "an engine's own volumes are not to be seen, and go with `down -v`"


def test_it_cannot_become_root_nor_write_where_it_runs(service: dict[str, Any]) -> None:
    user, group = service["user"].split(":")
    assert user == group
    if int(user) < 10_000:
        assert service["cap_add"] == KEEPER_MAY
        assert service["network_mode"] == "none"
        assert service["profiles"] == ["backup"]
    else:
        assert "cap_add" not in service
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "devices", "pid", "ipc"} & service.keys()


def test_it_has_limits_and_a_log_that_ends(service: dict[str, Any]) -> None:
    assert {"mem_limit", "cpus", "pids_limit", "tmpfs", "stop_grace_period"} <= service.keys()
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


def test_it_is_started_by_an_init_and_is_of_this_machine_alone(service: dict[str, Any]) -> None:
    assert service["init"] is True
    assert service["pull_policy"] == "never"
    assert service["image"].startswith("localhost/openykt-")


def test_the_engines_socket_is_given_to_nobody_and_a_secret_to_be_read_only(service: dict[str, Any]) -> None:
    assert not [one for one in service["volumes"] if "docker.sock" in one or "podman" in one]
    assert all(one.endswith(":ro") for one in service["volumes"] if one.startswith(("./secrets/", "./config/")))


def test_each_service_sees_its_own_secrets() -> None:
    seen = {name: [one for one in of["volumes"] if "secrets" in one] for name, of in SERVICES.items()}
    assert all(mounts in ([], [f"./secrets/{name}:/secrets:ro"]) for name, mounts in seen.items())


def test_every_directory_that_is_mounted_is_made_and_is_its_users() -> None:
    """Of the compose file's sources: an engine makes what is missing, as root's, and empty."""
    made = {folder.path: folder for folder in FOLDERS}
    for name, service in SERVICES.items():
        for mount in service["volumes"]:
            source, _, rest = mount.removeprefix("./").partition(":")
            assert source in made, mount
            if not rest.endswith(":ro") and not source.startswith("run/") and name != "backup":
                assert str(made[source].user) == service["user"].split(":")[0], f"{name}: {mount}"


def test_only_what_people_and_boxes_call_is_published_and_at_a_named_address() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == PUBLISHED
    for name in PUBLISHED:
        assert all(port.startswith("${YKT_ADDRESS") for port in SERVICES[name]["ports"])


def test_the_rest_has_no_way_out() -> None:
    assert SAID["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "school" in service.get("networks", ())} == OUTSIDE
    assert {name for name, service in SERVICES.items() if service.get("network_mode") == "none"} == NO_NETWORK
    assert all("networks" in service or "network_mode" in service for service in SERVICES.values())


def test_the_front_reaches_the_accounts_service_and_nothing_else() -> None:
    """No socket of books or keys, no network with anybody else on it; and its folder is nobody else's."""
    wallet = SERVICES["wallet"]
    assert {name for name, of in SERVICES.items() if "front" in of.get("networks", ())} == {"wallet", "accounts"}
    assert wallet["networks"] == ["front"]
    assert wallet["volumes"] == [
        "./data/front:/campus:ro", "./secrets/wallet:/secrets:ro", "./run/health/wallet:/run/ykt/health",
    ]  # fmt: skip
    assert "group_add" not in wallet
    others = [of for name, of in SERVICES.items() if name != "wallet"]
    assert not [of for of in others if of["user"] == wallet["user"]]
    assert not [mount for of in others for mount in of["volumes"] if mount.startswith("./data/front")]


def test_who_has_the_keys_of_providers_goes_out_and_listens_to_nobody() -> None:
    payments = SERVICES["payments"]
    assert payments["networks"] == ["providers"]
    assert [name for name, of in SERVICES.items() if "providers" in of.get("networks", ())] == ["payments"]
    assert "ports" not in payments
    assert not [word for word in payments["command"] if word.startswith(("--host", "--port"))]


def test_the_open_platform_is_off_and_where_it_is_on_nobody_else_is_on_its_network() -> None:
    """Its user, folder and secrets are its own, the accounts service alone is near, and the watch is not told of it."""
    platform = SERVICES["open"]
    assert platform["profiles"] == ["open"]
    assert platform["networks"] == ["programs", "behind"]
    assert [name for name, of in SERVICES.items() if "programs" in of.get("networks", ())] == ["open"]
    assert {name for name, of in SERVICES.items() if "behind" in of.get("networks", ())} == {"open", "accounts"}
    assert SAID["networks"]["behind"] == {"internal": True}
    assert platform["volumes"] == [
        "./data/open:/campus:ro", "./secrets/open:/secrets:ro", "./run/health/open:/run/ykt/health",
    ]  # fmt: skip
    assert "group_add" not in platform
    assert [name for name, of in SERVICES.items() if of["user"] == platform["user"]] == ["open"]
    assert "--service=open=${YKT_OPEN_SOCKET:-}" in SERVICES["watch"]["command"]
    rows = environment(Installation("0123456789abcdef", "v1", "192.0.2.7")).splitlines()
    assert {"COMPOSE_PROFILES=metrics", "YKT_OPEN_SOCKET="} <= {*rows}


@pytest.mark.parametrize("asks", ["console", "watch", "tools"])
def test_who_tells_how_services_are_sees_where_each_of_them_says_so(asks: str) -> None:
    """A place that the watch writes down is asked by the console and by commands, under the same path."""
    mounts = {mount.split(":")[1] for mount in SERVICES[asks]["volumes"]}
    told = [word for word in SERVICES["watch"]["command"] if word.startswith(("--service=", "--page="))]
    sockets = [word.rpartition("=")[2] for word in told if word.rpartition("=")[2].startswith("/")]
    assert sockets
    assert all(any(socket.startswith(f"{mount}/") for mount in mounts) for socket in sockets)


def test_the_database_is_ended_the_fast_way_and_has_time_for_it() -> None:
    books = SERVICES["postgres"]
    assert (books["stop_signal"], books["stop_grace_period"]) == ("SIGINT", "60s")
    assert "./data/postgres:/var/lib/postgresql" in books["volumes"], "the parent: a version has a folder in it"


def test_a_service_asks_whose_folder_it_is_before_it_runs(service: dict[str, Any]) -> None:
    words = [*service.get("entrypoint", ()), *service["command"]]
    folder = words[1]
    assert words[0] == "enter"
    assert any(mount.split(":")[1] == folder for mount in service["volumes"])


def test_health_checks_are_script_files_and_those_that_up_asks() -> None:
    asked = {one.name: one.healthy for one in (*FIRST, *THEN, METRIC_STORE, OPEN_PLATFORM)}
    lasting = {name for name, service in SERVICES.items() if service["restart"] == "always"}
    assert asked.keys() == lasting - {"backup"}, "a backup is made at night: the watch has an alarm for its age"
    for name, healthy in asked.items():
        said = SERVICES[name]["healthcheck"]["test"]
        assert said == ["CMD", *healthy]
        assert not any(" " in word for word in said), "an engine splits it there"
        assert (ROOT / "compose/images" / Path(said[1]).name).stat().st_mode & 0o111


def test_nothing_waits_for_health_which_no_engine_asks_without_systemd() -> None:
    assert "service_healthy" not in FILE.read_text(encoding="utf-8")


def test_no_image_has_a_volume_a_password_or_a_registry() -> None:
    for file in (ROOT / "compose/images").glob("*.Containerfile"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("FROM ")] == ["FROM localhost/openykt-debian:trixie"]
        assert not [line for line in lines if line.startswith(("VOLUME", "ARG"))]
        assert lines[-2].startswith("USER ") or lines[-1].startswith("USER ")


def test_dot_env_says_all_that_is_asked_and_no_secret() -> None:
    said = environment(Installation("0123456789abcdef", "v1", "192.0.2.7"))
    rows = dict(line.split("=", 1) for line in said.splitlines() if line and not line.startswith("#"))
    asked = {name for name, _ in ASKED.findall(FILE.read_text(encoding="utf-8"))}
    assert asked <= rows.keys()
    assert all(name.startswith(("YKT_", "COMPOSE_PROFILES")) for name in rows)
    assert not [name for name in rows if re.search("PASS|SECRET|KEY|TOKEN", name)]


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="not installed: docker-compose")
def test_docker_compose_takes_it(tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path)
    (tmp_path / ".env").write_text(environment(Installation("0123456789abcdef", "v1", "192.0.2.7")))
    words = ("docker-compose", "config", "--format", "json")
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["services"]["metrics"], "its profile is on"
