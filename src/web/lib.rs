//! HTTP: router, sessions, pages, wire protocols.
