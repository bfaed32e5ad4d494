"""Stands in for a service where supervision is tested: ready over HTTP, ends on SIGTERM; with `broken` it ends at once and says why."""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


def main() -> None:
    if "broken" in sys.argv:
        sys.exit("setting HTTP_PORT: out of luck")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    HTTPServer(("127.0.0.1", int(os.environ.get("CONSOLE_PORT") or os.environ["HTTP_PORT"])), Ready).serve_forever()


if __name__ == "__main__":
    main()
