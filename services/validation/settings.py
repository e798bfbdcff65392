"""Settings of the validation service."""

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """REHEARSAL_VALIDATION_*, falling back to REHEARSAL_*."""

    model_config = service_config("validation")
