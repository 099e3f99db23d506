"""The demo: every promise in a minute, shown with the commands that users have."""
