"""Candles for a run: found, fetched, kept."""
