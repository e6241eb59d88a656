//! Every login source against the real thing: a directory, PAM, a server that speaks Crowd's REST.

mod accounts;
mod captcha;
mod container;
mod crowd;
mod engines;
mod ldap;
mod pam;
mod slapd;
mod support;
