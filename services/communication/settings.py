"""Settings of the communication service."""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`REHEARSAL_COMMUNICATION_…`, falling back to `REHEARSAL_…`."""

    model_config = service_config("communication")
    models_url: str = Field(default="http://127.0.0.1:8007", description="Where the models service is.")
    silence_s: float = Field(
        default=900.0, gt=0, description="A models service that sends no reply for so long counts as lost."
    )
    tools: str = Field(default="", description="Tools of one's own for agents: module:attribute, separated by commas.")
    tinytroupe_python: str = Field(
        default="", description="A Python that has TinyTroupe, for the engine of that name; this one when empty."
    )
    tinytroupe_processes: int = Field(
        default=2, ge=1, le=64, description="Simulations that TinyTroupe runs at once, each in a process (0.3 GB)."
    )
    tinytroupe_start_s: float = Field(
        default=120.0, gt=0, description="TinyTroupe is given up when it is not imported within this time."
    )
