"""A page that asks for itself anew is answered in full only when what it shows is another: ETag and 304.

What is compared is the part that keeps itself new (#fresh), without the time at which it was read: that time goes with
a 304, too.
"""

import hashlib
import re
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

HEADER = "X-Fresh"
_FROM = 'id="fresh"'
_CALLING = re.compile(r'<a id="calling".*?</a>')
_AS_OF = re.compile(r'(class="as-of"[^>]*>)([^<]*)')


def _calling(text: str) -> str:
    """How many alarms call, in the head of the page: renewed with the part."""
    found = _CALLING.search(text)
    return found[0] if found else ""


def unchanged(answer: Response) -> Response:
    """304 for whoever has it already."""
    if HEADER not in request.headers or answer.status_code != 200 or answer.mimetype != "text/html":
        return answer
    text = answer.get_data(as_text=True)
    at = text.find(_FROM)
    if at < 0:
        return answer
    part = _calling(text) + text[at:]
    digest = hashlib.sha256(_AS_OF.sub(r"\1", part).encode()).hexdigest()[:24]
    answer.headers["ETag"] = tag = f'"{digest}"'
    if said := _AS_OF.search(part):
        answer.headers["X-As-Of"] = quote(said[2])
    if request.headers.get("If-None-Match") == tag:
        answer.set_data(b"")
        answer.status_code = 304
    return answer
