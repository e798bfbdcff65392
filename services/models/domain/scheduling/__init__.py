"""When a call may be made at an endpoint: rates, concurrency, shares, a circuit breaker. Time is an argument."""
