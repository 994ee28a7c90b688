"""Addresses: a path of this machine, or one of an object store such as s3://bucket/photos.

pyarrow knows s3, gs and abfs; what it does not know goes to fsspec. Endpoint, region and keys come
from the environment (AWS_ENDPOINT_URL, AWS_REGION and so on), as for every other program. Of Azure
pyarrow wants to know the account: abfs://container@account.dfs.core.windows.net/photos.
"""

import posixpath
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from mobile_actnet.errors import ActnetError, ConfigError
from mobile_actnet.runtime.vocabulary import parse_path

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")
SUFFIX = ".lance"
_GOOGLE_GIVES_UP_S = 30  # By itself after 15 minutes, credentials or not.
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_REGION, AWS_ENDPOINT_URL)",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, a key's file; gs://anonymous@bucket needs none",
    "abfs": "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
}
_SAME_STORE = {"gcs": "gs", "abfss": "abfs", "az": "abfs"}
_LONGEST_REASON = 300


def is_remote(address: str | Path) -> bool:
    """Tell whether an address is one of an object store."""
    return isinstance(address, str) and _SCHEME.match(address) is not None


def place(text: str) -> Path | str:
    """Read an address as a command gets it: a path, or an object store's address as it is."""
    return text.rstrip("/") if is_remote(text) else parse_path(text)


def is_dataset(address: str | Path) -> bool:
    """Tell whether an address is one of a dataset, by its name."""
    return str(address).rstrip("/").endswith(SUFFIX)


def beside(dataset: str, name: str) -> str:
    """Return the address of a dataset that belongs to another one: shop.lance, shop.problems.lance."""
    return f"{dataset.removesuffix(SUFFIX)}.{name}{SUFFIX}"


def inside(root: str, path: str) -> str:
    """Return the address of what lies at a path below a folder or prefix."""
    return posixpath.join(root, path)


def filesystem_of(address: str) -> tuple[Any, str]:
    """Return pyarrow's file system for an address, and the path inside of it.

    Raises:
        ActnetError: nobody knows the scheme, or the store cannot be reached.
    """
    from pyarrow import ArrowInvalid, ArrowNotImplementedError, fs

    scheme = _SCHEME.match(address)
    if scheme is None:
        return fs.LocalFileSystem(), str(Path(address).absolute())
    # The rest is not a URI: keys may hold blanks and per cents.
    store, slash, rest = address[scheme.end() :].partition("/")
    top = f"{scheme[0]}{store}"
    try:
        try:
            limit = (
                f"?retry_limit_seconds={_GOOGLE_GIVES_UP_S}" if _store_of(address) == "gs" else ""
            )
            system, base = fs.FileSystem.from_uri(top + limit)
        except (ArrowInvalid, ArrowNotImplementedError):
            import fsspec

            known, base = fsspec.core.url_to_fs(top)
            system = fs.PyFileSystem(fs.FSSpecHandler(known))
    except store_errors() as error:
        raise ActnetError(f"{address} cannot be reached: {store_reason(address, error)}") from error
    return system, f"{base.rstrip('/')}{slash}{rest}".rstrip("/")


def store_errors() -> tuple[type[Exception], ...]:
    """Return what file systems raise: Azure's no OSError, fsspec's also of packages that it lacks."""
    from pyarrow import ArrowException

    return OSError, ValueError, ArrowException, ImportError


def store_reason(address: str | Path, error: BaseException) -> str:
    """Say in one line why a store gives nothing, and where credentials for it are looked for."""
    lines = str(error).splitlines() or [type(error).__name__]
    needed = _CREDENTIALS.get(_store_of(str(address)))
    if isinstance(error, ImportError):
        return f"{lines[0]} (pip install adlfs)" if _store_of(str(address)) == "abfs" else lines[0]
    refused = needed is not None and not isinstance(error, FileNotFoundError)
    hint = f"; it looks for credentials in the environment: {needed}" if refused else ""
    return f"{lines[0][:_LONGEST_REASON]}{hint}"


def _store_of(address: str) -> str:
    scheme = _SCHEME.match(address)
    return _SAME_STORE.get(scheme[1], scheme[1]) if scheme else ""


def time_ns(mtime: datetime | float | None) -> int:
    """Return a time of pyarrow's in nanoseconds; 0 where nothing is known."""
    if mtime is None:
        return 0
    seconds = mtime.timestamp() if isinstance(mtime, datetime) else mtime
    return int(seconds * 1_000_000_000)


def check_dataset_name(address: str | Path) -> str:
    """Return the address of a dataset as Lance takes it.

    Raises:
        ConfigError: its name does not end in .lance, or its folder is not there.
    """
    if not is_dataset(address):
        raise ConfigError(f"{address} is not a name for a dataset; give one that ends in {SUFFIX}")
    if isinstance(address, str) and is_remote(address):
        return address
    path = Path(address).absolute()
    if not path.parent.is_dir():
        raise ConfigError(f"the folder {path.parent} does not exist; make it, or give another -o")
    return str(path)
