"""An archive of a home: ``.tar.gz`` with a manifest of hashes at its end. It is there whole, or not at all.

Readers trust nothing of it: names that lead out of the folder, links and what the manifest does not know are refused.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from vigie.adapters.storage.atomic import make_folder, sync_folder
from vigie.domain.errors import DataError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20
_BROKEN = (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError, gzip.BadGzipFile)


def pack(stage: Path, target: Path, facts: Mapping[str, Any]) -> None:
    """Write all files below a folder, and the manifest.

    Args:
        stage: what is packed; nobody writes there.
        target: the archive.
        facts: of the manifest, beside the files.

    Raises:
        OSError: it cannot be written; nothing is left.
    """
    make_folder(target.parent)
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        # Keys of a venue may be in it: closed to others from its first byte.
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                listed = [_added(archive, stage, path) for path in sorted(stage.rglob("*")) if path.is_file()]
                manifest = stage / MANIFEST
                manifest.write_bytes(json.dumps({**facts, "files": listed}, indent=1).encode())
                archive.add(manifest, MANIFEST)
                manifest.unlink()
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def _added(archive: tarfile.TarFile, stage: Path, path: Path) -> dict[str, Any]:
    name = path.relative_to(stage).as_posix()
    archive.add(path, name, recursive=False)
    return {"name": name, "bytes": path.stat().st_size, "sha256": _hash_of(path)}


def unpack(archive: Path, into: Path) -> dict[str, Any]:
    """Read an archive into an empty folder, each file held against the manifest; returns the manifest.

    Raises:
        DataError: it is no such archive, it is damaged, or a name in it leads elsewhere.
        OSError: the folder cannot be written.
    """
    try:
        found = _read(archive, into)
        document: dict[str, Any] = json.loads((into / MANIFEST).read_bytes())
        (into / MANIFEST).unlink()
        listed = {str(one["name"]): (int(one["bytes"]), str(one["sha256"])) for one in document["files"]}
    except FileNotFoundError as error:
        why = (
            "is no archive of vigie backup create: it has no manifest" if archive.exists() else "there is no such file"
        )
        raise DataError(f"{archive}: {why}") from error
    except _BROKEN as error:
        raise DataError(f"{archive}: it cannot be read: {error}") from error
    found.pop(MANIFEST, None)
    for name in sorted({*listed, *found}):
        if found.get(name) != listed.get(name):
            raise DataError(f"{archive}: {name} is not what the manifest says")
    return document


def _read(archive: Path, into: Path) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            inner = tar.extractfile(member) if member.isreg() else None
            if inner is None or name.is_absolute() or ".." in name.parts or member.name in found:
                raise ValueError(f"'{member.name}' may not be in it")
            path = into.joinpath(*name.parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                while block := inner.read(_BLOCK):
                    file.write(block)
            found[member.name] = (path.stat().st_size, _hash_of(path))
    return found


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
