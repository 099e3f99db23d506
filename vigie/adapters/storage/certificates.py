"""Certificates on disk: ``state/certificates/<strategy>-<hash>.json``, each written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.certificate_files import from_file, to_file
from vigie.domain.certificate import Certificate
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.names import suggestion

_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Filed:
    """A file in the folder of certificates.

    Attributes:
        path: the file.
        certificate: what it says, None if it cannot be trusted.
        problem: why not, else empty.
    """

    path: Path
    certificate: Certificate | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFolder:
    """All certificates of a home.

    Attributes:
        folder: made by the first certificate.
    """

    folder: Path

    @classmethod
    def of(cls, home: Path) -> CertificateFolder:
        """The certificates of a home folder."""
        return cls(home / "state" / "certificates")

    @classmethod
    def proposed(cls, home: Path) -> CertificateFolder:
        """Certificates that nothing goes by until somebody takes them."""
        return cls(home / "state" / "certificates" / "proposed")

    def save(self, certificate: Certificate) -> Path:
        """Write a certificate, whole or not at all.

        Returns:
            the file.

        Raises:
            ConfigError: the folder cannot be written.
        """
        path = self.folder / f"{certificate.name}{_SUFFIX}"
        try:
            write_atomically(path, to_file(certificate))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
        return path

    def all(self) -> tuple[Filed, ...]:
        """Every certificate by name; one that was changed does not hide the others."""
        filed = []
        for path in self._paths():
            try:
                filed.append(Filed(path, load(path)))
            except DataError as error:
                filed.append(Filed(path, None, str(error)))
        return tuple(filed)

    def find(self, word: str) -> Certificate:
        """A certificate by its name, the beginning of its name or of its hash.

        Raises:
            ConfigError: none or several are meant.
            DataError: its file was changed or cannot be read.
        """
        paths = self._paths()
        names = [path.stem for path in paths]
        meant = [path for path in paths if path.stem == word] or [
            path for path in paths if path.stem.startswith(word) or path.stem.rpartition("-")[2].startswith(word)
        ]
        if not meant:
            hint = suggestion(word, names) or ": vigie walk-forward --promote writes one"
            raise ConfigError(f"no certificate '{word}' in {self.folder}{hint}")
        if len(meant) > 1:
            raise ConfigError(f"'{word}' may mean {', '.join(path.stem for path in meant)}: write more of the name")
        return load(meant[0])

    def remove(self, name: str) -> None:
        """Forget a certificate; one that is not there is forgotten already.

        Raises:
            OSError: it cannot be removed.
        """
        (self.folder / f"{name}{_SUFFIX}").unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{_SUFFIX}"))


def load(path: Path) -> Certificate:
    """Read a certificate.

    Raises:
        DataError: it cannot be read, or was changed since it was written; names the fields.
    """
    try:
        return from_file(path.read_bytes(), path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
