"""Commands are called as the shell calls them."""

from tests.fakes.command_line import candles, home, vigie

__all__ = ["candles", "home", "vigie"]
