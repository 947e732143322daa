//! A JSON object written member by member and list items line by line, so that two documents can be compared.
//! Items are written as they come; a caller may hold them all.

use serde_json::Value;
use std::io::{Result, Write};

/// An object being written.
pub(super) struct Lines<'a> {
    out: &'a mut dyn Write,
    first: bool,
}

impl<'a> Lines<'a> {
    /// Opens the object.
    pub fn begin(out: &'a mut dyn Write) -> Result<Self> {
        out.write_all(b"{")?;
        Ok(Self { out, first: true })
    }

    fn key(&mut self, key: &str) -> Result<()> {
        let between = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        write!(self.out, "{between}{}: ", Value::from(key))
    }

    /// One member in one line.
    pub fn member(&mut self, key: &str, value: &Value) -> Result<()> {
        self.key(key)?;
        write!(self.out, "{value}")
    }

    /// A list, an item a line.
    pub fn list(&mut self, key: &str, mut items: impl Iterator<Item = Value>) -> Result<()> {
        self.open(key)?;
        items.try_for_each(|item| self.item(&item))?;
        self.close()
    }

    /// Begins a list whose items come one by one, until it is closed.
    pub fn open(&mut self, key: &str) -> Result<()> {
        self.key(key)?;
        self.first = true;
        self.out.write_all(b"[")
    }

    /// The next item of the list.
    pub fn item(&mut self, item: &Value) -> Result<()> {
        let between = if std::mem::take(&mut self.first) { "\n" } else { ",\n" };
        write!(self.out, "{between}{item}")
    }

    /// Ends the list.
    pub fn close(&mut self) -> Result<()> {
        self.first = false;
        self.out.write_all(b"\n]")
    }

    /// Closes the object.
    pub fn end(self) -> Result<()> {
        self.out.write_all(b"\n}")
    }
}
