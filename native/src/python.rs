//! The Python module: all of it works without the interpreter's lock.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::cursor;
use crate::finder;
use crate::plan::{Odd, Plan, Take};
use crate::store;
use crate::trees;
use crate::trouble::Trouble;
use crate::wide;

impl From<Trouble> for PyErr {
    fn from(trouble: Trouble) -> PyErr {
        PyValueError::new_err(trouble.0)
    }
}

type Four<'py> = (Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>, Bound<'py, PyBytes>);
type Changes<'py> = (Vec<Four<'py>>, Vec<Bound<'py, PyBytes>>);

fn bytes_of<T: Copy, const N: usize>(numbers: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    numbers.iter().flat_map(|number| bytes(*number)).collect()
}

/// Packs and loose objects in some object folders. Raises ValueError for what has to be left to git.
#[pyclass(frozen)]
struct Store(Arc<store::Store>);

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, folders: Vec<PathBuf>, width: usize) -> PyResult<Store> {
        Ok(Store(Arc::new(py.detach(|| store::Store::open(&folders, width))?)))
    }

    /// Bytes of a name.
    #[getter]
    fn width(&self) -> usize {
        self.0.width
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// The name of an object.
    fn name<'py>(&self, py: Python<'py>, ordinal: u32) -> PyResult<Bound<'py, PyBytes>> {
        let name = self.0.name(ordinal).ok_or_else(|| PyValueError::new_err("no such object"))?;
        Ok(PyBytes::new(py, name))
    }

    /// The names of all objects, one behind the other.
    fn names<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let every = 0..self.0.len() as u32;
        let names: Vec<u8> = py.detach(|| every.filter_map(|one| self.0.name(one)).flatten().copied().collect());
        PyBytes::new(py, &names)
    }

    /// Whether an object is here.
    fn __contains__(&self, name: &[u8]) -> bool {
        self.0.find(name).is_some()
    }

    /// A pass that takes what is new in each object but the `known` ones.
    #[allow(clippy::too_many_arguments)]
    fn novelties(
        &self,
        py: Python<'_>,
        known: &[u8],
        limit: usize,
        margin: usize,
        heads: Vec<Vec<u8>>,
        peek: usize,
        tail: (usize, Vec<u8>),
    ) -> Pass {
        let take = Take::New { margin, odd: Odd { heads, peek, tail } };
        Pass(Arc::new(py.detach(|| Plan::new(Arc::clone(&self.0), known, limit, take))))
    }

    /// A pass that takes objects, and all that are made from them, whole.
    fn closure(&self, py: Python<'_>, ordinals: Vec<u32>, limit: usize) -> Pass {
        Pass(Arc::new(py.detach(|| Plan::closure(Arc::clone(&self.0), &ordinals, limit))))
    }

    /// (changes to or from `guilty` blobs, blobs that are not here) in lines of `commit` or `commit parent`.
    ///
    /// Names are hex; one that is absent is all zeros.
    fn changes<'py>(&self, py: Python<'py>, lines: &[u8], guilty: Vec<Vec<u8>>) -> PyResult<Changes<'py>> {
        let (changes, missing) = py.detach(|| trees::compare(&self.0, lines, &guilty))?;
        let wrap = |part: &[u8]| PyBytes::new(py, part);
        let made = changes.iter().map(|one| (wrap(&one.commit), wrap(&one.path), wrap(&one.old), wrap(&one.new)));
        Ok((made.collect(), missing.iter().map(|name| wrap(name)).collect()))
    }
}

/// What a pass over the store is to give; each thread takes a cursor.
#[pyclass(frozen)]
struct Pass(Arc<Plan>);

#[pymethods]
impl Pass {
    fn cursor(&self) -> Cursor {
        Cursor(cursor::Cursor::new(Arc::clone(&self.0)), Arc::clone(&self.0))
    }

    /// How many known objects are here, so not taken.
    #[getter]
    fn skipped(&self) -> usize {
        self.0.skipped
    }

    /// Ordinals of objects that no cursor reaches: their bases are not here.
    #[getter]
    fn unreached(&self) -> Vec<u32> {
        self.0.unreached.clone()
    }
}

/// One thread's walk.
#[pyclass]
struct Cursor(cursor::Cursor, Arc<Plan>);

#[pymethods]
impl Cursor {
    /// About `size` bytes more; None at the end.
    fn next(&mut self, py: Python<'_>, size: usize) -> Option<Output> {
        let plan = Arc::clone(&self.1);
        py.detach(|| self.0.next(size)).map(|output| Output(output, plan))
    }
}

#[pyclass(frozen)]
struct Output(cursor::Output, Arc<Plan>);

#[pymethods]
impl Output {
    #[getter]
    fn buffer<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.buffer)
    }

    /// Where each region begins in the buffer: native 32-bit numbers.
    #[getter]
    fn starts<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &bytes_of(&self.0.starts, u32::to_ne_bytes))
    }

    /// Which object each region is of: native 32-bit numbers.
    #[getter]
    fn owners<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &bytes_of(&self.0.owners, u32::to_ne_bytes))
    }

    /// (ordinal, kind as git numbers it, content) of whole objects.
    #[getter]
    fn objects<'py>(&self, py: Python<'py>) -> Vec<(u32, u8, Bound<'py, PyBytes>)> {
        let made = self.0.objects.iter().map(|(ordinal, kind, content)| (*ordinal, *kind, PyBytes::new(py, content)));
        made.collect()
    }

    #[getter]
    fn odd(&self) -> Vec<u32> {
        self.0.odd.clone()
    }

    #[getter]
    fn left(&self) -> Vec<u32> {
        self.0.left.clone()
    }

    /// (ordinal, size) of blobs over the limit.
    #[getter]
    fn refused(&self) -> Vec<(u32, u64)> {
        self.0.refused.clone()
    }

    /// The names of all that was taken, one behind the other.
    #[getter]
    fn taken<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let names: Vec<u8> = self.0.taken.iter().filter_map(|one| self.1.store.name(*one)).flatten().copied().collect();
        PyBytes::new(py, &names)
    }

    /// (contents that are not empty, their bytes, empty blobs).
    #[getter]
    fn counts(&self) -> (u64, u64, u64) {
        (self.0.blobs, self.0.bytes, self.0.empty)
    }
}

/// Finds runs of an alphabet that begin with a shape. Raises ValueError for shapes that are not of the alphabet.
#[pyclass(frozen)]
struct Finder(finder::Finder);

#[pymethods]
impl Finder {
    #[new]
    fn new(alphabet: &[u8], shapes: Vec<Vec<Vec<u8>>>) -> PyResult<Finder> {
        Ok(Finder(finder::Finder::new(alphabet, &shapes)?))
    }

    /// (number of the shape, where it ends) for each that is found.
    fn find(&self, py: Python<'_>, buffer: &[u8]) -> Vec<(u32, u32)> {
        py.detach(|| self.0.find(buffer))
    }
}

/// Where the first `shortest` characters of each run of wide ASCII characters end.
#[pyfunction]
fn find_wide(py: Python<'_>, buffer: &[u8], shortest: usize) -> Vec<u32> {
    py.detach(|| wide::find(buffer, shortest.max(1)))
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Store>()?;
    module.add_class::<Pass>()?;
    module.add_class::<Cursor>()?;
    module.add_class::<Output>()?;
    module.add_class::<Finder>()?;
    module.add_function(wrap_pyfunction!(find_wide, module)?)
}
