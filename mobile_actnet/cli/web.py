"""`actnet web`: a page that recognises a gallery's things, offline, in any browser.

actnet web shop.sqlite -o site/
actnet web photos/ --serve --https
"""

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_actnet.cli.arguments import Parser
from mobile_actnet.commands import command_line, counted, run
from mobile_actnet.errors import ConfigError

if TYPE_CHECKING:
    from mobile_actnet.web.static_site import Site

_SLOW_PRECISION = "fp16"


def main(argv: list[str] | None = None, prog: str = "actnet web") -> int:
    arguments = _parser(prog).parse_args(argv)
    return run(lambda: _web(arguments))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=prog,
        examples=__doc__,
        description="Write a page that recognises a gallery's things, offline, in any browser; or serve it.",
    )
    add = parser.add_argument
    add("gallery", type=Path, metavar="GALLERY|PHOTOS",
        help="file made by actnet-index build; a folder of photos is indexed first")  # fmt: skip
    add("-o", "--output", type=Path, metavar="DIR", help="folder that becomes the site")
    add("--title", metavar="TEXT", help="name of the collection (default: the name of GALLERY)")
    add("--model", type=Path, metavar="FILE",
        help="where the gallery's model is now; for photos, the artefact to index with "
        "(default: the shipped weights as int8)")  # fmt: skip
    add(
        "--items",
        metavar="CSV",
        help="for a folder of photos: names and texts of things, a CSV as for actnet-index",
    )
    add("--serve", action="store_true", help="serve the site until Ctrl-C")
    add("--https", action="store_true",
        help="serve phones in the local network too: with a certificate made on the spot, and a code to scan")  # fmt: skip
    add(
        "--port",
        type=int,
        metavar="N",
        help="port to serve on (default: 8000, or 8443 with --https; 0: a free one)",
    )
    add(
        "--overwrite",
        action="store_true",
        help="replace an older site; photos that have not changed are not indexed again",
    )
    add("--json", action="store_true", help="end with one line of JSON; not with --serve")
    return parser


def _web(arguments: argparse.Namespace) -> int:
    _refuse(arguments)
    from mobile_actnet.web.static_site import write_site

    gallery, model = arguments.gallery, arguments.model
    if gallery.is_dir():
        gallery, model = _indexed(arguments)
    with ExitStack() as stack:
        folder = arguments.output
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "site"
        title = arguments.title or arguments.gallery.resolve().stem
        site = write_site(gallery, folder, model, title, arguments.overwrite)
        _tell(site, arguments)
        return _serve(site, arguments) if arguments.serve or arguments.https else 0


def _refuse(arguments: argparse.Namespace) -> None:
    serves = arguments.serve or arguments.https
    if arguments.output is None and not serves:
        raise ConfigError("give -o DIR to write the site, or --serve to try it")
    if arguments.json and serves:
        raise ConfigError(
            "--serve runs until it is stopped, and --json prints a line at the end; give only one of them"
        )
    if arguments.port is not None and not 0 <= arguments.port <= 65535:
        raise ConfigError(f"--port is {arguments.port}; give 0 to 65535")
    if arguments.items is not None and not arguments.gallery.is_dir():
        raise ConfigError(
            "--items needs a folder of photos (got a gallery); give it to actnet-index update"
        )


def _indexed(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """Index a folder of photos beside it, or bring that gallery up to date; return it and its model."""
    import sys

    from mobile_actnet.web.photos_gallery import index_photos

    done = index_photos(
        arguments.gallery, arguments.model, _int8_artefact, items=arguments.items,
        overwrite=arguments.overwrite, progress=sys.stderr.isatty(), say=_say,
    )  # fmt: skip
    return done.gallery, done.model


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _int8_artefact() -> Path:
    """Return the shipped weights as int8, which browsers run fastest; exported where they are not yet.

    Raises:
        ConfigError: a file of that name has other weights, such as those of an earlier version.
        MissingPackageError: it must be exported, and the extra `tflite` is not installed.
    """
    from mobile_actnet.files import sha256_of
    from mobile_actnet.network.config import DEFAULT_CHECKPOINT
    from mobile_actnet.runtime import manifest as manifests
    from mobile_actnet.runtime.packages import CONVERTING, require
    from mobile_actnet.runtime.vocabulary import Format, Precision

    artefact = Path("artefacts/mobile_actnet_224x224_int8.tflite")
    if artefact.is_file():
        made_of = manifests.load(artefact)["checkpoint"]["sha256"]
        if made_of != sha256_of(DEFAULT_CHECKPOINT):
            export = command_line(
                "actnet-export", "--format", "tflite", "--precision", "int8", "--overwrite"
            )
            raise ConfigError(
                f"{artefact} was not exported from the shipped weights; export it again with {export}, or give "
                f"--model {artefact} to use it as it is"
            )
        return artefact
    require(Format.TFLITE, CONVERTING)
    from mobile_actnet.export.export_request import ExportRequest
    from mobile_actnet.export.pipeline import export_artefacts

    print("exporting the shipped weights as int8; this takes half a minute")
    request = ExportRequest(formats=(Format.TFLITE,), precision=Precision.INT8, output=artefact)
    export_artefacts(request)
    return artefact


def _tell(site: "Site", arguments: argparse.Namespace) -> None:
    megabytes = site.size_bytes / 1e6
    if not site.verifies:
        print(
            "nothing will be verified: the gallery has no local features; "
            f"{command_line('actnet-index', 'update', arguments.gallery, '--local-features')} adds them"
        )
    if site.model_precision == _SLOW_PRECISION:
        print(
            "the gallery's model is fp16, which browsers run about ten times slower than int8; "
            "run actnet export --format tflite --precision int8, and index the photos with that"
        )
    if arguments.json:
        summary = {"site": str(site.folder), "version": site.version, "pictures": site.pictures,
                "size_bytes": site.size_bytes}  # fmt: skip
        print(json.dumps(summary))
    elif arguments.output is not None:
        print(
            f"wrote {site.folder}: {counted(site.pictures, 'picture')}, {megabytes:.0f} MB; any web server can serve it"
        )


def _serve(site: "Site", arguments: argparse.Namespace) -> int:
    from mobile_actnet.web.local_network import certified, code_to_scan, own_address
    from mobile_actnet.web.serving import SiteServer

    with ExitStack() as stack:
        if arguments.https:
            address = own_address()
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            context, host = certified(address, Path(folder)), "0.0.0.0"
        else:
            address, context, host = "localhost", None, "127.0.0.1"
        port = arguments.port if arguments.port is not None else 8443 if arguments.https else 8000
        server = stack.enter_context(SiteServer(site.folder, host, port, context))
        url = f"{'https' if arguments.https else 'http'}://{address}:{server.port}/"
        if arguments.https:
            print(code_to_scan(url))
            print("phones warn that they do not know this certificate; that is expected: continue")
        print(f"{url}  (Ctrl-C stops)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("stopped")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
