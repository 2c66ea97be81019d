"""What planners ask of demand, and how it is counted. Rules, without I/O; command.py is their line."""
