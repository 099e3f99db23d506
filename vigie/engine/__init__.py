"""The durable cycle: one order of steps for every mode."""
