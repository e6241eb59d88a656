//! Calls once more on real servers: what they write and what they tell of it is the same.

use db::test_servers::Server;

/// The stories that write most, and those over the database of a real 0.7.
const SAMPLE: [&str; 10] = [
    "accounts::a_user_group_is_made_",
    "accounts::an_account_is_made_",
    "accounts::keys_and_sessions_",
    "clients::kallithea_api_client_can_read_",
    "fixture::the_replies_",
    "groups::",
    "repositories::a_repository_is_changed_",
    "repositories::extra_fields_",
    "repositories::permissions_",
    "reviews::a_pull_request_",
];
const EVERYTHING: [&str; 7] = [
    "accounts::",
    "clients::",
    "fixture::",
    "groups::",
    "repositories::",
    "reviews::",
    "transport::",
];

#[test]
fn calls_are_answered_the_same_on_postgresql() {
    Server::postgresql().run_again(&SAMPLE);
}

#[test]
fn calls_are_answered_the_same_on_mariadb() {
    Server::mariadb().run_again(&SAMPLE);
}

#[test]
#[ignore = "minutes long: make test-all"]
fn every_call_is_answered_the_same_on_servers() {
    for server in [Server::postgresql(), Server::mariadb()] {
        server.run_again(&EVERYTHING);
    }
}
