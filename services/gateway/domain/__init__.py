"""Pure rules of the gateway: who may reach it, what a page gets to see of an event, how API descriptions merge."""
