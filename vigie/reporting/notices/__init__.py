"""What the journal says, told to people: one template module per family, found by its name."""
