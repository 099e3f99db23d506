"""An exchange with all order types of Binance spot, on one intrabar path of candles: pure and deterministic."""
