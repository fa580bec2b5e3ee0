"""The small values of a terminal: hotlist, parameters, clock, figures, commands, texts."""

import pytest

from edge.link.messages import Refusal
from edge.terminal.counter.commands import HELP, Command, Verb, meant, parse
from edge.terminal.counter.wording import again_line, sale_lines, selling_words
from edge.terminal.settings.hotlist import Hotlist
from edge.terminal.station.figures import Figures, percentile
from edge.terminal.station.screen import Screen
from edge.terminal.store.parameters import Meal, Parameters
from edge.terminal.taps import display
from edge.terminal.taps.display import Bar
from edge.terminal.taps.steps import End, Result
from shared.clocks.clock import DAY_S, CampusTime
from shared.ids import CardId
from shared.online import LoadResult
from shared.purse.reasons import Reason
from shared.words.voice import Language, speak

CARD = CardId(bytes.fromhex("53030000000000000666"))
OTHER = CardId(bytes.fromhex("54030000000000000666"))


def test_hotlist_is_exact_and_its_crc_does_not_depend_on_the_order():
    listed = Hotlist(3, [CARD, OTHER])
    assert listed.contains(CARD, 0x666)
    assert not listed.contains(CARD, 0x667)
    assert not Hotlist(3, [OTHER]).contains(CARD, 0x666)
    assert listed.crc == Hotlist(4, [OTHER, CARD]).crc != Hotlist(3, [CARD]).crc
    assert Hotlist(1, []).crc == 0


@pytest.mark.parametrize(
    ("hour", "day_start", "day", "meal"),
    [
        (0, 0, 100, 1),
        (9.99, 0, 100, 1),
        (10, 0, 100, 2),
        (23.9, 0, 100, 2),
        (3, 4, 99, 2),
        (4, 4, 100, 0),
        (10, 4, 100, 2),
    ],
)
def test_meal_clock(hour, day_start, day, meal):
    from_s = 0 if day_start == 0 else 5 * 3600
    meals = (Meal(1, "早餐", from_s), Meal(2, "午餐", 36_000))
    clock = Parameters(1, None, meals, day_start * 3600).meal_clock(CampusTime(100 * DAY_S + int(hour * 3600), True))
    assert (clock.day, clock.meal, clock.is_set) == (day, meal, True)


def test_figures_count_ends_and_take_the_disk_off():
    figures = Figures()
    for end in End:
        figures.count(Result(end, 1))
    assert (figures.declined, figures.torn, figures.not_selling) == (1, 1, 1)
    for ms in range(1, 101):
        figures.took(ms / 1000, ms / 2000)
    assert figures.latency_ms() == {"p50": 51.0, "p99": 100.0, "own_p99": 50.0}
    assert percentile(type(figures._own_ms)(), 0.5) == 0.0


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("12.50", Command(Verb.SELL, "", 1250)),
        (" ¥3 ", Command(Verb.SELL, "", 300)),
        ("card 0012", Command(Verb.CARD, "0012")),
        ("换卡 李雷", Command(Verb.CARD, "李雷")),
        ("pull", Command(Verb.PULL, "after")),
        ("pull BEFORE", Command(Verb.PULL, "before")),
        ("net off", Command(Verb.NET, "off")),
        ("net  on", Command(Verb.NET, "on")),
        ("load 50", Command(Verb.LOAD, "", 5000)),
        ("box kill", Command(Verb.BOX_KILL)),
        ("", Command(Verb.NOTHING)),
        ("again", Command(Verb.AGAIN)),
        ("退出", Command(Verb.QUIT)),
        ("ride", Command(Verb.RIDE)),
        ("stop 3", Command(Verb.STOP, "3")),
        ("报站 12 back", Command(Verb.STOP, "12 back")),
        ("stop here", Command(Verb.UNKNOWN, "stop here")),
        ("net maybe", Command(Verb.UNKNOWN, "net maybe")),
        ("card", Command(Verb.UNKNOWN, "card")),
        ("load much", Command(Verb.UNKNOWN, "load much")),
        ("code 12.50", Command(Verb.CODE, "", 1250)),
        ("付款码 3 7112 3456", Command(Verb.CODE, "7112 3456", 300)),
        ("code 12.505 71", Command(Verb.UNKNOWN, "code 12.505 71")),
        ("12.505", Command(Verb.UNKNOWN, "12.505")),
    ],
)
def test_commands(line, command):
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("12,50", "12.50"),
        ("12，5元", "12.50"),
        ("１２。５０", "12.50"),
        ("1,250", "1250.00"),
        ("1,250.00", "1250.00"),
        ("load 12,50", "load 12.50"),
        ("圈存 50，00", "load 50.00"),
        ("12.505", ""),
        ("card", ""),
        ("sell 12,50", ""),
        ("-3", ""),
        ("", ""),
    ],
)
def test_an_amount_written_another_way_is_not_taken_and_answered(line, typed):
    command = parse(line)
    assert command.verb is (Verb.UNKNOWN if line else Verb.NOTHING)
    assert meant(command) == typed


@pytest.mark.parametrize(
    ("line", "result", "typed"),
    [
        ("3", Result(End.UNKNOWN, 300, reason=Reason.CARD_GONE), "请键入：again（或直接回车）"),
        ("load 50", Result(End.UNKNOWN, 5000, reason=Reason.CARD_GONE), "请键入：load 50.00"),
        ("claim", Result(End.UNKNOWN, 0, reason=Reason.CARD_GONE), "请键入：claim"),
        ("3", Result(End.UNKNOWN, 300, reason=Reason.MAC2_WRONG), ""),
        ("3", Result(End.DECLINED, 300, reason=Reason.CARD_GONE), ""),
    ],
)
def test_when_the_same_card_must_come_again_the_counter_says_what_to_type(line, result, typed):
    said = again_line(parse(line), result)
    assert typed in said if typed else not said


def test_the_counter_speaks_english_where_it_is_asked_to():
    speak(Language.EN)
    unclear = Result(End.UNKNOWN, 300, reason=Reason.CARD_GONE)
    assert again_line(parse("3"), unclear) == "  → the same card again, type: again (or just Enter)"
    assert again_line(parse("圈存 50"), unclear).endswith("type: load 50.00"), "what is typed is understood in both"
    assert str(selling_words(Bar.RING_FULL)) == "not selling: record store full, not selling"
    assert sale_lines(()) == ["no sales in this shift"]
    assert "present the same card again" in str(HELP)


def test_the_display_has_both_lines_and_the_cashier_one_language(capsys):
    Screen().show(display.not_selling(Bar.STOPPED))
    speak(Language.EN)
    Screen().show(display.not_selling(Bar.STOPPED))
    chinese, english = capsys.readouterr().out.split("  → 收银员：等待上传完成\n")
    assert [line for line in chinese.splitlines() if "┃" in line] == ["  ┃ 已停止营业", "  ┃ selling has stopped"]
    assert english.endswith("  🔊 selling has stopped\n  → cashier: wait until everything is uploaded\n")


def test_every_state_has_its_texts_in_both_languages():
    said = [display.not_selling(bar) for bar in Bar]
    said += [display.declined(reason) for reason in Reason]
    said += [display.refused(why) for why in Refusal]
    said += [display.load_refused(Reason.LOAD_DENIED, result) for result in LoadResult]
    for what in said:
        assert what.title.zh
        assert what.title.en
        assert what.todo.zh
        assert what.todo.en
        assert "成功" not in what.title.zh, "only what is durable may say so"
