//! One face for Git and Mercurial repositories.
