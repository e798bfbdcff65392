"""Webhooks: addresses outside that are told what happened, each telling signed, tried again, and written down."""
