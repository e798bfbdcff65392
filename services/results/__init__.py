"""Results: what a simulation's responses amount to, with its evidence, as aggregates, exports and a report.

Owns projected responses and analyses. Never starts work, never reads another service's store.
"""
