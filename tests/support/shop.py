"""A site of somebody else's with the chat's one line in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def shop(product_url: str, deployment: str, *, headers: Mapping[str, str] | None = None) -> Iterator[int]:
    """Its port. On 127.0.0.1 it is the product's own site, as cookies and storage see it; on localhost another."""
    script = f'<script src="{product_url}/chat/widget.js" data-deployment="{deployment}" async></script>'
    page = f"<!doctype html><title>Shop</title><h1>Shop</h1>{script}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
