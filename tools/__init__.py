"""Scripts that make data files of the project from data that are not part of it."""
