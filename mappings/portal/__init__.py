"""The national public service portal: its wire records, its code tables and the translation both ways."""
