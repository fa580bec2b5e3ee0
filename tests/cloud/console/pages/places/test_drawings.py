"""What a drawing is: by its own bytes and never by its name, with bounds, and no more of an SVG than its size."""

import re
import shutil
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from cloud.console.pages.places import pdf
from cloud.console.pages.places.drawings import BYTES_MAX, JPEG, PNG, SVG, Drawing, DrawingRefused, drawing_of
from shared.words.voice import Text
from tests.cloud.console.pages.places import drawn


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (drawn.png(30, 20), Drawing(PNG, 30, 20)),
        (drawn.jpeg(), Drawing(JPEG, 640, 480)),
        (drawn.svg(), Drawing(SVG, 300, 200)),
        (drawn.svg('width="100%" height="100%" viewBox="0,0 30.5 20"'), Drawing(SVG, 30.5, 20)),
        (drawn.svg('width="29.7cm" height="21cm"'), Drawing(SVG, 29.7, 21)),
    ],
)
def test_a_drawing_tells_what_it_is_and_how_large(found: bytes, what: Drawing) -> None:
    assert drawing_of(found) == what


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (b"", "no PNG"),
        (b"<html><body>hello</body></html>", "no PNG"),
        (b"GIF89a....", "no PNG"),
        (drawn.png()[:-9], "torn"),
        (drawn.jpeg()[:8], "torn"),
        (drawn.png(20_001, 1), "sides"),
        (drawn.png(0, 1), "sides"),
        (drawn.jpeg(20_000, 20_000), "million"),
        (drawn.svg("") , "size"),
        (drawn.svg('viewBox="0 0 a b"'), "size"),
        (drawn.svg('viewBox="0 0 nan 1"'), "sides"),
        (drawn.svg()[:-8], "torn"),
        (b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + drawn.svg()[21:], "entities"),
        (b"<html xmlns:x='<svg'></html>", "no|torn"),
        (drawn.png() + bytes(BYTES_MAX), "larger"),
    ],
    ids=count(),
)  # fmt: skip
def test_what_is_none_is_refused_and_told_why(found: bytes, said: str) -> None:
    assert re.search(said, refused(lambda: drawing_of(found)))


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(DrawingRefused) as fault:
        call()
    said = fault.value.args[0]
    assert isinstance(said, Text)
    return said.en


def test_without_the_program_a_pdf_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "poppler-utils" in refused(lambda: pdf.page_of(drawn.pdf(), 1))


@pytest.mark.skipif(shutil.which(pdf.PROGRAM) is None, reason="poppler-utils is not here")
def test_a_page_of_a_pdf_becomes_a_drawing_and_no_page_is_refused() -> None:
    found = drawing_of(pdf.page_of(drawn.pdf(), 1))
    assert (found.media, found.width, found.height) == (PNG, pdf.SIDE, pdf.SIDE * 2 // 3)
    for page, what in ((9, drawn.pdf()), (1, b"%PDF-1.4 nothing")):
        assert f"no page {page}" in refused(partial(pdf.page_of, what, page))


def test_a_program_that_draws_nothing_in_time_is_ended(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("slow")
    (folder / pdf.PROGRAM).write_text("#!/bin/sh\nexec sleep 60\n", encoding="ascii")
    (folder / pdf.PROGRAM).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(pdf, "WAIT_S", 0.3)
    assert "within" in refused(lambda: pdf.page_of(drawn.pdf(), 1))
