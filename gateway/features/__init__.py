"""One file per domain: what it adds to the gateway. See `gateway.feature`."""
