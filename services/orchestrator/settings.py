"""Settings of the orchestrator."""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`REHEARSAL_ORCHESTRATOR_…`."""

    model_config = service_config("orchestrator")
    timer_interval_s: float = Field(default=1.0, gt=0, description="How often state deadlines are looked at.")
