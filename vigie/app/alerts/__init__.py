"""Telling people: channels, the post office, the daily report."""
