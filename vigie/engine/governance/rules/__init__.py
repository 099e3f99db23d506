"""Rules of governance: one file each, found by name."""
