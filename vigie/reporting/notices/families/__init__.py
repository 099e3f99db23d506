"""One file per family of notices; each has ``FAMILY`` (its name, as routes know it) and ``notices(entry, memory)``."""
