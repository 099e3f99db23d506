"""Rules of the gate: one file each, found by name."""
