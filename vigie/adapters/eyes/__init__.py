"""Pages for those who look on: health and metrics over HTTP."""
