"""What a disk may hold after the power failed: all that was fsynced, and anything or nothing of the rest.

The file system is watched from outside, before each operation, and remembered twice: as programs see it, and as it
surely is on the disk. A file's content is sure when the file was fsynced, a name when its folder was.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VARIANTS = (
    "only what was fsynced",
    "names ahead of contents",
    "names in part",
    "contents cut",
    "ends of zeros",
    "contents ahead of names",
)
"""What may be left of what was not fsynced."""
Names = Mapping[str, int | None]
"""By name in a folder: the number of a file; None: a folder."""


@dataclass(frozen=True, slots=True)
class Image:
    """What lies on the disk.

    Attributes:
        variant: how it was chosen among what may lie there.
        files: content by path below the home.
        folders: paths below the home.
    """

    variant: str
    files: Mapping[str, bytes]
    folders: tuple[str, ...]

    def write(self, home: Path) -> None:
        """Lay it out below a home."""
        for folder in self.folders:
            (home / folder).mkdir(parents=True, exist_ok=True)
        for path, content in self.files.items():
            (home / path).write_bytes(content)

    def with_file(self, path: str, content: bytes) -> Image:
        """The same, and a file that is not lost."""
        folder = path.rpartition("/")[0]
        parts = folder.split("/")
        above = tuple("/".join(parts[: at + 1]) for at in range(len(parts)))
        folders = (*self.folders, *(one for one in above if one not in self.folders))
        return Image(self.variant, {**self.files, path: content}, folders)

    @property
    def key(self) -> int:
        """The same for the same image."""
        return hash((tuple(sorted(self.files.items())), self.folders))


@dataclass
class Shadow:
    """A file system below a home, as it is seen and as it surely is.

    Attributes:
        home: what is watched.
        seen: folders and their names now.
        sure: folders and their names on the disk.
        ways: by folder, what its names were since it was fsynced, oldest first.
        content: of the files now, by number.
        kept: of the files on the disk, by number; missing: nothing of it surely is.
    """

    home: Path
    seen: dict[str, Names] = field(default_factory=dict)
    sure: dict[str, Names] = field(default_factory=dict)
    ways: dict[str, list[Names]] = field(default_factory=dict)
    content: dict[int, bytes] = field(default_factory=dict)
    kept: dict[int, bytes] = field(default_factory=dict)
    marks: dict[int, tuple[int, int]] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Learn of each fsync below the home while the block runs; only those that are really done are seen."""
        fsync = os.fsync

        def told(descriptor: int) -> None:
            fsync(descriptor)
            self._synced(Path(f"/proc/self/fd/{descriptor}").readlink(), os.fstat(descriptor).st_ino)

        os.fsync = told  # type: ignore[assignment]
        try:
            yield
        finally:
            os.fsync = fsync

    def look(self) -> None:
        """See what there is now."""
        seen: dict[str, Names] = {}
        self._enter(self.home, "", seen)
        for folder, names in seen.items():
            way = self.ways.setdefault(folder, [{}])
            if way[-1] != names:
                way.append(names)
        self.seen = seen
        living = {number for names in (*seen.values(), *self.sure.values()) for number in names.values()}
        for gone in [number for number in self.content if number not in living]:
            # Its number may be given to another file.
            del self.content[gone]
            self.kept.pop(gone, None)
            self.marks.pop(gone, None)

    def now(self, path: str) -> bytes | None:
        """What programs see in a file below the home; None: there is none."""
        folder, _, name = path.rpartition("/")
        number = self.seen.get(f"{folder}/" if folder else "", {}).get(name)
        return None if number is None else self.content[number]

    def images(self, dice: random.Random) -> Iterator[Image]:
        """What may lie on the disk now: each after the other once.

        Args:
            dice: says where what was not fsynced is cut.
        """
        newest = {folder: way[-1] for folder, way in self.ways.items() if folder in self.seen}
        yield self._image("only what was fsynced", self.sure, lambda number: self.kept.get(number, b""))
        yield self._image("names ahead of contents", newest, lambda number: self.kept.get(number, b""))
        for folder, way in self.ways.items():
            for names in way[1:-1]:
                yield self._image("names in part", {**self.sure, folder: names}, lambda n: self.kept.get(n, b""))
        yield self._image("contents cut", newest, lambda number: self._torn(number, dice, zeros=False))
        yield self._image("contents ahead of names", self.sure, lambda number: self.content[number])
        yield self._image("ends of zeros", newest, lambda number: self._torn(number, dice, zeros=True))

    # --- inside -------------------------------------------------------------------------------------------------

    def _enter(self, folder: Path, name: str, seen: dict[str, Names]) -> None:
        names: dict[str, int | None] = {}
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    names[entry.name] = None
                    self._enter(folder / entry.name, f"{name}{entry.name}/", seen)
                else:
                    names[entry.name] = self._see(Path(entry.path))
        seen[name] = names

    def _see(self, path: Path) -> int:
        found = path.stat()
        mark = (found.st_size, found.st_mtime_ns)
        if self.marks.get(found.st_ino) != mark:
            self.marks[found.st_ino] = mark
            self.content[found.st_ino] = path.read_bytes()
        return found.st_ino

    def _synced(self, path: Path, number: int) -> None:
        if not path.is_relative_to(self.home):
            return
        self.look()
        if path.is_dir():
            name = "" if path == self.home else f"{path.relative_to(self.home)}/"
            self.sure[name], self.ways[name] = self.seen[name], [self.seen[name]]
        elif number in self.content:
            self.kept[number] = self.content[number]

    def _torn(self, number: int, dice: random.Random, *, zeros: bool) -> bytes:
        """A file of which not all is on the disk yet: a beginning of what was added, or as much of nothing."""
        whole, kept = self.content[number], self.kept.get(number, b"")
        if whole == kept:
            return whole
        first = len(kept) if whole.startswith(kept) else 0
        if zeros:
            return whole[:first] + bytes(len(whole) - first)
        return whole[: dice.randint(first, len(whole))]

    def _image(self, variant: str, names: Mapping[str, Names], content: Callable[[int], bytes]) -> Image:
        files: dict[str, bytes] = {}
        folders: list[str] = []
        self._collect("", names, content, files, folders)
        return Image(variant, files, tuple(folders))

    def _collect(
        self, folder: str, names: Mapping[str, Names], content: Callable[[int], bytes], files: Any, folders: list[str]
    ) -> None:
        for name, number in names.get(folder, {}).items():
            if number is None:
                folders.append(f"{folder}{name}")
                self._collect(f"{folder}{name}/", names, content, files, folders)
            else:
                files[f"{folder}{name}"] = content(number)
