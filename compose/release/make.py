"""`./ykt release`: the wheel, with `--box` or `--till` a release of those, from what is committed. Same commit, same
bytes."""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.place import ROOT, keep_private
from compose.release import box, debian
from compose.release.tree import archive, digest
from compose.release.wheel import NotBuilt, build
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "从已提交的内容制作发行文件：wheel；加 --box 得网关发行（文件夹、归档、.deb），加 --till 得真机的。\n"
    "同一提交得到相同字节。",
    "Makes what is released from what is committed: the wheel; with --box a box's release (folder, archive, .deb),\n"
    "with --till that of a till's body.\n"
    "The same commit gives the same bytes.",
)
OUT = Text("写到此文件夹，缺省 dist/", "into this folder (dist/)")
TILL = Text("也做真机发行：处理器，可重复", "a till's release, too: its processor, may be repeated")
BOX = Text("也做网关发行：处理器，可重复", "a box's release, too: its processor, may be repeated")


def main(arguments: list[str]) -> int:
    """0 made, 1 a tool refused, 2 wrong use."""
    parser = Parser(prog="./ykt release", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help=OUT)
    parser.add_argument("--box", action="append", default=[], choices=sorted(box.PLATFORMS), help=BOX)
    parser.add_argument("--till", action="append", default=[], choices=sorted(box.PLATFORMS), help=TILL)
    given = parser.parse_args(arguments)
    products = [(box.EDGE, machine) for machine in given.box] + [(box.TILL, machine) for machine in given.till]
    given.out.mkdir(parents=True, exist_ok=True)
    try:
        with _committed() as (source, commit, dated_s):
            made = _made(source, given.out.absolute(), products, commit, dated_s)
    except (NotBuilt, OSError, subprocess.CalledProcessError) as fault:
        sys.stderr.write(f"{Text('未做成：', 'not made: ')}{fault}\n")
        return 1
    for path in made:
        path.chmod(0o644)
        sys.stdout.write(f"{digest(path)}  {path.name}\n")
    return 0


def _made(source: Path, out: Path, products: list[tuple[str, str]], commit: str, dated_s: int) -> list[Path]:
    for old in out.glob("openykt-*.whl"):
        old.unlink()
    wheel = build(out, source)
    version = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    made = [wheel]
    for product, machine in products:
        terms = box.Terms(f"{version}+{commit[:8]}", machine, commit, dated_s, product)
        with tempfile.TemporaryDirectory(prefix="ykt-", dir=out) as room:
            folder = box.make(wheel, Path(room), terms)
            made += [archive(folder, out / f"{terms.name}.tar.gz", dated_s), debian.package(folder, out, terms)]
    (out / "RELEASE.json").write_text(_list(made, commit), encoding="utf-8")
    return made


def _list(made: list[Path], commit: str) -> str:
    said = {"format": 1, "commit": commit, "files": {path.name: digest(path) for path in made}}
    return json.dumps(said, indent=1, sort_keys=True) + "\n"


@contextmanager
def _committed() -> Iterator[tuple[Path, str, int]]:
    """The committed sources in a folder of their own, their commit and its date."""
    commit, dated = _git("log", "-1", "--format=%H %ct").split()
    with tempfile.TemporaryDirectory(prefix="ykt-") as room:
        sources = Path(room) / "sources.tar"
        _git("archive", "--format=tar", "-o", str(sources), commit)
        with tarfile.open(sources) as opened:
            opened.extractall(Path(room) / "sources", filter="data")
        yield Path(room) / "sources", commit, int(dated)


def _git(*words: str) -> str:
    return subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
