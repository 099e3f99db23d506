"""Indicators: arrays in, arrays out, NaN until ready."""
