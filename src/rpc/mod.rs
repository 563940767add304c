//! gRPC: proto to domain, limits, the verifying client.
