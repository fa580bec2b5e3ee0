"""A page that asks for itself anew."""

import gzip
from pathlib import Path
from urllib.parse import unquote

from tests.cloud.console.rig import made


def test_what_is_as_it_was_is_answered_in_a_line(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        client = rig.browser().client
        first = client.get("/devices", headers={"X-Fresh": "1"})
        tag = first.headers["ETag"]
        again = client.get("/devices", headers={"X-Fresh": "1", "If-None-Match": tag})
        assert (again.status_code, again.get_data()) == (304, b"")
        other = client.get("/devices?find=pos-01", headers={"X-Fresh": "1", "If-None-Match": tag})
        assert other.status_code == 200
        assert "ETag" not in client.get("/devices").headers


def test_the_time_at_which_it_was_read_is_no_change_and_goes_with_it(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        said = iter(("12:00:00", "12:00:01"))
        rig.app.view_functions["devices"] = lambda: f'<p id="fresh"><b class="as-of">时间 {next(said)}</b>x</p>'
        client = rig.browser().client
        tag = client.get("/devices", headers={"X-Fresh": "1"}).headers["ETag"]
        again = client.get("/devices", headers={"X-Fresh": "1", "If-None-Match": tag})
        assert again.status_code == 304
        assert unquote(again.headers["X-As-Of"]) == "时间 12:00:01"


def test_a_page_is_packed_for_who_takes_it_so_and_the_tag_is_the_same(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        rig.app.view_functions["devices"] = lambda: '<p id="fresh"><b class="as-of">时间 12:00:00</b>x</p>' * 100
        client = rig.browser().client
        plain = client.get("/devices", headers={"X-Fresh": "1"})
        answer = client.get("/devices", headers={"X-Fresh": "1", "Accept-Encoding": "gzip"})
        assert gzip.decompress(answer.get_data()) == plain.get_data()
        assert (answer.headers["Content-Encoding"], answer.headers["ETag"]) == ("gzip", plain.headers["ETag"])
        assert client.get("/devices.csv", headers={"Accept-Encoding": "gzip"}).get_data()[:3] == b"\xef\xbb\xbf"
