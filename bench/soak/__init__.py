"""Many events through the whole system at a steady rate: what grows, what is lost or doubled, how late, at what cost."""
