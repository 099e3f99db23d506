"""Who runs points: this process, or a cluster."""
