"""Measurements of the whole platform from outside: `make bench` prints them as JSON, beside their limits."""
