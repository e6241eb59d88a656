//! A real directory server on a free port, for as long as the value lives.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::free_port;

pub struct Slapd {
    server: Child,
    folder: TempDir,
    pub port: String,
    pub tls_port: String,
}

const CONFIG: &str = "\
include SCHEMA/core.schema
include SCHEMA/cosine.schema
include SCHEMA/inetorgperson.schema
pidfile FOLDER/pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile FOLDER/certificate.pem
TLSCertificateKeyFile FOLDER/key.pem
database mdb
maxsize 10485760
suffix dc=example,dc=org
rootdn cn=root,dc=example,dc=org
rootpw root-password
directory FOLDER/data
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree=ou=people,dc=example,dc=org by dn.exact=cn=reader,dc=example,dc=org read by self read by users search by anonymous read
access to * by dn.exact=cn=reader,dc=example,dc=org read by users search by anonymous read
";

/// Two people share the uid `twin`; `bare` has no mail, `many` has two.
const ENTRIES: &str = "\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit

dn: cn=reader,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
userPassword: reader-password
";

fn person(uid: &str, rdn: &str, password: &str, more: &str) -> String {
    format!(
        "\ndn: {rdn},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\ncn: {uid}\nuid: {uid}\nsn: Tester\n\
         userPassword: {password}\n{more}"
    )
}

impl Slapd {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let certificate =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])
                .unwrap();
        fs::write(path("certificate.pem"), certificate.cert.pem()).unwrap();
        fs::write(path("key.pem"), certificate.signing_key.serialize_pem()).unwrap();
        fs::create_dir(path("data")).unwrap();
        let config = CONFIG
            .replace("FOLDER", folder.path().to_str().unwrap())
            .replace("SCHEMA", "/etc/ldap/schema");
        fs::write(path("slapd.conf"), config).unwrap();
        let entries = [
            ENTRIES.to_owned(),
            person(
                "ada",
                "uid=ada",
                "ada-password",
                "givenName: Ada\nmail: Ada@Example.org\n",
            ),
            person("bare", "uid=bare", "bare-password", ""),
            person(
                "many",
                "uid=many",
                "many-password",
                "mail: first@example.org\nmail: second@example.org\n",
            ),
            person("twin", "cn=twin one", "one-password", "givenName: One\n"),
            person("twin", "cn=twin two", "two-password", "givenName: Two\n"),
            person("star*", "cn=star", "star-password", ""),
            person("admin", "uid=admin", "directory-password", ""),
        ];
        fs::write(path("entries.ldif"), entries.concat()).unwrap();
        let add = Command::new("/usr/sbin/slapadd")
            .args(["-q", "-f"])
            .arg(path("slapd.conf"))
            .arg("-l")
            .arg(path("entries.ldif"))
            .output()
            .expect("slapd is installed: .ci/need slapd");
        assert!(
            add.status.success(),
            "{}",
            String::from_utf8_lossy(&add.stderr)
        );
        let (port, tls_port) = (free_port(), free_port());
        let server = Command::new("/usr/sbin/slapd")
            .args(["-d", "0", "-f"])
            .arg(path("slapd.conf"))
            .arg("-h")
            .arg(format!(
                "ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/"
            ))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let slapd = Self {
            server,
            folder,
            port: port.to_string(),
            tls_port: tls_port.to_string(),
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", tls_port)).is_err() {
            assert!(Instant::now() < deadline, "slapd does not answer");
            sleep(Duration::from_millis(20));
        }
        slapd
    }

    pub fn certificate(&self) -> String {
        self.path().join("certificate.pem").display().to_string()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
