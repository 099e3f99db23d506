"""Those who look after an account from beside it: the watchdog and the doctor."""
