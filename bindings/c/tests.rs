//! The functions as C calls them.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::thread;

use tempfile::TempDir;

use crate::types::text;
use crate::*;

fn last_error() -> String {
    let error = kallithea_last_error();
    assert!(!error.is_null(), "there is an error");
    // SAFETY: not NULL, and valid until this thread's next call.
    unsafe { text(error) }.to_str().unwrap().to_owned()
}

fn ini(folder: &Path, content: &str) -> CString {
    let path: PathBuf = folder.join("kallithea.ini");
    std::fs::write(&path, content).unwrap();
    CString::new(path.into_os_string().into_encoded_bytes()).unwrap()
}

/// An application over a folder of its own, with an admin, so that it shows its pages and not the set-up.
struct Site {
    app: *mut KallitheaApp,
    _folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ini = ini(folder.path(), "[app:main]\nuse = egg:kallithea-rs\n");
        // SAFETY: the texts end with NUL and the application lives.
        unsafe {
            let app = kallithea_app_new(ini.as_ptr());
            assert!(!app.is_null(), "{}", last_error());
            assert_eq!(kallithea_prepare(app), KallitheaResult::Ok);
            assert_eq!(create_admin(app, c"admin"), KallitheaResult::Ok);
            Self {
                app,
                _folder: folder,
            }
        }
    }

    fn handle(&self, variables: &[(&str, &str)], client: &mut Client) -> KallitheaResult {
        handle(self.app, variables, client)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // SAFETY: made in `new`, and every test has joined its threads.
        unsafe { kallithea_app_free(self.app) };
    }
}

unsafe fn create_admin(app: *const KallitheaApp, name: &CStr) -> KallitheaResult {
    // SAFETY: as the caller promises for `app`; the texts end with NUL.
    unsafe {
        kallithea_create_user(
            app,
            name.as_ptr(),
            c"admin@example.com".as_ptr(),
            c"secret-123".as_ptr(),
            true,
        )
    }
}

/// A client in memory.
#[derive(Default)]
struct Client {
    sends: Vec<u8>,
    hangs_up_while_sending: bool,
    hangs_up_while_receiving: bool,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    starts: usize,
    writes: usize,
}

impl Client {
    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

unsafe extern "C" fn read(context: *mut c_void, buffer: *mut u8, length: usize) -> isize {
    // SAFETY: `handle` below gives a client, the library a buffer.
    let (client, buffer) = unsafe {
        (
            &mut *context.cast::<Client>(),
            std::slice::from_raw_parts_mut(buffer, length),
        )
    };
    if client.hangs_up_while_sending {
        return -1;
    }
    // Less than asked for, as a network does.
    let count = client.sends.len().min(length).min(5);
    buffer[..count].copy_from_slice(&client.sends[..count]);
    client.sends.drain(..count);
    count as isize
}

unsafe extern "C" fn start(
    context: *mut c_void,
    status: u16,
    headers: *const KallitheaField,
    count: usize,
) -> c_int {
    // SAFETY: `handle` below gives a client, the library `count` headers of valid bytes.
    unsafe {
        let client = &mut *context.cast::<Client>();
        let owned = |bytes: *const c_char, len| {
            String::from_utf8(std::slice::from_raw_parts(bytes.cast::<u8>(), len).to_vec()).unwrap()
        };
        for header in std::slice::from_raw_parts(headers, count) {
            client.headers.push((
                owned(header.name, header.name_len),
                owned(header.value, header.value_len),
            ));
        }
        client.status = status;
        client.starts += 1;
    }
    0
}

unsafe extern "C" fn write(context: *mut c_void, bytes: *const u8, length: usize) -> c_int {
    // SAFETY: `handle` below gives a client, the library `length` bytes.
    let (client, bytes) = unsafe {
        (
            &mut *context.cast::<Client>(),
            std::slice::from_raw_parts(bytes, length),
        )
    };
    client.writes += 1;
    client.body.extend_from_slice(bytes);
    c_int::from(client.hangs_up_while_receiving)
}

fn handle(
    app: *const KallitheaApp,
    variables: &[(&str, &str)],
    client: &mut Client,
) -> KallitheaResult {
    let field = |&(name, value): &(&str, &str)| KallitheaField {
        name: name.as_ptr().cast(),
        name_len: name.len(),
        value: value.as_ptr().cast(),
        value_len: value.len(),
    };
    let fields: Vec<_> = variables.iter().map(field).collect();
    let request = KallitheaRequest {
        variables: fields.as_ptr(),
        variable_count: fields.len(),
        body_terminated: true,
        context: ptr::from_mut(client).cast(),
        read: Some(read),
        start: Some(start),
        write: Some(write),
    };
    // SAFETY: everything in the request lives until after the call.
    unsafe { kallithea_handle(app, &request) }
}

const ABOUT: [(&str, &str); 3] = [
    ("REQUEST_METHOD", "GET"),
    ("PATH_INFO", "/about"),
    ("HTTP_HOST", "kallithea.example.com"),
];

#[test]
fn the_version_is_the_crates() {
    // SAFETY: the version ends with NUL.
    let version = unsafe { text(kallithea_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_broken_ini_file_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let ini = ini(
        folder.path(),
        "[app:main]\nuse = egg:kallithea-rs\nforce_https = maybe\n",
    );
    // SAFETY: the path ends with NUL.
    assert!(unsafe { kallithea_app_new(ini.as_ptr()) }.is_null());
    let error = last_error();
    assert!(
        error.contains("kallithea.ini, line 3: key 'force_https'"),
        "{error}"
    );
}

#[test]
fn a_page_comes_whole() {
    let (site, mut client) = (Site::new(), Client::default());
    assert_eq!(site.handle(&ABOUT, &mut client), KallitheaResult::Ok);
    assert!(kallithea_last_error().is_null());
    assert_eq!((client.status, client.starts), (200, 1));
    assert_eq!(
        client.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(
        client.header("content-length"),
        Some(&*client.body.len().to_string())
    );
    assert!(
        client.text().contains("Kallithea") && client.text().trim_end().ends_with("</html>"),
        "{}",
        client.text()
    );
}

#[test]
fn head_gets_the_headers_and_no_body() {
    let site = Site::new();
    let (mut get, mut head) = (Client::default(), Client::default());
    site.handle(&ABOUT, &mut get);
    assert_eq!(
        site.handle(&[("REQUEST_METHOD", "HEAD"), ABOUT[1], ABOUT[2]], &mut head),
        KallitheaResult::Ok
    );
    assert_eq!((head.status, head.starts, head.writes), (200, 1, 0));
    assert_eq!(head.header("content-length"), get.header("content-length"));
}

#[test]
fn what_is_wrong_with_a_request_is_an_answer() {
    let (site, mut client) = (Site::new(), Client::default());
    assert_eq!(
        site.handle(&[("PATH_INFO", "/../etc/passwd")], &mut client),
        KallitheaResult::Ok
    );
    assert_eq!(client.status, 400);
}

#[test]
fn a_body_is_read_to_its_end_and_not_further() {
    let site = Site::new();
    let form = b"username=admin&password=wrong";
    let length = form.len().to_string();
    let mut variables = vec![
        ("REQUEST_METHOD", "POST"),
        ("PATH_INFO", "/_admin/login"),
        ("HTTP_HOST", "localhost"),
    ];
    variables.push(("CONTENT_TYPE", "application/x-www-form-urlencoded"));

    let mut client = Client {
        sends: form.to_vec(),
        ..Client::default()
    };
    assert_eq!(site.handle(&variables, &mut client), KallitheaResult::Ok);
    assert_eq!(
        client.sends, b"",
        "a body that ends by itself is read to its end"
    );
    let without_length = client.status;

    variables.push(("CONTENT_LENGTH", &length));
    let mut client = Client {
        sends: [form, &b"GET /next"[..]].concat(),
        ..Client::default()
    };
    assert_eq!(site.handle(&variables, &mut client), KallitheaResult::Ok);
    assert!(client.sends.ends_with(b"GET /next"), "{:?}", client.sends);
    assert_eq!(client.status, without_length);
}

#[test]
fn a_client_that_hangs_up_while_sending_gets_an_error_and_no_crash() {
    let site = Site::new();
    let variables = [
        ("REQUEST_METHOD", "POST"),
        ("PATH_INFO", "/_admin/login"),
        ("CONTENT_TYPE", "application/x-www-form-urlencoded"),
        ("CONTENT_LENGTH", "100"),
        ("HTTP_HOST", "localhost"),
    ];
    let mut client = Client {
        hangs_up_while_sending: true,
        ..Client::default()
    };
    assert_eq!(site.handle(&variables, &mut client), KallitheaResult::Ok);
    assert_eq!(client.status, 400);
    assert_eq!(
        site.handle(&ABOUT, &mut Client::default()),
        KallitheaResult::Ok
    );
}

#[test]
fn a_client_that_hangs_up_while_receiving_ends_the_answer() {
    let site = Site::new();
    let mut client = Client {
        hangs_up_while_receiving: true,
        ..Client::default()
    };
    assert_eq!(
        site.handle(&ABOUT, &mut client),
        KallitheaResult::ClientGone
    );
    assert_eq!(client.writes, 1);
    assert_eq!(last_error(), "the client is gone: write returned 1");
}

#[test]
fn null_is_an_error_and_no_crash() {
    assert_eq!(
        handle(ptr::null(), &ABOUT, &mut Client::default()),
        KallitheaResult::BadArgument
    );
    assert_eq!(last_error(), "app is NULL");

    let site = Site::new();
    let whole = KallitheaRequest {
        variables: ptr::null(),
        variable_count: 0,
        body_terminated: false,
        context: ptr::null_mut(),
        read: None,
        start: Some(start),
        write: Some(write),
    };
    let nameless = KallitheaField {
        name: ptr::null(),
        name_len: 3,
        value: ptr::null(),
        value_len: 0,
    };
    let broken = [
        (
            "variables is NULL",
            KallitheaRequest {
                variable_count: 2,
                ..whole
            },
        ),
        (
            "the length of variables cannot be true",
            KallitheaRequest {
                variables: &nameless,
                variable_count: usize::MAX,
                ..whole
            },
        ),
        (
            "the name of a variable is NULL",
            KallitheaRequest {
                variables: &nameless,
                variable_count: 1,
                ..whole
            },
        ),
        (
            "start is NULL",
            KallitheaRequest {
                start: None,
                ..whole
            },
        ),
        (
            "write is NULL",
            KallitheaRequest {
                write: None,
                ..whole
            },
        ),
    ];
    // SAFETY: NULL is what the functions promise to bear; the other parts are valid.
    unsafe {
        assert_eq!(
            kallithea_handle(site.app, ptr::null()),
            KallitheaResult::BadArgument
        );
        assert_eq!(last_error(), "request is NULL");
        for (error, request) in &broken {
            assert_eq!(
                kallithea_handle(site.app, request),
                KallitheaResult::BadArgument
            );
            assert_eq!(last_error(), *error);
        }
        assert_eq!(kallithea_prepare(ptr::null()), KallitheaResult::BadArgument);
        assert_eq!(
            create_admin(ptr::null(), c"bob"),
            KallitheaResult::BadArgument
        );
        assert_eq!(
            kallithea_create_user(
                site.app,
                c"bob".as_ptr(),
                ptr::null(),
                c"secret-123".as_ptr(),
                false
            ),
            KallitheaResult::BadArgument
        );
        assert_eq!(last_error(), "email is NULL");
        kallithea_app_free(ptr::null_mut());
    }
}

#[test]
fn a_name_that_is_taken_is_told() {
    let site = Site::new();
    // SAFETY: the application lives.
    let again = unsafe { create_admin(site.app, c"admin") };
    assert_eq!(again, KallitheaResult::Failed);
    assert!(last_error().contains("admin"), "{}", last_error());
}

#[test]
fn threads_share_an_application() {
    struct Shared(*const KallitheaApp);
    // SAFETY: an application may be used by many threads at once; that is what is tested.
    unsafe impl Sync for Shared {}

    let site = Site::new();
    let shared = &Shared(site.app);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..20 {
                    let mut client = Client::default();
                    assert_eq!(handle(shared.0, &ABOUT, &mut client), KallitheaResult::Ok);
                    assert_eq!((client.status, client.starts), (200, 1));
                    assert!(client.text().trim_end().ends_with("</html>"));
                }
            });
        }
    });
}
