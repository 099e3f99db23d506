"""Ten rules in numbered invariants: asked before an entry, in each cycle, at the start, and of the journal alone."""
