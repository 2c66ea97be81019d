"""The page that planners look at: /reports. It reads, and nothing else, for who may `demand:read`."""
