"""Reads and summarises the records (results.json) of many runs."""
