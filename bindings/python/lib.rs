//! `kallithea_rs._native`: the WSGI callable and what the command line and the demo need.
//!
//! This crate converts between Python and [`app`] and decides nothing.

mod body;
mod environ;
mod extensions;
mod rst;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::body::ResponseBody;

/// A WSGI application over one configuration.
#[pyclass(frozen)]
struct App {
    app: Arc<app::App>,
}

#[pymethods]
impl App {
    /// Reads the ini file (or takes the defaults); opens nothing.
    #[new]
    #[pyo3(signature = (config=None))]
    fn new(config: Option<PathBuf>) -> PyResult<Self> {
        Ok(Self {
            app: Arc::new(load(config)?),
        })
    }

    fn __call__<'py>(
        &self,
        py: Python<'py>,
        environ: &Bound<'py, PyDict>,
        start_response: &Bound<'py, PyAny>,
    ) -> PyResult<ResponseBody> {
        let request = environ::request(environ)?;
        let head = request
            .variables
            .iter()
            .any(|(name, value)| name == "REQUEST_METHOD" && value == b"HEAD");
        let response = py.detach(|| self.app.handle(request));

        let reason = response.status.canonical_reason().unwrap_or("Unknown");
        let status = format!("{} {reason}", response.status.as_str());
        let headers = PyList::empty(py);
        for (name, value) in &response.headers {
            headers.append((name.as_str(), latin1(value.as_bytes())))?;
        }
        start_response.call1((status, headers))?;
        Ok(ResponseBody::new(if head {
            app::Body::Empty
        } else {
            response.body
        }))
    }
}

/// Bytes as the "native string" that WSGI wants: one character per byte.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn load(config: Option<PathBuf>) -> PyResult<app::App> {
    app::App::new(config.as_deref()).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Makes data folder and database when they are missing; tells where they are.
#[pyfunction]
#[pyo3(signature = (config=None))]
fn prepare(py: Python<'_>, config: Option<PathBuf>) -> PyResult<Bound<'_, PyDict>> {
    let app = load(config)?;
    let place = py
        .detach(|| app.prepare())
        .map_err(|error| PyOSError::new_err(error.to_string()))?;
    let dict = PyDict::new(py);
    dict.set_item("repositories", place.repositories)?;
    dict.set_item("database", place.database)?;
    dict.set_item("data", place.data)?;
    dict.set_item("first_run", place.first_run)?;
    Ok(dict)
}

/// Creates a user; an administrator when `admin` is true. Returns the user's id.
#[pyfunction]
fn create_user(
    py: Python<'_>,
    config: Option<PathBuf>,
    username: &str,
    email: &str,
    password: &str,
    admin: bool,
) -> PyResult<i64> {
    let app = load(config)?;
    py.detach(|| app.create_user(username, email, password, admin))
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

/// Creates an empty repository of kind `hg` or `git`; groups in its name must exist.
#[pyfunction]
fn create_repository(
    py: Python<'_>,
    config: Option<PathBuf>,
    owner: &str,
    name: &str,
    kind: &str,
    description: &str,
) -> PyResult<i64> {
    let app = load(config)?;
    py.detach(|| app.create_repository(owner, name, kind, description))
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

/// Sends mails that wait in the database, at most so many; tells how many were sent and how many were not taken.
#[pyfunction]
#[pyo3(signature = (config=None, most=100))]
fn send_mails(py: Python<'_>, config: Option<PathBuf>, most: u32) -> PyResult<(usize, usize)> {
    let app = load(config)?;
    py.detach(|| app.send_mails(most))
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))
}

/// Runs `kallithea-cli` with the arguments after its name; `program` is its path, `public` the folder of css, js and images.
/// The exit code.
#[pyfunction]
fn cli(py: Python<'_>, arguments: Vec<OsString>, program: PathBuf, public: PathBuf) -> i32 {
    py.detach(|| app::cli::run(&arguments, &app::cli::Host { program, public }))
}

/// The core of kallithea-rs.
#[pymodule(name = "_native")]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    app::hosted::use_rst(rst::html);
    app::hosted::use_extensions(extensions::load);
    app::hosted::use_give_up_stdout(extensions::give_up_stdout);
    module.add("version", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<App>()?;
    module.add_function(wrap_pyfunction!(prepare, module)?)?;
    module.add_function(wrap_pyfunction!(create_user, module)?)?;
    module.add_function(wrap_pyfunction!(create_repository, module)?)?;
    module.add_function(wrap_pyfunction!(cli, module)?)?;
    module.add_function(wrap_pyfunction!(send_mails, module)?)?;
    Ok(())
}
