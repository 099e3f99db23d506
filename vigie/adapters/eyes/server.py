"""A small HTTP server of pages that are made from files: one thread answers, another reads, and none trades.

A page is made anew when the last one is older than its age; whoever asks meanwhile waits for the same making, and not
longer than its patience: then the page says that nobody knows. A caller never makes more than one reading at a time.
"""

from __future__ import annotations

import asyncio
import hmac
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vigie.domain.errors import VigieError

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Middleware

Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]

AGE_SECONDS, PATIENCE_SECONDS = 1.0, 5.0
_HEADERS = {"Cache-Control": "no-store", "Server": "vigie", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered.

    Attributes:
        code: of HTTP.
        body: content.
        kind: its type.
    """

    code: int
    body: bytes
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Site:
    """One port.

    Attributes:
        name: for people, and of the option that chooses the port: ``health``.
        port: 0: any that is free.
        pages: what makes a page, by path; may take its time, and is called in a thread.
        silent: answered when a page does not come, or cannot be made: told why.
    """

    name: str
    port: int
    pages: Mapping[str, Callable[[], Page]]
    silent: Callable[[str], Page]


@dataclass(slots=True)
class Kept:
    """A page that is made at most once at a time, and kept for a moment."""

    make: Callable[[], Page]
    silent: Callable[[str], Page]
    readers: ThreadPoolExecutor
    tell: Callable[[str], None]
    age: float = AGE_SECONDS
    patience: float = PATIENCE_SECONDS
    _last: tuple[float, Page] | None = field(default=None)
    _making: asyncio.Future[Page] | None = field(default=None)

    async def page(self) -> Page:
        """The page; one that says that nobody knows, if it does not come."""
        loop = asyncio.get_running_loop()
        if self._last is not None and loop.time() - self._last[0] < self.age:
            return self._last[1]
        if self._making is None or self._making.done():
            self._making = loop.run_in_executor(self.readers, self._made)
        try:
            page = await asyncio.wait_for(asyncio.shield(self._making), self.patience)
        except TimeoutError:
            return self.silent(f"the files were not read within {self.patience:g} s")
        self._last = (loop.time(), page)
        return page

    def _made(self) -> Page:
        try:
            return self.make()
        except Exception as error:  # noqa: BLE001 - a page that cannot be made is an answer, never an end
            self.tell(f"{type(error).__name__}: {error}")
            return self.silent(str(error) or type(error).__name__)


async def serve(
    sites: Sequence[Site],
    *,
    bind: str,
    token: str,
    ready: Callable[[Mapping[str, int]], None],
    ending: Callable[[Callable[[], None]], None],
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Answer until somebody wants an end.

    Args:
        sites: what is answered where.
        bind: address.
        token: that a caller has to show; empty: none.
        ready: told the ports by name, once all are there.
        ending: given what ends this; may be called from any thread.
        tell: told what went wrong in making a page.

    Raises:
        VigieError: a port is taken, or may not be taken.
    """
    from aiohttp import web

    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    ending(lambda: _quietly(loop, stop))
    readers = ThreadPoolExecutor(len(sites), thread_name_prefix="reader")
    runners: list[web.AppRunner] = []
    try:
        for site in sites:
            application = web.Application(middlewares=[_guarded(token)])
            for path, make in site.pages.items():
                kept = Kept(make, site.silent, readers, tell)
                application.router.add_get(path, _answering(kept))
            runner = web.AppRunner(application, access_log=None, handle_signals=False)
            runners.append(runner)
            await runner.setup()
            await _listen(runner, bind, site)
        ready({site.name: runner.addresses[0][1] for site, runner in zip(sites, runners, strict=True)})
        await stop.wait()
    finally:
        for runner in runners:
            await runner.cleanup()
        readers.shutdown(wait=False, cancel_futures=True)


def _quietly(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with suppress(RuntimeError):  # it has ended already
        loop.call_soon_threadsafe(stop.set)


async def _listen(runner: web.AppRunner, bind: str, site: Site) -> None:
    from aiohttp import web

    try:
        await web.TCPSite(runner, bind, site.port, reuse_address=True).start()
    except OSError as error:
        why = error.strerror or str(error)
        raise VigieError(
            f"{site.name}: {bind}:{site.port} cannot be listened on ({why.split(': ')[-1]}):"
            f" choose another with --{site.name}-port"
        ) from error


def _answering(kept: Kept) -> Handler:
    from aiohttp import web

    async def answer(_: web.Request) -> web.StreamResponse:
        page = await kept.page()
        return web.Response(status=page.code, body=page.body, headers={**_HEADERS, "Content-Type": page.kind})

    return answer


def _guarded(token: str) -> Middleware:
    from aiohttp import web

    expected = f"Bearer {token}".encode()

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if token and not hmac.compare_digest(shown, expected):
            return web.Response(status=401, text="a bearer token is needed\n", headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return guard


def by_signals(end: Callable[[], None], known: Mapping[str, Any] = vars(signal)) -> None:
    """End at SIGINT, SIGTERM, and Ctrl-Break on Windows; only in the main thread.

    Args:
        end: what is done.
        known: names that the system's signals have.
    """
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if name in known:
            signal.signal(known[name], lambda _number, _frame: end())
