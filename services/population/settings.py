"""Settings of the population service."""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_POPULATION_*, falling back to REHEARSAL_*."""

    model_config = service_config("population")
    models_url: str = Field(default="http://127.0.0.1:8007", description="Where the models service is.")
    silence_s: float = Field(
        default=900.0, gt=0, description="A models service that sends no reply for so long counts as lost."
    )
