"""One command starts everything: PostgreSQL, schema, web service, worker and gateway stand-in; one Ctrl+C stops it all."""
