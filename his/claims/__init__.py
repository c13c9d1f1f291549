"""Dossiers, claim rules, XML tables, gateway client."""
