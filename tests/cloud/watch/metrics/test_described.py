"""docs/metrics.md lists the series that there are."""

from tests.cloud.watch.metrics.described import PAGE, written


def test_the_page_lists_the_series_that_there_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == written(text)
