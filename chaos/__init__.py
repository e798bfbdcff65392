"""Scenarios in which things break on purpose: `make chaos` runs them, and prints what has to hold and what came of it.

A scenario is a name, a criterion in words and a function; the exit code says whether all criteria were met. The tests
run the same scenarios with fewer seeds.
"""
