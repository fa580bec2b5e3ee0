"""`./ykt server`: a school's server from images of this checkout, under Docker or podman (docs/server.md)."""

import argparse
import ipaddress
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from compose.place import ROOT, WrongUse, keep_private
from compose.release.wheel import NotBuilt
from compose.server import (
    dealing,
    doctor,
    fronting,
    images,
    installation,
    making,
    open_platform,
    sealing,
    starting,
    upgrading,
)
from compose.server.engine import Engine, EngineRefused, engine
from compose.server.layout import OPEN_PLATFORM
from shared.input.command_line import Parser
from shared.input.endpoint import listening_port
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "学校服务器：build 做镜像，init 建安装目录，up 启动，status 查看，wallet 钱包，open 开放平台，\n"
    "upgrade 升级，down 停止；说明 docs/server.md。",
    "A school's server: build makes the images, init an installation, up starts it, status tells,\n"
    "wallet opens the wallet to phones, open the platform to programs, upgrade goes on with this\n"
    "checkout, down ends it.\n"
    "The page of it: docs/server.md.",
)
FOLDER = Text("安装目录", "folder of the installation")
ADDRESS = Text("本服务器的地址：集控平台与网关从这里连接", "address of this server, where console and boxes reach it")
PLAN = Text(
    "计划（provision plan new）；缺省为演示校园", "the plan (provision plan new); the demonstration's if not given"
)
CARDS = Text("演示校园的卡数", "cards of the demonstration")
MASTERS = Text("仪式生成的主密钥目录", "folder with the masters that a ceremony made")
SHARE = Text("打开 --masters 的一份份额，可重复", "a share that opens --masters; may be repeated")
BASE = Text("现成的 Debian 根目录或其 .tar，代替 debootstrap", "a Debian root or its .tar, in debootstrap's place")
DEEDS = Text(
    "cloud backup 的动作与参数；备份在 /backup；keys、prove、open-keys 封存整个安装到 --to",
    "a deed of `cloud backup`, with its words; backups are in /backup; keys, prove, open-keys are of all\n"
    "the installation, into --to, elsewhere",
)
SEEN = Text("手机所见的网址；写入 .env，通行密钥只认它", "as phones see it: into .env; passkeys are for it alone")
PUBLISHED = Text("发布的端口，缺省同网址", "the port that is published (that of the address)")
CHAIN = Text("学校自己的证书链，PEM，续期后再执行一次", "the school's own certificate and chain; again when renewed")
PRIVATE = Text("其私钥，PEM", "its key, PEM")
CALLED = Text("第三方程序所用的网址；写入 .env，打开它", "as other programs call it: into .env; switches it on")
OFF = Text("关闭；应用与事件都留着", "switch it off; applications and events stay")
WORDS = Text("cloud 的命令与参数", "a command of the cloud, with its words")
HTTPS = 443
_VERBS = {
    "build": Text("从检出目录做镜像，不用任何镜像仓库", "make the images from this checkout; no registry is asked"),
    "init": Text("建安装目录：目录、密钥文件、证书、配置", "make an installation: directories, secrets, certificates"),
    "up": Text("启动，等到每个服务就绪", "start it, until each service is ready"),
    "upgrade": Text("换成本检出目录的镜像与配置，然后启动", "go on with the images and configuration of this checkout"),
    "down": Text("停止；数据都留着", "end it; all data stay"),
    "wallet": Text("钱包：网址、学校自己的证书", "the wallet: its address, the school's own certificate"),
    "open": Text("开放平台：打开、关闭，网址、学校自己的证书", "the open platform: on, off, address, certificate"),
    "status": Text("每个服务是否就绪", "is each service ready?"),
    "doctor": Text("这套安装哪里不对；只看不改", "what is wrong with it, in words; changes nothing"),
    "cloud": Text("在运行的服务旁执行一条 cloud 命令", "a command of the cloud beside what runs"),
    "backup": Text(
        "备份：缺省立即做一份；list、check、restore；keys 封存密钥",
        "one now (default), list, check, restore; keys seals secrets",
    ),
}


def main(arguments: list[str]) -> int:
    """0 done or true, 1 refused or not ready, 2 wrong use."""
    parser = Parser(prog="./ykt server", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    made = {name: verbs.add_parser(name, help=text, description=text) for name, text in _VERBS.items()}
    for name, deed in _RUNS.items():
        made[name].set_defaults(run=deed)
        if name != "build":
            made[name].add_argument("folder", type=Path, metavar="DIR", help=FOLDER)
    made["build"].add_argument("--base", type=Path, metavar="DIR|TAR", help=BASE)
    made["cloud"].add_argument("words", nargs=argparse.REMAINDER, metavar="…", help=WORDS)
    made["backup"].add_argument("words", nargs=argparse.REMAINDER, metavar="…", help=DEEDS)
    _init_options(made["init"])
    for name, seen in (("wallet", SEEN), ("open", CALLED)):
        made[name].add_argument("--address", type=_web, metavar="https://HOST[:PORT]", help=seen)
        made[name].add_argument("--port", type=listening_port, metavar="N", help=PUBLISHED)
        made[name].add_argument("--certificate", type=Path, metavar="FILE", help=CHAIN)
        made[name].add_argument("--key", type=Path, metavar="FILE", help=PRIVATE)
    made["doctor"].add_argument("--json", action="store_true", help=doctor.JSON_HELP)
    made["open"].add_argument("--off", action="store_true", help=OFF)
    given = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    try:
        return run(given)
    except (WrongUse, NotBuilt, EngineRefused, making.StepFailed, starting.NotReady) as fault:
        sys.stderr.write(f"{fault}\n")
        return fault.exit_code
    except OSError as fault:
        sys.stderr.write(f"{Text('无法读写：', 'cannot read or write: ')}{fault}\n")
        return 1


def _init_options(parser: Parser) -> None:
    parser.add_argument("--address", required=True, type=_address, metavar="IP", help=ADDRESS)
    parser.add_argument("--plan", type=Path, metavar="PLAN.json", help=PLAN)
    parser.add_argument("--cards", type=int, default=200, metavar="N", help=CARDS)
    parser.add_argument("--masters", type=Path, metavar="DIR", help=MASTERS)
    parser.add_argument("--share-file", type=Path, action="append", default=[], metavar="FILE", help=SHARE)


def _address(text: str) -> str:
    """Of version 4: an engine publishes ports at numbers, and not at names."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(str(Text("应为 IPv4 地址", "wanted is an IPv4 address"))) from None


def _web(text: str) -> SplitResult:
    """As phones type it."""
    try:
        found = urlsplit(text)
        named = found.port or HTTPS
    except ValueError:
        named = 0
    if not named or found.scheme != "https" or not found.hostname or text.rstrip("/") != f"https://{found.netloc}":
        raise argparse.ArgumentTypeError(str(Text("应如 https://wallet.example.cn", "as https://wallet.example.cn")))
    return found


def _build(given: argparse.Namespace) -> int:
    images.build(engine(), version(), _say, given.base)
    return 0


def _init(given: argparse.Namespace) -> int:
    root = given.folder.absolute()
    masters = ("--masters", str(given.masters.absolute())) if given.masters else ()
    shares = [word for file in given.share_file for word in ("--share-file", str(file.absolute()))]
    asked = making.Wanted(root, given.address, version(), given.plan, given.cards, (*masters, *shares))
    one = making.make(asked, engine(), _say)
    _say(_made(root, one))
    return 0


def _made(root: Path, one: installation.Installation) -> Text:
    return Text(
        f"安装 {one.identity} 已建：{root}\n"
        f"  离开本机：{root}/issue（卡、终端、网关，root.keys、region.keys），拷走后删除\n"
        f"  开机启动：cp {root}/openykt-server.service /etc/systemd/system/ 后 systemctl enable --now openykt-server\n"
        f"  现在启动：./ykt server up {root}",
        f"the installation {one.identity} is made: {root}\n"
        f"  to leave this machine: {root}/issue (cards, terminals, boxes, root.keys, region.keys); then remove it\n"
        f"  at boot: cp {root}/openykt-server.service /etc/systemd/system/, systemctl enable --now openykt-server\n"
        f"  now: ./ykt server up {root}",
    )


def _up(given: argparse.Namespace) -> int:
    root, runs = given.folder.absolute(), engine()
    installation.read(root)
    fronting.require_open(root)
    is_first = starting.up(root, runs, _say)
    if is_first:
        sys.stdout.write(starting.sign_in(root, runs))
    else:
        _say(Text(f"集控平台：{starting.address(root)}", f"console: {starting.address(root)}"))
    _say_wallet(root)
    return 0


def _say_wallet(root: Path) -> None:
    address = starting.settings(root)[fronting.ADDRESS]
    _say(Text(f"钱包：{address}/（docs/wallet.md）", f"wallet: {address}/ (docs/wallet.md)"))


def _wallet(given: argparse.Namespace) -> int:
    """Nothing is changed where something is wrong with what is given."""
    root, runs = given.folder.absolute(), engine()
    one = installation.read(root)
    installation.require_whole(root, one)
    fronting.require_open(root)
    _require_pair(given)
    seen = given.address or urlsplit(starting.settings(root)[fronting.ADDRESS])
    if given.certificate is not None:
        dealing.require_root()
        fronting.show(root, given.certificate, given.key, seen.hostname or "")
    if given.address is not None or given.port is not None:
        port = given.port or given.address.port or HTTPS
        named = {fronting.ADDRESS: f"https://{seen.netloc}"} if given.address else {}
        if given.address is not None:
            dealing.require_root()
            fronting.name(root, named[fronting.ADDRESS])
        starting.change(root, {**named, fronting.PORT: str(port)})
    for line in fronting.told(root, seen.hostname or ""):
        _say(line)
    if (given.address or given.port or given.certificate) and not starting.renew(root, runs, ("accounts", "wallet")):
        _say(Text("没有运行：下次 up 生效", "it does not run: it counts from the next up on"))
    _say_wallet(root)
    return 0


def _require_pair(given: argparse.Namespace) -> None:
    if (given.certificate is None) != (given.key is None):
        raise WrongUse(Text("--certificate 与 --key 同用", "--certificate and --key go together"))


def _open(given: argparse.Namespace) -> int:
    """As _wallet. Whoever only looks changes nothing; a webhooks' key that was taken away is made anew."""
    root, runs = given.folder.absolute(), engine()
    installation.require_whole(root, installation.read(root))
    open_platform.require_room(root)
    _require_pair(given)
    if given.off:
        open_platform.switch(root, on=False)
        starting.end(root, runs, OPEN_PLATFORM.name)
        starting.renew(root, runs, ("watch",))
    elif given.address is not None or open_platform.is_on(root):
        _opened(given, root, runs)
    for line in open_platform.told(root):
        _say(line)
    return 0


def _opened(given: argparse.Namespace, root: Path, runs: Engine) -> None:
    dealing.require_root()
    seen = given.address or urlsplit(starting.settings(root)[open_platform.ADDRESS])
    name = seen.hostname or ""
    port = given.port or (given.address.port or HTTPS if given.address else 0)
    open_platform.require_free(root, port)
    if given.certificate is not None:
        open_platform.show(root, given.certificate, given.key, name)
    is_made = open_platform.make(root, name, making.provision)
    if port:
        open_platform.switch(root, on=True, address=f"https://{seen.netloc}", port=port)
    is_due = is_made or given.address or given.port or given.certificate
    behind = ("accounts",) if is_made else ()  # it has read the key of webhooks of before
    if is_due and not starting.renew(root, runs, (*behind, "watch"), new=(OPEN_PLATFORM.name,)):
        _say(Text("没有运行：下次 up 生效", "it does not run: it counts from the next up on"))


def _upgrade(given: argparse.Namespace) -> int:
    root, runs = given.folder.absolute(), engine()
    before, opened = fronting.shown(root), open_platform.shown(root)
    one = upgrading.upgrade(root, version(), runs, _say)
    _say(Text(f"版本 {one.version}", f"version {one.version}"))
    code = _up(given)
    if before and fronting.shown(root) != before:
        starting.renew(root, runs, ("accounts", "wallet"))
    if open_platform.is_on(root) and opened != open_platform.shown(root):
        starting.renew(root, runs, (OPEN_PLATFORM.name,))
    return code


def _down(given: argparse.Namespace) -> int:
    starting.down(given.folder.absolute(), engine())
    return 0


def _status(given: argparse.Namespace) -> int:
    root = given.folder.absolute()
    one = installation.read(root)
    installation.require_whole(root, one)
    first, then = starting.services(root)
    fronting.require_open(root)
    waiting = starting.unready(root, engine(), (*first, *then))
    for service in (*first, *then):
        is_up = service.name not in waiting
        sys.stdout.write(f"{service.name:<10} {Text('就绪', 'ready') if is_up else Text('未就绪', 'not ready')}\n")
    return 1 if waiting else 0


def _doctor(given: argparse.Namespace) -> int:
    return doctor.main(given.folder.absolute(), is_json=given.json)


def _cloud(given: argparse.Namespace) -> int:
    if not given.words:
        raise WrongUse(Text("缺少 cloud 的命令", "a command of the cloud is missing"))
    root, words = given.folder.absolute(), [*given.words]
    if words[0] == "people" and "--address" not in words:  # some of its deeds print a link
        words += ["--address", starting.settings(root)[fronting.ADDRESS]]
    sys.stdout.write(starting.command(root, engine(), words))
    return 0


def _backup(given: argparse.Namespace) -> int:
    root, words = given.folder.absolute(), given.words or ("make",)
    if words[0] not in sealing.DEEDS:
        installation.read(root)
        sys.stdout.write(starting.kept(root, engine(), words))
        return 0
    runs = engine() if words[0] == sealing.OPENS else None
    code = sealing.run(root, words)
    if runs is not None and not code:
        _say(sealing.told(root, sealing.settle(root, runs)))
    return code


def version() -> str:
    """What images are called by: the commit that is checked out, marked when something is changed beside it."""
    git = shutil.which("git")
    done = subprocess.run(
        (git or "git", "describe", "--always", "--dirty", "--abbrev=12"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _say(text: Text) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


_RUNS = {
    "build": _build,
    "init": _init,
    "up": _up,
    "upgrade": _upgrade,
    "down": _down,
    "status": _status,
    "doctor": _doctor,
    "wallet": _wallet,
    "open": _open,
    "cloud": _cloud,
    "backup": _backup,
}

if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
