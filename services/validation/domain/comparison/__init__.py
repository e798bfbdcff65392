"""Simulated answers held against those of people: whole distributions, with what sampling alone would show."""
