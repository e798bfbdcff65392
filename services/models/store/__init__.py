"""The only SQL of the models service: its ledger of calls, the accounts they are charged to, batch jobs, findings.

Whoever changes both in one transaction locks the accounts first, so that two processes never wait for each other.
"""

from services.models.store.accounts import Accounts
from services.models.store.calls import Lease, ModelUsage, Reservation, Settled, Store
from services.models.store.capabilities import CapabilityStore
from services.models.store.jobs import JobRow, JobStore
from services.models.store.summaries import Summaries, Summary

__all__ = [
    "Accounts",
    "CapabilityStore",
    "JobRow",
    "JobStore",
    "Lease",
    "ModelUsage",
    "Reservation",
    "Settled",
    "Store",
    "Summaries",
    "Summary",
]
