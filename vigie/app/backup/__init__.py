"""What cannot be had again, put away and brought back."""
