"""The profile of a population: how each attribute is spread, which go together, and how two populations differ."""
