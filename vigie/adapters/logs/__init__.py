"""Log files: what a process says, written down beside it: masked, bounded in size, never in the way of trading."""
