"""`./ykt server up`, `down`, `status`: an installation started in order, and asked how each service is.

The first start makes the database and takes the inventory; each is written down when it is done, so that a start which
was cut goes on from where it stood, and none ever begins anew. Whether a service is ready its own health check says,
asked here with a bound: an engine without systemd runs none by itself.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from compose.place import WrongUse
from compose.server import images, installation
from compose.server.engine import Engine, EngineRefused
from compose.server.installation import Installation
from compose.server.layout import FIRST, METRIC_STORE, OPEN_PLATFORM, POSTING, THEN, Service
from shared.words.voice import Text

READY_S = 90.0
"""Longest that all services may take to be ready; then it is said which are not, and they go on trying."""
POLL_S = 0.5
IMPORT_S = 600.0
BACKUP_S = 6 * 3600.0
"""As long as one run of what keeps the database may take."""
KEEPER = "backup"
REPOSITORY = "backup/pgbackrest.conf"
TOLD = "data/postgres/17/main/openykt-pgbackrest.conf"
"""What the database archives its log by: where it is, a repository was begun."""
PROFILES = "COMPOSE_PROFILES"
_OWN = ("payments",)
"""Whose commands need what that service alone is given: providers' keys, and a way to them."""

Say = Callable[[Text], None]


class NotReady(Exception):
    """Services that are not ready at the bound. Exit code 1."""

    exit_code = 1


def up(root: Path, engine: Engine, say: Say) -> bool:
    """All of it, ready. True: for the first time. WrongUse: it is not this installation. EngineRefused, NotReady."""
    one = installation.read(root)
    installation.require_whole(root, one)
    require_images(dict(_settings(root))["YKT_VERSION"], engine)
    is_first = not one.has_inventory
    if not one.has_books:
        one = _make_books(root, one, engine, say)
    first, then = services(root)
    if one.has_inventory:
        _start(root, engine, [each for each in (*first, *then) if each.name in POSTING], say)
    else:
        _start(root, engine, first, say)
        one = _take_inventory(root, one, engine, say)
    _start(root, engine, (*first, *then), say)
    if has_profile(root, KEEPER):
        engine.composed(root, "up", "--detach", "--no-build", "--no-deps", KEEPER)
    return is_first


def kept(root: Path, engine: Engine, words: Sequence[str]) -> str:
    """A deed of `cloud backup` where the books, their backups and nothing else are seen; what it says."""
    asked = ("run", "--rm", "-T", "--no-deps", KEEPER, *words)
    return engine.composed(root, "--profile", KEEPER, *asked, timeout_s=BACKUP_S)


def require_images(version: str, engine: Engine) -> None:
    """WrongUse that names those which the engine has not."""
    missing = [name for name in images.NAMES if not images.is_there(engine, images.image(name, version))]
    if missing:
        names = ", ".join(images.image(name, version) for name in missing)
        raise WrongUse(
            Text(
                f"没有镜像 {names}；在该版本的检出目录执行 ./ykt server build",
                f"no image {names}: ./ykt server build, in a checkout of that version",
            )
        )


def start_books(root: Path, engine: Engine, say: Say) -> None:
    """The database alone, ready. EngineRefused, NotReady."""
    _start(root, engine, FIRST[:1], say)


def down(root: Path, engine: Engine) -> None:
    """Ended in order, nothing removed but containers and networks."""
    installation.read(root)
    engine.composed(root, "down", "--timeout", "60")


def services(root: Path) -> tuple[tuple[Service, ...], tuple[Service, ...]]:
    """Those that the others need, and the others."""
    first = (*FIRST, METRIC_STORE) if has_profile(root, METRIC_STORE.name) else FIRST
    return first, (*THEN, OPEN_PLATFORM) if has_profile(root, OPEN_PLATFORM.name) else THEN


def has_profile(root: Path, name: str) -> bool:
    """Does .env name it?"""
    return name in dict(_settings(root)).get(PROFILES, "").split(",")


def unready(root: Path, engine: Engine, asked: Sequence[Service]) -> list[str]:
    """Names of those whose health check does not say that they are."""
    return [one.name for one in asked if not engine.can(root, "exec", "-T", one.name, *one.healthy)]


def sign_in(root: Path, engine: Engine) -> str:
    """A one-time link to the console, as its own command says it."""
    return command(root, engine, ("sign-in", "--address", address(root)))


def address(root: Path) -> str:
    """Of the console."""
    settings = dict(_settings(root))
    return f"https://{settings['YKT_ADDRESS']}:{settings['YKT_CONSOLE_PORT']}/"


def command(root: Path, engine: Engine, words: Sequence[str], timeout_s: float = IMPORT_S) -> str:
    """A command of the cloud beside what runs; what it says."""
    return engine.composed(root, *beside(words), timeout_s=timeout_s)


def beside(words: Sequence[str]) -> tuple[str, ...]:
    """What compose is told, to run a command of the cloud beside what runs."""
    verb, *rest = words
    where = verb if verb in _OWN else "tools"
    return ("run", "--rm", "-T", "--no-deps", where, "cloud", verb, "--data", "/campus", *rest)


def settings(root: Path) -> dict[str, str]:
    """What .env says."""
    return dict(_settings(root))


def change(root: Path, said: Mapping[str, str]) -> None:
    """These settings in .env; all else stays as it is. Whole or as it was."""
    kept = (root / ".env").read_text(encoding="utf-8").splitlines()
    kept = [line for line in kept if line.partition("=")[0] not in said]
    early = root / ".env.new"
    early.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in said.items())]) + "\n", encoding="utf-8")
    early.chmod(0o644)
    early.rename(root / ".env")


def renew(root: Path, engine: Engine, names: Sequence[str], new: Sequence[str] = ()) -> bool:
    """These services start anew, with what settings and files say now, and `new` ones with them; ready. False: they do
    not run. EngineRefused, NotReady."""
    asked = [one for one in (*THEN, OPEN_PLATFORM) if one.name in (*names, *new)]
    if not all(engine.can(root, "exec", "-T", name, "true") for name in names):
        return False
    engine.composed(root, "up", "--detach", "--no-build", "--no-deps", "--force-recreate", *names, *new)
    _until_ready(root, engine, asked)
    return True


def end(root: Path, engine: Engine, name: str) -> None:
    """This service alone, gone with its container. name: of a profile, too. EngineRefused."""
    engine.composed(root, "--profile", name, "rm", "--stop", "--force", name)


def _settings(root: Path) -> Iterator[tuple[str, str]]:
    for line in (root / ".env").read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            yield name, value


def _make_books(root: Path, one: Installation, engine: Engine, say: Say) -> Installation:
    say(Text("建立数据库", "making the database"))
    if not (root / installation.BOOKS).exists():  # else it was made, and the word of it was lost
        engine.composed(
            root, "run", "--rm", "-T", "--no-deps", "postgres", "enter", "/var/lib/postgresql", "make-books"
        )
    return installation.made_books(root, one)


def _take_inventory(root: Path, one: Installation, engine: Engine, say: Say) -> Installation:
    say(Text("导入清单", "taking the inventory"))
    command(root, engine, ("import",))
    return installation.took_inventory(root, one)


def _start(root: Path, engine: Engine, asked: Sequence[Service], say: Say) -> None:
    began_s = time.monotonic()
    engine.composed(root, "up", "--detach", "--no-build", "--no-deps", *(one.name for one in asked))
    _until_ready(root, engine, asked)
    names = " ".join(one.name for one in asked)
    took = time.monotonic() - began_s
    say(Text(f"就绪：{names}（{took:.1f} 秒）", f"ready: {names} ({took:.1f} s)"))


def _until_ready(root: Path, engine: Engine, asked: Sequence[Service]) -> None:
    began_s = time.monotonic()
    waiting = unready(root, engine, asked)
    while waiting:
        if time.monotonic() - began_s > READY_S:
            raise NotReady(_why(root, engine, waiting))
        time.sleep(POLL_S)
        waiting = unready(root, engine, [one for one in asked if one.name in waiting])


def _why(root: Path, engine: Engine, waiting: Sequence[str]) -> Text:
    try:
        tail = engine.composed(root, "logs", "--no-color", "--tail", "5", *waiting)
    except EngineRefused as fault:
        tail = str(fault)
    names = ", ".join(waiting)
    return Text(f"{READY_S:g} 秒内未就绪：{names}\n{tail}", f"not ready within {READY_S:g} s: {names}\n{tail}")
