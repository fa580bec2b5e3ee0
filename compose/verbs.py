"""The verbs of `./ykt`: what each does, which module does it, and what has to be installed for it.

Standard library and shared/words only: `./ykt` asks it before there is a venv. A verb whose module is not in the
checkout does not exist, neither in the help nor when it is called.
"""

import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from compose.place import ROOT, WrongUse
from shared.words.voice import Text

RUN = "edge,cloud,provisioning,demo"
DEV = f"{RUN},dev"
CARDS = "cards"
"""The extra of real readers; pip builds it here."""
SCREEN = "screen"
"""The extra of a real body's display."""
READER_OPTIONS = ("--reader", "--psam-reader")
CJK_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
CONSOLE_FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
POSTGRES = Path("/usr/lib/postgresql")
PCSC_HEADER = Path("/usr/include/PCSC/winscard.h")
VPCD = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PODMAN, NETWORK = Path("/usr/lib/podman"), ("netavark", "aardvark-dns")
CONTAINERS = {"school-server", "server-upgrade"}
"""The scenes that play in containers."""
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
FIRST = (
    (
        "up",
        "",
        Text("启动一个完整的校园，打印集控平台地址和登录链接", "a whole campus; prints the console's address"),
    ),
    (
        "terminal",
        " --interactive",
        Text("在另一窗口亲手收款：输金额、选卡、拔卡", "in another window: sell by hand, pull cards"),
    ),
    ("status", "", Text("哪些在、哪些不在、为什么", "what is up, what is not, and why")),
    ("verify", "", Text("核对账本与网关，校园运行时也可以", "check ledger and boxes, also while it runs")),
    ("up", " --for 60s", Text("六十秒后收市，打印能手算的结账表", "end after a minute; a sheet that adds up")),
    ("test", "", Text("全部检查和测试，约二十分钟", "every check and test, about twenty minutes")),
)
"""What somebody should try who has just got here, in this order: a verb, its words, what he will see."""
PROGRAMS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: `module` does it, with the pip `extras` of ours that it needs."""

    name: str
    usage: str
    does: Text
    module: str
    extras: str = RUN


VERBS = (
    Verb(
        "up",
        "[--full] [--for 60s] [--report FILE] [--data DIR] …",
        Text(
            "在前台运行一个完整的校园；Ctrl-C 有序结束，数据保留",
            "a campus in the foreground; Ctrl-C ends it in order, data stay",
        ),
        "compose.campus.up",
    ),
    Verb(
        "test",
        "[--all | --mutants N | PYTEST ARGS]",
        Text(
            "全部检查和测试；--mutants N 找没有测试发现的小错误",
            "all checks and tests; --mutants N: small mistakes that none sees",
        ),
        "compose.suite",
        extras=f"{DEV},{CARDS}",
    ),
    Verb(
        "bench",
        "[NAME…] [--json FILE]",
        Text(
            "性能数字，每项一行，旁边是同时测得的参照",
            "figures, each beside a yardstick measured in the same run",
        ),
        "tests.bench",
        extras=f"{DEV},{CARDS}",
    ),
    Verb(
        "scene",
        "[--list | NAME… | --all] [--json]",
        Text(
            "在真实进程上演出场景，逐步说明应见与所见",
            "named scenes on real processes: what was expected and seen",
        ),
        "tests.scenes",
        extras=f"{DEV},{CARDS}",
    ),
    Verb(
        "sim",
        "--seeds A:B [--days N] [--taps N]",
        Text(
            "用真实代码模拟校园，按种子注入故障并检查账目",
            "the real code in a simulated campus, faults by seed",
        ),
        "tests.sim",
        extras=DEV,
    ),
    Verb(
        "torn",
        "[SCENARIO…] [--points]",
        Text(
            "闪卡穷举：每一条指令、每一次落盘都断一次，逐一核对",
            "torn cards: every APDU and durable write cut once, then checked",
        ),
        "tests.torn",
        extras=DEV,
    ),
    Verb(
        "status",
        "[--all] [--json] [--data DIR]",
        Text(
            "服务器、服务、设备：什么在、自何时、等什么、为何不在",
            "server, services, devices: what is up, since when, and why not",
        ),
        "compose.commands.status",
    ),
    Verb(
        "doctor",
        "[--json] [--data DIR]",
        Text(
            "这套安装哪里不对：问、答、下一步，坏了也能用",
            "what is wrong with this installation, and the next step",
        ),
        "compose.commands.doctor",
    ),
    Verb(
        "diagnostics",
        "[--out FILE] [--show NAME] [--data DIR]",
        Text(
            "诊断包：先预览再写出，不含密钥与卡号",
            "a bundle for whoever helps: shown first, no keys, no card numbers",
        ),
        "compose.commands.diagnostics",
    ),
    Verb(
        "verify",
        "[--data DIR] [--checkpoint FILE]",
        Text(
            "核对账本与网关：检查了什么、多少条、第一处不符",
            "check ledger and boxes: what, how many, the first thing broken",
        ),
        "compose.commands.verify",
    ),
    Verb(
        "psam-stolen",
        "--psam HEX --since TIME --who NAME --reason TEXT",
        Text(
            "PSAM 被盗：挂失到每个网关、商户侧待核、列出涉及的卡",
            "a stolen PSAM: revoked at every box, held, its cards listed",
        ),
        "compose.commands.psam_stolen",
    ),
    Verb(
        "held",
        "list|propose|confirm|reject …",
        Text(
            "待核：一人提议、另一人确认，放行给商户或退还持卡人",
            "what is held: one person proposes, another confirms",
        ),
        "compose.commands.held",
    ),
    Verb(
        "lock",
        "",
        Text("按 pyproject.toml 重新生成 requirements.lock", "make requirements.lock anew from pyproject.toml"),
        "compose.lock.make",
        extras=DEV,
    ),
    Verb(
        "release",
        "[--box|--till aarch64|x86_64]… [--out DIR]",
        Text("制作发行文件：wheel、网关和真机的 .deb", "makes a release: the wheel, .deb of a box, of a till"),
        "compose.release.make",
        extras=DEV,
    ),
    Verb(
        "server",
        "build|init|up|status|down … [DIR]",
        Text(
            "学校服务器：从文件做镜像，用 compose 启动", "a school's server: images from files, started by compose"
        ),
        "compose.server.server",
        extras=DEV,
    ),
    Verb(
        "image",
        "--deb FILE [--machine aarch64|x86_64] [--out DIR]",
        Text("只读根加一个数据分区的系统镜像，装好一个 .deb", "a system image, root read-only, with one .deb in it"),
        "compose.release.image",
        extras="",
    ),
    Verb(
        "sbom",
        "[--out FILE]",
        Text("软件物料清单（CycloneDX），不需要网络", "the bill of materials (CycloneDX), without a network"),
        "compose.lock.sbom",
        extras="",
    ),
    Verb(
        "audit",
        "",
        Text("锁文件中的包有没有公开的漏洞（pip-audit）", "known holes in the packages of the lock, by pip-audit"),
        "compose.lock.audit",
        extras="",
    ),
    Verb(
        "completion",
        "bash|zsh|fish",
        Text("命令补全脚本，用法见其 --help", "a script by which the shell completes words; see its --help"),
        "compose.commands.completion",
        extras=f"{RUN},shell",
    ),
    Verb("edge", "…", Text("数据网关", "the edge box"), "edge"),
    Verb("cloud", "…", Text("中心平台：入账、控制台、导入", "the platform: ingest, console, import"), "cloud"),
    Verb(
        "provision",
        "…",
        Text("发行：密钥、卡、PSAM、证书、清单", "keys, cards, PSAMs, certificates, inventory"),
        "provisioning",
    ),
    Verb(
        "terminal",
        "… [--interactive]",
        Text("终端；可亲手当一回收银台", "a terminal; a counter to sell at by hand"),
        "edge.terminal",
    ),
    Verb(
        "desk",
        "read|… [--card LABEL] [--reader NAME]",
        Text("卡务台：读卡、充值、圈提、换卡、日结", "the card desk: read, load, unload, replace, close the day"),
        "edge.desk",
    ),
    Verb(
        "conform",
        "terminal --terminal FILE --tcp PORT|--rs485 PORT|--can …",
        Text(
            "扮演网关，逐项检查别人的终端是否遵守 docs/protocol",
            "play the edge: does somebody else's terminal keep docs/protocol?",
        ),
        "edge.conform",
    ),
)


def existing() -> tuple[Verb, ...]:
    """Return the verbs whose module is in this checkout."""
    return tuple(verb for verb in VERBS if _exists(verb.module))


def find(name: str) -> Verb:
    """Return the verb called `name`. Raises WrongUse."""
    for verb in existing():
        if verb.name == name:
            return verb
    raise WrongUse(
        Text(
            f"没有这个命令：{name}；./ykt --help 列出全部命令", f"No such verb: {name}; ./ykt --help lists them all"
        )
    )


def extras_of(verb: Verb, arguments: list[str]) -> str:
    """Return the pip extras that the verb needs with these arguments, joined by commas."""
    wanted = [verb.extras, *([CARDS] if _wants_reader(verb, arguments) else [])]
    return ",".join(wanted + ([SCREEN] if _wants_screen(verb, arguments) else []))


def missing_debian(verb: Verb, arguments: list[str]) -> tuple[str, ...]:
    """Return the Debian packages that the verb needs beside Python and that are not installed here."""
    browser = {"chromium": shutil.which("chromium") is not None, "fonts-noto-cjk": CJK_FONT.exists()}
    browser["poppler-utils"] = shutil.which("pdftoppm") is not None
    browser["curl"] = _has("curl")
    servers = {"mosquitto": _has("mosquitto"), "postgresql": _has_postgres()}
    servers["victoria-metrics"] = any(map(_has, ("victoria-metrics", "victoria-metrics-prod")))
    stand_ins = {"vsmartcard-vpcd": VPCD.exists(), "softhsm2": SOFTHSM.exists()}
    cards = _reader_packages() | stand_ins
    needs = {"test": browser | servers | cards, "bench": servers | cards}.get(verb.name, {})
    if verb.name == "up" and "--full" in arguments:
        needs = servers
    if verb.name == "server" and "build" in arguments:
        needs = {"debootstrap": _has("debootstrap")}
    if _wants_containers(verb, arguments):
        needs = needs | _container_packages()
    if _wants_reader(verb, arguments):
        needs = _reader_packages()
    if _wants_screen(verb, arguments):
        needs = needs | {"fonts-noto-cjk": CJK_FONT.exists() or CONSOLE_FONT.exists()}
    if _wants_backup(verb, arguments):
        needs = needs | {"pgbackrest": _has("pgbackrest")}
    return tuple(package for package, there in needs.items() if not there)


def first_page() -> str:
    """Return what is shown to somebody who says nothing: what to try first."""
    names = {verb.name for verb in existing()}
    rows = "\n".join(f"  {f'./ykt {name}{words}':<31}{does}" for name, words, does in FIRST if name in names)
    page = Text(
        f"""\
OpenYKT 开放一卡通：学生刷卡吃饭，断网也能扣款，记录一笔不丢

可以先试（按此次序）：
{rows}

Ctrl-C 有序结束。数据在 var/，再次启动接着用；删掉 var/ 就是重新开始。
首次运行会建立 .venv 并安装所需的包，约一分钟。

  ./ykt --help        全部命令；每个命令也有自己的 --help
  ./ykt completion    命令补全（bash、zsh、fish）
  README.zh.md        一笔记录的路、各岗位的说明；用语见 GLOSSARY.md

界面语言随终端。English: ./ykt --lang en
""",
        f"""\
OpenYKT, an open-source campus one-card platform: cards pay without a network,
and no record is lost.

What to try first, in this order:
{rows}

Ctrl-C ends in order. Data are in var/, the next start goes on with them;
remove var/ to begin anew. The first run makes .venv and installs what is
needed, about a minute.

  ./ykt --help        all verbs; each has its own --help, too
  ./ykt completion    completion of words in bash, zsh and fish
  README.md           the path of a record, pages for each desk; GLOSSARY.md

The language is that of the terminal. Chinese: ./ykt --lang zh
""",
    )
    return str(page)


def help_text() -> str:
    """Return the help in one language: all verbs."""
    verbs = existing()
    rows = "\n".join(f"  {f'{verb.name:<11} {verb.usage}'.rstrip()}\n              {verb.does}" for verb in verbs)
    page = Text(
        f"""\
OpenYKT 开放一卡通

用法：./ykt 命令 [参数]
首次运行会建立 .venv 并安装所需的包。每个命令都有自己的 --help。

{rows}

界面语言随终端，--lang zh|en 另选。
退出码：0 正确  1 不正确  2 用法不对或缺少条件
""",
        f"""\
OpenYKT, an open-source campus one-card platform

Usage: ./ykt VERB [ARGUMENTS]
The first run makes .venv and installs what is needed.
Every verb has its own --help.

{rows}

The language is that of the terminal; --lang zh|en chooses another.
Exit codes: 0 true  1 false  2 wrong use, or something is missing
""",
    )
    return str(page)


def _exists(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return (path / "__main__.py").is_file() or path.with_suffix(".py").is_file()


def _wants_reader(verb: Verb, arguments: list[str]) -> bool:
    """A terminal or the card desk at a real reader; everything else lives without one."""
    return verb.name in ("terminal", "desk") and any(word.partition("=")[0] in READER_OPTIONS for word in arguments)


def _wants_screen(verb: Verb, arguments: list[str]) -> bool:
    """A real body's front draws."""
    return verb.name == "terminal" and "serve" in arguments[:1]


def _wants_backup(verb: Verb, arguments: list[str]) -> bool:
    """The drill and the figure of a backup of PostgreSQL, and who sets one up."""
    if verb.name == "cloud":
        return arguments[:1] == ["backup"] and "set-up" in arguments
    return (verb.name == "test" and "--all" in arguments) or (
        verb.name == "bench" and not {"backup", "--all"}.isdisjoint(arguments)
    )


def _reader_packages() -> dict[str, bool]:
    """The service that knows the readers, and what pyscard is built with: it comes as source."""
    header = Path(sysconfig.get_path("include")) / "Python.h"
    build = {"gcc": _has("gcc"), "swig": _has("swig"), "python3-dev": header.exists()}
    return {"pcscd": _has("pcscd"), "libpcsclite-dev": PCSC_HEADER.exists()} | build


def _wants_containers(verb: Verb, arguments: list[str]) -> bool:
    named = CONTAINERS if verb.name == "scene" else {"--all"} if verb.name == "test" else set()
    return not named.isdisjoint(arguments)


def _container_packages() -> dict[str, bool]:
    """podman, with what it needs to be asked by docker-compose, and a base made of Debian's archive."""
    programs = ("podman", "runc", "docker-compose", "debootstrap", "catatonit")
    return {name: _has(name) for name in programs} | {name: (PODMAN / name).exists() for name in NETWORK}


def _has(program: str) -> bool:
    return shutil.which(program, path=PROGRAMS) is not None


def _has_postgres() -> bool:
    return any(POSTGRES.glob("*/bin/postgres")) or shutil.which("initdb") is not None
