"""Process entry: python -m services.validation."""

from libs.runtime import serve
from services.validation.app import create_app
from services.validation.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
