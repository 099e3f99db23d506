"""The bar loop of a backtest; compiled by `vigie.research.compile`."""
