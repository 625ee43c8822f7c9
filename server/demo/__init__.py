"""The demo company: invented people and shops in real districts of Suzhou."""
