"""How long something has taken, as a person says it: in the two largest units that count, in both languages."""

from shared.words.voice import Text

_UNITS = ((86_400, Text("天", "d")), (3_600, Text("小时", "h")), (60, Text("分", "min")), (1, Text("秒", "s")))


def span(seconds: int) -> tuple[str, str]:
    """A length of time, Chinese first; negative ones are none."""
    left = max(0, seconds)
    zh: list[str] = []
    en: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or (size == 1 and not zh):
            zh.append(f"{count} {unit.zh}")
            en.append(f"{count} {unit.en}")
        if zh and (len(zh) == 2 or not count):
            break
    return " ".join(zh), " ".join(en)
