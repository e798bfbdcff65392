"""Process entry: `python -m services.communication`."""

from libs.runtime import serve
from services.communication.app import create_app
from services.communication.settings import Settings

serve(create_app, Settings)
