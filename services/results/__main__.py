"""Process entry: python -m services.results."""

from libs.runtime import serve
from services.results.app import create_app
from services.results.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
