"""One file per command, found by name."""
