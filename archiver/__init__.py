"""Keeps the social posts that news articles quote: article → embed → post → WARC → a row to query."""

__version__ = "0.1.0"
