"""The network around the desk: aiohttp in a thread of its own, on loopback only."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vigie.adapters.sim_server.calls import Call
from vigie.adapters.sim_server.desk import NAME, Desk, Reply
from vigie.domain.errors import ConfigError

if TYPE_CHECKING:
    from aiohttp import web

LOOPBACK = "127.0.0.1"
_START_S = 10.0
Handler = Callable[[Any], Awaitable["web.StreamResponse"]]


def require_loopback(host: str) -> None:
    """Refuse every address that another machine could reach.

    Raises:
        ConfigError: it is no loopback address.
    """
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False  # a name can lead anywhere
    if not inside:
        raise ConfigError(f"the simulated exchange listens on loopback only, for instance {LOOPBACK}, not on '{host}'")


def at_loopback(url: str | None) -> bool:
    """Whether an address leads to this machine and to no other."""
    host = urlsplit(url).hostname if url else None
    try:
        require_loopback(host or "")
    except ConfigError:
        return False
    return True


class LoopServer:
    """HTTP handlers on loopback ports, served by one thread."""

    def __init__(self) -> None:
        self._sites: list[tuple[Handler, str, int]] = []
        self.ports: list[int] = []
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._problem: BaseException | None = None

    def add(self, handler: Handler, port: int = 0, host: str = LOOPBACK) -> None:
        """Serve every request of a port with a handler; port 0: any that is free.

        Raises:
            ConfigError: the address is no loopback address.
        """
        require_loopback(host)
        self._sites.append((handler, host, port))

    def start(self) -> None:
        """Serve; returns when all ports are open.

        Raises:
            ConfigError: a port cannot be had.
        """
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="simulated exchange", daemon=True)
        self._thread.start()
        if not started.wait(_START_S) or not (self.ports or self._problem):
            raise ConfigError("the simulated exchange did not start")
        if self._problem is not None:
            self._thread.join()
            raise ConfigError(f"the simulated exchange cannot listen: {self._problem}") from self._problem

    def stop(self) -> None:
        """Serve no more; returns when the ports are closed."""
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_START_S)

    def _run(self, started: threading.Event) -> None:
        try:
            asyncio.run(self._serve(started))
        finally:
            started.set()  # whatever happened, nobody waits for it

    async def _serve(self, started: threading.Event) -> None:
        from aiohttp import web

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runners: list[web.ServerRunner] = []
        try:
            for handler, host, port in self._sites:
                runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.1)
                runners.append(runner)
                await runner.setup()
                await web.TCPSite(runner, host, port).start()
                self.ports.append(int(runner.addresses[0][1]))
        except OSError as error:
            self._problem = error
            self._stop.set()
        started.set()
        await self._stop.wait()
        for runner in runners:
            await runner.cleanup()


def exchange_handler(desk: Desk, lock: threading.RLock) -> Handler:
    """Requests to the exchange: read, answered by the desk, and whatever the reply does to the connection."""

    async def handle(request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode("utf-8", errors="replace") if request.can_read_body else ""
        call = Call(
            request.method,
            request.path,
            request.raw_path.partition("?")[2],
            body,
            request.headers.get("X-MBX-APIKEY", ""),
        )
        with lock:
            reply = desk.handle(call)
        return await _send(request, reply)

    return handle


async def _send(request: web.Request, reply: Reply) -> web.StreamResponse:
    from aiohttp import web

    if reply.hang_s:
        await _hang(request, reply.hang_s)
    if reply.answer is None:
        return _broken(request)
    answer = reply.answer
    headers = {
        "Server": NAME,
        "X-Simulated-Exchange": "vigie",
        "Content-Type": f"{answer.kind};charset=UTF-8",
        **answer.headers,
    }
    data = answer.body.encode()
    if not reply.half:
        return web.Response(status=answer.status, body=data, headers=headers)
    response = web.StreamResponse(status=answer.status, headers={**headers, "Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    return _broken(request)


async def _hang(request: web.Request, seconds: float) -> None:
    """Wait, or until the caller has gone."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(min(0.02, max(until - loop.time(), 0)))


def _broken(request: web.Request) -> web.StreamResponse:
    """Break the connection without a word."""
    from aiohttp import web

    if request.transport is not None:
        request.transport.abort()
    # Nobody is there to read it; aiohttp wants to be given something.
    return web.Response()
