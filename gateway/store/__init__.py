"""Tables, engines and units of work: with `books` and `operations`, the only places that speak SQL."""
