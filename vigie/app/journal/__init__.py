"""Reading the journal: search, explain, export, tax, rebuild, the rules."""
