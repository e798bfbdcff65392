"""Validation: what the answers of a simulation are like, and (later) how far they match people."""
