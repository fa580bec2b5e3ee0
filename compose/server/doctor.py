"""`./ykt server doctor DIR`: what is wrong with an installation, in words, whether its containers run or not.

What this machine can see of it is looked at here: folders and whose they are, images, sockets, certificates, the zone
of the fronts. The rest the cloud's own doctor says, in a container beside what runs. It changes nothing.
"""

import json
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from compose.place import WrongUse
from compose.server import certificates, fronting, images, installation, open_platform, starting
from compose.server.engine import Engine, EngineRefused, engine
from compose.server.layout import DATA, FOLDERS, ISSUE, OPEN, REVOKED, UPPER, WALLET, dealt
from compose.server.making import PASSPHRASE, SIGNERS
from shared.keys.webhook_key import SEED_SIZE
from shared.support import files, network
from shared.support.checks import ALL_GOOD, NOT_KNOWN, WRONG, Answer, Check, as_json, bad, care, good, unknown
from shared.support.doctor import examine, say
from shared.words.voice import Text, told_by

JSON_HELP = Text("机器可读，一行 JSON（docs/support.md）", "one line of JSON, for a program (docs/support.md)")
CLOUD_S = 60.0
"""Longest that the cloud's doctor may take with its container."""
NAMED_MAX = 3
_SERVER, _CLOUD = Text("安装", "installation"), Text("服务器", "server")
_UP = Text("./ykt server up DIR", "./ykt server up DIR")
_UPGRADE = Text("./ykt server upgrade DIR：缺的补上，权限改正", "./ykt server upgrade DIR makes what is missing")
_SOCKETS = ("keys", "ingest", "console", "watch", "desk", "enrol", "accounts", "wallet", "payments")
_BOOKS = "postgres"


class Front(NamedTuple):
    """Who is reached from outside. networks: those that it may be on, the last with the accounts service; given: all
    that it sees; token, digest: by which it is known behind it."""

    name: str
    networks: tuple[str, ...]
    given: tuple[str, ...]
    token: str
    digest: str


_WALLET = Front(
    "wallet", ("front",), ("data/front", "secrets/wallet", "run/health/wallet"), fronting.TOKEN, fronting.DIGEST
)
_OPEN = Front(
    "open", ("programs", "behind"), ("data/open", "secrets/open", "run/health/open"), open_platform.TOKEN,
    open_platform.DIGEST,
)  # fmt: skip
FRONTS = (_WALLET, _OPEN)


def main(root: Path, *, is_json: bool) -> int:
    """All of it; 0 well, 1 wrong, 2 not known. WrongUse: no installation is here."""
    installation.read(root)
    own = examine(installation_checks(root))
    runs = _engine()
    if is_json:
        found = [as_json("installation", own), *([_told(root, runs)] if runs else [])]
        code = worst({int(one["exit"]) for one in found})
        sys.stdout.write(json.dumps({"parts": found, "exit": code}, ensure_ascii=False) + "\n")
        return code
    sys.stdout.write(f"{_SERVER}  {root}\n")
    codes = {say("installation", own, is_json=False)}
    if runs is not None:
        sys.stdout.write(f"\n{_CLOUD}\n")
        said, code = _asked(root, runs)
        sys.stdout.write(said)
        codes.add(code)
    return worst(codes)


def worst(codes: Iterable[int]) -> int:
    """Wrong before not known before well; a code that is none of them is wrong."""
    found = set(codes)
    if found - {ALL_GOOD, NOT_KNOWN}:
        return WRONG
    return NOT_KNOWN if NOT_KNOWN in found else ALL_GOOD


def _engine() -> Engine | None:
    try:
        return engine()
    except WrongUse:
        return None


def _told(root: Path, runs: Engine) -> dict[str, Any]:
    said, code = _asked(root, runs, "--json")
    try:
        return dict(json.loads(said))
    except ValueError:
        return {"part": "cloud", "exit": code or WRONG, "ok": False, "checks": [], "fault": said[-200:]}


def _asked(root: Path, runs: Engine, *words: str) -> tuple[str, int]:
    """What the cloud's doctor says beside what runs, and its exit code."""
    try:
        return runs.answered(root, *starting.beside(("doctor", *words)), timeout_s=CLOUD_S)
    except EngineRefused as fault:
        return f"{fault}\n", WRONG


def installation_checks(root: Path) -> list[Check]:
    """In the order in which a person looks."""
    asked = (
        ("installation", Text("目录都挂着、建完了吗？", "are its folders mounted, and was it finished?"), _whole),
        ("environment", Text(".env 和 compose.yaml 能用吗？", "can .env and compose.yaml be used?"), _environment),
        ("zones", Text("各服务的目录和秘密只归自己吗？", "are folders and secrets each service's own?"), _zones),
        ("issued", Text("发行结果离开服务器了吗？", "has what was issued left the server?"), _issued),
        ("images", Text("有容器引擎和本版的镜像吗？", "is there an engine, with images of this version?"), _images),
        ("containers", Text("各服务的套接字应答吗？", "do the services' sockets answer?"), _containers),
        ("shown-certificates", Text("给手机和程序看的证书有效吗？", "are the shown certificates valid?"), _shown),
        ("revocations", Text("吊销列表能用吗？", "can the list of revoked certificates be used?"), _revoked),
        ("front-zone", Text("前置区通不到账本吗？", "has the front's zone no way to the books?"), _front_zone),
        ("nightly", Text("每夜备份开着吗？", "is the backup of each night on?"), _nightly),
    )
    return [Check(name, question, _on(look, root)) for name, question, look in asked]


def _on(look: Callable[[Path], Iterator[Answer]], root: Path) -> Callable[[], Iterator[Answer]]:
    return lambda: look(root)


def _whole(root: Path) -> Iterator[Answer]:
    try:
        one = installation.read(root)
        installation.require_whole(root, one)
    except WrongUse as fault:
        yield bad(
            told_by(fault),
            Text(
                "挂上它的盘；installation.json 从封存放回，或还原：docs/server.md",
                "mount its disk; installation.json: from what was sealed, or restore: docs/server.md",
            ),
        )
        return
    if lacks := [folder for folder in DATA if folder not in one.folders]:
        yield bad(Text(f"旧安装，缺 {lacks[0]}", f"of before: no {lacks[0]}"), _UPGRADE)
    elif not (one.has_books and one.has_inventory):
        yield bad(Text("没有启动完", "its first start was not finished"), _UP)
    else:
        yield good(Text(f"{one.identity}，版本 {one.version}", f"{one.identity}, version {one.version}"))


def _environment(root: Path) -> Iterator[Answer]:
    """What it says, and whether the engine's compose takes both."""
    if not (root / ".env").is_file():
        yield bad(Text("没有 .env", "there is no .env"), _ENV_BACK)
        return
    said = starting.settings(root)
    found = [
        *(name for name in _NEEDED if not said.get(name)),
        *(name for name in said if name.endswith("_PORT") and not said[name].isdecimal()),
        *([_HOUR] if not re.fullmatch(_CLOCK, said.get(_HOUR, "2")) else []),
    ]
    if found:
        yield bad(Text("没有写，或写错", "not said, or said wrong"), _ENV_BACK, ", ".join(found[:NAMED_MAX]))
        return
    try:
        engine().composed(root, "config", "--quiet")
    except WrongUse:
        yield unknown(
            Text(".env 能用；compose.yaml 无人可问", ".env can be used; nobody can be asked about compose.yaml"),
            Text("先处理 images 一项", "see to the check `images` first"),
        )
    except EngineRefused as fault:
        last = str(fault).strip().splitlines()[-1][:200]
        yield bad(Text(last, last), _COMPOSE_BACK)
    else:
        yield good(Text("都能用", "both can be used"))


_NEEDED = ("YKT_VERSION", "YKT_INSTALLATION", "YKT_ADDRESS", fronting.ADDRESS)
_HOUR, _CLOCK = "YKT_BACKUP_HOUR", r"([01]?\d|2[0-3])(:[0-5]\d)?"
_ENV_BACK = Text(
    "改正 .env，或从封存放回，再 ./ykt server up DIR", "mend .env, or put it back from what was sealed; then up DIR"
)
_COMPOSE_BACK = Text(
    "compose.yaml 换回本版的：./ykt server upgrade DIR", "this version's compose.yaml anew: ./ykt server upgrade DIR"
)


def _lacking(root: Path) -> list[str]:
    """Of what each service is given: what is not there, or is empty."""
    given = [one.target for one in (*dealt((), ()), *(OPEN if open_platform.is_on(root) else ()))]
    paths = [*given, PASSPHRASE, SIGNERS, "config/broker/mosquitto.conf", "config/postgres/postgresql.conf"]
    wanted = [path for path in paths if path.startswith(("secrets/", "config/"))]
    return [path for path in wanted if not (root / path).is_file() or not (root / path).stat().st_size]


def _broken(root: Path) -> list[str]:
    """What fronts are known by, and what webhooks are signed by: what is not there, or not whole."""
    of_open = {open_platform.TOKEN: 1, open_platform.SIGNER: SEED_SIZE} if open_platform.is_on(root) else {}
    wanted = {fronting.TOKEN: 1, **of_open}
    return [path for path, least in wanted.items() if not _has(root / path, least)]


def _has(file: Path, least: int) -> bool:
    return file.is_file() and file.stat().st_size >= least


def _zones(root: Path) -> Iterator[Answer]:
    """As the layout gives them: a secret that another can read, or its service cannot, is named, and what is gone."""
    if not _may_look(*(root / folder.path for folder in FOLDERS if folder.path.startswith("secrets/"))):
        yield _AS_ROOT
        return
    strange = [folder.path for folder in FOLDERS if not _is_as_laid_out(root / folder.path, folder.user, folder.mode)]
    secrets = [path for path in files.walked(root / "secrets") if path.is_file()]
    loose = [str(path.relative_to(root)) for path in secrets if path.stat().st_mode & files.OTHERS]
    lost = [str(path.relative_to(root)) for path in secrets if path.stat().st_uid != path.parent.stat().st_uid]
    for found, said in (
        (strange, Text("权限或属主不对", "another owner or mode than it should have")),
        (loose, Text("他人可读：曾被读走的须换", "others may read it: what was read must be changed")),
        (lost, Text("不属于它的服务：服务读不到", "is not its service's, which cannot read it")),
    ):
        if found:
            yield bad(said, _UPGRADE if found is strange else _GIVEN, ", ".join(found[:NAMED_MAX]))
    lacking = _lacking(root)
    if lacking:
        yield bad(Text("不在，或是空文件", "not there, or empty"), _SEALED_BACK, ", ".join(lacking[:NAMED_MAX]))
    broken = _broken(root)
    if broken:
        yield bad(Text("不在，或不完整", "not there, or not whole"), _MADE_ANEW, ", ".join(broken))
    if not (strange or loose or lost or lacking or broken):
        number, of = len(FOLDERS), len(secrets)
        yield good(Text(f"{number} 个目录，{of} 个秘密", f"{number} folders, {of} secrets"))


_AS_ROOT = unknown(
    Text("看不到：须由 root 执行", "cannot be seen: to be run by root"), Text("以 root 再问一次", "ask again as root")
)
_MADE_ANEW = Text("./ykt server upgrade DIR 重做", "./ykt server upgrade DIR makes it anew")
_SEALED_BACK = Text(
    "从封存放回（backup DIR open-keys）；.conf 由 ./ykt server upgrade DIR 重做",
    "from what was sealed (backup DIR open-keys); a .conf is made anew by ./ykt server upgrade DIR",
)
_GIVEN = Text("chown --reference=目录，chmod 400", "chown --reference=FOLDER, chmod 400")


def _is_as_laid_out(path: Path, user: int, mode: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_uid, stat.S_IMODE(found.st_mode)) == (user, mode)


def _may_look(*folders: Path) -> bool:
    """What cannot be looked into is not known, and must not be taken for empty."""
    return all(os.access(folder, os.R_OK | os.X_OK) for folder in folders if folder.exists())


def _issued(root: Path) -> Iterator[Answer]:
    if not _may_look(root / ISSUE, root / ISSUE / "keys"):
        yield _AS_ROOT
        return
    there = [name for name in UPPER if (root / ISSUE / "keys" / name).exists()]
    if there:
        yield care(
            Text(f"还在：{', '.join(there)}，能再造出学校的密钥", f"still here, the upper keys: {', '.join(there)}"),
            Text(f"拷走 {root / ISSUE}，离线保存，从这里删除", f"take {root / ISSUE} away, off line; remove it here"),
        )
    else:
        yield good(Text("上级密钥不在这台服务器上", "the upper keys are not on this server"))


def _images(root: Path) -> Iterator[Answer]:
    version = starting.settings(root).get("YKT_VERSION", "")
    try:
        runs = engine()
    except WrongUse as fault:
        fix = Text("装上并启动：docs/server.md 第一节", "install and start it: docs/server.md, part one")
        yield bad(told_by(fault), fix)
        return
    try:
        starting.require_images(version, runs)
    except WrongUse as fault:
        fix = Text(f"检出 {version}，./ykt server build", f"check {version} out, ./ykt server build")
        yield bad(told_by(fault), fix)
        return
    number = len(images.NAMES)
    yield good(Text(f"{runs.program}，{number} 个镜像 {version}", f"{runs.program}, {number} images of {version}"))


def _containers(root: Path) -> Iterator[Answer]:
    """Asked over the sockets that they leave here, and not of the engine: it answers when that does not."""
    said = starting.settings(root)
    places: dict[str, Path | tuple[str, int]] = {_BOOKS: root / "run/postgres/.s.PGSQL.5432"}
    places["broker"] = (said.get("YKT_ADDRESS", ""), int(said.get("YKT_MQTT_PORT", "8883")))
    names = [*_SOCKETS, *(["open"] if open_platform.is_on(root) else [])]
    places |= {name: root / f"run/health/{name}/{name}.sock" for name in names}
    places["signer"] = root / "run/office/signer.sock"
    away = [name for name, place in places.items() if not network.answers(place)]
    fix = Text("看它的日志：docker-compose logs 服务名", "see its log: docker-compose logs NAME")
    if len(away) == len(places):
        yield bad(Text("没有运行", "it does not run"), _UP)
    elif away:
        yield bad(Text(f"不应答：{', '.join(away)}", f"no answer: {', '.join(away)}"), fix)
    else:
        yield good(Text(f"{len(places)} 个都应答", f"all {len(places)} answer"))


def _shown(root: Path) -> Iterator[Answer]:
    said = starting.settings(root)
    shown = {"wallet": (WALLET[-1].target, WALLET[0].target, said.get(fronting.ADDRESS, ""))}
    if open_platform.is_on(root):
        shown["open"] = (OPEN[-1].target, OPEN[0].target, said.get(open_platform.ADDRESS, ""))
    named = [(name, root / file) for name, (file, _, _) in shown.items()]
    yield from files.certificates([*named, ("accounts", root / "data/cloud/cloud/accounts.pem")], files.now())
    yield from files.key_pairs([(name, root / file, root / key) for name, (file, key, _) in shown.items()])
    cloud = root / "data/cloud/cloud"
    yield from files.key_pairs([
        (name, cloud / f"{name}.pem", root / f"secrets/{name}/{name}.key")
        for name in ("console", "ingest", "watch", "accounts")
    ])  # fmt: skip
    broker = root / "config/broker/broker.pem"
    yield from files.certificates([("broker", broker)], files.now(), root / "config/broker/ca.pem", ("broker",))
    yield from files.key_pairs([("broker", broker, root / "secrets/broker/broker.key")])
    for name, (file, _, address) in shown.items():
        host = urlsplit(address).hostname or ""
        if _is_anothers(root / file, host):
            verb = f"./ykt server {name} DIR --certificate --key"
            yield bad(Text(f"不是 {host} 的证书", f"it is not for {host}"), Text(verb, verb), name)


def _is_anothers(file: Path, host: str) -> bool:
    """Is it a certificate, and not for this host? One that is missing or damaged was told before."""
    try:
        return not certificates.is_for(file.read_bytes(), host)
    except (FileNotFoundError, ValueError):
        return False


def _revoked(root: Path) -> Iterator[Answer]:
    """The list that the signer writes and the broker reads."""
    if not _may_look(root / REVOKED.rpartition("/")[0], root / "config/broker"):
        yield _AS_ROOT
        return
    yield from files.revocations(root / REVOKED, root / "config/broker/ca.pem", files.now())


def _front_zone(root: Path) -> Iterator[Answer]:
    """By what compose would start, by what is given to the front, and by what its container sees."""
    fronts = FRONTS if open_platform.is_on(root) else (_WALLET,)
    try:
        runs = engine()
        services = json.loads(runs.composed(root, "config", "--format", "json"))["services"]
    except (WrongUse, EngineRefused):
        fix = Text("先处理 environment、images 两项", "see to the checks `environment` and `images` first")
        yield unknown(Text("问不到引擎", "no engine could be asked"), fix)
        return
    for front in fronts:
        yield from _zone_of(root, front)
        wrong = list(ways(root, services, front))
        if runs.can(root, "exec", "-T", front.name, "test", "-e", "/run/ykt/postgres", timeout_s=4.0):
            wrong.append(Text("容器里看得到账本的套接字", "its container sees the socket of the books"))
        fix = Text("换回本版的 compose.yaml：./ykt server upgrade DIR", "compose.yaml anew: ./ykt server upgrade DIR")
        for said in wrong:
            yield bad(said, fix, front.name)
        if not wrong:
            yield good(Text("网络、目录、套接字都通不到", "none by network, folder or socket"), front.name)


def _zone_of(root: Path, front: Front) -> Iterator[Answer]:
    if not fronting.belong(root / front.token, root / front.digest):
        said = Text("令牌不是账户服务认得的", "its token is not the one that the accounts service knows")
        yield bad(said, _MADE_ANEW, front.name)


def ways(root: Path, services: Mapping[str, Any], of: Front) -> Iterator[Text]:
    """From a front to the books, or to anybody who has one; services: as compose says what it would start."""
    front = services[of.name]
    if others := sorted(set(front.get("networks") or {}) - {*of.networks}):
        yield Text(f"还在网络 {', '.join(others)} 上", f"it is on the networks {', '.join(others)}, too")
    if services[_BOOKS].get("network_mode") != "none":
        yield Text("账本接了网络", "the books are on a network")
    near = {name for name, one in services.items() if {*of.networks} & set(one.get("networks") or {})}
    if strange := sorted(near - {of.name, "accounts"}):
        yield Text(f"前置的网络上还有 {', '.join(strange)}", f"{', '.join(strange)} is on the front's network, too")
    given = {str(one.get("source", "")) for one in front.get("volumes") or ()}
    if strange := sorted(given - {str(root / folder) for folder in of.given}):
        yield Text(f"它还看得到 {', '.join(strange)}", f"it sees {', '.join(strange)}, too")


def _nightly(root: Path) -> Iterator[Answer]:
    fix = Text(
        "挂上另一块盘，.env 的 COMPOSE_PROFILES 加 backup，./ykt server up DIR",
        "mount another disk, add backup to COMPOSE_PROFILES in .env, ./ykt server up DIR",
    )
    if not starting.has_profile(root, starting.KEEPER):
        yield care(Text("没有打开", "it is off"), fix)
    elif not (root / starting.REPOSITORY).exists() and (root / starting.TOLD).exists():
        yield bad(
            Text("备份库不在：盘没挂上？", "the repository is not there: is its disk mounted?"),
            Text(
                "挂上；是新盘：./ykt server backup DIR set-up，再 backup DIR",
                "mount it; a new disk: ./ykt server backup DIR set-up, then backup DIR",
            ),
        )
    elif not (root / "backup").is_mount():
        yield care(Text("开着，但 backup/ 不是另一块盘", "it is on, and backup/ is no disk of its own"), fix)
    elif not (root / starting.REPOSITORY).exists():
        yield unknown(Text("还没有备份库", "there is no repository yet"), _UP)
    else:
        yield good(Text(f"每夜 {starting.settings(root).get('YKT_BACKUP_HOUR', '2')} 点", "each night"))
