"""Side by side with peers, on the same candles and the same rule. Never part of the test run."""
