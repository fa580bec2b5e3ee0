"""Lines of a counter by hand, and the one word that is heard while a tap goes on."""

import asyncio

from edge.terminal.counter.keyboard import KEPT_MAX, Keyboard
from tests.patience import PATIENCE_S

WORDS = ("取消", "cancel")


def play(story):
    async def run():
        lines = asyncio.StreamReader()
        await asyncio.wait_for(story(lines, Keyboard(lines), asyncio.get_running_loop().create_future()), PATIENCE_S)

    asyncio.run(run())


def test_a_word_calls_off_and_other_lines_are_obeyed_later():
    async def story(lines, keyboard, during):
        lines.feed_data("12.50\nstatus\n 取消 \nquit\n".encode())
        assert await keyboard.hears(WORDS, during)
        assert [await keyboard.line() for _ in range(3)] == [b"12.50\n", b"status\n", b"quit\n"]

    play(story)


def test_the_tap_ends_first_and_the_next_line_is_read_by_whoever_asks_then():
    async def story(lines, keyboard, during):
        asyncio.get_running_loop().call_soon(during.set_result, None)
        assert not await keyboard.hears(WORDS, during)
        lines.feed_data(b"quit\n")
        assert await keyboard.line() == b"quit\n"

    play(story)


def test_the_end_of_the_input_calls_nothing_off_and_what_is_too_much_is_lost():
    async def story(lines, keyboard, during):
        lines.feed_data(b"1\n" * (KEPT_MAX + 5))
        lines.feed_eof()
        assert not await keyboard.hears(WORDS, during)
        assert [await keyboard.line() for _ in range(KEPT_MAX + 1)] == [b"1\n"] * KEPT_MAX + [b""]

    play(story)
