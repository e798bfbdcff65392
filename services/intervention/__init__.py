"""Interventions: their design, the plan that is frozen before the first exposure, and who is assigned to which arm."""
