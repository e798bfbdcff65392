"""Settings of the intervention service."""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_INTERVENTION_*, falling back to REHEARSAL_*."""

    model_config = service_config("intervention")
    communication_url: str = Field(
        default="http://127.0.0.1:8004", description="Where the communication service is, whose engines are asked for."
    )
    models_url: str = Field(default="http://127.0.0.1:8007", description="Where the models service is.")
    models_patience_s: float = Field(
        default=5.0,
        gt=0,
        description="How long models and engines may take to be told, before nothing is checked.",
    )
    requests_patience_s: float = Field(
        default=10.0, gt=0, description="How long a request over the bus waits for what it builds on."
    )
