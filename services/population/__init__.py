"""Draws the people of a population from official margins, segments and fragments, and shows them."""
