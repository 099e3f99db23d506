"""Letters that wait for a channel: ``<state>/<account>/alerts/<channel>/spool/``, one atomic file each."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from pathlib import Path

from vigie.adapters.storage.atomic import remove_leftovers, write_atomically
from vigie.domain.notice import Level
from vigie.ports.alerts import Letter

MOST_LETTERS = 300
MOST_BYTES = 512 * 1024
"""Of one letter; pictures are left out of a longer one, and its text is cut."""
_SUFFIX = ".json"
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,120}")


class Spool:
    """Letters of one account and one channel. One writer: who holds the account, or who sends in its stead.

    Attributes:
        folder: made when the first letter comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, letter: Letter) -> list[str]:
        """Keep a letter; durable when this returns. The same letter twice is one.

        Returns:
            subjects of those that had to make room: the lightest, and of these the oldest.

        Raises:
            OSError: it cannot be written.
        """
        if not _ID.fullmatch(letter.letter_id):
            raise ValueError(f"'{letter.letter_id}' is no name for a file")
        write_atomically(self._path(letter.letter_id), _written(letter))
        return self._make_room()

    def waiting(self) -> list[Letter]:
        """What waits, the gravest first, then the oldest. What cannot be read is put aside.

        Raises:
            OSError: the folder cannot be read.
        """
        found = []
        for path in self._files():
            try:
                found.append(_read(path))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
                with contextlib.suppress(OSError):
                    path.replace(path.with_suffix(".bad"))
            except FileNotFoundError:
                continue
        return sorted(found, key=lambda one: (-_rank(one.level), one.at, one.letter_id))

    def count(self) -> int:
        """How many wait."""
        try:
            return len(self._files())
        except OSError:
            return 0

    def done(self, letter_id: str) -> None:
        """Take a letter out; one that is gone already is no error.

        Raises:
            OSError: it cannot be removed.
        """
        self._path(letter_id).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a killed writer left half written.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.folder.is_dir():
            remove_leftovers(self.folder)

    def _path(self, letter_id: str) -> Path:
        return self.folder / f"{letter_id}{_SUFFIX}"

    def _files(self) -> list[Path]:
        try:
            return sorted(one for one in self.folder.iterdir() if one.suffix == _SUFFIX and one.name[0] != ".")
        except FileNotFoundError:
            return []

    def _make_room(self) -> list[str]:
        if len(self._files()) <= MOST_LETTERS:
            return []
        letters = self.waiting()
        lightest = sorted(letters, key=lambda one: (_rank(one.level), one.at, one.letter_id))
        gone = lightest[: max(0, len(letters) - MOST_LETTERS)]
        for one in gone:
            self.done(one.letter_id)
        return [one.subject for one in gone]


def _rank(level: str) -> int:
    try:
        return Level(level).rank
    except ValueError:
        return 0


def _written(letter: Letter) -> bytes:
    raw = _document(letter, letter.text, with_pictures=True)
    if len(raw) > MOST_BYTES:
        raw = _document(letter, letter.text[: MOST_BYTES // 8], with_pictures=False)
    return raw


def _document(letter: Letter, text: str, *, with_pictures: bool) -> bytes:
    pictures = letter.pictures if with_pictures else {}
    document = {
        "letter_id": letter.letter_id,
        "subject": letter.subject,
        "text": text,
        "level": letter.level,
        "family": letter.family,
        "at": letter.at,
        "pictures": {name: base64.b64encode(content).decode("ascii") for name, content in pictures.items()},
    }
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def _read(path: Path) -> Letter:
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError("too long")
    document = json.loads(raw)
    pictures = {str(name): base64.b64decode(text, validate=True) for name, text in document["pictures"].items()}
    letter = Letter(
        letter_id=document["letter_id"],
        subject=document["subject"],
        text=document["text"],
        level=document["level"],
        family=document["family"],
        at=document["at"],
        pictures=pictures,
    )
    words = (letter.letter_id, letter.subject, letter.text, letter.level, letter.family)
    if letter.letter_id != path.name.removesuffix(_SUFFIX) or not all(isinstance(one, str) for one in words):
        raise ValueError("it is no letter")
    if type(letter.at) is not int:
        raise ValueError("it has no instant")
    return letter
