"""The one door to language models: call ledger, offline model, OpenAI-compatible upstream.

Only this service holds a provider's key.
"""
