"""What is logged, and reading it."""
