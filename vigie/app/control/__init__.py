"""What people do to an account: halt, pause, close, stop, add capital, reconcile."""
