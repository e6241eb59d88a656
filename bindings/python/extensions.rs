//! `extensions.py` through `kallithea_rs._extensions`.

use std::path::Path;
use std::sync::Arc;

use app::hosted::{Arguments, Callback, Extensions, Lookups, Tables, Value, Verdict, Which};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyModule};

/// See [`app::hosted::Loader`].
pub fn load(path: &Path, lookups: Lookups) -> Result<Arc<dyn Extensions>, String> {
    let module = Python::attach(|py| -> PyResult<Py<PyAny>> {
        let loader = py.import("kallithea_rs._extensions")?;
        let settings = PyDict::new(py);
        for (name, value) in &lookups.settings {
            settings.set_item(name, value)?;
        }
        let given = (path, Questions { lookups }, settings);
        Ok(loader.call_method1("load", given)?.unbind())
    });
    match module {
        Ok(module) => Ok(Arc::new(Loaded { module })),
        Err(error) => Err(error.to_string()),
    }
}

/// See [`app::hosted::use_give_up_stdout`].
pub fn give_up_stdout() {
    let done = Python::attach(|py| py.import("os")?.call_method1("dup2", (2, 1)).map(drop));
    if let Err(error) = done {
        eprintln!("standard output cannot be given up: {error}");
    }
}

/// What the module `kallithea` of an `extensions.py` asks.
#[pyclass(frozen)]
struct Questions {
    lookups: Lookups,
}

#[derive(FromPyObject)]
enum Asked {
    Number(i64),
    Name(String),
}

impl From<Asked> for Which {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Number(number) => Self::Number(number),
            Asked::Name(name) => Self::Name(name),
        }
    }
}

#[pymethods]
impl Questions {
    fn user<'py>(&self, py: Python<'py>, which: Asked) -> PyResult<Option<Bound<'py, PyDict>>> {
        let which = which.into();
        facts(py, py.detach(|| self.lookups.user(&which)))
    }

    fn repository<'py>(
        &self,
        py: Python<'py>,
        which: Asked,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let which = which.into();
        facts(py, py.detach(|| self.lookups.repository(&which)))
    }

    fn changeset<'py>(
        &self,
        py: Python<'py>,
        repository: i64,
        revision: &str,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let which = Which::Number(repository);
        facts(py, py.detach(|| self.lookups.changeset(&which, revision)))
    }

    fn setting<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = py.detach(|| self.lookups.setting(name));
        value
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))?
            .map(|value| python(py, value))
            .transpose()
    }
}

fn facts<E: std::fmt::Display>(
    py: Python<'_>,
    found: Result<Option<Arguments>, E>,
) -> PyResult<Option<Bound<'_, PyDict>>> {
    let found = found.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    found.map(|facts| keywords(py, facts)).transpose()
}

fn keywords(py: Python<'_>, arguments: Arguments) -> PyResult<Bound<'_, PyDict>> {
    let keywords = PyDict::new(py);
    for (name, value) in arguments {
        keywords.set_item(name, python(py, value)?)?;
    }
    Ok(keywords)
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
            let caller = py.import("kallithea_rs._extensions")?;
            let given = (
                self.module.bind(py),
                callback.name(),
                keywords(py, arguments)?,
            );
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

    fn tables(&self) -> Result<Tables, String> {
        Python::attach(|py| -> PyResult<Tables> {
            let reader = py.import("kallithea_rs._extensions")?;
            let (languages, lexers, index, extra_index) = reader
                .call_method1("tables", (self.module.bind(py),))?
                .extract()?;
            Ok(Tables {
                languages,
                lexers,
                index,
                extra_index,
            })
        })
        .map_err(|error| error.to_string())
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
        Value::Object(attributes) => PyModule::import(py, "types")?
            .getattr("SimpleNamespace")?
            .call((), Some(&keywords(py, attributes)?))?,
    })
}
