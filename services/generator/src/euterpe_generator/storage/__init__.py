"""Tables and SQL statements of the generator.

Repositories work within a transaction of the caller and never commit. A use case opens one transaction per unit of
work with `Database.sessions.begin()`, which commits at the end or rolls back on an exception; reads use
`Database.sessions()`. No transaction stays open while waiting for S3, a peer, the engine or a client. Notifications are
sent after the commit (see `changes`).
"""
