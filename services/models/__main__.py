"""Process entry: `python -m services.models`."""

from libs.runtime import serve
from services.models.app import create_app
from services.models.settings import Settings

serve(create_app, Settings)
