"""Talking with agents: delivers stimuli, runs their turns, remembers what was said."""
