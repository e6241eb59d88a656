//! Imports over SSH from a real `sshd` on a free port of this machine.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use vcs::life::{Draft, LifeError, Limits, RemotePolicy, RemoteUrl, Source, Watch};
use vcs::{Kind, LogQuery};

use crate::commits::programs;
use crate::recipe::{Story, story};

const SSHD: &str = "/usr/sbin/sshd";

/// A server that lets one key in, as the user who runs the test. Ended when dropped.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Server {
    /// None where there is no `sshd`.
    fn start() -> Option<Server> {
        if !Path::new(SSHD).exists() {
            eprintln!("skipped: there is no {SSHD}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut server = Server {
            folder,
            port,
            running: None,
        };
        server.make_key("client key");
        std::fs::copy(server.at("client key.pub"), server.at("authorized")).unwrap();
        if rustix::process::getuid().is_root() {
            // What the system's own start script would have made.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let hg = programs().hg.path;
        let path = std::env::var("PATH").unwrap();
        let folder = hg.parent().unwrap_or(Path::new("")).display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nSetEnv PATH={folder}:{path}\n",
            server.at("host").display(),
            server.at("authorized").display(),
        );
        std::fs::write(server.at("config"), config).unwrap();
        server.run();
        Some(server)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make_key(&self, name: &str) {
        let _ = std::fs::remove_file(self.at(name));
        let status = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(self.at(name))
            .status();
        assert!(status.unwrap().success());
        std::fs::set_permissions(self.at(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// Starts it with a new host key and waits until it answers.
    fn run(&mut self) {
        self.stop();
        self.make_key("host");
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(self.at("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.at("log")).unwrap())
            .spawn();
        self.running = Some(child.unwrap());
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("sshd does not answer: {}", self.said());
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    fn policy(&self) -> RemotePolicy {
        RemotePolicy {
            networks: vec!["127.0.0.0/8".parse().unwrap()],
            ssh_key: Some(self.at("client key")),
            known_hosts: Some(self.at("known hosts")),
            ..RemotePolicy::default()
        }
    }
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn repositories_are_imported_from_a_real_ssh_server_with_the_key_of_this_one() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let group = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for kind in [Kind::Git, Kind::Hg] {
        let Story { work, ids } = story(kind);
        if kind == Kind::Git {
            work.git(&["update-ref", "refs/heads/main", &ids[5].to_string()]);
        }
        // Mercurial takes the path after the host as relative to the home folder unless it has two slashes.
        let slash = if kind == Kind::Hg { "/" } else { "" };
        let address = format!(
            "ssh://{}@127.0.0.1:{}{slash}{}",
            user(),
            server.port,
            work.path().display()
        );
        let url = RemoteUrl::parse(&address).unwrap();
        let import = |policy: &RemotePolicy| {
            let (limits, watch) = (
                Limits::new(Duration::from_secs(60), None),
                &mut Watch::nobody(),
            );
            let source = Source::Remote(&url, policy);
            Draft::import(&programs(), group.path(), kind, source, limits, watch)
        };
        let made = match import(&server.policy()) {
            Ok(made) => made,
            Err(error) => panic!("{error:?}\n{}", server.said()),
        };
        let count = |repository: &vcs::Repository| repository.count(&LogQuery::default()).unwrap();
        assert_eq!(count(&made.open().unwrap()), count(&work.open()));
        drop(made);
        let known = std::fs::read_to_string(server.at("known hosts")).unwrap();
        assert!(known.contains("ssh-ed25519"), "{known}");

        // A private network, no key of ours, a key that is not let in.
        let closed = RemotePolicy {
            networks: Vec::new(),
            ..server.policy()
        };
        let refused = import(&closed).unwrap_err();
        assert!(
            matches!(refused, LifeError::ForbiddenAddress { .. }),
            "{refused}"
        );
        let keyless = RemotePolicy {
            ssh_key: None,
            ..server.policy()
        };
        let refused = import(&keyless).unwrap_err();
        assert!(
            matches!(refused, LifeError::ForbiddenSource { .. }),
            "{refused}"
        );
        server.make_key("stranger");
        let stranger = RemotePolicy {
            ssh_key: Some(server.at("stranger")),
            ..server.policy()
        };
        let refused = import(&stranger).unwrap_err();
        assert!(matches!(refused, LifeError::Failed { .. }), "{refused}");

        // Somebody else answers under the same name.
        server.run();
        let refused = import(&server.policy()).unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, LifeError::Failed { .. }), "{said}");
        std::fs::remove_file(server.at("known hosts")).unwrap();
        let left = std::fs::read_dir(group.path()).unwrap().count();
        assert_eq!(left, 0, "nothing is left of what failed");
    }
}
