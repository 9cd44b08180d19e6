"""The unified REST API: one table of endpoints, from which requests are served and the OpenAPI document is made."""
