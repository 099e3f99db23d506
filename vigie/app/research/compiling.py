"""Whether the first run of a machine has to compile."""

from __future__ import annotations

from vigie.app.data.candles import Report


def tell_if_cold(waiting: Report) -> None:
    """Say what is being waited for before it begins: nothing on a screen for ten seconds looks like a fault."""
    from vigie.research.compile import cache_folder

    folder = cache_folder()
    if folder is None:
        waiting("compiling, which takes some seconds each time: it can be kept nowhere (VIGIE_CACHE names a folder)")
    elif not any(folder.glob("kernel_*")):
        waiting("compiling, which takes some seconds, once on this machine for each version")
