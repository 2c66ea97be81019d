"""Tests of the whole edge. A package, so that what its fixtures start ends with its last test (scope="package")."""
