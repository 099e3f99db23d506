"""One file, one strategy; imported by name."""
