"""A venue made of candles: pure and deterministic."""
