"""Channels through which people are told: one file each."""
