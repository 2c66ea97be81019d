"""The edge: what people and services ask of the pipeline. It reads what the agents keep; it never imports them."""
