"""Parts without hospital words: config, database, clock, errors, rules, money, text, pages, jobs."""
