"""Strategies found, checked, described and begun."""
