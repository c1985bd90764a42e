"""How a report looks: terminal sections, Markdown, CSV, one HTML page."""
