"""The operators' own rules (TOML): signals with conditions, and what is changed of the rules of day one. Pure.

ConfigFault names line, key and reason, and the set that is in force stays so. A rule without its texts is refused: who
is called at night must read what to do. `dry`: it is tried for real, and calls nobody.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cloud.parameters.places import Places
from cloud.watch.alarms.rule import (
    COMPARISONS,
    UNKNOWN,
    WINDOW_MAX,
    Advice,
    Condition,
    Rule,
    SignalRule,
    When,
)
from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import Family
from shared.errors import ConfigFault
from shared.facts.told import Level
from shared.input.section import Section
from shared.words.voice import Text

FORMAT = 1
SIZE_MAX = 256 * 1024
RULES_MAX = 300
TEXT_MAX = 200
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SPAN = re.compile(r"(\d{1,4})([smhd])")
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WHEN = re.compile(r"(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)")
_TEXTS = ("title", "cause", "consequence", "action")


@dataclass(frozen=True, slots=True)
class Changed:
    """What is changed of a rule of day one. grade None: its own. is_off: it is not looked at."""

    name: str
    grade: Level | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class RuleFile:
    """All of it."""

    rules: tuple[SignalRule, ...] = ()
    changes: tuple[Changed, ...] = ()

    def over(self, built_in: Sequence[Rule]) -> tuple[Rule, ...]:
        """Every rule in force."""
        changes = {one.name: one for one in self.changes}
        kept = [_changed(rule, changes.get(rule.name)) for rule in built_in]
        return (*(rule for rule in kept if rule is not None), *self.rules)


def read_rules(text: str, built_in: Sequence[Rule]) -> RuleFile:
    """ConfigFault, with line, key and reason."""
    if len(text.encode()) > SIZE_MAX:
        raise ConfigFault(Text(f"文件超过 {SIZE_MAX} 字节", f"the file is above {SIZE_MAX} bytes"))
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault(Text(f"不是 TOML：{fault}", f"not TOML: {fault}")) from fault
    except RecursionError as fault:
        raise ConfigFault(Text("不是 TOML：嵌套过深", "not TOML: nested too deep")) from fault
    places = Places(text)
    try:
        return _read(Section(raw, file="TOML"), {rule.name for rule in built_in})
    except ConfigFault as fault:
        raise places.placed(fault) from fault


def _read(top: Section, built_in: set[str]) -> RuleFile:
    if top.take("format", int) != FORMAT:
        raise ConfigFault(f"format: {Text(f'只认识 {FORMAT}', f'only {FORMAT} is known')}")
    rules = tuple(_rule(one) for one in top.rows("rule", RULES_MAX, []))
    changes = tuple(_change(one, built_in) for one in top.rows("change", RULES_MAX, []))
    top.done()
    names = [*(rule.name for rule in rules), *(change.name for change in changes)]
    for n, rule in enumerate(rules):
        if names.count(rule.name) > 1 or rule.name in built_in:
            raise ConfigFault(f"rule[{n}].name: {Text(f'重名：{rule.name}', f'there is one already: {rule.name}')}")
    return RuleFile(rules, changes)


def _rule(one: Section) -> SignalRule:
    name, signal = one.take("name", str), one.take("signal", str)
    if not NAME.fullmatch(name):
        raise ConfigFault(f"{one.name('name')}: {Text('小写字母、数字、连字符', 'small letters, digits, hyphens')}")
    if signal not in SIGNALS:
        raise ConfigFault(f"{one.name('signal')}: {Text('没有此信号', 'no such signal')}; {', '.join(SIGNALS)}")
    times, of = _times(one)
    rule = SignalRule(
        name, one.one_of("family", Family), one.one_of("grade", Level), signal, SIGNALS[signal].kind,
        _condition(one, "when", one.take("when", str)), _advice(one.section("text")), one.take("scope", str, "*"),
        _span_ms(one, "for"), times, of, _clear(one), _span_ms(one, "clear_for"),
        one.one_of("during", When, When.ALWAYS), one.take("hides", bool, False), one.take("is_hidden", bool, False),
    )  # fmt: skip
    is_dry = one.take("dry", bool, False)
    one.done()
    return replace(rule, grade=Level.NOTICE) if is_dry else rule


def _change(one: Section, built_in: set[str]) -> Changed:
    name = one.take("rule", str)
    if name not in built_in:
        raise ConfigFault(f"{one.name('rule')}: {Text('没有此规则', 'no such rule')}")
    grade = one.one_of("grade", Level) if one.has("grade") else None
    found = Changed(name, grade, one.take("off", bool, False))
    one.done()
    return found


def _changed(rule: Rule, change: Changed | None) -> Rule | None:
    if change is None:
        return rule
    if change.is_off:
        return None
    if change.grade is None:
        return rule
    if isinstance(rule, SignalRule):
        return replace(rule, grade=change.grade, meal_grade=None)
    return replace(rule, grade=change.grade)


def _times(one: Section) -> tuple[int, int]:
    of = one.within("of", 1, WINDOW_MAX, 1)
    return one.within("times", 1, of, 1), of


def _clear(one: Section) -> Condition | None:
    return _condition(one, "clear", one.take("clear", str)) if one.has("clear") else None


def _condition(one: Section, key: str, text: str) -> Condition:
    found = _WHEN.fullmatch(text)
    if text == UNKNOWN:
        return Condition(UNKNOWN)
    if not found:
        forms = ", ".join(f"{sign} 70" for sign in COMPARISONS)
        raise ConfigFault(f"{one.name(key)}: {Text('应为', 'must be')} {forms}, {UNKNOWN}")
    return Condition(found[1], float(found[2]))


def _span_ms(one: Section, key: str) -> int:
    text = one.take(key, str, "0s")
    found = _SPAN.fullmatch(text)
    if not found:
        raise ConfigFault(f"{one.name(key)}: {Text('应为 30s、15m、2h', 'must look like 30s, 15m, 2h')}")
    return int(found[1]) * _UNITS_MS[found[2]]


def _advice(one: Section) -> Advice:
    """Each text is wanted in Chinese; without an English one it stands for both."""
    advice = Advice(*(_text(one, key) for key in _TEXTS))
    one.done()
    return advice


def _text(one: Section, key: str) -> Text:
    zh = one.take(key, str)
    en = one.take(f"{key}_en", str, zh)
    for name, text in ((key, zh), (f"{key}_en", en)):
        if not text.strip() or len(text) > TEXT_MAX:
            raise ConfigFault(f"{one.name(name)}: {Text(f'1 至 {TEXT_MAX} 字', f'1 to {TEXT_MAX} characters')}")
    return Text(zh, en)
