"""The parts of compare.py: servers, measurement, statistics and what is printed."""
