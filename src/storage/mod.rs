//! Ordered byte tables: snapshot reads, one atomic durable commit.
