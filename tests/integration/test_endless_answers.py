"""Servers whose answers have no end: a bucket that lists in circles, and one that drips."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.deployment import PATIENCE, Deployment

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><IsTruncated>true</IsTruncated>
<NextContinuationToken>again</NextContinuationToken></ListBucketResult>"""


@contextmanager
def bucket() -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def test_a_listing_in_circles_is_no_listing(sqlite: Deployment) -> None:
    with bucket() as port:
        sqlite.settings["STORES"] = {"circle": {"BUCKET": "b", "ENDPOINT": f"http://127.0.0.1:{port}", "REGION": "x"}}
        sqlite.variables |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        outcome = sqlite.run("list_backups", "--location", "circle", code=1)
    assert "does not end" in outcome.err
