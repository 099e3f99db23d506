"""Processes killed at every durable operation, and images of what a power loss leaves."""
