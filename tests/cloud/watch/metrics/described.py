"""The table of docs/metrics.md, from the closed list: `python -m tests.cloud.watch.metrics.described` writes it."""

from pathlib import Path

from cloud.watch.metrics import series
from cloud.watch.metrics.series import SERIES, Series, Worst
from shared.words.voice import Language

PAGE = Path(__file__).parents[4] / "docs" / "metrics.md"
BEGIN, END = "<!-- series -->\n", "<!-- /series -->\n"
_NAMES = "曲线 series", "指标 metric", "标签 tag", "单位 unit", "是什么", "what", "最坏 worst", "来自 from"
_HEAD = f"| {' | '.join(_NAMES)} |\n{'|---' * len(_NAMES)}|\n"
_FROM = (
    (series.OF_SIGNALS, "账本、探测 ledger, probes"),
    (series.OF_TERMINALS, "网关状态 box state"),
    (series.OF_BOXES, "up/bulk"),
    (series.OF_BUSES, "up/bulk"),
    (series.OF_SERVICES, "服务自己的页 its page"),
    (series.OF_BROKER, "$SYS"),
    (series.OF_MACHINE, "本机 this machine"),
    (series.OF_WATCH, "值守 the watch"),
)


def table() -> str:
    """All series, in their order."""
    return _HEAD + "".join(_row(name, one) for name, one in SERIES.items())


def _row(name: str, one: Series) -> str:
    whence = next(words for known, words in _FROM if name in known)
    words = one.words.in_language(Language.ZH), one.words.in_language(Language.EN)
    worst = "最大 most" if one.worst is Worst.MOST else "最小 least"
    return f"| {' | '.join((name, one.metric, one.tag or '–', one.unit, *words, worst, whence))} |\n"


def written(text: str) -> str:
    """The page with the table of today."""
    head, rest = text.split(BEGIN)
    return head + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
