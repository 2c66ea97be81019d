"""What can be commanded. Each is one event, whose id follows from caller and Idempotency-Key: a retry is the same event."""
