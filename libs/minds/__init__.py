"""How a simulated person is asked, and how the reply is read. Pure: no I/O, no clock, no randomness.

A prompt is always the same bytes for the same inputs: replay without model calls and prefix caches rest on that.
"""
