"""The share-consent hub, simulated from the electronic identity notes alone; knows nothing of the adapter beside it."""
