//! The rules: permissions, accounts, repositories, groups, journal, settings.
