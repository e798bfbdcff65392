"""Pure: responses in; estimates, comparisons, verdict, exports and report out. No I/O, no clock."""
