"""The canonical model: what a dossier, a procedure, a status are, whatever system speaks of them. No IO."""
