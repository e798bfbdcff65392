"""HTTP of the gateway: what is forwarded, what is streamed, what is its own, and what stands on every answer."""
