"""Typed events for Bookly."""
