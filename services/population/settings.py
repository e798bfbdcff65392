"""Settings of the population service."""

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_POPULATION_*, falling back to REHEARSAL_*."""

    model_config = service_config("population")
