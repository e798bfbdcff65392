"""What a simulation is and how it moves from state to state; pure."""
