"""Points to a store and back: both ways to write, both languages, and all that a store may say instead."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cloud.watch.metrics.away import MetricsAway, Writer
from cloud.watch.metrics.door import V2Writer
from cloud.watch.metrics.plain import V1Writer
from cloud.watch.metrics.queries import STEPS_MAX, from_influxql, from_promql, influxql, promql, span_between, span_of
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.rings import Dots
from cloud.watch.metrics.series import SERIES
from cloud.watch.metrics.settings import Api, MetricStore
from cloud.watch.store import open_watch
from tests.cloud.watch.metrics.stand import Stand, standing

LINE = "ykt_box,box=b1 unsettled=3i 1000"
TOKEN = "not-a-real-token"
WRITERS: dict[Api, type[Any]] = {Api.V1: V1Writer, Api.V2: V2Writer}


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing() as one:
        yield one


def writer(stand: Stand, api: Api, token: str = "") -> Writer:
    made: Writer = WRITERS[api](stand.store(api, token))
    return made


def test_a_v2_store_gets_lines_in_ms_with_its_token(stand: Stand) -> None:
    writer(stand, Api.V2, TOKEN).write(LINE)
    (request,) = stand.requests
    asked = urlsplit(request.target)
    assert (asked.path, request.body, request.authorization) == ("/api/v2/write", LINE, f"Token {TOKEN}")
    assert parse_qs(asked.query) == {"org": ["-"], "bucket": ["openykt"], "precision": ["ms"]}


def test_a_v1_store_gets_lines_in_ms_with_its_user(stand: Stand) -> None:
    writer(stand, Api.V1, "ykt:word").write(LINE)
    (request,) = stand.requests
    assert (request.target, request.body) == ("/write?db=openykt&precision=ms", LINE)
    assert request.authorization == "Basic eWt0OndvcmQ="


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize(("status", "for_good"), [(400, True), (401, False), (429, False), (503, False), (302, False)])
def test_another_answer_is_away_and_the_token_is_not_in_it(
    stand: Stand, api: Api, status: int, *, for_good: bool
) -> None:
    stand.status, stand.body = status, b"no"
    stand.location = f"http://127.0.0.1:{stand.port}/elsewhere" if status == 302 else ""
    with pytest.raises(MetricsAway) as caught:
        writer(stand, api, TOKEN).write(LINE)
    assert (caught.value.for_good, TOKEN in str(caught.value)) == (for_good, False)
    assert len(stand.requests) == 1, "neither tried again nor followed"


@pytest.mark.parametrize("api", list(Api))
def test_nobody_at_the_port_is_away(api: Api) -> None:
    with standing() as gone:
        pass
    with pytest.raises(MetricsAway):
        writer(gone, api).write(LINE)


def asked(store: MetricStore, tmp_path: Path) -> Dots:
    with closing(open_watch(tmp_path)) as opened:
        return series(store, opened.db, "box-unsettled", span_of(3600, 7_200_000))


def test_promql_names_a_step_by_its_end_and_we_by_its_start(stand: Stand, tmp_path: Path) -> None:
    values = [[3720, "3"], [3780, "9"]]
    stand.status = 200
    stand.body = json.dumps({"data": {"result": [{"metric": {"box": "b1"}, "values": values}]}}).encode()
    assert asked(stand.store(), tmp_path) == {"b1": [(3_660_000, 3), (3_720_000, 9)]}
    (request,) = stand.requests
    told = parse_qs(urlsplit(request.target).query)
    assert told["query"] == ["max_over_time(ykt_box_unsettled[60s])"]
    assert (told["start"], told["end"], told["step"]) == (["3720"], ["7260"], ["60"])


def test_influxql_gives_a_series_for_each_tag(stand: Stand, tmp_path: Path) -> None:
    rows = [{"tags": {"box": "b1"}, "values": [[3_660_000, 3], [3_720_000, None]]}]
    stand.status, stand.body = 200, json.dumps({"results": [{"series": rows}]}).encode()
    assert asked(stand.store(Api.V1), tmp_path) == {"b1": [(3_660_000, 3)]}
    (request,) = stand.requests
    assert parse_qs(urlsplit(request.target).query)["q"] == [
        'SELECT max("unsettled") FROM "ykt_box" WHERE time >= 3660000ms AND time < 7260000ms '
        'GROUP BY time(60s), "box" fill(none)'
    ]


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"{}", b"[" * 20_000, b'{"data": {"result": 3}}', b'{"results": [{"error": "no database"}]}']
)
def test_what_is_no_answer_is_away(said: bytes) -> None:
    with pytest.raises(MetricsAway):
        from_promql("box-unsettled", said, 60)
    with pytest.raises(MetricsAway):
        from_influxql("box-unsettled", said)


def test_nothing_kept_is_no_series_and_no_zero() -> None:
    assert from_promql("suspense", b'{"data": {"result": []}}', 60) == {}
    assert from_influxql("suspense", b'{"results": [{"statement_id": 0}]}') == {}


@pytest.mark.parametrize("name", list(SERIES))
def test_of_every_series_there_is_a_question_in_both(name: str) -> None:
    one, span = SERIES[name], span_of(86_400, 1_000_000_000)
    assert f"{one.worst}_over_time({one.metric}[300s])" == promql(name, span).arguments["query"]
    assert f'{one.worst}("{one.field}") FROM "{one.measurement}"' in influxql(name, span, "b").arguments["q"]


@pytest.mark.parametrize("last_s", [0, 59, 3600, 86_400, 7 * 86_400, 100 * 86_400, 10**9])
def test_a_chart_has_a_bounded_number_of_steps(last_s: int) -> None:
    span = span_of(last_s, 1_796_000_000_123)
    assert 1 <= (span.until_ms - span.from_ms) // (span.step_s * 1000) <= STEPS_MAX
    assert span.from_ms % (span.step_s * 1000) == span.until_ms % (span.step_s * 1000) == 0
    assert span.until_ms > 1_796_000_000_123


@pytest.mark.parametrize(
    ("hours", "least_s", "step_s"), [(1, 60, 60), (24, 60, 300), (24, 3600, 3600), (24 * 400, 60, 86_400), (0, 60, 60)]
)
def test_a_span_between_two_times_holds_whole_steps_and_no_more_than_there_may_be(
    hours: int, least_s: int, step_s: int
) -> None:
    until_ms = 1_795_836_778_000
    span = span_between(until_ms - hours * 3_600_000, until_ms, least_s)
    step_ms = span.step_s * 1000
    assert span.step_s == step_s
    assert (span.from_ms % step_ms, span.until_ms % step_ms) == (0, 0)
    assert 1 <= (span.until_ms - span.from_ms) // step_ms <= STEPS_MAX + 1
    assert span.until_ms - step_ms < until_ms <= span.until_ms
