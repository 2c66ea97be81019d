"""What planners ask of demand, and how it is counted. Rules alone: rows come in, figures go out."""
