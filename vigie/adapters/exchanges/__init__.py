"""Venues that execute orders."""
