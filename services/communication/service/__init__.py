"""Use cases of the communication service: what is asked for, deliveries, and what is told of them."""

from services.communication.service.communication import Communication
from services.communication.service.replies import replies
from services.communication.service.requests import Accepted, Spec

__all__ = ["Accepted", "Communication", "Spec", "replies"]
