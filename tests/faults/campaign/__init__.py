"""Simulated weeks full of trouble, drawn from a seed: what is promised is looked at after every step."""
