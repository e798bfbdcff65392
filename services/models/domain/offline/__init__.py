"""The offline model: a documented, seeded choice model that answers instead of a language model.

It is not a language model and knows nothing about people. Its worth is that its true effects are known (`truth`), so
the platform that analyses its answers can be checked end to end. Equations and coefficients: docs/offline-model.md.
"""

NAME = "offline"
VERSION = 1
"""Raised with every change of an equation, a coefficient, a word list or a sentence: it is part of the ledger key."""
SNAPSHOT = f"{NAME}-{VERSION}"
