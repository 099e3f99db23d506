"""Venues that take orders: one file each."""
