"""A web server of our own, for what workflows ask and fetch elsewhere."""
from __future__ import annotations

import http.server
import pathlib
import ssl
import threading


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_) -> None:
        """Clients that give up are what some tests are about."""


class Site:
    """A web server on a port of its own that remembers what it was asked."""

    def __init__(self, folder: pathlib.Path | None = None,
                 certificate: tuple[pathlib.Path, pathlib.Path] | None = None):
        site = self
        site.seen, site.stored, site.pages = [], {}, {}
        site.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        site.opened = threading.Event()  # until then /slow gives no answer

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=str(folder or "/nonexistent"))

            def log_message(self, *args):
                pass

            def note(self) -> bytes:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                site.seen.append((self.path, dict(self.headers)))
                site.asked.append((self.command, self.path, dict(self.headers), body))
                return body

            def do_GET(self):
                self.note()
                if self.path == "/slow":
                    site.opened.wait()
                if self.path == "/elsewhere":
                    self.send_response(302)
                    self.send_header("Location", "/text")
                    self.end_headers()
                elif self.path in site.pages:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(site.pages[self.path])))
                    self.end_headers()
                    self.wfile.write(site.pages[self.path])
                elif folder:
                    super().do_GET()
                else:
                    self.send_error(404)

            def do_PUT(self):
                site.stored[self.path] = self.note()
                self.send_response(507 if self.path == "/full" else 201)
                self.end_headers()

            def do_POST(self):
                """Says what it was sent; the second part of the path is the status."""
                body = self.note()
                if self.path == "/slow":
                    site.opened.wait()
                parts = self.path.split("/")
                self.send_response(int(parts[2]) if len(parts) > 2 else 200)
                if len(parts) > 3:
                    self.send_header("Location", "/" + "/".join(parts[3:]))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Site":
        return self

    def __exit__(self, *_) -> None:
        self.opened.set()
        self.server.shutdown()
        self.server.server_close()
