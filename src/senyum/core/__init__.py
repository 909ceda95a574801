"""What everything else stands on: database, clock, live streams, tokens, errors. Knows no citizen and no mall."""
