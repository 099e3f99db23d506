"""A certificate as a file: its document, a digest of every field, and its hash.

The hash proves that nothing slipped; it is no signature: who rewrites the hash as well is not found out. The digests
only serve to say which field was changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vigie.domain.canonical import digest
from vigie.domain.certificate import SCHEMA, Certificate, CertifiedCandles, CertifiedFold, GateResult
from vigie.domain.errors import DataError
from vigie.domain.instants import from_iso

_HASH, _DIGESTS = "hash", "field_digests"


def to_file(certificate: Certificate) -> bytes:
    """The content of the file."""
    document = certificate.document()
    digests = {name: digest(value) for name, value in document.items()}
    whole = document | {_DIGESTS: digests, _HASH: certificate.hash}
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def from_file(content: bytes, path: Path) -> Certificate:
    """A certificate out of the content of a file.

    Args:
        content: all of it.
        path: for messages.

    Raises:
        DataError: not a certificate, one of another schema, or one that was changed: names the fields.
    """
    try:
        whole = json.loads(content.decode())
    except ValueError as error:
        raise DataError(f"{path}: not JSON ({error})") from error
    if not isinstance(whole, dict) or not str(whole.get("schema")).startswith("vigie.certificate/"):
        raise DataError(f"{path}: not a certificate of vigie")
    if whole["schema"] != SCHEMA:
        raise DataError(f"{path}: a certificate of schema {whole['schema']}, this vigie reads {SCHEMA}")
    own = whole.pop(_HASH, None)
    digests = whole.pop(_DIGESTS, None)
    changed = _changed(whole, digests if isinstance(digests, dict) else {})
    if changed or digest(whole) != own:
        what = ", ".join(changed) if changed else f"'{_HASH}' or more"
        raise DataError(
            f"{path}: changed since it was written ({what}): make a new certificate, this one proves nothing"
        )
    return _built(whole, path)


def _changed(document: dict[str, Any], digests: dict[str, Any]) -> list[str]:
    """Names of fields that are not what their digest says, or are there on one side only."""
    differing = [name for name, value in document.items() if digests.get(name) != digest(value)]
    return [f"'{name}'" for name in (*differing, *(name for name in digests if name not in document))]


def _built(document: dict[str, Any], path: Path) -> Certificate:
    try:
        return Certificate(
            **document
            | {
                "created_at": from_iso(document["created_at"]),
                "candles": {pair: CertifiedCandles(**_instants(one)) for pair, one in document["candles"].items()},
                "folds": tuple(CertifiedFold(**_instants(one)) for one in document["folds"]),
                "gates": tuple(GateResult(**one) for one in document["gates"]),
            }
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: not a certificate as this vigie knows them ({error})") from error


def _instants(record: dict[str, Any]) -> dict[str, Any]:
    return {name: from_iso(value) if name.endswith("_at") else value for name, value in record.items()}
