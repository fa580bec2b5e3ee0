"""Pages of services: what the closed list has is taken, everything else is passed over, a silent one is not known."""

import socket
from contextlib import closing

import pytest

from cloud.watch.metrics.heard import pages
from cloud.watch.metrics.heard.pages import Place, points_of, read_page
from cloud.watch.metrics.points import Point
from tests.cloud.watch.metrics.stand import standing

PAGE = """\
# HELP ykt_ingest_posted records
# TYPE ykt_ingest_posted gauge
ykt_ingest_posted 12
ykt_ingest_commit_p99_s 0.25
ykt_keys_requests 7.0
ykt_box_plain 3
ykt_ingest_posted{card="6217001234567890123"} 9
ykt_ingest_junk NaN
ykt_ingest_waiting_records 1e300
ykt_ingest_refused many
other 1
"""
FOUND = [
    Point("ykt_ingest", "", (("ingest-posted", 12), ("ingest-p99", 0.25)), 5),
    Point("ykt_keys", "", (("keys-asked", 7),), 5),
]


def test_a_page_becomes_points_of_the_closed_list() -> None:
    assert [*read_page(PAGE, 5)] == FOUND


def test_a_service_is_asked_over_tcp() -> None:
    with standing() as stand:
        stand.status, stand.body = 200, PAGE.encode()
        place = Place("ingest", ("127.0.0.1", stand.port))
        assert points_of(place, 5) == FOUND
        assert [request.target for request in stand.requests] == ["/metrics"]
        stand.status = 503
        assert points_of(place, 5) == []
    assert points_of(place, 5) == [], "it is gone"


def test_one_that_does_not_answer_costs_its_bound(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(pages, "PAGE_S", 0.05)
    with closing(socket.socket(socket.AF_UNIX)) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        assert points_of(Place("keys", tmp_path / "deaf"), 5) == []
    assert points_of(Place("keys", tmp_path / "nobody"), 5) == []
