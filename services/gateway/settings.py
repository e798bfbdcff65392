"""Settings of the gateway: `REHEARSAL_GATEWAY_<NAME>`, or `REHEARSAL_<NAME>`; lists are JSON.

The service URLs are `http://host:port`, or `local://<service>` inside one process.
"""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """Where the owners are, and who may reach the gateway."""

    model_config = service_config("gateway")

    orchestrator_url: str = "http://127.0.0.1:8001"
    population_url: str = "http://127.0.0.1:8002"
    intervention_url: str = "http://127.0.0.1:8003"
    communication_url: str = "http://127.0.0.1:8004"
    results_url: str = "http://127.0.0.1:8005"
    validation_url: str = "http://127.0.0.1:8006"
    auth: str = Field(default="", description="How people log in; needed to listen on anything but loopback.")
    allowed_hosts: list[str] = Field(default=[], description="Further host names this gateway is reached by.")
    max_streams: int = Field(default=200, ge=1, description="Event streams open at once.")

    def url_of(self, owner: str) -> str:
        """The URL of a service."""
        return str(getattr(self, f"{owner}_url"))
