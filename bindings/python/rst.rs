//! reStructuredText through `kallithea_rs._rst`, which asks docutils.

use pyo3::prelude::*;

/// See [`app::hosted::Rst`].
pub fn html(text: &str, strict: bool) -> Result<Option<String>, String> {
    Python::attach(|py| -> PyResult<Option<String>> {
        // Imported at the first text and not with us: most processes never see one.
        let module = py.import("kallithea_rs._rst")?;
        let highlight = wrap_pyfunction!(highlight, py)?;
        module
            .call_method1("render", (text, strict, highlight))?
            .extract()
    })
    .map_err(|error| error.to_string())
}

/// Code in a named language as HTML.
#[pyfunction]
fn highlight(language: &str, code: &str) -> String {
    app::hosted::highlight(language, code)
}
