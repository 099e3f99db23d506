"""Why a request came to nobody, in words: what lies under the errors of libraries."""

from __future__ import annotations

from collections.abc import Iterator

_REASONS = {
    "NameResolutionError": "no network, or no name server: its name cannot be looked up",
    "gaierror": "no network, or no name server: its name cannot be looked up",
    "ConnectionRefusedError": "the connection is refused",
    "ConnectTimeoutError": "no answer in time",
    "ConnectTimeout": "no answer in time",
    "ReadTimeoutError": "no answer in time",
    "ReadTimeout": "no answer in time",
    "SSLCertVerificationError": "its certificate is not trusted",
}
"""By the class of an error: those of urllib3 and requests are not imported for it."""


def why(error: BaseException) -> str:
    """Why a request came to nobody, in words, by what lies under a library's error; empty: nothing there tells."""
    for one in causes(error):
        found = _REASONS.get(type(one).__name__)
        if found is not None:
            return found
    return next((str(one.strerror) for one in causes(error) if isinstance(one, OSError) and one.strerror), "")


def causes(error: BaseException | None, depth: int = 0) -> Iterator[BaseException]:
    """An error and all that lie under it, as Python, requests and urllib3 keep them."""
    if not isinstance(error, BaseException) or depth > 8:  # noqa: PLR2004, RUF100
        return
    yield error
    yield from causes(error.__cause__, depth + 1)
    yield from causes(getattr(error, "reason", None), depth + 1)
    for one in error.args:
        if isinstance(one, BaseException):
            yield from causes(one, depth + 1)
