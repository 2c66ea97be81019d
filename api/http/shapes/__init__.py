"""What is asked and answered, with an example each: the OpenAPI description is made of these."""
