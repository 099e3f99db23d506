"""A home: every key that can be set in it, the examples that are made of them, and `vigie init`, which writes one."""
