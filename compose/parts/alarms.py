"""Alarms in the launcher's own lines, by what the watch last said of them. Pure.

None: the watch does not run, says nothing, or is behind. Then nobody knows, and the line says that; never that all is
calm.
"""

from collections.abc import Mapping
from typing import Any

from shared.words.voice import Text

Alarms = Mapping[str, Any] | None
"""Of the watch's STATUS: grades, unseen, returned, worst, drill."""
_GRADES = {
    "urgent": Text("紧急", "urgent"),
    "important": Text("重要", "important"),
    "general": Text("一般", "general"),
}
UNKNOWN = Text("报警未知", "alarms unknown")
_DRILL = Text("（演练中）", " (drill)")


def alarm_words(said: Alarms) -> Text:
    """For the live line: how many of each grade, and the worst one's words."""
    if said is None:
        return UNKNOWN
    drill_zh, drill_en = (_DRILL.zh, _DRILL.en) if said.get("drill") else ("", "")
    counts = _counts(said)
    if not counts:
        return Text(f"无报警{drill_zh}", f"no alarm{drill_en}")
    zh, en = " ".join(one.zh for one in counts), ", ".join(one.en for one in counts)
    worst = said["worst"]
    return Text(f"报警 {zh}{drill_zh}：{worst['zh']}", f"alarms: {en}{drill_en}: {worst['en']}")


def last_words(said: Alarms) -> list[Text]:
    """For the end of a run: what stands, what nobody has looked at, and where it is listed."""
    if said is None:
        return [Text("报警：未知，值守没有运行或没有跟上", "alarms: unknown, the watch did not run or keep up")]
    counts, listed = _counts(said), Text("详见 ./ykt cloud alarms", "listed by ./ykt cloud alarms")
    returned = int(said.get("returned") or 0)
    over = Text(f"已恢复未确认 {returned}", f"{returned} over and not acknowledged")
    counts += [over] if returned else []
    if not counts:
        drill_zh, drill_en = (_DRILL.zh, _DRILL.en) if said.get("drill") else ("", "")
        return [Text(f"报警：无{drill_zh}", f"alarms: none{drill_en}")]
    zh, en = "，".join(one.zh for one in counts), ", ".join(one.en for one in counts)
    lines = [Text(f"报警：{zh}；{listed.zh}", f"alarms: {en}; {listed.en}")]
    worst = said["worst"]
    if worst["zh"]:
        lines.append(Text(f"  其中最重：{worst['zh']}", f"  the worst: {worst['en']}"))
    return lines


def _counts(said: Mapping[str, Any]) -> list[Text]:
    grades = said.get("grades") or {}
    there = ((words, int(grades.get(name) or 0)) for name, words in _GRADES.items())
    return [Text(f"{words.zh} {count}", f"{count} {words.en}") for words, count in there if count]
