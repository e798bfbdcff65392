"""The whole platform in one process: each service's own `create_app` and a nats-server child. Starts, never decides."""
