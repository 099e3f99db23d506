"""Log files: what a process says, written down beside it: masked, bounded in size, never in the way of trading."""

FORMATS = ("text", "json", "prod", "dev")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
ACCOUNTS = ("live", "paper")
"""Kinds of what trades: real money, and what only looks like it, replays too."""
KINDS = (*ACCOUNTS, "backtest", "api")
"""One folder and one tree of loggers each."""
