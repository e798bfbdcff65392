"""Extraction: what is known of each agent, field by field: recorded, found by rules in words, or read by a model.

Nothing is invented: a field that cannot be answered is null, with the reason beside it.
"""
