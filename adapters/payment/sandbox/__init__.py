"""Payment providers, simulated from the payment notes alone; knows nothing of the adapters beside it."""
