//! What writes accounts, once more on real servers: names, addresses, groups and rights come out the same.

use db::test_servers::Server;

const CASES: [&str; 6] = [
    "accounts::",
    "container::",
    "crowd::administrators_",
    "crowd::people_",
    "ldap::people_",
    "pam::",
];

#[test]
fn accounts_are_the_same_on_postgresql() {
    Server::postgresql().run_again(&CASES);
}

#[test]
fn accounts_are_the_same_on_mariadb() {
    Server::mariadb().run_again(&CASES);
}
