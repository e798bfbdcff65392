"""The only SQL of the models service: its ledger of calls, and the accounts they are charged to.

Whoever changes both in one transaction locks the accounts first, so that two processes never wait for each other.
"""

from services.models.store.accounts import Accounts
from services.models.store.calls import Lease, ModelUsage, Reservation, Settled, Store

__all__ = ["Accounts", "Lease", "ModelUsage", "Reservation", "Settled", "Store"]
