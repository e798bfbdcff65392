"""Mechanisms and language that every service shares; no business rule lives here."""
