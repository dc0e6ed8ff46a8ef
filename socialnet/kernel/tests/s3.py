"""As much of S3 as files need, on 127.0.0.1: PUT, GET, HEAD, DELETE, LIST, and what goes wrong with them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE = 3  # names in one page of a listing


class Store(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, tuple[bytes, str, datetime]] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.refusal: tuple[int, str] | None = None  # status and code of every answer
        self.delay = 0.0

    def age(self, key: str, by: timedelta) -> None:
        data, kind, _written = self.files[key]
        self.files[key] = (data, kind, datetime.now(UTC) - by)


class Handler(BaseHTTPRequestHandler):
    server: Store
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        _empty, bucket, key = (unquote(parts.path) + "/").split("/", 2)
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        time.sleep(self.server.delay)
        if self.server.refusal:
            return self.refuse(*self.server.refusal)
        if "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", "") + query.get("X-Amz-Algorithm", ""):
            return self.refuse(403, "AccessDenied")
        if bucket != "pictures":
            return self.refuse(404, "NoSuchBucket")
        key = key.removesuffix("/")
        if key:
            return self.one(key, body, query)
        return self.list(query)

    do_GET = do_PUT = do_HEAD = do_DELETE = handle_any

    def one(self, key: str, body: bytes, query: dict[str, str]) -> None:
        files = self.server.files
        if self.command == "PUT":
            files[key] = (body, self.headers["Content-Type"], datetime.now(UTC))
            return self.reply(200)
        if self.command == "DELETE":
            files.pop(key, None)
            return self.reply(204)
        if key not in files:
            return self.refuse(404, "NoSuchKey")
        data, kind, _written = files[key]
        return self.reply(200, data, query.get("response-content-type", kind))

    def list(self, query: dict[str, str]) -> None:
        found = sorted(key for key in self.server.files if key.startswith(query.get("prefix", "")))
        found = [key for key in found if key > query.get("continuation-token", "")]
        page, more = found[:PAGE], len(found) > PAGE
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key>"
            f"<LastModified>{self.server.files[key][2]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        self.reply(
            200,
            f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>".encode(),
            "application/xml",
        )

    def refuse(self, status: int, code: str) -> None:
        self.reply(
            status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode(), "application/xml"
        )

    def reply(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Quietly."""


@contextmanager
def running() -> Iterator[Store]:
    with Store() as store:
        thread = threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()
            thread.join()
