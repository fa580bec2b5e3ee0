"""`./ykt doctor`: what is wrong with this installation, in words, with the next step, whether it runs or not.

The launcher's own checks, then those of the server and of every box on this machine by their own commands. Starts
nothing and changes nothing.
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compose.campus.campus import step
from compose.campus.options import CONSOLE_PORT
from compose.lock.locked import FILE, parse
from compose.parts.process import lives
from compose.place import DATA_HELP, ROOT, keep_private
from compose.server import doctor as server_doctor
from compose.server import installation
from compose.server.doctor import JSON_HELP, worst
from compose.verbs import find, missing_debian
from shared.input.command_line import Parser
from shared.support import files, network
from shared.support.checks import NOT_KNOWN, WRONG, Answer, Check, as_json, bad, care, good, unknown
from shared.support.doctor import examine, say
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "这套安装哪里不对：问、答、下一步、见哪里；安装坏了也能用，约 6 秒一部件。只看不改。",
    "What is wrong with this installation: question, answer, next step, where to read more. For broken installations,\n"
    "too; about 6 s for each part. It changes nothing.",
)
EXITS = Text(
    "退出码：0 都正常（或只须留意） · 1 有异常 · 2 有不知道的，或用法不对",
    "exit codes: 0 all is well (or to be seen to) · 1 something is wrong · 2 something is not known, or wrong use",
)
PART_S = 30.0
"""Longest that one part's doctor may take; it bounds its own checks far below."""
LOG_BYTES = 64 << 20
_PLACES = {
    "launcher": Text("启动器", "launcher"), "cloud": Text("服务器", "server"), "edge": Text("网关", "box"),
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """All parts; the worst exit code."""
    form = argparse.RawTextHelpFormatter
    parser = Parser(prog="./ykt doctor", description=ABOUT, epilog=EXITS, formatter_class=form)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    given = parser.parse_args(arguments)
    data = given.data.absolute()
    if (data / installation.FILE).exists():
        return server_doctor.main(data, is_json=given.json)
    if given.json:
        found = every_part(data)
        sys.stdout.write(
            json.dumps({"parts": found, "exit": worst(one["exit"] for one in found)}, ensure_ascii=False) + "\n"
        )
        return worst(one["exit"] for one in found)
    sys.stdout.write(f"{_PLACES['launcher']}  {data}\n")
    codes = [say("launcher", examine(launcher_checks(data)), is_json=False)]
    for part in _parts(data):
        sys.stdout.write(f"\n{_PLACES[part]}\n")
        sys.stdout.flush()
        codes.append(_asked(part, data).returncode)
    return worst(codes)


def every_part(data: Path) -> list[dict[str, Any]]:
    """What each says, as JSON."""
    own = as_json("launcher", examine(launcher_checks(data)))
    return [own, *(_told(part, data) for part in _parts(data))]


def _parts(data: Path) -> tuple[str, ...]:
    """Whose doctors are asked: where no campus was ever made nothing of one can be wrong."""
    return ("cloud", "edge") if (data / "campus").exists() else ()


def _told(part: str, data: Path) -> dict[str, Any]:
    ended = _asked(part, data, "--json", is_read=True)
    try:
        found = json.loads(ended.stdout)
    except ValueError:
        return {"part": part, "exit": WRONG, "ok": False, "checks": [], "fault": f"ended with {ended.returncode}"}
    return dict(found)


def _asked(part: str, data: Path, *words: str, is_read: bool = False) -> "subprocess.CompletedProcess[str]":
    tls = ("--tls",) if _is_full(data) else ()
    command = step("doctor", part, "doctor", "--data", str(data / "campus"), *tls, *words).argv
    out = subprocess.PIPE if is_read else None
    try:
        return subprocess.run(command, check=False, text=True, stdout=out, timeout=PART_S)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, NOT_KNOWN, "")


def _is_full(data: Path) -> bool:
    """With a broker that speaks TLS; a mark that cannot be read is a check's own matter."""
    try:
        return bool(json.loads((data / "opened.json").read_bytes())["full"])
    except (OSError, ValueError, TypeError, KeyError):
        return False


def launcher_checks(data: Path) -> list[Check]:
    """Of a checkout and of the folder of `./ykt up`."""
    lock = data / "launcher.lock"
    return [
        Check("checkout", Text("代码与所装的包相配吗？", "do code and installed packages belong together?"), _packages),
        Check("debian", Text("要用的系统软件包都在吗？", "are the packages of Debian there?"), _debian),
        Check("data-folder", Text("数据目录在吗、能用吗？", "is the data folder there, and of use?"),
              lambda: files.folder_there(data)),
        Check("campus", Text("里面有一个完整的校园吗？", "is a whole campus in it?"), lambda: _campus(data)),
        Check("running", Text("启动器在运行吗？", "does the launcher run?"), lambda: _running(lock)),
        Check("ports", Text("集控平台的端口空着吗？", "is the console's port free?"), lambda: _ports(lock)),
        Check("log-bounds", Text("日志在上限之内吗？", "are logs within their bound?"), lambda: _logs(data / "log")),
    ]  # fmt: skip


def _packages() -> Iterator[Answer]:
    wanted = {one.name: one.version for one in parse((ROOT / FILE).read_text(encoding="utf-8"))}
    here = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in importlib.metadata.distributions()}
    other = sorted(name for name, version in wanted.items() if name in here and here[name] != version)
    if other:
        yield bad(
            Text(f"与锁定的版本不同：{', '.join(other[:3])}", f"not as locked: {', '.join(other[:3])}"),
            Text("删去 .venv，再运行任一 ./ykt 命令即重装", "remove .venv; any ./ykt command makes it again"),
        )
    else:
        yield good(
            Text(
                f"{len(wanted.keys() & here.keys())} 个包与锁一致",
                f"{len(wanted.keys() & here.keys())} packages as locked",
            )
        )


def _debian() -> Iterator[Answer]:
    missing = missing_debian(find("up"), ["--full"])
    if missing:
        yield care(
            Text(f"--full 还缺：{' '.join(missing)}", f"missing for --full: {' '.join(missing)}"),
            Text(f"以 root 运行 ./ykt up --full 会自动装，或 apt-get install {' '.join(missing)}",
                 f"./ykt up --full as root installs them, or apt-get install {' '.join(missing)}"),
        )  # fmt: skip
    else:
        yield good(Text("--full 所需的都在", "all that --full needs is there"))


def _campus(data: Path) -> Iterator[Answer]:
    if not (data / "campus").exists():
        yield bad(Text("这里没有校园", "no campus is here"), Text("./ykt up 建一个", "./ykt up makes one"))
        return
    if not (data / "opened.json").exists():
        fix = Text("./ykt up 会从断处接着建", "./ykt up goes on where it stopped")
        yield bad(Text("没有建完", "it was not finished"), fix)
        return
    yield from files.json_files(data / name for name in ("opened.json", "plan.json", "campus/campus.json"))


def _running(lock: Path) -> Iterator[Answer]:
    yield files.lock_of(lock, Text("启动器", "the launcher"))


def _owner(lock: Path) -> int:
    try:
        return int(lock.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _ports(lock: Path) -> Iterator[Answer]:
    if lives(_owner(lock)):
        yield good(Text("校园在运行，端口由它占用", "the campus runs and has it"))
        return
    found = network.port_free("127.0.0.1", CONSOLE_PORT)
    if found.fix is not None:
        found = care(Text("已被占用，up 会另选", "it is taken: up takes the next free one"), found.fix, found.about)
    yield found


def _logs(folder: Path) -> Iterator[Answer]:
    if not folder.is_dir():
        yield unknown(Text("还没有日志", "there are no logs yet"))
        return
    size = sum(file.stat().st_size for file in folder.iterdir())
    said = Text(f"{size >> 10} KiB", f"{size >> 10} KiB")
    if size > LOG_BYTES:
        yield care(said, Text(f"移走 {folder} 里不是本软件写的文件", f"move what is not ours out of {folder}"))
    else:
        yield good(said)


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
