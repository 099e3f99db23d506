from __future__ import annotations

from pathlib import Path

import pytest

from vigie.adapters.storage.appending import append, cut_torn_end, is_torn, last_line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines"


def test_lines_are_added_to_what_is_there(path: Path) -> None:
    append(path, b"one\n")
    append(path, b"two\nthree\n")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (b"", b""),
        (b"torn", b""),
        (b"one\n", b"one"),
        (b"one\ntwo\n", b"two"),
        (b"one\ntwo\ntorn", b"two"),
        (b"\n", b""),
        (b"one\n" + b"x" * 200_000 + b"\n", b"x" * 200_000),
        (b"x" * 65_535 + b"\n" + b"y" * 65_536 + b"\n", b"y" * 65_536),
    ],
)
def test_the_last_whole_line_is_found_however_long_it_is(path: Path, content: bytes, last: bytes) -> None:
    path.write_bytes(content)
    assert last_line(path) == last
    assert is_torn(path) == (content != b"" and not content.endswith(b"\n"))


@pytest.mark.parametrize("whole", [b"", b"one\n", b"one\n" + b"x" * 200_000 + b"\n"])
def test_a_torn_end_is_kept_beside_and_whole_lines_stay(path: Path, whole: bytes) -> None:
    path.write_bytes(whole + b'{"seq":')
    side = cut_torn_end(path)
    assert path.read_bytes() == whole
    assert side.read_bytes() == b'{"seq":\n'


def test_older_fragments_stay_in_the_side_file(path: Path) -> None:
    for fragment in (b"first", b"second"):
        path.write_bytes(b"one\n" + fragment)
        side = cut_torn_end(path)
    assert side.read_bytes() == b"first\nsecond\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        append(Path("/dev/full"), b"one\n")


def test_what_cannot_be_written_whole_is_taken_back(path: Path) -> None:
    resource = pytest.importorskip("resource", reason="no limits on the size of files here")
    import signal

    append(path, b"one\n")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            append(path, b"x" * 30_000 + b"\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"one\n"
