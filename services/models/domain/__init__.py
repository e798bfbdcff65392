"""Pure rules of the models service: ledger keys, reading of replies, prices, and the offline model."""
