"""Engines that run: live, paper, replay; their ticks, their watchers, and the proof that they decide alike."""
