"""Candles from files, from venues and from the sample market."""
