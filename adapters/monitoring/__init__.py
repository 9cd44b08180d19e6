"""The national monitoring system (EMC and its successor) as the side that pulls; the province's side is the gateway's
own interface, so that there is nothing here but who uses it."""
