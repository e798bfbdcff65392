"""The schemas/ folder: generated from the contracts, committed, checked for drift and for breaking changes."""
