"""The pure path from signals to an approved intent."""
