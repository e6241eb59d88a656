//! From WSGI's environ to [`app::CgiRequest`].

use std::io::{self, Read};

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

/// How much is asked of `wsgi.input` at a time; the GIL is taken once per block.
const BLOCK: usize = 256 * 1024;

/// Takes what a request needs out of the environ. Values that are no text are left out.
pub fn request(environ: &Bound<'_, PyDict>) -> PyResult<app::CgiRequest> {
    let mut variables = Vec::with_capacity(environ.len());
    for (name, value) in environ {
        if let (Ok(name), Ok(value)) = (name.extract::<String>(), value.cast::<PyString>()) {
            variables.push((name, bytes_of(&value.to_cow()?)));
        }
    }
    let input = environ
        .get_item("wsgi.input")?
        .ok_or_else(|| PyKeyError::new_err("wsgi.input"))?;
    let terminated = match environ.get_item("wsgi.input_terminated")? {
        Some(flag) => flag.is_truthy()?,
        None => false,
    };
    Ok(app::CgiRequest {
        variables,
        body: Box::new(Input {
            input: input.unbind(),
            block: Vec::new(),
            at: 0,
        }),
        terminated,
    })
}

/// WSGI's "native strings" hold one byte per character.
fn bytes_of(text: &str) -> Vec<u8> {
    if text.is_ascii() {
        return text.as_bytes().to_vec();
    }
    text.chars()
        .map(|c| u8::try_from(u32::from(c)))
        .collect::<Result<_, _>>()
        .unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// `wsgi.input` as a `Read`. It never asks for more than its caller did, since some servers would wait for it.
struct Input {
    input: Py<PyAny>,
    block: Vec<u8>,
    at: usize,
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            self.fill(buf.len().min(BLOCK))?;
        }
        let n = buf.len().min(self.block.len() - self.at);
        buf[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Input {
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let input = &self.input;
        let block = Python::attach(|py| -> PyResult<Vec<u8>> {
            let bytes = input.bind(py).call_method1("read", (wanted,))?;
            Ok(bytes.cast::<PyBytes>()?.as_bytes().to_vec())
        });
        self.block = block.map_err(|error| io::Error::other(error.to_string()))?;
        self.at = 0;
        Ok(())
    }
}
