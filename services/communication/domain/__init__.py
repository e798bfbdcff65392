"""Pure rules of the communication service."""
