"""Quality of a simulation's answers, computed from what was recorded; no I/O."""
