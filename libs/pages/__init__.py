"""Standalone pages and charts: HTML that is safe by construction, SVG drawn from numbers alone, one style sheet."""
