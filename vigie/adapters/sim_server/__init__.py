"""An exchange on this machine that speaks Binance's spot REST: for tests, demonstrations and fire drills."""
