"""The ledger of past comparisons: what is in it, what it teaches, and how that is drawn."""
