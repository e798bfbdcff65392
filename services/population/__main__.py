"""Process entry: python -m services.population."""

from libs.runtime import serve
from services.population.app import create_app
from services.population.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
