"""How agents behaved: in character, consistent, different from each other, swayed by how questions are put.

libs.stats and numpy are imported when they are first needed: they would add a second to the start of the platform.
"""
