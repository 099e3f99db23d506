"""What a strategy author sees."""
