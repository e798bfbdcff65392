"""Process entry: `python -m services.orchestrator`."""

from libs.runtime import serve
from services.orchestrator.app import create_app
from services.orchestrator.settings import Settings

serve(create_app, Settings)
