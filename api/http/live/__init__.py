"""What is told as it happens: feed reads it from Kafka, once a process; hub hands it to the sockets that listen."""
