"""Pages are sent packed (gzip) to browsers that take them so: a list of a large campus is a quarter of its size.

What a page holds of a secret, the forms' token, cannot be guessed by lengths (BREACH): another site's request comes
without the session's cookie, which is strict, and gets no such page.
"""

import gzip

from flask import request
from werkzeug.wrappers import Response

LEAST = 1_400
"""Octets below which it is not worth it: one packet anyway."""
LEVEL = 5


def packed(answer: Response) -> Response:
    """Only what is whole in memory; a stream stays as it is."""
    is_page = answer.mimetype in ("text/html", "application/json") and not answer.is_streamed
    if not is_page or "Content-Encoding" in answer.headers or not request.accept_encodings["gzip"]:
        return answer
    answer.headers.add("Vary", "Accept-Encoding")
    body = answer.get_data()
    if len(body) >= LEAST:
        answer.set_data(gzip.compress(body, LEVEL, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
    return answer
