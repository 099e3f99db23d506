"""Equity, drawdown, ratios and round trips, gathered in one result record."""
