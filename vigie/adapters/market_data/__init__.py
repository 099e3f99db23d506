"""Candles from files, folders, the store, the sample market and venues."""
