"""Process entry: python -m services.webhooks."""

from libs.runtime import serve
from services.webhooks.app import create_app
from services.webhooks.settings import Settings

if __name__ == "__main__":
    serve(create_app, Settings)
