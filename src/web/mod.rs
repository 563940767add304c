//! HTTP: what tools of the field read with nothing but GET.

use axum::Router;

use crate::registry::Registry;

/// The routes of a registry.
pub fn routes(_registry: Registry) -> Router {
    Router::new()
}
