"""Commands are called as the shell calls them."""

from tests.fakes.command_line import candles, home, replayed, replayed_account, vigie

__all__ = ["candles", "home", "replayed", "replayed_account", "vigie"]
