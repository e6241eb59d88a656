//! PAM, with services of the test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use kallithea_model::auth::SourceKind::{Internal, Pam};

use crate::support::Instance;

#[test]
fn accounts_of_the_system_get_accounts_here() {
    let instance = Instance::new();
    let services = instance.folder.path().join("services");
    fs::create_dir(&services).unwrap();
    // A module that asks a program, which is given the password; most others ask the system's own files.
    let program = services.join("check");
    fs::write(
        &program,
        "#!/bin/sh\nread -r typed || :\n[ \"$typed\" = pam-password ]\n",
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let service = format!(
        "auth required pam_exec.so expose_authtok quiet {}\naccount required pam_permit.so\n",
        program.display()
    );
    fs::write(services.join("kallithea"), service).unwrap();
    fs::write(
        services.join("nobody"),
        "auth required pam_deny.so\naccount required pam_permit.so\n",
    )
    .unwrap();

    let folder = services.to_str().unwrap();
    let set = |service: &str| {
        let settings = [
            ("pam_service", service),
            ("pam_service_folder", folder),
            ("pam_gecos", "(?P<first_name>.+)"),
        ];
        instance.sources(&[Internal, Pam], &settings);
    };
    set("kallithea");
    assert!(instance.log_in("daemon", "wrong-password").is_none());
    let daemon = instance.log_in("daemon", "pam-password").unwrap();
    assert_eq!(
        (daemon.extern_type.as_deref(), &*daemon.firstname),
        (Some("pam"), "daemon")
    );
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .to_lowercase();
    assert_eq!(daemon.email, Some(format!("daemon@{host}")));
    // The password counts each time: one that was right a moment ago does not open the door for another.
    assert!(instance.log_in("daemon", "wrong-password").is_none());
    assert!(
        instance.log_in("admin", "pam-password").is_none(),
        "a local account"
    );

    set("nobody");
    assert!(instance.log_in("daemon", "pam-password").is_none());
    set("no-such-service");
    assert!(instance.log_in("daemon", "pam-password").is_none());
    assert!(instance.log_in("admin", "secret1").is_some());
}
