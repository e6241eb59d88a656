//! What functions of the installation are told, by whatever way changesets move; and what they may ask.

use std::sync::{Arc, Mutex};

use kallithea_model::extension_lookups::Which;
use kallithea_model::extensions::{Arguments, Callback, Extensions, Tables, Value, Verdict};
use kallithea_model::{Actor, Gate, NewChangeset, NewRepository};
use vcs::{FileChange, Kind, RefName, RepoPath};

use crate::support::{ADDRESS, Instance};

/// Writes down what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<(Callback, Arguments)>>);

impl Told {
    /// Those of pushes and pulls, in few words.
    fn moves(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.0.lock().unwrap());
        let moves = told
            .into_iter()
            .filter(|(callback, _)| matches!(callback, Callback::Push | Callback::Pull));
        moves
            .map(|(callback, arguments)| {
                let text = |name: &str| match argument(&arguments, name) {
                    Some(Value::Text(text)) => text.clone(),
                    Some(Value::List(items)) => items.len().to_string(),
                    None => "-".to_owned(),
                    other => panic!("{name}: {other:?}"),
                };
                let words = [
                    "action",
                    "scm",
                    "repository",
                    "username",
                    "ip",
                    "pushed_revs",
                ];
                let words = words.map(text).join(" ");
                format!("{} {words}", callback.name())
            })
            .collect()
    }
}

fn argument<'a>(arguments: &'a Arguments, name: &str) -> Option<&'a Value> {
    arguments
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

struct Listening(Arc<Told>);

impl Extensions for Listening {
    fn defines(&self, _: Callback) -> bool {
        true
    }

    fn call(&self, callback: Callback, arguments: Arguments) -> Result<(), String> {
        self.0.0.lock().unwrap().push((callback, arguments));
        Err("and it fails, which changes nothing".to_owned())
    }

    fn ask(&self, _: Callback, _: Arguments) -> Result<Verdict, String> {
        Ok(Verdict {
            allowed: true,
            reason: String::new(),
        })
    }

    fn tables(&self) -> Result<Tables, String> {
        Ok(Tables {
            index: vec!["txt".to_owned()],
            ..Tables::default()
        })
    }
}

fn listening() -> (Instance, Arc<Told>) {
    let told = Arc::new(Told::default());
    let Instance { model, folder } = Instance::new();
    let model = model.with_extensions(Arc::new(Listening(Arc::clone(&told))));
    (Instance { model, folder }, told)
}

#[test]
fn changesets_from_the_web_and_from_elsewhere_are_told_like_pushes() {
    let (instance, told) = listening();
    let admin = instance.viewer("admin");
    let user = admin.user().unwrap().clone();
    let actor = Actor::new(&admin, ADDRESS);
    let gate = Gate::new(&instance.model);
    for kind in [Kind::Git, Kind::Hg] {
        let scm = kind.as_str();
        let make = |name: &str| {
            let place = gate.place_for_repository(&admin, None).unwrap();
            let new = NewRepository {
                name,
                kind,
                description: "",
                private: false,
                copy_permissions: false,
            };
            let made = instance
                .model
                .create_repository(&place, user.id, &actor, &new);
            made.unwrap();
        };
        let (from, to) = (format!("from-{scm}"), format!("to-{scm}"));
        make(&from);
        make(&to);
        let new = NewChangeset {
            branch: RefName::new(if kind == Kind::Git {
                "master"
            } else {
                "default"
            }),
            parent: None,
            message: "From the web".to_owned(),
            changes: vec![FileChange::Create {
                path: RepoPath::parse(b"folder/file").unwrap(),
                content: "text".into(),
                executable: false,
            }],
        };
        let source = instance.admin_of(&from);
        let writable = source.writable().unwrap();
        let committed = instance
            .model
            .commit(&writable, &user, &actor, new)
            .unwrap();
        let expected = format!("PUSH_HOOK push_local {scm} {from} admin {ADDRESS} 1");
        assert_eq!(told.moves(), [expected]);

        let target = instance.admin_of(&to);
        let path = instance.model.repositories_root().unwrap().join(&from);
        let address = format!("file://{}", path.display());
        let right = gate.site_admin(&admin).unwrap();
        let pull = || {
            let model = &instance.model;
            model.pull_from_remote(&right, &target, &actor, Some(&address))
        };
        pull().unwrap();
        let expected =
            |number: u8| format!("PUSH_HOOK push_remote {scm} {to} admin {ADDRESS} {number}");
        assert_eq!(told.moves(), [expected(1)]);
        // Nothing has come: with Git the original is told all the same.
        pull().unwrap();
        match kind {
            Kind::Git => assert_eq!(told.moves(), [expected(0)]),
            Kind::Hg => assert!(told.moves().is_empty()),
        }
        instance.model.pulled(&target, &actor);
        let expected = format!("PULL_HOOK pull {scm} {to} admin {ADDRESS} -");
        assert_eq!(told.moves(), [expected]);

        let ask = |revision: &str| {
            let which = Which::Name(from.clone());
            instance
                .model
                .extension_changeset(&which, revision)
                .unwrap()
        };
        let id = committed.id.to_string();
        let facts = ask(&id).unwrap();
        let branch = if kind == Kind::Git {
            "master"
        } else {
            "default"
        };
        for (name, expected) in [
            ("raw_id", Value::text(&*id)),
            ("short_id", Value::text(&id[..12])),
            ("revision", Value::Int(0)),
            ("branches", Value::List(vec![Value::text(branch)])),
            ("added", Value::List(vec![Value::text("folder/file")])),
            ("parents", Value::List(vec![])),
        ] {
            assert_eq!(argument(&facts, name), Some(&expected), "{name}");
        }
        assert_eq!(ask("tip").unwrap(), facts);
        assert_eq!(ask("no such name"), None);
    }
}

#[test]
fn functions_may_ask_for_repositories_accounts_and_settings() {
    let (instance, _) = listening();
    let admin = instance.viewer("admin");
    let (id, name) = instance.repository(&admin, None, "asked", true);
    let new = db::repositories_fields::NewField {
        key: "webhook",
        label: "Webhook",
        value: "https://example.com/",
        description: "",
        kind: "str",
    };
    instance
        .model
        .add_field(&instance.admin_of(&name), &new)
        .unwrap();
    let model = &instance.model;
    let by_name = model
        .extension_repository(&Which::Name(name))
        .unwrap()
        .unwrap();
    let by_number = model
        .extension_repository(&Which::Number(id.0))
        .unwrap()
        .unwrap();
    assert_eq!(by_name, by_number);
    assert_eq!(argument(&by_name, "private"), Some(&Value::Bool(true)));
    let Some(Value::List(fields)) = argument(&by_name, "extra_fields") else {
        panic!("{by_name:?}");
    };
    let [Value::Object(field)] = &fields[..] else {
        panic!("{fields:?}");
    };
    assert_eq!(argument(field, "field_key"), Some(&Value::text("webhook")));
    assert_eq!(
        argument(field, "field_value"),
        Some(&Value::text("https://example.com/"))
    );

    let who = Which::Name("admin".to_owned());
    let user = model.extension_user(&who).unwrap().unwrap();
    assert_eq!(
        argument(&user, "email"),
        Some(&Value::text("admin@example.com"))
    );
    for nobody in [Which::Name("nobody".to_owned()), Which::Number(-1)] {
        assert_eq!(model.extension_user(&nobody).unwrap(), None);
        assert_eq!(model.extension_repository(&nobody).unwrap(), None);
        assert_eq!(model.extension_changeset(&nobody, "tip").unwrap(), None);
    }
    assert_eq!(
        model.extension_setting("dashboard_items").unwrap(),
        Some(Value::Int(100))
    );
    assert_eq!(
        model.extension_setting("show_version").unwrap(),
        Some(Value::Bool(true))
    );
    assert_eq!(
        model.extension_setting("title").unwrap(),
        Some(Value::text(""))
    );
    assert_eq!(model.extension_setting("no_such").unwrap(), None);
    assert_eq!(model.extension_tables().index, ["txt"]);
}
