"""Rules of drawing people: pure, seeded, and the same on every machine, store and block size."""
