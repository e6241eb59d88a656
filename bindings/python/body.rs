//! The iterable that a WSGI server sends from.

use std::sync::Mutex;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// How much is handed to the server at a time.
const BLOCK: usize = 64 * 1024;

/// The body of a response. `close()` (or the end of its life) ends what produces it.
#[pyclass(frozen)]
pub struct ResponseBody {
    body: Mutex<app::Body>,
}

impl ResponseBody {
    /// Wraps a body.
    pub fn new(body: app::Body) -> Self {
        Self {
            body: Mutex::new(body),
        }
    }

    /// Whether something is to be done after the answer has gone out.
    fn has_work_left(&self) -> bool {
        let body = self
            .body
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        matches!(*body, app::Body::Then(..))
    }

    fn take(&self) -> app::Body {
        let mut body = self
            .body
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut body, app::Body::Empty)
    }
}

#[pymethods]
impl ResponseBody {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let block = py.detach(|| -> std::io::Result<Vec<u8>> {
            let mut body = self
                .body
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let app::Body::Bytes(bytes) = &mut *body {
                // What lies in memory already goes out in one piece.
                let bytes = std::mem::take(bytes);
                return Ok(bytes.into_inner());
            }
            let mut block = vec![0; BLOCK];
            let n = body.read_block(&mut block)?;
            block.truncate(n);
            Ok(block)
        });
        match block {
            Ok(block) if block.is_empty() => {
                // A server that knows WSGI calls close() when the last byte has gone out.
                if !self.has_work_left() {
                    py.detach(|| drop(self.take()));
                }
                Ok(None)
            }
            Ok(block) => Ok(Some(PyBytes::new(py, &block))),
            // The status is out already: an exception makes the server cut the connection,
            // so that the client does not take a part for the whole.
            Err(error) => Err(PyOSError::new_err(error.to_string())),
        }
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| drop(self.take()));
    }
}
