"""Process entry: python -m services.gateway."""

from libs.runtime import serve
from services.gateway.app import create_app
from services.gateway.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
