//! A mail server that remembers what it took: SMTP with AUTH PLAIN, in the clear, after STARTTLS, or encrypted at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivateKeyDer;
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    None,
    Start,
    Always,
}

#[derive(Debug, Clone, Default)]
pub struct Taken {
    pub from: String,
    pub to: String,
    pub user: Option<String>,
    pub text: String,
    pub encrypted: bool,
}

pub struct Server {
    pub port: u16,
    pub certificate: TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    taken: Mutex<Vec<Taken>>,
    down: AtomicBool,
    tls: Tls,
    config: Arc<ServerConfig>,
}

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

impl Server {
    pub fn start(tls: Tls) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = tempfile::tempdir().unwrap();
        std::fs::write(certificate.path().join("certificate.pem"), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            taken: Mutex::default(),
            down: AtomicBool::new(false),
            tls,
            config: Arc::new(config),
        });
        let ours = Arc::clone(&shared);
        // The threads end with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&ours);
                thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self {
            port,
            certificate,
            shared,
        }
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap().clone()
    }

    /// Hang up on everybody, as a server does that is being restarted.
    pub fn refuse_all(&self, down: bool) {
        self.shared.down.store(down, Ordering::SeqCst);
    }
}

impl Shared {
    fn encrypt(&self, stream: TcpStream) -> Box<dyn Wire> {
        let connection = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        Box::new(StreamOwned::new(connection, stream))
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        if self.down.load(Ordering::SeqCst) {
            return Ok(());
        }
        let raw = stream.try_clone()?;
        let mut encrypted = self.tls == Tls::Always;
        let wire: Box<dyn Wire> = if encrypted {
            self.encrypt(stream)
        } else {
            Box::new(stream)
        };
        let mut wire = BufReader::new(wire);
        let mut mail = Taken::default();
        wire.get_mut().write_all(b"220 localhost ESMTP\r\n")?;
        loop {
            let mut line = String::new();
            if wire.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let address = |line: &str| line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            let upper = line.to_ascii_uppercase();
            let answer = if upper.starts_with("EHLO") {
                let start = if self.tls == Tls::Start && !encrypted {
                    "250-STARTTLS\r\n"
                } else {
                    ""
                };
                format!("250-localhost\r\n{start}250 AUTH PLAIN LOGIN\r\n")
            } else if upper == "STARTTLS" {
                wire.get_mut().write_all(b"220 go on\r\n")?;
                encrypted = true;
                wire = BufReader::new(self.encrypt(raw.try_clone()?));
                continue;
            } else if upper.starts_with("AUTH PLAIN ") {
                let user = STANDARD
                    .decode(&line["AUTH PLAIN ".len()..])
                    .unwrap_or_default();
                mail.user = Some(String::from_utf8_lossy(&user).into_owned());
                "235 welcome\r\n".to_owned()
            } else if upper == "AUTH CRAM-MD5" {
                let challenge = STANDARD.encode("<1896.697170952@postoffice.reston.mci.net>");
                write!(wire.get_mut(), "334 {challenge}\r\n")?;
                let mut proof = String::new();
                wire.read_line(&mut proof)?;
                let proof = STANDARD.decode(proof.trim_end()).unwrap_or_default();
                mail.user = Some(String::from_utf8_lossy(&proof).into_owned());
                "235 welcome\r\n".to_owned()
            } else if upper.starts_with("MAIL") {
                mail.from = address(line);
                "250 ok\r\n".to_owned()
            } else if upper.starts_with("RCPT") {
                mail.to = address(line);
                if mail.to.starts_with("nobody@") {
                    "550 no such mailbox\r\n"
                } else {
                    "250 ok\r\n"
                }
                .to_owned()
            } else if upper == "DATA" {
                wire.get_mut().write_all(b"354 go on\r\n")?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") && wire.read_line(&mut text)? > 0 {}
                self.taken.lock().unwrap().push(Taken {
                    text,
                    encrypted,
                    ..mail.clone()
                });
                "250 taken\r\n".to_owned()
            } else if upper == "QUIT" {
                wire.get_mut().write_all(b"221 bye\r\n")?;
                return Ok(());
            } else {
                "250 ok\r\n".to_owned()
            };
            wire.get_mut().write_all(answer.as_bytes())?;
        }
    }
}
