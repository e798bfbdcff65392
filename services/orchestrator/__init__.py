"""Runs simulations: owns their lifecycle, steps and progress; never what agents say or what it means."""
