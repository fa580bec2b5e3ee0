"""`./ykt scene`: named scenes on real processes, each with a plain verdict: what was checked, expected, seen.

Exit 0: all were played and hold. 1: one does not. 2: wrong use, or one cannot be played on this machine.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from compose.place import keep_private
from shared.input.command_line import Parser
from shared.words.columns import left
from shared.words.ending import end
from shared.words.screen import Ink, Inks, ProgressLine, Stream
from shared.words.voice import INHERITED, Language, Text, speak, wanted, without
from tests.scenes.registry import scenes
from tests.scenes.scene import Made, Played, Scene, Stage, Step, Verdict, as_json, is_all_well, played

ABOUT = Text(
    "场景：在真实进程上演出，逐步说明应见与所见。失败时留下其文件夹。",
    "Scenes on real processes: of each step what was expected and what was seen. A failed one leaves its folder.",
)
EXITS = Text(
    "退出码：0 全部成功 · 1 有失败 · 2 用法不对，或有场景在本机不能演出",
    "exit codes: 0 all hold · 1 one does not · 2 wrong use, or one cannot be played here",
)
_WORDS = {
    Verdict.PASSED: (Ink.GOOD, Text("成功", "holds")),
    Verdict.FAILED: (Ink.BAD, Text("失败", "FAILED")),
    Verdict.SKIPPED: (Ink.CARE, Text("未演出", "skipped")),
}
_CODES = ((Verdict.FAILED, 1), (Verdict.SKIPPED, 2))
SLUG_WIDTH = 18


def main(arguments: list[str], there: dict[str, Scene] | None = None) -> int:
    """Play, and say what was seen. there: all that there are, if not those of the registry."""
    there = scenes() if there is None else there
    given = _parser(there).parse_args(arguments)
    if given.list or not (given.names or given.all):
        sys.stdout.write("".join(map(_listed, there.values())))
        return 0
    os.environ[INHERITED] = Language.ZH.value  # as scenes read what the parts say
    out = sys.stderr if given.json else sys.stdout
    found = _all([there[name] for name in dict.fromkeys(given.names or there)], out)
    if given.json:
        sys.stdout.write(as_json(found) + "\n")
    else:
        out.write(f"{_sum(found)}\n")
    return next((code for verdict, code in _CODES if any(one.verdict is verdict for one in found)), 0)


def _listed(one: Scene) -> str:
    """A name, and a sentence below it."""
    return f"{left(one.slug, SLUG_WIDTH)}  {one.name}\n{' ' * SLUG_WIDTH}  {one.story}\n"


def _parser(there: dict[str, Scene]) -> Parser:
    parser = Parser(prog="./ykt scene", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter)
    names = Text("哪些场景（--list 列出）", "which scenes (--list tells them)")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=tuple(there), help=names)
    parser.add_argument("--list", action="store_true", help=Text("列出场景", "list the scenes"))
    parser.add_argument("--all", action="store_true", help=Text("全部演出", "play them all"))
    parser.add_argument("--json", action="store_true", help=Text("输出一行 JSON", "one line of JSON"))
    return parser


def _all(chosen: Sequence[Scene], out: Stream) -> list[Played]:
    folder = Path(tempfile.mkdtemp(prefix="ykt-scene-"))
    found = [_one(scene, Made(folder / "made"), folder / scene.slug, out) for scene in chosen]
    if any(one.verdict is Verdict.FAILED for one in found):
        shutil.rmtree(folder / "made", ignore_errors=True)
        out.write(f"{Text('留下', 'kept')}: {folder}\n")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _one(scene: Scene, made: Made, folder: Path, out: Stream) -> Played:
    inks, progress = Inks(out, os.environ), ProgressLine(sys.stderr, os.environ)
    out.write(f"{scene.name} ({scene.slug})\n  {scene.story}\n")

    def tell(step: Step) -> None:
        progress.clear()
        out.write(_step_line(step, inks))
        out.flush()
        progress.tell(scene.name)

    progress.tell(scene.name)
    folder.mkdir(parents=True)
    one = played(scene, Stage(folder, made, hears=tell))
    progress.clear()
    out.write(_end_line(one, inks))
    out.flush()
    if one.verdict is Verdict.FAILED:
        (folder / "fault.txt").write_text(one.fault, encoding="utf-8")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return one


def _step_line(step: Step, inks: Inks) -> str:
    ink, word = _WORDS[step.verdict]
    seen = _first_line(step.seen or Text("如所应", "as expected"))
    told = Text(
        f"{step.what}：应 {step.expected}；见 {seen}（{step.seconds:.1f} 秒）",
        f"{step.what}: expected {step.expected}; seen: {seen} ({step.seconds:.1f} s)",
    )
    return f"  [{inks(ink, word)}] {told}\n"


def _first_line(said: Text | str) -> str:
    """For people; the whole of it is in the JSON, and in what a failed scene leaves."""
    return str(said).partition("\n")[0]


def _end_line(one: Played, inks: Inks) -> str:
    ink, word = _WORDS[one.verdict]
    is_told = bool(one.steps) and one.steps[-1].verdict is Verdict.FAILED
    why = "" if is_told or one.verdict is Verdict.PASSED else f": {_first_line(one.why)}"
    return f"{inks(ink, word)} {one.scene.slug} {one.seconds:.1f} s{why}\n\n"


def _sum(found: list[Played]) -> Text:
    count = {verdict: sum(one.verdict is verdict for one in found) for verdict in Verdict}
    good, bad, skipped = count[Verdict.PASSED], count[Verdict.FAILED], count[Verdict.SKIPPED]
    if is_all_well(found):
        return Text(f"{good} 个场景全部成功", f"scenes: all {good} hold")
    return Text(
        f"场景 {len(found)}：成功 {good}，失败 {bad}，未演出 {skipped}",
        f"scenes {len(found)}: {good} hold, {bad} failed, {skipped} skipped",
    )


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(without(sys.argv[1:])))
