//! What a page costs the database.

use http::StatusCode;

use crate::browser::Server;

/// More questions than this make a page slow where the database is not on the same machine.
const MOST: u64 = 6;

#[test]
fn a_page_asks_the_database_at_most_six_times() {
    let server = Server::new();
    server.user("bob", false);
    for name in ["one", "two", "three"] {
        server.repository("bob", name, "git");
    }
    let mut wrong = Vec::new();
    for role in ["visitor", "bob"] {
        let mut browser = if role == "visitor" {
            server.browser()
        } else {
            server.signed_in(role)
        };
        // Leaves nothing to do for the first page that is counted.
        browser.get("/");
        browser.get("/three");
        for page in [
            "/",
            "/?filter=o",
            "/one",
            "/one/changelog",
            "/one/files",
            "/nowhere",
        ] {
            let before = db::statements();
            let answer = browser.get(page);
            let asked = db::statements() - before;
            assert!(answer.status == StatusCode::OK || answer.status == StatusCode::NOT_FOUND);
            if asked > MOST {
                wrong.push(format!("{role} {page}: {asked}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
