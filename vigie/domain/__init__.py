"""Facts and their arithmetic."""
