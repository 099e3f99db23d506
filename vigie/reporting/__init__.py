"""Records in, text and HTML out."""
