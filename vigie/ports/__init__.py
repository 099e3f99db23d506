"""Protocols that the world outside must fulfil."""
