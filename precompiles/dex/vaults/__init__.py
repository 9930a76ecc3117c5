"""Many vaults at one address: shares of one asset, and of liquidity in a range of a pool."""
