"""From scraped, mixed-content articles to trustworthy themes and topics."""

__version__ = "0.1.0"
