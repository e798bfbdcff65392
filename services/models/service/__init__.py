"""Use cases of the models service: answering calls through the ledger, and saying what they cost."""

from services.models.service.findings import Findings
from services.models.service.jobs import EndpointJobs
from services.models.service.models import Models, Stores

__all__ = ["EndpointJobs", "Findings", "Models", "Stores"]
