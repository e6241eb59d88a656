//! Repositories and groups get other names and places, on disk too.

use kallithea_model::{Actor, AdminOfGroup, Gate, GroupId, NewGroup, Viewer};

use crate::support::{ADDRESS, Instance};

fn group(instance: &Instance, parent: Option<GroupId>, name: &str) -> (GroupId, String) {
    let admin = instance.viewer("admin");
    let gate = Gate::new(&instance.model);
    let new = NewGroup {
        name,
        description: "",
        copy_permissions: false,
    };
    let place = gate.place_for_group(&admin, parent).unwrap();
    let full = instance.model.create_group(&place, &admin, &new).unwrap();
    (gate.read_group(&admin, &full).unwrap().row().id, full)
}

fn admin_of_group(instance: &Instance, name: &str) -> AdminOfGroup {
    let gate = Gate::new(&instance.model);
    let found = gate.read_group(&instance.viewer("admin"), name).unwrap();
    found.administrable().unwrap()
}

fn actor(viewer: &Viewer) -> Actor {
    Actor::new(viewer, ADDRESS)
}

#[test]
fn a_repository_moves_with_its_folder_and_keeps_its_number() {
    let instance = Instance::new();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let (tools, _) = group(&instance, None, "tools");
    let (id, _) = instance.repository(&admin, None, "hammer", false);
    instance.repository(&admin, None, "taken", false);
    let root = model.repositories_root().unwrap();
    let gate = Gate::new(model);
    let repository = instance.admin_of("hammer");
    let stay = |name: &str| model.relocate_repository(&repository, &actor(&admin), None, name);
    assert_eq!(stay("hammer").unwrap(), "hammer", "nothing to do");
    for name in ["taken", "TAKEN", "tools", "_admin", ""] {
        assert!(stay(name).is_err(), "{name}");
    }
    std::fs::create_dir(root.join("leftover")).unwrap();
    assert!(stay("leftover").is_err(), "a folder that is in the way");
    assert!(gate.read_repository(&admin, "hammer").is_ok());

    let place = gate.place_for_repository(&admin, Some(tools)).unwrap();
    let full = model
        .relocate_repository(&repository, &actor(&admin), Some(&place), "mallet")
        .unwrap();
    assert_eq!(full, "tools/mallet");
    assert!(root.join("tools/mallet/HEAD").exists() && !root.join("hammer").exists());
    let moved = gate.read_repository(&admin, "tools/mallet").unwrap();
    assert_eq!((moved.id(), moved.row().group), (id, Some(tools)));
    assert!(gate.read_repository(&admin, "hammer").is_err());
    assert!(model.open_repository(&moved).is_ok());
    let case = instance.admin_of("tools/mallet");
    let full = model
        .relocate_repository(&case, &actor(&admin), None, "Mallet")
        .unwrap();
    assert_eq!(full, "tools/Mallet", "another case of the same name");
}

#[test]
fn a_group_moves_with_everything_below_it() {
    let instance = Instance::new();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    let (a, _) = group(&instance, None, "a");
    let (b, b_name) = group(&instance, Some(a), "b");
    let (c, _) = group(&instance, None, "c");
    // A name that only begins alike is another one.
    let (_, alike) = group(&instance, None, "a-b");
    instance.repository(&admin, Some(b), "deep", false);
    assert_eq!(b_name, "a/b");
    let root = model.repositories_root().unwrap();
    let gate = Gate::new(model);
    let top = admin_of_group(&instance, "a");
    let place = |id| gate.place_for_group(&admin, id).unwrap();
    for within in [a, b] {
        let refused = model.relocate_group(&top, &actor(&admin), Some(&place(Some(within))), "a");
        assert!(refused.is_err(), "not into itself");
    }
    for name in ["c", "C", "123", "_admin"] {
        assert!(
            model
                .relocate_group(&top, &actor(&admin), None, name)
                .is_err(),
            "{name}"
        );
    }
    let long = "x".repeat(250);
    assert!(
        model
            .relocate_group(&top, &actor(&admin), None, &long)
            .is_err()
    );
    assert!(
        gate.read_repository(&admin, "a/b/deep").is_ok(),
        "all or nothing"
    );

    let full = model
        .relocate_group(&top, &actor(&admin), Some(&place(Some(c))), "new")
        .unwrap();
    assert_eq!(full, "c/new");
    let deep = gate.read_repository(&admin, "c/new/b/deep").unwrap();
    assert_eq!(deep.row().group, Some(b));
    assert!(model.open_repository(&deep).is_ok());
    assert!(root.join("c/new/b/deep/HEAD").exists() && !root.join("a").exists());
    assert!(gate.read_group(&admin, "c/new/b").is_ok() && gate.read_group(&admin, &alike).is_ok());
    assert!(gate.read_group(&admin, "a").is_err());
}

#[test]
fn what_cannot_be_moved_on_disk_keeps_its_rows() {
    let instance = Instance::new();
    let (model, admin) = (&instance.model, instance.viewer("admin"));
    group(&instance, None, "a");
    let root = model.repositories_root().unwrap();
    std::fs::create_dir(root.join("b")).unwrap();
    let top = admin_of_group(&instance, "a");
    assert!(
        model
            .relocate_group(&top, &actor(&admin), None, "b")
            .is_err()
    );
    assert!(Gate::new(model).read_group(&admin, "a").is_ok());
    assert!(root.join("a").is_dir() && root.join("b").is_dir());
}
