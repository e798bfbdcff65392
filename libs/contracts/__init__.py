"""The published language: envelopes, subjects, public bodies, every message. Imports pydantic and nothing of ours."""
