"""PostgreSQL, and nothing else: pool, migrations, and one module per aggregate with its named SQL."""
