"""Which engine a machine has, told by what is there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from compose.place import WrongUse
from compose.server.engine import DOCKER, HOST, PODMAN, Engine, EngineRefused, found


def which(*programs: str) -> Callable[[str], str | None]:
    return lambda name: f"/usr/bin/{name}" if name in programs else None


def there(*sockets: Path) -> Callable[[Path], bool]:
    return lambda path: path in sockets


def test_docker_where_its_socket_is() -> None:
    assert found({}, which("docker"), there(DOCKER)) == Engine("docker", ("docker", "compose"))
    assert found({}, which("docker", "docker-compose"), there(DOCKER)) == Engine("docker", ("docker-compose",))


def test_podman_s_socket_with_the_standalone_compose() -> None:
    both = which("podman", "docker-compose")
    assert found({}, both, there(PODMAN)) == Engine("podman", ("docker-compose",), f"unix://{PODMAN}")
    assert found({HOST: "unix:///x/podman.sock"}, both, there()) == Engine(
        "podman", ("docker-compose",), "unix:///x/podman.sock"
    )


@pytest.mark.parametrize(
    ("programs", "sockets"), [((), ()), (("podman", "docker-compose"), ()), (("podman",), (PODMAN,)), ((), (DOCKER,))]
)
def test_what_is_missing_is_said(programs: tuple[str, ...], sockets: tuple[Path, ...]) -> None:
    with pytest.raises(WrongUse, match=r"docker-compose|Docker"):
        found({}, which(*programs), there(*sockets))


def test_its_words_stand_in_the_refusal(tmp_path: Path) -> None:
    with pytest.raises(EngineRefused, match="no such thing"):
        Engine("sh", ("sh",)).run("-c", "echo no such thing >&2; exit 3")
    assert Engine("sh", ("sh",)).composed(tmp_path, "-c", "pwd").strip() == str(tmp_path)
    assert not Engine("sh", ("sh",)).can(tmp_path, "-c", "exit 1")


def test_a_step_ends_at_its_bound() -> None:
    with pytest.raises(EngineRefused, match=r"0\.1"):
        Engine("sleep", ()).run("60", timeout_s=0.1)
