"""Settings of the intervention service."""

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_INTERVENTION_*, falling back to REHEARSAL_*."""

    model_config = service_config("intervention")
