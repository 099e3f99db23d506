"""Fire drills on an account's own configuration."""
