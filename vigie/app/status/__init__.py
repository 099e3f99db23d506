"""How an account stands, read from its files alone."""
