"""Backtests, searches and walk-forward as use cases; certificates and trials."""
