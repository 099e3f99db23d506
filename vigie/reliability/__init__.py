"""Trying again, waiting, giving up."""
