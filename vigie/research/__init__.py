"""Backtests and what makes them honest."""
