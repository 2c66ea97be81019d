"""Traces by OpenTelemetry (`pip install 'bookly[otel]'`). A process that keeps none imports nothing here.

    starting     a process keeps traces            contexts     W3C headers and spans
    lines        spans as lines of OTLP JSON       publishing   an event's own span, until the broker has it

docs/decisions/0017 says what is a span and what is a link.
"""
