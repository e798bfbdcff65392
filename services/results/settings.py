"""Settings of the results service."""

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_RESULTS_*, falling back to REHEARSAL_*."""

    model_config = service_config("results")
