"""The PostgreSQL store: one caller, reading and the feed, in a server that the run starts itself.

The server has PostgreSQL's default durability, so a commit waits for the disk on every side. Each ratio comes from
short rounds in which both sides take turns, by the wall clock. ``XZEPR_TEST_POSTGRES_MAJOR`` chooses the version.
"""
