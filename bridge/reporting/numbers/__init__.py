"""What a report measures, one subject a module."""
