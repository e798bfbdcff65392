"""One package per service; none imports another (services.embedded and services.cli only start or call them)."""
