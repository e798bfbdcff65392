"""Running services: settings, the app every service builds, one process per service, or all of them in one."""

from libs.runtime.process import serve
from libs.runtime.service_app import badge_of, service_app
from libs.runtime.settings import ServiceSettings, secret, service_config

__all__ = ["ServiceSettings", "badge_of", "secret", "serve", "service_app", "service_config"]
