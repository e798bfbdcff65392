"""The gateway: the public door. Forwards to the owners, streams progress, serves the page; keeps no domain state."""
