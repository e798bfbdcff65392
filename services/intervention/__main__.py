"""Process entry: python -m services.intervention."""

from libs.runtime import serve
from services.intervention.app import create_app
from services.intervention.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
