"""Settings of the results service."""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_RESULTS_*, falling back to REHEARSAL_*."""

    model_config = service_config("results")
    models_url: str = Field(default="http://127.0.0.1:8007", description="Where the models service is.")
    silence_s: float = Field(
        default=900.0, gt=0, description="A models service that sends no reply for so long counts as lost."
    )
    model_wait_s: float = Field(
        default=50.0, gt=0, description="The longest that a request waits for a model; the gateway waits for 60 s."
    )
