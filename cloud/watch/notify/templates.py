"""What a school may say in its own words: a template for each kind of text, with a closed set of fields. Pure.

A template is filled once, and what was filled in is not looked at again: a name that holds braces stays a name. Each
filled field stands on one line, so that nothing of it becomes a header; subject and SMS are one line themselves.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cloud.watch.alarms.terms import GRADES
from cloud.watch.notify.channels.parts import units
from cloud.watch.notify.terms import WHYS
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Language, Text

SMS_MAX = 70
"""Characters of one UCS-2 message."""
TITLE_ROOM = 20
"""So many of them are left for what the alarm is, with the longest of everything else; a longer one is cut."""
LINE_MAX, MAIL_MAX = 200, 2000
CAMPUS_LONG, MORE_LONG, SINCE_LONG, CODE_LONG = "x" * 12, " +9999", ", 23:59", "0" * 6
_FIELD = re.compile(r"\{([^{}]*)\}")
_HEAD = frozenset({"campus", "grade", "why", "title", "more", "since"})
_ALARM = frozenset({"title", "under", "told", "when", "cause", "consequence", "action"})


class Templates(NamedTuple):
    """Of one language. answer stands behind an SMS that asks for one; mail is a paragraph, of each alarm."""

    subject: str
    sms: str
    answer: str
    mail: str


_STANDARD = (
    Text("[{campus}] {grade} {why}：{title}{more}", "[{campus}] {grade} {why}: {title}{more}"),
    Text("{grade}{why}：{title}{more}{since}", "{grade} {why}: {title}{more}{since}"),
    Text("，回复{code}接单", ", answer {code}"),
    Text(
        "{title}\n{under}\n{told}\n自 {when}\n原因：{cause}\n后果：{consequence}\n处置：{action}",
        "{title}\n{under}\n{told}\nsince {when}\ncause: {cause}\nconsequence: {consequence}\nto do: {action}",
    ),
)
STANDARD: Mapping[Language, Templates] = {
    language: Templates(*(text.in_language(language) for text in _STANDARD)) for language in Language
}
_FIELDS = {"subject": _HEAD, "sms": _HEAD, "answer": frozenset({"code"}), "mail": _ALARM}
_NEEDED = {"subject": "title", "sms": "title", "answer": "code", "mail": "title"}


def filled(template: str, fields: Mapping[str, str]) -> str:
    """Each field on one line; a line of the template that has fields, all of them empty, is left out."""
    return "\n".join(_line(line, fields) for line in template.split("\n") if _says(line, fields))


def one_line(text: str) -> str:
    """One line without anything that is not printed."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))


def read_templates(one: Section) -> dict[Language, Templates]:
    """`[text.zh]`, `[text.en]`; what a school does not say is as it was. ConfigFault, by its key."""
    found = dict(STANDARD)
    for language, key in ((Language.ZH, "zh"), (Language.EN, "en")):
        section = one.optional_section(key)
        if section is not None:
            given = {name: _read(section, name, usual) for name, usual in STANDARD[language]._asdict().items()}
            section.done()
            found[language] = Templates(**given)
            _require_room(section, language, found[language])
    one.done()
    return found


def _read(one: Section, key: str, usual: str) -> str:
    text: str = one.take(key, str, usual)
    is_mail = key == "mail"
    lines = text.strip("\n").split("\n") if is_mail else [text]
    if len(text) > (MAIL_MAX if is_mail else LINE_MAX):
        said = Text(f"至多 {MAIL_MAX if is_mail else LINE_MAX} 个字符", "is too long")
        raise ConfigFault(f"{one.name(key)}: {said}")
    if not all(line.isprintable() for line in lines):
        raise ConfigFault(f"{one.name(key)}: {Text('只能有可显示的字符，一行', 'one line, of what is printed')}")
    _require_fields(one, key, text)
    return "\n".join(lines)


def _require_fields(one: Section, key: str, text: str) -> None:
    names = set(_FIELD.findall(text))
    wrong = sorted(names - _FIELDS[key])
    if wrong or set("{}") & set(_FIELD.sub("", text)):
        named = ", ".join(sorted(_FIELDS[key]))
        told = Text(f"只能有这些字段：{named}", f"only these fields: {named}")
        raise ConfigFault(f"{one.name(key)}: {told}")
    if _NEEDED[key] not in names:
        need = _NEEDED[key]
        raise ConfigFault(f"{one.name(key)}: {Text(f'缺少 {{{need}}}', f'{{{need}}} is missing')}")


def _require_room(one: Section, language: Language, templates: Templates) -> None:
    beside = longest_sms(language, templates)
    if beside > SMS_MAX - TITLE_ROOM:
        told = Text(
            f"除标题外最长 {beside} 字，至多 {SMS_MAX - TITLE_ROOM}",
            f"beside the title it may be {beside} characters, {SMS_MAX - TITLE_ROOM} at most",
        )
        raise ConfigFault(f"{one.name('sms')}: {told}")


def longest_sms(language: Language, templates: Templates) -> int:
    """Characters of the longest SMS without a title."""
    fields = {
        "campus": CAMPUS_LONG, "title": "", "more": MORE_LONG, "since": SINCE_LONG,
        "grade": max((text.in_language(language) for text in GRADES.values()), key=units),
        "why": max((text.in_language(language) for text in WHYS.values()), key=units),
    }  # fmt: skip
    return units(_line(templates.sms, fields)) + units(_line(templates.answer, {"code": CODE_LONG}))


def _line(line: str, fields: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: _value(fields.get(found[1], "")), line)


def _value(text: str) -> str:
    """On one line; the blank before ` +2` stays."""
    return (" " if text.startswith(" ") else "") + one_line(text)


def _says(line: str, fields: Mapping[str, str]) -> bool:
    names = _FIELD.findall(line)
    return not names or any(fields.get(name) for name in names)
