"""Settings of the orchestrator."""

from pydantic import Field

from libs.runtime import ServiceSettings, service_config


class Settings(ServiceSettings):
    """`REHEARSAL_ORCHESTRATOR_…`."""

    model_config = service_config("orchestrator")
    timer_interval_s: float = Field(default=1.0, gt=0, description="How often state deadlines are looked at.")
    checkpoint_minutes: float = Field(
        default=10.0, gt=0, description="How long a step runs before a checkpoint is made; one is made after each, too."
    )
    checkpoints_kept: int = Field(
        default=50, gt=0, description="Of each simulation and kind of checkpoint that nobody asked for; others stay."
    )
    communication_url: str = Field(
        default="http://127.0.0.1:8004", description="Where the communication service is, whose engines are asked for."
    )
    models_url: str = Field(default="http://127.0.0.1:8007", description="Where the models service is.")
    models_patience_s: float = Field(
        default=5.0,
        gt=0,
        description="How long models and engines may take to be told, before nothing is checked.",
    )
