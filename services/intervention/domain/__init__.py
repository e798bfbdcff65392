"""Designs, plans, assignment and scores; no I/O."""
