"""Tests that look at the page. A package, so that what its fixtures start ends with its last test (scope="package")."""
