"""The only place that chooses implementations: settings in, a runnable process out.

`opening` reads what the settings name, `ground` holds what every part stands on, `answering` makes the parts of the
API, `working` those that talk to systems, `assembly` puts a process together from them.
"""

from gateway.bootstrap.assembly import Assembly
from gateway.bootstrap.opening import Database, Role, open_database, open_key_ring

__all__ = ["Assembly", "Database", "Role", "open_database", "open_key_ring"]
