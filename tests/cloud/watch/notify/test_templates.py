"""A school's own words: what a template may hold, what it can never do, and that an SMS is one SMS."""

import random
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from cloud.watch.alarms import states
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import GRADES, Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify.channels.folder import mail_of
from cloud.watch.notify.channels.parts import parts_of, units
from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.queue import Message
from cloud.watch.notify.templates import SMS_MAX, STANDARD, TITLE_ROOM, Templates, filled, longest_sms
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.notify.words import SMS_LEAST, Said, Told, said, short
from shared.clocks.school_days import Calendar
from shared.errors import ConfigFault
from shared.facts.told import Level
from shared.words.voice import Language

HEAD = "format = 1\n[text.zh]\n"
EVIL = (
    "食堂\r\nBcc: all@evil.example\r\n\r\n<b>", "\u2028X: y\u2029", "{code}{grade}{title}", "{0.__class__}", "\u202e倒",
    "\x00\x1b[2J", "😀" * 60, "%s%n" * 20, "=?utf-8?q?=0d=0aBcc:_evil?=", " ", "a" * 300,
)  # fmt: skip


def templates(text: str) -> Templates:
    return read_policy(HEAD + text, (), Calendar()).texts[Language.ZH]


def words(name: str, language: Language = Language.ZH, code: str = "482913", own: Templates | None = None) -> Said:
    """Of an alarm whose source is called so."""
    found = []
    for rule in RULES[:3]:
        key = Key(rule.name, Source(Kind.BOX, "canteen-1"))
        grade = next(iter(GRADES))
        found.append(Told(key, states.raised(None, 1_795_836_778_000, grade)[0], rule, "", ()))
    return said(Why.ESCALATION, found, lambda _: name, name, language, code, own)


def test_a_school_says_it_in_its_own_words() -> None:
    own = templates(
        'sms = "{title}{more}"\nanswer = "（{code}）"\nsubject = "一卡通 {title}"\n'
        'mail = """\n{title}\n\n请看：{action}\n"""\n'
    )
    told = words("一食堂", own=own)
    assert told.sms.endswith("一食堂 +2（482913）")
    assert told.subject.startswith("一卡通 ")
    assert told.text.count("请看：") == 3


def test_what_a_school_does_not_say_is_as_it_was() -> None:
    assert templates('sms = "{grade}{title}"\n') == STANDARD[Language.ZH]._replace(sms="{grade}{title}")
    assert read_policy(HEAD, (), Calendar()).texts[Language.EN] == STANDARD[Language.EN]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('sms = "{title}{phone}"', "text.zh.sms: "),
        ('sms = "{title.__class__}"', "text.zh.sms: "),
        ('sms = "{title!r:>9}"', "text.zh.sms: "),
        ('sms = "{title} {"', "text.zh.sms: "),
        ('sms = "{title}}"', "text.zh.sms: "),
        ('sms = "{{title}}"', "text.zh.sms: "),
        ('sms = "报警"', "text.zh.sms: "),
        ('sms = "{title}\\n{more}"', "text.zh.sms: "),
        ('subject = "{title}\\r\\nBcc: a@b.example"', "text.zh.subject: "),
        ('subject = "{title}\\u2028"', "text.zh.subject: "),
        ('mail = "{title}\\r{told}"', "text.zh.mail: "),
        ('mail = "{title}{code}"', "text.zh.mail: "),
        ('answer = "请回复"', "text.zh.answer: "),
        ('answer = "{code}{title}"', "text.zh.answer: "),
        ("sms = 7", "text.zh.sms: "),
        ('voice = "{title}"', "text.zh.voice: "),
        (f'sms = "{"长" * 60}{{title}}"', "text.zh.sms: "),
        (f'answer = "{"请" * 40}{{code}}"', "text.zh.sms: "),
        (f'mail = "{{title}}{"a" * 3000}"', "text.zh.mail: "),
    ],
)
def test_a_template_that_cannot_be_is_named_by_its_line(text: str, said: str) -> None:
    with pytest.raises(ConfigFault, match=said) as told:
        templates(text + "\n")
    assert "行" in str(told.value)


@pytest.mark.parametrize("language", list(Language))
def test_the_usual_words_leave_room_for_what_it_is(language: Language) -> None:
    assert longest_sms(language, STANDARD[language]) <= SMS_MAX - TITLE_ROOM


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", EVIL)
def test_a_name_is_never_more_than_a_name(name: str, language: Language) -> None:
    told = words(name, language)
    assert units(told.sms) <= SMS_MAX
    assert len(parts_of(told.sms)) == 1
    assert told.sms.count("482913") == 1
    for line in (told.sms, told.subject, *told.text.split("\n")):
        assert line.isprintable()
    mail = sent(Message(1, 0, "王芳", Channel.MAIL, "w@example.com", Why.CALL, (), told.subject, told.text))
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    )


def sent(message: Message) -> EmailMessage:
    """As a mail server reads it."""
    octets = mail_of(message, "ykt@example.com").as_bytes(policy=SMTP)
    found = message_from_bytes(octets, policy=SMTP)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("why", list(Why))
def test_every_rule_is_one_sms_with_the_longest_names(why: Why, language: Language) -> None:
    """And what it is can be read: the beginning of the title is there."""
    long = "第一学生食堂三楼西侧清真窗口收费终端"
    for rule in RULES:
        grade = rule.grade or Level.IMPORTANT
        raised = states.raised(None, 1_795_836_778_000, grade)[0]
        found = [Told(Key(rule.name, Source(Kind.BOX, str(n))), raised, rule) for n in range(200)]
        sms = said(why, found, lambda _: long, long, language, "482913").sms
        assert (units(sms) <= SMS_MAX, sms.count("482913")) == (True, 1)
        single = said(why, found[:1], lambda _: long, long, language, "482913").sms
        if why is not Why.DIGEST:
            assert rule.advice.title.in_language(language)[: TITLE_ROOM // 2] in single


@pytest.mark.parametrize("name", EVIL)
def test_what_is_filled_in_is_one_line(name: str) -> None:
    assert filled("a{told}b\n{title}", {"told": name, "title": "x"}).split("\n")[1:] == ["x"]
    assert filled("{told}", {"told": name}).isprintable()


def test_a_line_that_says_nothing_is_left_out() -> None:
    assert filled("{title}\n{under}\n\n{told}。", {"title": "甲", "told": ""}) == "甲\n"


def test_braces_of_a_name_are_not_filled_in_again() -> None:
    assert "{code}" in words("{code}").sms


@pytest.mark.parametrize("answer", ["", "，回复482913接单"])
def test_any_text_is_cut_to_one_sms(answer: str) -> None:
    dice = random.Random(13)
    for _ in range(500):
        text = "".join(dice.choice("网a𠮷\r\n \u2028é") for _ in range(dice.randint(0, 120)))
        found = short(text, answer)
        assert units(found) <= SMS_MAX
        assert found.endswith(answer)
        assert found.isprintable()


@pytest.mark.parametrize("size", range(30, 61))
@pytest.mark.parametrize("text", ["紧急", "紧急报警：试算不平 第一食堂", "紧急" + "字" * 80, "😀" * 60])
def test_a_link_is_whole_or_not_there_and_takes_no_text_that_is_needed(text: str, size: int) -> None:
    link = "https://" + "h" * (size - 12) + "/a/7"
    for answer in ("", "，回复482913接单"):
        sms = short(text, answer, link)
        assert units(sms) <= SMS_MAX
        left, _, found = sms.partition(" https://")
        assert answer in left
        assert not found or sms.endswith(f" {link}")
        assert units(left) >= min(units(text), SMS_LEAST - 1), "the sign of a cut"
