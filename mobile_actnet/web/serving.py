"""A server for a site: for trying it, and for phones in the same network.

It serves the files that site.json lists and nothing else, with the headers that a page with a camera and a
service worker wants. Any web server or static host can take its place.
"""

import gzip
import json
import ssl
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from mobile_actnet.errors import ActnetError
from mobile_actnet.files import read_regular, sha256_of
from mobile_actnet.web.static_site import SERVICE_WORKER, SITE_FILE

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".json": "application/json", ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".png": "image/png",
}  # fmt: skip
_OTHER_TYPE = "application/octet-stream"
_COMPRESSED = frozenset((".html", ".js", ".css", ".json", ".wasm", ".svg"))

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_TIMEOUT_S = 30


@dataclass(frozen=True)
class _File:
    """A file of the site, and its bytes as they go over the network."""

    path: Path
    sha256: str

    @property
    def suffix(self) -> str:
        return self.path.suffix

    @cached_property
    def packed(self) -> bytes | None:
        """The bytes compressed, once for all who ask; None where that gains nothing."""
        return gzip.compress(self.path.read_bytes(), 6) if self.suffix in _COMPRESSED else None


class SiteServer(ThreadingHTTPServer):
    """Serves one site until it is shut down."""

    daemon_threads = True

    def __init__(self, site: Path, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Listen.

        Args:
            site: a folder that `write_site` made. port: 0 for a free one.
            context: with a certificate, for https; None for http.

        Raises:
            ActnetError: no site, or the port is taken.
        """
        self.files = _files_of(site)
        self.packing = Lock()
        self._context = context
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise ActnetError(
                f"cannot listen on port {port} of {host}: {error.strerror}; give another --port"
            ) from error

    def server_bind(self) -> None:
        """Bind without asking for this computer's name: that may be a question to a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.port

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; its own thread shakes hands, so that a slow phone stops nobody."""
        connection, address = super().get_request()
        connection.settimeout(_TIMEOUT_S)
        if self._context is not None:
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: phones leave in the middle, and refuse certificates that they do not know."""


def _files_of(site: Path) -> dict[str, _File]:
    try:
        listed = json.loads(read_regular(site / SITE_FILE))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise ActnetError(
            f"{site} is not a site; write one with actnet web GALLERY -o {site}"
        ) from error
    files = {name: _File(site / name, entry["sha256"]) for name, entry in listed.items()}
    for name in (SITE_FILE, SERVICE_WORKER):
        files[name] = _File(site / name, sha256_of(site / name))
    return files


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SiteServer

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing: who looks at what is nobody's business."""

    def version_string(self) -> str:
        return "actnet"

    def _answer(self, with_body: bool) -> None:
        name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
        file = self.server.files.get(name)
        if file is None or not file.path.is_file():  # It may have been removed meanwhile.
            self._start(HTTPStatus.NOT_FOUND, {"Content-Length": "0"})
            return
        tag = f'"{file.sha256}"'
        headers = {
            "ETag": tag, "Vary": "Accept-Encoding",
            "Content-Type": TYPES.get(file.suffix, _OTHER_TYPE),
            # Names in assets/ bear their content's hash; others are asked for again.
            "Cache-Control": "max-age=31536000, immutable" if name.startswith("assets/") else "no-cache",
        }  # fmt: skip
        if tag in self.headers.get("If-None-Match", ""):
            self._start(HTTPStatus.NOT_MODIFIED, headers)
            return
        self._send(file, headers, with_body)

    def _send(self, file: _File, headers: dict[str, str], with_body: bool) -> None:
        wanted = self.headers.get("Range")
        if wanted is None and "gzip" in self.headers.get("Accept-Encoding", ""):
            with self.server.packing:
                packed = file.packed
            if packed is not None:
                headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
                self._start(HTTPStatus.OK, headers)
                if with_body:
                    self.wfile.write(packed)
                return
        total = file.path.stat().st_size
        first, last, status = 0, total - 1, HTTPStatus.OK
        if wanted is not None:
            part = _range(wanted, total)
            if part is None:
                headers |= {"Content-Range": f"bytes */{total}", "Content-Length": "0"}
                self._start(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
                return
            (first, last), status = part, HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        headers |= {"Accept-Ranges": "bytes", "Content-Length": str(last - first + 1)}
        self._start(status, headers)
        if with_body:
            with file.path.open("rb") as source:
                source.seek(first)
                self.wfile.write(source.read(last - first + 1))

    def _start(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (HEADERS | headers).items():
            self.send_header(name, value)
        self.end_headers()


def _range(wanted: str, total: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range header asks for; None where there are none."""
    unit, _, part = wanted.partition("=")
    first, dash, last = part.partition("-")
    digits = all(each == "" or (each.isascii() and each.isdigit()) for each in (first, last))
    digits = digits and len(part) < 40  # Python reads no number of thousands of digits.
    if unit.strip() != "bytes" or not dash or not digits or not (first or last):
        return None
    if not first:
        start, end = max(0, total - int(last)), total - 1
        return (start, end) if int(last) and total else None
    start, end = int(first), min(total - 1, int(last) if last else total - 1)
    return (start, end) if start <= end else None
