from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.certificates import a_certificate
from vigie.adapters.storage.certificates import CertificateFolder, load
from vigie.domain.canonical import digest
from vigie.domain.errors import ConfigError, DataError

Document = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> CertificateFolder:
    return CertificateFolder.of(tmp_path)


def test_a_certificate_comes_back_as_it_was_written(folder: CertificateFolder, tmp_path: Path) -> None:
    one = a_certificate()
    path = folder.save(one)
    assert path == tmp_path / "state" / "certificates" / f"{one.name}.json"
    assert load(path) == one
    assert json.loads(path.read_text())["hash"] == one.hash


def changed_trials(document: Document) -> None:
    document["trials"] = 3


def changed_deep_inside(document: Document) -> None:
    document["folds"][0]["out_of_sample"]["sharpe"] = 2.0


def taken_out(document: Document) -> None:
    del document["gates"]


def put_in(document: Document) -> None:
    document["note"] = "trust me"


def moved_a_candle(document: Document) -> None:
    document["candles"]["BTC/USDT"]["rows"] = 49


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed_trials, "'trials'"),
        (changed_deep_inside, "'folds'"),
        (taken_out, "'gates'"),
        (put_in, "'note'"),
        (moved_a_candle, "'candles'"),
    ],
)
def test_a_changed_file_is_refused_and_the_field_is_named(
    folder: CertificateFolder, change: Callable[[Document], None], named: str
) -> None:
    path = folder.save(a_certificate())
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=rf"changed since it was written \({named}\)"):
        load(path)


def with_its_digest(document: Document) -> None:
    document["trials"] = 3
    document["field_digests"]["trials"] = digest(3)


def another_hash(document: Document) -> None:
    document["hash"] = "0" * 64


@pytest.mark.parametrize("change", [with_its_digest, another_hash])
def test_a_hash_that_does_not_fit_is_refused(folder: CertificateFolder, change: Callable[[Document], None]) -> None:
    path = folder.save(a_certificate())
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="changed since it was written"):
        load(path)


def test_a_file_without_its_digests_is_refused(folder: CertificateFolder) -> None:
    path = folder.save(a_certificate())
    document = json.loads(path.read_text())
    del document["field_digests"]
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="changed since it was written"):
        load(path)


def test_another_spelling_of_the_same_facts_is_the_same_certificate(folder: CertificateFolder) -> None:
    path = folder.save(a_certificate())
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    assert load(path) == a_certificate()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff\xff", "not JSON"),
        (b"[]", "not a certificate of vigie"),
        (b"{}", "not a certificate of vigie"),
        (b'{"schema": "vigie.certificate/9"}', "schema vigie.certificate/9, this vigie reads vigie.certificate/1"),
    ],
)
def test_what_is_no_certificate_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "strange.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        load(path)


def test_a_sealed_document_with_a_field_of_another_shape_is_refused(tmp_path: Path) -> None:
    document = {**a_certificate().document(), "created_at": "yesterday"}
    sealed = {**document, "field_digests": {name: digest(value) for name, value in document.items()}}
    path = tmp_path / "strange.json"
    path.write_text(json.dumps({**sealed, "hash": digest(document)}))
    with pytest.raises(DataError, match="not a certificate as this vigie knows them"):
        load(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json: cannot be read"):
        load(tmp_path / "gone.json")


def test_one_changed_certificate_does_not_hide_the_others(folder: CertificateFolder) -> None:
    kept, lost = a_certificate(), a_certificate(strategy="donchian")
    folder.save(kept)
    path = folder.save(lost)
    path.write_text(path.read_text().replace('"trials": 1234', '"trials": 1'))
    broken, fine = folder.all()
    assert (broken.certificate, fine.certificate) == (None, kept)
    assert "'trials'" in broken.problem


def test_a_folder_that_is_not_there_holds_none(folder: CertificateFolder) -> None:
    assert folder.all() == ()


def test_a_certificate_is_found_by_the_beginning_of_its_name_or_hash(folder: CertificateFolder) -> None:
    one, other = a_certificate(), a_certificate(strategy="donchian")
    folder.save(one)
    folder.save(other)
    assert folder.find("ema") == folder.find(one.hash[:8]) == folder.find(one.name) == one
    assert folder.find("donchian") == other


def test_a_word_that_means_none_or_several_is_refused_with_the_names(folder: CertificateFolder) -> None:
    one = a_certificate()
    folder.save(one)
    folder.save(replace(one, trials=1))
    with pytest.raises(ConfigError, match=r"'ema_cross' may mean ema_cross-\w+, ema_cross-\w+: write more"):
        folder.find("ema_cross")
    with pytest.raises(ConfigError, match=r"no certificate 'donchian' in .*known: ema_cross-"):
        folder.find("donchian")


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match="cannot be written"):
        CertificateFolder.of(tmp_path).save(a_certificate())
