//! `extensions.py` through `kallithea_rs._extensions`.

use std::path::Path;
use std::sync::Arc;

use app::hosted::{Arguments, Callback, Extensions, Value, Verdict};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyModule};

/// See [`app::hosted::Loader`].
pub fn load(path: &Path) -> Result<Arc<dyn Extensions>, String> {
    let module = Python::attach(|py| -> PyResult<Py<PyAny>> {
        let loader = py.import("kallithea_rs._extensions")?;
        Ok(loader.call_method1("load", (path,))?.unbind())
    });
    match module {
        Ok(module) => Ok(Arc::new(Loaded { module })),
        Err(error) => Err(error.to_string()),
    }
}

/// The module; the interpreter is held only while something in it runs.
struct Loaded {
    module: Py<PyAny>,
}

impl Loaded {
    fn run<T>(
        &self,
        callback: Callback,
        arguments: Arguments,
        answer: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>,
    ) -> Result<T, String> {
        Python::attach(|py| {
            let keywords = PyDict::new(py);
            for (name, value) in arguments {
                keywords.set_item(name, python(py, value)?)?;
            }
            let caller = py.import("kallithea_rs._extensions")?;
            let given = (self.module.bind(py), callback.name(), keywords);
            answer(&caller.call_method1("call", given)?)
        })
        .map_err(|error: PyErr| error.to_string())
    }
}

impl Extensions for Loaded {
    fn defines(&self, callback: Callback) -> bool {
        Python::attach(|py| {
            let found = self.module.bind(py).getattr(callback.name());
            found.is_ok_and(|found| found.is_callable())
        })
    }

    fn call(&self, callback: Callback, arguments: Arguments) -> Result<(), String> {
        self.run(callback, arguments, |_| Ok(()))
    }

    fn ask(&self, callback: Callback, arguments: Arguments) -> Result<Verdict, String> {
        self.run(callback, arguments, |answer| {
            let allowed = answer.get_item(0)?.is_truthy()?;
            let reason = answer.get_item(1)?.str()?.to_string();
            Ok(Verdict { allowed, reason })
        })
    }
}

fn python(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::Float(value) => value.into_pyobject(py)?.into_any(),
        Value::Text(value) => value.into_pyobject(py)?.into_any(),
        Value::List(values) => {
            let list = PyList::empty(py);
            for value in values {
                list.append(python(py, value)?)?;
            }
            list.into_any()
        }
        Value::Time(time) => {
            let parts = app::hosted::parts(time);
            PyModule::import(py, "datetime")?
                .getattr("datetime")?
                .call1(parts)?
        }
        Value::Object(attributes) => {
            let keywords = PyDict::new(py);
            for (name, value) in attributes {
                keywords.set_item(name, python(py, value)?)?;
            }
            PyModule::import(py, "types")?
                .getattr("SimpleNamespace")?
                .call((), Some(&keywords))?
        }
    })
}
