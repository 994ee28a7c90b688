"""The server: types, headers, ranges, caching; only listed files; https with a certificate of its own."""

import gzip
import http.client
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile_actnet.errors import ActnetError
from mobile_actnet.web.local_network import certified, code_to_scan, own_address
from mobile_actnet.web.serving import SiteServer
from mobile_actnet.web.static_site import Site


@pytest.fixture(scope="module")
def port(site: Site) -> Iterator[int]:
    with SiteServer(site.folder, "127.0.0.1", 0, None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.port
        server.shutdown()


def test_no_name_is_looked_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", None)
    monkeypatch.setattr(socket, "gethostbyaddr", None)
    with SiteServer(site.folder, "127.0.0.1", 0, None) as server:
        assert server.port > 0


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/engine/actnet.wasm", "application/wasm"),
        ("/service-worker.js", "text/javascript; charset=utf-8"),
        ("/site.json?kept=1", "application/json"),
        ("/gallery.sqlite", "application/octet-stream"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ],
)
def test_types_and_headers(port: int, path: str, kind: str) -> None:
    status, headers, body = ask(port, path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert int(headers["Content-Length"]) == len(body) > 0
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]


def test_what_is_compressed_unpacks_to_the_file(port: int, site: Site) -> None:
    name = "engine/actnet.wasm"
    _, headers, body = ask(port, f"/{name}", Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == (site.folder / name).read_bytes()
    _, headers, body = ask(port, "/gallery.sqlite", Accept_Encoding="gzip")
    assert "Content-Encoding" not in headers


def test_an_unchanged_file_is_not_sent_again(port: int) -> None:
    _, headers, _ = ask(port, "/engine/actnet.wasm")
    assert headers["Cache-Control"] == "no-cache"
    status, _, body = ask(port, "/engine/actnet.wasm", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert ask(port, "/engine/actnet.wasm", If_None_Match='"other"')[0] == 200


def test_names_with_a_hash_are_kept_for_good(port: int, site: Site) -> None:
    (script, *_) = (site.folder / "assets").glob("index-*.js")
    assert "immutable" in ask(port, f"/assets/{script.name}")[1]["Cache-Control"]


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-16", slice(-16, None)),
    ],
)
def test_ranges(port: int, site: Site, wanted: str, part: slice) -> None:
    status, headers, body = ask(port, "/gallery.sqlite", Range=wanted)
    whole = (site.folder / "gallery.sqlite").read_bytes()
    assert status == 206
    assert body == whole[part]
    first = whole.index(body) if part.start != 0 else 0
    assert headers["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "wanted",
    ["bytes=99999999-", "bytes=9-3", "bytes=-", "lines=1-2", "bytes=-0", "bytes=²-3",
     f"bytes={5000 * '9'}-"],
)  # fmt: skip
def test_ranges_that_are_none(port: int, wanted: str) -> None:
    status, headers, body = ask(
        port, "/gallery.sqlite", Range=wanted.encode("utf-8").decode("latin-1")
    )
    assert (status, body) == (416, b"")
    assert headers["Content-Range"].startswith("bytes */")


@pytest.mark.parametrize(
    "path",
    ["/../g.sqlite", "/%2e%2e/g.sqlite", "/engine", "/assets/", "//etc/passwd", "/nothing.js"],
)
def test_only_the_listed_files_are_served(port: int, path: str) -> None:
    status, headers, body = ask(port, path)
    assert (status, body) == (404, b"")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_is_removed_meanwhile_is_not_found(site: Site, tmp_path: Path) -> None:
    folder = shutil.copytree(site.folder, tmp_path / "site")
    with SiteServer(folder, "127.0.0.1", 0, None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shutil.rmtree(folder)
        assert ask(server.port, "/gallery.sqlite")[0] == 404
        server.shutdown()


def test_head_has_no_body(port: int) -> None:
    status, headers, body = ask(port, "/gallery.sqlite", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


def test_https_with_a_certificate_for_the_address(site: Site, tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the extra web")
    context = certified("127.0.0.1", tmp_path)
    certificate = tmp_path / "certificate.pem"
    assert certificate.stat().st_mode & 0o077 == 0
    with SiteServer(site.folder, "127.0.0.1", 0, context) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trusting = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, context=trusting, timeout=10
        )
        connection.request("GET", "/")
        assert b"Mobile-ACTNET" in connection.getresponse().read()
        connection.close()
        server.shutdown()


def test_a_code_to_scan() -> None:
    pytest.importorskip("segno", reason="needs the extra web")
    lines = code_to_scan(f"https://{own_address()}:8443/").splitlines()
    assert len(lines) > 10


def test_what_is_no_site_and_a_port_that_is_taken(site: Site, tmp_path: Path) -> None:
    with pytest.raises(ActnetError, match="write one with actnet web"):
        SiteServer(tmp_path, "127.0.0.1", 0, None)
    with (
        SiteServer(site.folder, "127.0.0.1", 0, None) as server,
        pytest.raises(ActnetError, match="give another --port"),
    ):
        SiteServer(site.folder, "127.0.0.1", server.port, None)
